"""The matrix: every fault at three severities, when it acts, and which findings or refusals would rightly name it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import tests.proof.fault_matrix_corruptions as record
from results.series import Phase
from results.trace.status import SampleStatus
from tests.proof.fault_matrix_corruptions import Corruption

Event = Mapping[str, object]

AT_S = 123_457.0
"""Within the analysis period of the maintenance case."""
ENDS_S = 185_400.0
"""The end of its analysis period, at which the pump stops."""
IN_BLANK_S = 189_000.0
END_S = 192_600.0
WHOLE = Phase(0.0, END_S)
FLOW_UL_PER_H = 9.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one severity: events of the bench, or what befalls the record, in the stretch `when`.

    `names`: the rules, and words of the notes, that name it rightly; `refusal`: words of the refusal that do.
    """

    kind: str
    severity: str
    when: Phase
    events: tuple[Event, ...] = ()
    corruption: Corruption | None = None
    names: frozenset[str] = frozenset()
    refusal: str = ""

    @property
    def label(self) -> str:
        """Kind and severity."""
        return f"{self.kind}: {self.severity}"


def faults() -> tuple[Fault, ...]:
    """Return the whole matrix."""
    return (*_on_the_pan(), *_on_the_zero(), *_in_the_answers(), *_in_the_times(), *_of_the_liquid(), *_slow())


def _when(at_s: float, lasting_s: float = 1.0) -> Phase:
    return Phase(at_s, at_s + lasting_s)


def _event(kind: str, at_s: float, **keys: object) -> Event:
    return {"kind": kind, "at_s": at_s, **keys}


def _left(load_g: float, at_s: float) -> Event:
    return _event("load", at_s, load_g=load_g, duration_s=2.0 * END_S - at_s)


_DOOR = frozenset({"spike", "disturbance", "load on and off"})


def _on_the_pan() -> Iterator[Fault]:
    for amplitude_mg, lasting_s in ((0.2, 5.0), (5.0, 20.0), (200.0, 50.0)):
        knock = _event("spike", AT_S, amplitude_mg=amplitude_mg, duration_s=lasting_s)
        severity, names = f"{amplitude_mg:g} mg, {lasting_s:g} s", frozenset({"spike", "disturbance"})
        yield Fault("knock", severity, _when(AT_S, lasting_s), (knock,), names=names)
    for place, at_s in (("in the analysis", AT_S), ("in a blank", IN_BLANK_S)):
        for step_mg, lasting_s in ((0.3, 20.0), (2.0, 60.0), (20.0, 300.0)):
            door = _event("door_open", at_s, step_mg=step_mg, duration_s=lasting_s)
            severity = f"{step_mg:g} mg, {lasting_s:g} s"
            yield Fault(f"door open {place}", severity, _when(at_s, lasting_s), (door,), names=_DOOR)
    for load_mg in (1.0, 5.0, 2000.0):
        yield Fault(
            "laid on and left",
            f"{load_mg:g} mg",
            _when(AT_S),
            (_left(load_mg * 1e-3, AT_S),),
            names=frozenset({"jump", "surge of the delivery"}),
            refusal="jumps by",
        )
    for load_mg in (0.03, 0.3, 5.0):
        event = _left(load_mg * 1e-3, IN_BLANK_S)
        severity, names = f"{load_mg:g} mg", frozenset({"step"})
        yield Fault("laid on and left in a blank", severity, _when(IN_BLANK_S), (event,), names=names)
    for load_mg, lasting_s in ((5.0, 120.0), (2000.0, 480.0), (50.0, 7200.0)):
        event = _event("load", AT_S, load_g=load_mg * 1e-3, duration_s=lasting_s)
        severity = f"{load_mg:g} mg, {lasting_s / 60.0:g} min"
        names = frozenset({"load on and off", "disturbance"})
        yield Fault("laid on and taken off", severity, _when(AT_S, lasting_s), (event,), names=names)
    for load_mg, lasting_s, left_mg in ((50.0, 120.0, 3.0), (2000.0, 480.0, 30.0), (5000.0, 480.0, 300.0)):
        on = _event("load", AT_S, load_g=load_mg * 1e-3, duration_s=lasting_s)
        yield Fault(
            "taken off, not all of it",
            f"{load_mg:g} mg, {left_mg:g} mg left",
            _when(AT_S, lasting_s),
            (on, _left(left_mg * 1e-3, AT_S)),
            names=frozenset({"jump", "surge of the delivery", "step"}),
            refusal="jumps by",
        )
    for load_mg in (-0.3, -5.0, -80.0):
        event, names = _left(load_mg * 1e-3, AT_S), frozenset({"step", "fall within the pull on the tube"})
        yield Fault("touched off", f"{load_mg:g} mg", _when(AT_S), (event,), names=names)


