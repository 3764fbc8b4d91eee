"""Which drivers a station file can name for each device, and the options each of them takes."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from instruments.balances.mt_sics import MtSicsOptions
from instruments.daq.lines import LinesOptions
from instruments.daq.pressure import PressureOptions
from instruments.pumps.bench_interface.driver import BenchInterfaceOptions


class _Unchecked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


def option_models(device: str) -> Mapping[str, type[BaseModel]]:
    """Return the option model of each driver for a device of a station, by the driver's name."""
    return _MODELS[device]


_MODELS: Mapping[str, Mapping[str, type[BaseModel]]] = {
    "pump": {"bench-interface": BenchInterfaceOptions},
    "balance": {"mt-sics": MtSicsOptions},
    "ambient": {"ptu300": _Unchecked},
    "pressure": {"ni-pressure": PressureOptions},
    "lines": {"ni-lines": LinesOptions},
}
