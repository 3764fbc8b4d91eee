"""The load the balance's electronics see at every update: forces, contact line, disturbances and noise."""

from __future__ import annotations

import numpy as np

from instruments.simulated.physics.climate import Climate, Slow
from instruments.simulated.physics.disturbances import Disturbances
from instruments.simulated.physics.draws import NormalTrack
from instruments.simulated.physics.flow_path import FlowPath
from instruments.simulated.physics.growing import FloatArray
from instruments.simulated.physics.meniscus import Meniscus
from instruments.simulated.physics.pan import Pan
from instruments.simulated.physics.states import UPDATE_PERIOD_S
from instruments.simulated.truth.config import TwinConfig

_G_PER_UL = 0.998e-3  # turns the contact line's apparent volume into mass


class Load:
    """Loads by number of update; the flow path is computed on as needed."""

    def __init__(
        self, truth: TwinConfig, seed: int, climate: Climate, flow: FlowPath, disturbances: Disturbances, pan: Pan
    ) -> None:
        self._climate = climate
        self._flow = flow
        self._disturbances = disturbances
        self._pan = pan
        self._meniscus = Meniscus(truth.meniscus, seed)
        self._noise = NormalTrack(seed, "balance", "white noise")
        self._noise_g = 1e-6 * truth.balance.white_noise_ug

    @property
    def empty_g(self) -> float:
        """The indication of everything but the water at bench time 0, g."""
        return float(self._climate.column(Slow.REST_G, 0)[0])

    def at_updates(self, first: int, count: int) -> FloatArray:
        """Return the load, g, as the electronics sense it, at updates `first` to `first + count - 1`."""
        times_s = UPDATE_PERIOD_S * np.arange(first, first + count, dtype=np.float64)
        self._flow.advance(float(times_s[-1]) + UPDATE_PERIOD_S)
        water_g, delivered_ul = self._flow.segments.vessel(times_s)
        held_g = _G_PER_UL * self._meniscus.volume_ul(delivered_ul)
        load_g = (
            self._climate.at(Slow.GAIN, times_s) * (water_g + held_g)
            + self._climate.at(Slow.REST_G, times_s)
            + self._noise_g * self._noise.numbers(first, count)
        )
        weights_g = self._pan.load_g(times_s, self._climate.at(Slow.AIR_KG_PER_M3, times_s))
        if weights_g is not None:
            load_g = load_g + self._climate.at(Slow.SENSITIVITY, times_s) * weights_g
        disturbance_g = self._disturbances.load_g(first, times_s)
        return np.asarray(load_g if disturbance_g is None else load_g + disturbance_g)
