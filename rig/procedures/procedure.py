"""A procedure as plans name it: the keys of its cases, and the kind of evaluation that judges them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rig.cases.case import Case
from rig.cases.plan_tables import CaseTable


class CaseOf(Protocol):
    """Makes the case of a checked table and its checked evaluation; `base` holds what all cases have in common."""

    def __call__(self, base: Mapping[str, Any], table: Any, evaluation: Any) -> Case:
        """Return the case."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """What `[plan] procedure = "<name>"` stands for. `kind` is a kind of evaluation (`results.kinds.KINDS`)."""

    name: str
    kind: str
    table: type[CaseTable]
    case: CaseOf