_STEPS = frozenset({"step", "re-zero", "fall within the pull on the tube"})


def _on_the_zero() -> Iterator[Fault]:
    for place, at_s in (("", AT_S), (" in a blank", IN_BLANK_S)):
        for by_mg in (-0.05, -5.0, -90.0):
            corruption = record.shifted(by_mg * 1e-3, at_s=at_s)
            yield Fault(f"zero shifted{place}", f"{by_mg:g} mg", _when(at_s), corruption=corruption, names=_STEPS)
    for target_mg in (0.0, 5000.0, 7700.0):
        event = _event("rezero", AT_S, indication_mg=target_mg)
        yield Fault("re-zero", f"to {target_mg:g} mg", _when(AT_S), (event,), names=_STEPS, refusal="jumps by")
    for severity, by_g in (("0.1 mg", 1e-4), ("10 mg", -1e-2), ("to zero", None)):
        corruption = record.shifted(by_g, at_s=AT_S, tare=True)
        yield Fault("tare by the rig", severity, _when(AT_S), corruption=corruption, refusal="was tared at")


def _in_the_answers() -> Iterator[Fault]:
    for status in (SampleStatus.OVERLOAD, SampleStatus.UNDERLOAD):
        for lasting_s in (10.0, 600.0, 3600.0):
            yield Fault(
                status.name.lower(),
                f"{lasting_s:g} s",
                _when(AT_S, lasting_s),
                corruption=record.state(status, at_s=AT_S, duration_s=lasting_s),
                names=frozenset({"no number"}),
                refusal="a gap of",
            )
    for lasting_s in (10.0, 300.0, 600.0):
        at_s = ENDS_S - lasting_s / 2.0
        corruption = record.state(SampleStatus.OVERLOAD, at_s=at_s, duration_s=lasting_s)
        names = frozenset({"end of the analysis not weighed"})
        yield Fault("overload as the analysis ends", f"{lasting_s:g} s", _when(at_s, lasting_s), (), corruption, names)
    for lasting_s in (1.0, 60.0, 600.0):
        corruption, names = record.not_a_number(at_s=AT_S, duration_s=lasting_s), frozenset({"not finite"})
        yield Fault("not a number", f"{lasting_s:g} s", _when(AT_S, lasting_s), corruption=corruption, names=names)
    for lasting_s in (30.0, 600.0, 10_800.0):
        yield Fault(
            "frozen balance",
            f"{lasting_s:g} s",
            _when(AT_S, lasting_s),
            corruption=record.frozen(at_s=AT_S, duration_s=lasting_s),
            names=frozenset({"frozen balance"}),
            refusal="a gap of",
        )
    for times in (2, 4, 8):
        corruption = record.read_faster_than_it_updates(times)
        yield Fault("read faster than it updates", f"{times} times", WHOLE, corruption=corruption)


