"""The transmitter behind its interfaces: what it measures, and its settings."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from instruments.readings import Identity
from instruments.simulated.devices.ptu300.form import DEFAULT_FORM, Output, compile_form, fill
from instruments.simulated.physics.bench import Bench
from instruments.simulated.truth.measuring import AmbientSensorTruth

MEASURING_PERIOD_S = 1.0

Quantity = Literal["P", "T", "RH"]
Mode = Literal["STOP", "RUN", "POLL"]

# Output units per hPa.
PRESSURE_UNITS = {
    "hPa": 1.0,
    "mbar": 1.0,
    "kPa": 0.1,
    "Pa": 100.0,
    "bar": 1e-3,
    "mmHg": 0.75006158,
    "torr": 0.75006168,
    "inHg": 0.02952998,
    "psi": 0.014503774,
}
_ERROR_NAMES: tuple[tuple[Quantity, str], ...] = (
    ("P", "Pressure measurement"),
    ("T", "Temperature measurement"),
    ("RH", "Humidity measurement"),
)


@dataclass(slots=True)
class Settings:
    """What the command line can set."""

    form: str = DEFAULT_FORM
    metric: bool = True
    pressure_unit: str = "hPa"
    interval: tuple[int, str] = (1, "s")
    mode: Mode = "STOP"
    address: int = 0
    echo: bool = True
    line: str = "9600 N 8 1"

    @property
    def interval_s(self) -> float:
        """Output interval in RUN mode, s; 0 is as fast as it measures."""
        number, unit = self.interval
        return number * {"s": 1.0, "min": 60.0, "h": 3600.0}[unit] or MEASURING_PERIOD_S


class SimulatedTransmitter:
    """One transmitter; its sessions share it."""

    def __init__(self, bench: Bench, truth: AmbientSensorTruth, identity: Callable[[float], Identity]) -> None:
        self.identity = identity
        self.lock = threading.Lock()
        self.settings = Settings()
        self.failed: frozenset[Quantity] = frozenset()
        """Measurements that have failed."""
        self._bench = bench
        self._truth = truth
        self._parts = compile_form(DEFAULT_FORM)

    def set_form(self, form: str) -> None:
        """Use an output format, or raise `FormError`."""
        self._parts = compile_form(form)
        self.settings.form = form

    def output(self, now_s: float) -> str:
        """Return the last measurement at or before `now_s`, in the output format."""
        settings = self.settings
        room = self._bench.room(now_s // MEASURING_PERIOD_S * MEASURING_PERIOD_S)
        temperature_c = room.temperature_c + self._truth.temperature_error_k.value
        humidity = min(max(room.humidity_percent + self._truth.humidity_error_percent.value, 0.0), 100.0)
        pressure_hpa = room.pressure_hpa + self._truth.pressure_error_hpa.value
        pressure = pressure_hpa * PRESSURE_UNITS[settings.pressure_unit]
        values: dict[str, float | None] = {
            "P": pressure,
            "P1": pressure,
            "T": temperature_c if settings.metric else temperature_c * 9.0 / 5.0 + 32.0,
            "RH": humidity,
        }
        for quantity in self.failed:
            values[quantity] = None
        values["P1"] = values["P"]
        failed = self.failed
        return fill(
            self._parts,
            Output(
                values=values,
                units={
                    "P": settings.pressure_unit,
                    "P1": settings.pressure_unit,
                    "T": "'C" if settings.metric else "'F",
                    "RH": "%RH",
                },
                texts={
                    "ADDR": f"{settings.address:3d}",
                    "ERR": "".join(str(int(flag in failed)) for flag in ("P", "T", "Ta", "RH")),
                    "SN": self.identity(now_s).serial,
                    "OK": "  " if "P" in failed else "OK",
                },
            ),
        )

    def errors(self) -> list[str]:
        """Return the answer to `ERRS`."""
        found = [f"Error: {text}" for quantity, text in _ERROR_NAMES if quantity in self.failed]
        return ["FAIL", *found] if found else ["NO ERRORS"]
