"""What became of one fault of one run, and when a fault that nobody named is harmless."""

from __future__ import annotations

from dataclasses import dataclass

from tests.proof.fault_matrix_faults import Fault

HARMLESS_SHARE_OF_U = 0.2
"""An error spread normally with u = U / 2 lies within U 93.7 % of the time when all of it is displaced by U / 5: above
the 93 % that every cell of the coverage study must reach. Displaced by U / 4 it would be 92.7 %."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one fault of one seed. Errors and U in %; None for all of them when it was refused.

    `names`: the statements at the time of the fault that name it rightly; `others`: those at its time that do not, and
    that the sound run does not make as well. `sound_percent`: error of the same seed's run without the fault.
    `displaced_percent`: what the fault alone did to the error: the difference of the two, less what the contact line
    held differently.
    """

    fault: Fault
    seed: int
    names: frozenset[str]
    others: frozenset[str]
    treatment: str
    refusal: str
    error_percent: float | None
    expanded_percent: float | None
    displaced_percent: float | None
    sound_percent: float
    sound_expanded_percent: float

    @property
    def covered(self) -> bool:
        """True when there is no number, or one that holds the truth within U."""
        if self.error_percent is None or self.expanded_percent is None:
            return bool(self.refusal)
        return abs(self.error_percent) <= self.expanded_percent

    @property
    def displaced_share(self) -> float:
        """Displacement over U, the smaller U of the run and of the same seed's sound one; 0 when it was refused."""
        if self.displaced_percent is None or self.expanded_percent is None:
            return 0.0
        return self.displaced_percent / min(self.expanded_percent, self.sound_expanded_percent)

    @property
    def displaced(self) -> bool:
        """True when the fault moved the value by more than leaves the coverage of U as good as it was."""
        return abs(self.displaced_share) > HARMLESS_SHARE_OF_U

    @property
    def by_chance(self) -> bool:
        """True when the truth lies outside U, as one in twenty does, though the fault hardly moved the value."""
        return not self.covered and not self.displaced

    @property
    def fate(self) -> str:
        """The fault's fate in a word or two.

        Not named, a fault is harmless only if it hardly moves the value: that the truth happens to lie within U all the
        same does not excuse it, and that it lies outside by chance does not accuse it.
        """
        if self.refusal:
            named = bool(self.fault.refusal) and self.fault.refusal in self.refusal
            return "INVALID" if named else "INVALID, reason not named"
        if not self.names:
            return "SILENTLY WRONG" if self.displaced else "harmless within U"
        if self.displaced and not self.covered:
            return "WRONG, named"
        return {"kept, U widened": "U widened", "kept": "reported"}.get(self.treatment, self.treatment)
