"""From true pressure to the electrical value a DAQ channel sees: transducer errors, pickup, saturation, faults."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from instruments.simulated.truth.measuring import ChannelTruth


def transducer_electrical(
    channel: ChannelTruth,
    *,
    name: str,
    pressure_kpa: NDArray[np.float64],
    times_s: NDArray[np.float64],
    first_sample: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return the electrical values (mA, V or mV/V) of consecutive samples of a drawn channel.

    `pressure_kpa` and `times_s` (bench time) have one value per sample; `first_sample` is the absolute number of the
    first since the task began, so that noise belongs to the sample and not to the call.
    """
    span = (channel.electrical_high - channel.electrical_low) / (channel.pressure_high_kpa - channel.pressure_low_kpa)
    return channel.electrical_low + (pressure_kpa - channel.pressure_low_kpa) * span