def _in_the_times() -> Iterator[Fault]:
    order, silence = frozenset({"time order"}), frozenset({"silence in the record"})
    for share in (0.001, 0.05, 0.4):
        yield Fault("repeated times", f"{share:.1%}", WHOLE, corruption=record.repeated(share), names=order)
    for share in (0.01, 0.3, 0.8):
        yield Fault("missing readings", f"{share:.0%}", WHOLE, corruption=record.missing_share(share), names=silence)
    for lasting_s in (30.0, 600.0, 3600.0):
        corruption, when = record.hole(at_s=AT_S, duration_s=lasting_s), _when(AT_S, lasting_s)
        yield Fault("hole in the record", f"{lasting_s:g} s", when, (), corruption, silence, refusal="a gap of")
    for sd_s in (0.1, 1.0, 5.0):
        names = order | silence | {"clock set back", "time out of line"}
        yield Fault("jittered times", f"sd {sd_s:g} s", WHOLE, (), record.jittered(sd_s), names, refusal="jitter")
    for by_s in (5.0, 60.0, 3600.0):
        back, names = record.clock_set(-by_s, at_s=AT_S), frozenset({"clock set back"})
        when = Phase(AT_S - by_s, AT_S + 1.0)
        yield Fault("clock set back", f"{by_s:g} s", when, (), back, names, refusal="was set back by")
    for by_s in (5.0, 600.0, 3600.0):
        forward = record.clock_set(by_s, at_s=AT_S)
        yield Fault("clock set forward", f"{by_s:g} s", _when(AT_S, by_s), (), forward, silence, refusal="a gap of")
    for by_s in (30.0, -3600.0, 1e9):
        corruption, names = record.lone_time(by_s, at_s=AT_S), frozenset({"time out of line"})
        yield Fault("lone wrong time", f"{by_s:+g} s", _when(AT_S), corruption=corruption, names=names)


_PAUSE = frozenset({"pause of the delivery"})
_STOP = _PAUSE | {"interruption of the delivery", "delivery was interrupted"}


def _of_the_liquid() -> Iterator[Fault]:
    for drop_ul in (5.0, 20.0, 50.0):
        corruption, names = record.dropping(drop_ul), frozenset({"drops"})
        yield Fault("drops", f"{drop_ul:g} uL", WHOLE, corruption=corruption, names=names)
    for volume_ul in (1.0, 5.0, 20.0):
        event, lasting_s = _event("bubble", AT_S, volume_ul=volume_ul), volume_ul / FLOW_UL_PER_H * 3600.0
        yield Fault("bubble through the outlet", f"{volume_ul:g} uL", _when(AT_S, lasting_s), (event,), names=_PAUSE)
    for lasting_s in (500.0, 3600.0, 10_800.0):
        event = _event("stall", AT_S, duration_s=lasting_s)
        yield Fault("stall of the pump", f"{lasting_s:g} s", _when(AT_S, lasting_s), (event,), names=_STOP)
    for resistance in (1e3, 1e2, 1e1):
        event = _event("leak", AT_S, resistance_kpa_h_per_ml=resistance, duration_s=20_000.0)
        names = _STOP | {"slow fall", "flow back"}
        severity = f"{resistance:g} kPa h/mL"
        yield Fault("leak before the tip", severity, _when(AT_S, 20_000.0), (event,), names=names)


def _slow() -> Iterator[Fault]:
    for rate in (3.0, 10.0, 50.0):
        event = _event("evaporation", AT_S, ug_per_min=rate, duration_s=END_S)
        names = frozenset({"evaporation changed"})
        yield Fault("oil film lost", f"{rate:g} ug/min", Phase(AT_S, END_S), (event,), names=names)
    for rate in (0.5, 5.0, 30.0):
        event = _event("drift", AT_S, percent_per_day=rate, duration_s=END_S)
        yield Fault("drift of the pump", f"{rate:g} %/d", Phase(AT_S, END_S), (event,))
    for rate in (1.0, 4.0, 20.0):
        names = frozenset({"a drift, not evaporation"})
        yield Fault("balance creeping up", f"{rate:g} ug/min", WHOLE, corruption=record.creeping(rate), names=names)
