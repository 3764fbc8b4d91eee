"""Hardware-timed acquisition: which samples exist at an instant, which are still in the buffer, which were read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from instruments.simulated.wires.ni_grpc import errors
from instruments.simulated.wires.ni_grpc.errors import DaqmxError

MAXIMUM_RATE_HZ = 100_000.0


@dataclass(frozen=True, slots=True)
class SampleClock:
    """Timing of a task; `true_rate_hz` is what the device's oscillator makes of the nominal rate."""

    rate_hz: float
    true_rate_hz: float
    continuous: bool
    samples_per_channel: int

    @property
    def buffer_samples(self) -> int:
        """Samples per channel the driver keeps: NI-DAQmx default input buffer size, raised by samples_per_channel."""
        if not self.continuous:
            return self.samples_per_channel
        return max(self.samples_per_channel, _default_buffer_samples(self.rate_hz))


def sample_clock(*, rate_hz: float, clock_factor: float, continuous: bool, samples_per_channel: int) -> SampleClock:
    """Return the timing a task asks for, or raise `DaqmxError`."""
    if not (math.isfinite(rate_hz) and rate_hz > 0):
        raise DaqmxError(errors.INVALID_ATTRIBUTE_VALUE, f"Property: SampClk.Rate\nRequested Value: {rate_hz}")
    if rate_hz > MAXIMUM_RATE_HZ:
        raise DaqmxError(
            errors.SAMPLE_RATE_TOO_HIGH,
            f"Property: SampClk.Rate\nRequested Value: {rate_hz}\nMaximum Value: {MAXIMUM_RATE_HZ}",
        )
    if not continuous and samples_per_channel < 2:
        raise DaqmxError(errors.INVALID_ATTRIBUTE_VALUE, "Property: SampQuant.SampPerChan\nMinimum Value: 2")
    return SampleClock(rate_hz, rate_hz * clock_factor, continuous, samples_per_channel)


class Acquisition:
    """A started acquisition. Sample k is taken at `start_s + k / true_rate_hz`."""

    def __init__(self, clock: SampleClock, start_s: float) -> None:
        self.clock = clock
        self.start_s = start_s
        self.position = 0
        """Samples per channel read so far."""

    def acquired(self, now_s: float) -> int:
        """Return samples per channel taken until `now_s`."""
        taken = math.floor((now_s - self.start_s) * self.clock.true_rate_hz)
        return max(0, taken) if self.clock.continuous else min(max(0, taken), self.clock.samples_per_channel)

    def available(self, now_s: float) -> int:
        """Return samples per channel that can be read; raise the overrun error when some were overwritten."""
        waiting = self.acquired(now_s) - self.position
        if waiting > self.clock.buffer_samples:
            raise DaqmxError(
                errors.SAMPLES_NO_LONGER_AVAILABLE,
                f"Property: Read.RelativeTo\nBuffer: {self.clock.buffer_samples} samples per channel",
                samples_read=0,
            )
        return waiting

    def done(self, now_s: float) -> bool:
        """Return True when a finite acquisition has all its samples."""
        return not self.clock.continuous and self.acquired(now_s) >= self.clock.samples_per_channel

    def time_of(self, sample: int) -> float:
        """Return the bench time of a sample, s."""
        return self.start_s + sample / self.clock.true_rate_hz

    def due_s(self, samples: int) -> float:
        """Return the bench time at which `samples` more than those read so far have been taken."""
        return self.time_of(self.position + samples)

    def resolve(self, requested: int, now_s: float) -> int:
        """Return how many samples a request stands for: -1 is all available (continuous) or all to come (finite)."""
        if self.clock.continuous:
            return self.available(now_s) if requested < 0 else requested
        remaining = self.clock.samples_per_channel - self.position
        return remaining if requested < 0 else min(requested, remaining)


def _default_buffer_samples(rate_hz: float) -> int:
    for limit_hz, samples in ((100.0, 1_000), (10_000.0, 10_000), (1_000_000.0, 100_000)):
        if rate_hz <= limit_hz:
            return samples
    return 1_000_000
