"""JUnit files: what is no judgement of the pump is an error there, as on the terminal, and no failure."""

from __future__ import annotations

import pytest
from _pytest.junitxml import xml_key  # pytest has no other way to a report it is writing

ERROR_WORD = "rig_error_verdict"
"""Names the property of a report whose verdict is an error."""


def failures_to_errors(config: pytest.Config) -> None:
    """Turn failures that bear the property into errors, in the file pytest is about to write, if it is."""
    xml = config.stash.get(xml_key, None)
    for reporter in () if xml is None else xml.node_reporters_ordered:
        case = reporter.to_xml()
        if case.find(f"properties/property[@name='{ERROR_WORD}']") is None:
            continue
        for failure in case.findall("failure"):
            failure.tag = "error"
            if xml is not None:
                xml.stats["failure"] -= 1
                xml.stats["error"] += 1
