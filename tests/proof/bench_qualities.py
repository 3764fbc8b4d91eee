"""Good, typical and poor benches: what each is, and what its engineer states of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from instruments.simulated.truth import TwinConfig
from instruments.simulated.truth.drawn import Drawn
from results.bench import GravimetricBench
from tests.proof.array_bench import shipped_bench, twin


@dataclass(frozen=True, slots=True)
class BenchQuality:
    """A bench: its truth, from which each seed draws one, and its engineer's statement of it."""

    name: str
    title: str
    truth: TwinConfig
    bench: GravimetricBench

    def with_headspace(self, headspace_mm: float) -> BenchQuality:
        """Return the same bench with a vessel of another depth."""
        drawn = Drawn(value=headspace_mm, u=self.bench.headspace_u_mm, distribution="rectangular")
        vessel = self.truth.vessel.model_copy(update={"headspace_mm": drawn})
        return replace(
            self,
            truth=self.truth.model_copy(update={"vessel": vessel}),
            bench=self.bench.model_copy(update={"headspace_mm": headspace_mm}),
        )


def _normal(value: float, u: float) -> dict[str, object]:
    return {"value": value, "u": u, "distribution": "normal"}


def _rectangular(value: float, u: float) -> dict[str, object]:
    return {"value": value, "u": u, "distribution": "rectangular"}


def _stated(**changes: object) -> GravimetricBench:
    return GravimetricBench.model_validate({**shipped_bench().model_dump(), **changes})


_CHANGING_ROOM: dict[str, object] = {
    "room.hvac_amplitude_k": 0.4,
    "room.diurnal_amplitude_k": 1.0,
    "room.temperature_wander_k": 0.1,
    "room.humidity_wander_percent": 5.0,
    "room.pressure_wander_hpa": 4.0,
}

GOOD = BenchQuality(
    name="good",
    title="1-ug balance, quiet and steady room, new film, thin tube measured with a micrometer",
    truth=twin(
        {
            "outlet.outer_diameter_mm": _normal(0.8, 0.02),
            "vessel.evaporation_ug_per_min": _rectangular(0.7, 0.05),
            "meniscus.capillary_ul": 0.1,
            "balance.readability_g": 1e-6,
            "balance.white_noise_ug": 5.0,
            "balance.zero_drift_ug_per_sqrt_h": 3.0,
            "balance.flicker_ug": 1.0,
            "balance.zero_ug_per_k": _normal(0.0, 1.0),
            "balance.sensitivity_ppm_per_k": _normal(0.0, 0.5),
            "balance.sensitivity_error_ppm": _normal(0.0, 50.0),
            "balance.vibration_spikes_per_h": 0.0,
            "room.hvac_amplitude_k": 0.05,
            "room.diurnal_amplitude_k": 0.03,
            "room.temperature_wander_k": 0.02,
            "room.humidity_wander_percent": 0.5,
            "room.pressure_wander_hpa": 0.5,
        }
    ),
    bench=_stated(
        evaporation_limit_ug_per_min=1.5,
        tube_outer_diameter_u_mm=0.02,
        tube_temperature_u_k=0.03,
        capillary_u_ul=0.1,
        balance_readability_mg=0.001,
        balance_repeatability_mg=0.005,
        balance_sensitivity_u_ppm=50.0,
        balance_sensitivity_u_ppm_per_k=0.5,
        balance_zero_drift_ug_per_sqrt_h=3.0,
        balance_flicker_ug=1.0,
        balance_zero_u_ug_per_k=1.0,
    ),
)

_TORN = GOOD.truth.vessel.model_copy(
    update={"evaporation_ug_per_min": Drawn(value=10.0, u=0.5, distribution="rectangular")}
)
TORN_FILM = replace(
    GOOD,
    name="torn film",
    title="the good bench, its film torn, its air so well known that the driving force is good to 2 %",
    truth=GOOD.truth.model_copy(update={"vessel": _TORN}),
    bench=GOOD.bench.model_copy(update={"evaporation_limit_ug_per_min": 20.0, "evaporation_model_u_percent": 2.0}),
)

TYPICAL = BenchQuality(name="typical", title="the shipped simulated station", truth=twin(), bench=_stated())

POOR = BenchQuality(
    name="poor",
    title="0.1-mg balance, knocked and drifting, changing room, torn film",
    truth=twin(
        {
            "outlet.outer_diameter_mm": _normal(1.0, 0.1),
            "vessel.inner_diameter_mm": _rectangular(20.0, 0.2),
            "vessel.evaporation_ug_per_min": _rectangular(10.0, 0.5),
            "meniscus.capillary_ul": 0.5,
            "balance.readability_g": 1e-4,
            "balance.white_noise_ug": 100.0,
            "balance.zero_drift_ug_per_sqrt_h": 50.0,
            "balance.flicker_ug": 8.0,
            "balance.zero_ug_per_k": _normal(0.0, 10.0),
            "balance.sensitivity_ppm_per_k": _normal(0.0, 3.0),
            "balance.sensitivity_error_ppm": _normal(0.0, 300.0),
            "balance.stability_window_ug": 500.0,
            "balance.vibration_spikes_per_h": 2.0,
            "balance.vibration_spike_mg": 20.0,
            **_CHANGING_ROOM,
            "ambient_sensor.temperature_error_k": _normal(0.0, 0.3),
            "ambient_sensor.humidity_error_percent": _normal(0.0, 3.0),
            "ambient_sensor.pressure_error_hpa": _normal(0.0, 0.5),
        }
    ),
    bench=_stated(
        evaporation_limit_ug_per_min=20.0,
        vessel_inner_diameter_u_mm=0.2,
        tube_outer_diameter_mm=1.0,
        tube_outer_diameter_u_mm=0.1,
        displaced_volume_u_ml=2.0,
        tube_temperature_u_k=0.4,
        capillary_u_ul=0.5,
        balance_readability_mg=0.1,
        balance_repeatability_mg=0.1,
        balance_sensitivity_u_ppm=300.0,
        balance_sensitivity_u_ppm_per_k=3.0,
        balance_zero_drift_ug_per_sqrt_h=50.0,
        balance_flicker_ug=8.0,
        balance_zero_u_ug_per_k=10.0,
        liquid_temperature_u_c=1.0,
        air_temperature_u_c=0.3,
        air_humidity_u_percent=3.0,
        air_pressure_u_hpa=0.5,
        timing_u_s=5.0,
    ),
)

UNSTEADY_ROOM = BenchQuality(
    name="unsteady room",
    title="the shipped simulated station in the poor bench's room, its balance's sensitivity as little steady",
    truth=twin({**_CHANGING_ROOM, "balance.sensitivity_ppm_per_k": _normal(0.0, 3.0)}),
    bench=_stated(balance_sensitivity_u_ppm_per_k=3.0, tube_temperature_u_k=0.4),
)

QUALITIES = (GOOD, TYPICAL, POOR)
