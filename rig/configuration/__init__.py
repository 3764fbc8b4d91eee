"""Strict reading of station and plan files: every fault of a file at once, each with its key."""

from rig.configuration.faults import ConfigurationError, Fault
from rig.configuration.loading import Loaded, check_table, load_toml, parse_toml
from rig.configuration.section import Listed, Section
from rig.configuration.source import SourceFile, read_source

__all__ = [
    "ConfigurationError",
    "Fault",
    "Listed",
    "Loaded",
    "Section",
    "SourceFile",
    "check_table",
    "load_toml",
    "parse_toml",
    "read_source",
]
