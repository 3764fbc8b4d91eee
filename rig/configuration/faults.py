"""What is wrong with a file, in words for the person who writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the dotted key it sits at ("" for the file as a whole), and what is wrong there."""

    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.key}: {self.problem}" if self.key else self.problem


class ConfigurationError(Exception):
    """A file that cannot be used, with everything that is wrong with it."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        self.path = path
        self.faults = tuple(faults)
        super().__init__(str(self))

    def __str__(self) -> str:
        if len(self.faults) == 1:
            return f"{self.path}: {self.faults[0]}"
        lines = [f"{self.path}: {len(self.faults)} faults"]
        lines += [f"  {fault}" for fault in self.faults]
        return "\n".join(lines)
