"""Which drivers a station file can name for each device, and the options each of them takes."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from instruments.ambient.ptu300 import Ptu300Options
from instruments.balances.mt_sics import MtSicsOptions
from instruments.daq.lines import LinesOptions
from instruments.daq.pressure import PressureOptions
from instruments.pumps.bench_interface.driver import BenchInterfaceOptions


def option_models(device: str) -> Mapping[str, type[BaseModel]]:
    """Return the option model of each driver for a device of a station, by the driver's name."""
    return _MODELS[device]


_MODELS: Mapping[str, Mapping[str, type[BaseModel]]] = {
    "pump": {"bench-interface": BenchInterfaceOptions},
    "balance": {"mt-sics": MtSicsOptions},
    "ambient": {"ptu300": Ptu300Options},
    "pressure": {"ni-pressure": PressureOptions},
    "lines": {"ni-lines": LinesOptions},
}
