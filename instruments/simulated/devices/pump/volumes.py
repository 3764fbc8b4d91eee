"""What the pump counts: delivered, left in the reservoir, left to be infused. Its own opinion of what flowed."""

from __future__ import annotations

from collections.abc import Iterator

_ROUNDING_UL = 1e-6


class Volumes:
    """The pump's counters, uL."""

    def __init__(self, *, reservoir_ul: float, low_reservoir_ul: float) -> None:
        self.delivered_ul = 0.0
        self.reservoir_ul = reservoir_ul
        self.low_reservoir_ul = low_reservoir_ul
        self.to_be_infused_ul: float | None = None
        """The volume after which the infusion ends, as it was set."""
        self.left_ul = 0.0
        """What of it is left."""

    def set_to_be_infused(self, volume_ul: float | None) -> None:
        """Begin to count a volume down; None: there is no end."""
        self.to_be_infused_ul = volume_ul
        self.left_ul = 0.0 if volume_ul is None else volume_ul

    def count(self, volume_ul: float) -> None:
        """Count what the commanded flow should have delivered."""
        self.delivered_ul += volume_ul
        self.reservoir_ul = max(0.0, self.reservoir_ul - volume_ul)
        self.left_ul = max(0.0, self.left_ul - volume_ul)

    @property
    def low(self) -> bool:
        """True when the reservoir is below the threshold, as far as the pump knows."""
        return self.reservoir_ul < self.low_reservoir_ul + _ROUNDING_UL

    @property
    def empty(self) -> bool:
        """True when the reservoir is empty, as far as the pump knows."""
        return self.reservoir_ul < _ROUNDING_UL

    @property
    def infused(self) -> bool:
        """True when the volume to be infused has been given."""
        return self.to_be_infused_ul is not None and self.left_ul < _ROUNDING_UL

    def milestones_ul(self) -> Iterator[float]:
        """Yield how much is to be delivered until each event still ahead: low, empty, infused."""
        if not self.low:
            yield self.reservoir_ul - self.low_reservoir_ul
        if not self.empty:
            yield self.reservoir_ul
        if self.to_be_infused_ul is not None and not self.infused:
            yield self.left_ul
