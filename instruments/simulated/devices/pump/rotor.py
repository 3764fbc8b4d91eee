"""The pump's look at its own rotor: the only way an implant notices that it delivers nothing."""

from __future__ import annotations


class RotorWatch:
    """Looks twice within the detection time: a rotor found still both times stands still."""

    def __init__(self, detection_s: float | None) -> None:
        self._period_s = None if detection_s is None else detection_s / 2.0
        self._still_looks = 0
        self.due_s: float | None = None
        """Bench time of the next look."""
        self.still = False
        """True when the pump believes that its rotor stands still."""

    def begin(self, t_s: float) -> None:
        """Look from now on: delivery begins."""
        self.due_s = None if self._period_s is None else t_s + self._period_s

    def end(self) -> None:
        """Look no more: delivery has ended."""
        self.due_s = None
        self._still_looks = 0
        self.still = False

    def look(self, t_s: float, stalled: bool) -> bool:
        """Take note of one look; return True when it is the one by which the pump notices."""
        self.begin(t_s)
        if not stalled:
            self._still_looks = 0
            self.still = False
            return False
        self._still_looks += 1
        noticed = self._still_looks >= 2 and not self.still
        self.still = self.still or noticed
        return noticed
