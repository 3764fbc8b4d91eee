"""The whole digital twin of one bench: physics, devices, wires.

with TwinStation(load_twin(path), seed=1, clock=VirtualClock()) as twin:
    twin.addresses()["balance"]["visa"]  # "TCPIP::127.0.0.1::40001::SOCKET"
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

from instruments.clock import Clock
from instruments.readings import Identity
from instruments.simulated.devices.mt_sics import BalanceSession, SimulatedBalance
from instruments.simulated.devices.ne1000 import Ne1000Firmware, Ne1000Session
from instruments.simulated.devices.ni_daq import DEVICE_NAME, SimulatedDaq
from instruments.simulated.devices.ptu300 import SimulatedTransmitter, TransmitterSession
from instruments.simulated.devices.pump import PumpFirmware, PumpSession, build_of
from instruments.simulated.devices.sbi import SbiSession, sbi_identity
from instruments.simulated.devices.witness import Witness
from instruments.simulated.one_cpu import OneCpu
from instruments.simulated.physics.bench import Bench
from instruments.simulated.truth import TwinConfig, TwinConfigError
from instruments.simulated.truth.events import DaqError, LinkFaultEvent
from instruments.simulated.wires.faults import LinkFault, LinkFaultMode, LinkFaults
from instruments.simulated.wires.ni_grpc import NiGrpcWire, errors
from instruments.simulated.wires.pty import PtyWire
from instruments.simulated.wires.session import Session
from instruments.simulated.wires.tcp import TcpWire
from instruments.simulated.wires.traffic import Traffic

DEVICES = ("pump", "balance", "balance_serial", "balance_sbi", "ambient", "daq")
"""Names of the links: keys of `TwinStation.addresses()` and `TwinStation.faults`."""

_FOR_BYTES_ONLY = ("garbage", "half_line", "duplicate", "repeated", "babbling")
_WITH_PORTS = ("pump", "balance_serial")
_BALANCES = ("balance", "balance_serial", "balance_sbi")


class _Wire(Protocol):
    def start(self) -> None: ...

    def mind_plug(self) -> None: ...

    def close(self) -> None: ...


_AnyWire = TypeVar("_AnyWire", bound=_Wire)


class TwinStation:
    """Every device of the simulated bench behind its real transport, on loopback."""

    def __init__(
        self,
        truth: TwinConfig,
        *,
        seed: int,
        clock: Clock,
        witness_path: Path | None = None,
        pump_power_relay: bool = False,
    ) -> None:
        """Build the bench of `seed`; bench time is the clock's. Raises `TwinConfigError`, or `OSError` without ptys.

        `witness_path` names a log to append to: a JSON line for everything a device is told and does.
        `pump_power_relay` wires line 2 of the DAQ to the pump's supply: the pump is then dead until that line is high.
        """
        _refuse_impossible(truth)
        self.clock = clock
        self.bench = Bench(truth, seed)
        """The physics."""
        self.faults: Mapping[str, LinkFaults] = {
            name: LinkFaults([_link_fault(event) for event in self.bench.link_faults(name)]) for name in DEVICES
        }
        """The faults of each link; tests inject and clear them here."""
        self._witness = None if witness_path is None else Witness(witness_path)
        if self._witness is not None:
            self.bench.call_on_command(self._witness.note_act)
        self._processor = OneCpu()
        self._closed = False
        self._folder = Path(tempfile.mkdtemp(prefix="bench-twin-"))
        self._wires: list[_Wire] = []
        self._ending = clock.event()
        try:
            self._build(pump_power_relay)
        except BaseException:
            self.close()
            raise

    def _build(self, pump_power_relay: bool) -> None:
        drawn, serials = self.bench.drawn, self.bench.drawn.serials
        model = "SIM-ITB-20" if drawn.pump.kind == "implantable" else "SIM-AMB-100"
        pump = Identity("Simulated", model, serials.pump, "1.4.2")
        balance = Identity("Mettler-Toledo", "SIM-XPR205", serials.balance, "1.10 0.0.0.1")
        ambient = Identity("Simulated", "PTU300", serials.ambient, "1.01-SIM")
        self._pump: PumpFirmware | Ne1000Firmware
        if drawn.pump.kind == "syringe":
            self._pump = Ne1000Firmware(self.bench)
        else:
            self._pump = PumpFirmware(self.bench, build_of(drawn, self._identity(pump, "pump")))
        self.balance = SimulatedBalance(self.bench, drawn.balance, self._identity(balance, "balance", "balance_serial"))
        self.ambient = SimulatedTransmitter(self.bench, drawn.ambient_sensor, self._identity(ambient, "ambient"))
        self.daq = SimulatedDaq(
            self.bench,
            serial_number=lambda t_s: serials.daq + int(self._is_other("daq", t_s)),
            clock_error_ppm=drawn.daq.clock_error_ppm.value,
            alarm_contacts=self._pump.alarm_contacts,
            pump_power=self.pump.set_power if pump_power_relay else None,
            witness=self._witness,
        )
        if pump_power_relay:
            self.pump.set_power(self.clock.now(), False)
        clock, faults, witness = self.clock, self.faults, self._witness
        port: Session = (
            Ne1000Session(self._pump, witness)
            if isinstance(self._pump, Ne1000Firmware)
            else PumpSession(self._pump, witness)
        )
        self._ports = self._folder / "ports"
        self._ports.mkdir()
        self._pump_wire = self._added(PtyWire("pump", port, clock, faults["pump"], self._ports / "pump"))
        self._balance_wire = self._added(
            TcpWire("balance", lambda: BalanceSession(self.balance, "balance", witness), clock, faults["balance"])
        )
        self._balance_serial_wire = self._added(
            PtyWire(
                "balance_serial",
                BalanceSession(self.balance, "balance_serial", witness),
                clock,
                faults["balance_serial"],
                self._ports / "balance",
            )
        )
        sbi = self._identity(sbi_identity(balance), "balance_sbi")
        self._balance_sbi_wire = self._added(
            TcpWire("balance_sbi", lambda: SbiSession(self.balance, sbi, witness), clock, faults["balance_sbi"])
        )
        self._ambient_wire = self._added(
            TcpWire("ambient", lambda: TransmitterSession(self.ambient, witness), clock, faults["ambient"])
        )
        self.daq_wire = self._added(
            NiGrpcWire("daq", self.daq, clock, faults["daq"], [_daq_error(event) for event in self.bench.daq_errors()])
        )

    @property
    def pump(self) -> PumpFirmware:
        """The firmware of a pump of the bench interface; `TypeError` where the pump is another."""
        if not isinstance(self._pump, PumpFirmware):
            raise TypeError("this bench's pump is a syringe pump, without the bench interface and a power relay")
        return self._pump

    def start(self) -> None:
        """Begin to serve. With a virtual clock the calling thread and those it starts share one processor."""
        if self.clock.is_virtual:
            self._processor.take()
        for wire in self._wires:
            wire.start()
        for name in _BALANCES:
            self.faults[name].call_on_change(self._switch_on_again)
        if any(faults.port_changes_s for faults in self.faults.values()):
            self.clock.spawn("plugs", self._mind_plugs, in_background=True)

    def addresses(self) -> dict[str, dict[str, str]]:
        """Return where each device is, ready for JSON."""
        return {
            "pump": {"port": self._pump_wire.port},
            "balance": {"visa": _visa_socket(self._balance_wire)},
            "balance_serial": {"visa": f"ASRL{self._balance_serial_wire.port}::INSTR"},
            "balance_sbi": {"visa": _visa_socket(self._balance_sbi_wire)},
            "ambient": {"visa": _visa_socket(self._ambient_wire)},
            "daq": {"grpc": self.daq_wire.target, "device": DEVICE_NAME},
            "ports": {"port": str(self._ports / "*")},
        }

    def traffic(self) -> dict[str, Traffic]:
        """Return what has passed each link, by its name; of gRPC, the bytes of the messages."""
        return {
            "pump": self._pump_wire.traffic,
            "balance": self._balance_wire.traffic,
            "balance_serial": self._balance_serial_wire.traffic,
            "balance_sbi": self._balance_sbi_wire.traffic,
            "ambient": self._ambient_wire.traffic,
            "daq": self.daq_wire.traffic,
        }

    def operate(self, action: str, values: Mapping[str, float]) -> None:
        """Let a person do something at the bench now, as docs/twin.md lists; `ValueError` for what cannot be done."""
        self.bench.operate(self.clock.now(), action, values)

    def live(self) -> None:
        """Let everything due until now happen; at wall-clock time things happen also while nobody asks."""
        self.bench.pump_mechanics(self.clock.now())

    def write_truth(self, path: Path) -> None:
        """Write what really happened until now as HDF5; also after `close`."""
        self.bench.write_truth(path, self.clock.now())

    def close(self) -> None:
        """End every thread, socket, pseudo-terminal and server; idempotent."""
        if self._closed:
            return
        self._closed = True
        self._ending.set()
        for wire in reversed(self._wires):
            wire.close()
        self._processor.close()
        if self._witness is not None:
            self._witness.close()
        shutil.rmtree(self._folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _added(self, wire: _AnyWire) -> _AnyWire:
        self._wires.append(wire)
        return wire

    def _mind_plugs(self) -> None:
        """Pull plugs and put them back as scheduled; ends with the last one, or with the twin."""
        for change_s in sorted({at_s for faults in self.faults.values() for at_s in faults.port_changes_s}):
            if self.clock.wait(self._ending, change_s):
                return
            self._switch_on_again()
            for wire in self._wires:
                wire.mind_plug()

    def _switch_on_again(self) -> None:
        now_s = self.clock.now()
        times = sum(self.faults[name].times_ended(LinkFaultMode.POWER_CYCLED, now_s) for name in _BALANCES)
        self.balance.switch_on(now_s, times)

    def _is_other(self, link: str, t_s: float) -> bool:
        return self.faults[link].is_active(LinkFaultMode.WRONG_DEVICE, t_s)

    def _identity(self, own: Identity, *links: str) -> Callable[[float], Identity]:
        other = replace(own, serial=f"X{own.serial[1:]}")
        return lambda t_s: other if any(self._is_other(link, t_s) for link in links) else own


def _visa_socket(wire: TcpWire) -> str:
    return f"TCPIP::{wire.host}::{wire.port}::SOCKET"


def _link_fault(event: LinkFaultEvent) -> LinkFault:
    return LinkFault(LinkFaultMode(event.mode), start_s=event.at_s, end_s=event.end_s, delay_s=event.delay_s)


_DAQMX_CODES = {
    "overrun": errors.SAMPLES_NO_LONGER_AVAILABLE,
    "device_lost": errors.DEVICE_CANNOT_BE_ACCESSED,
}


def _daq_error(event: DaqError) -> errors.ErrorPeriod:
    return errors.ErrorPeriod(_DAQMX_CODES[event.error], event.at_s, event.end_s)


def _refuse_impossible(truth: TwinConfig) -> None:
    """Raise `TwinConfigError` for link faults that a device's link cannot have."""
    faults = []
    for index, event in enumerate(truth.event):
        if isinstance(event, LinkFaultEvent) and (problem := _impossible(event.device, event.mode)):
            faults.append(f"event[{index}].mode: {event.mode!r} {problem}")
    if faults:
        raise TwinConfigError("twin", tuple(faults))


def _impossible(device: str, mode: str) -> str:
    if device == "daq" and mode in _FOR_BYTES_ONLY:
        return "is a fault of bytes on a line; the daq's link carries whole calls"
    if mode == "replugged" and device not in _WITH_PORTS:
        return f"is a fault of serial ports: of {' and '.join(_WITH_PORTS)}"
    if mode == "power_cycled" and device not in _BALANCES:
        return "is for balances; a pump's power is its relay's, and what it forgets is told by its time since switch-on"
    return ""
