"""The data acquisition fails in mid-run: the case is INVALID, the bench is safe, and everything recorded is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from results.trace.events import read_events
from results.trace.reader import read_trace
from tests.end_to_end.bench_runs import Finished, add_events, copy_protocols, make_station, run_protocols

FAST = ("--case", "fast")
FAULT_S = 400.0
HOLD_THE_READER = '''
import pytest

from results.trace.schema import Block
from rig.acquisition.stream import SampleStream


@pytest.fixture(autouse=True)
def reader_held_up(monkeypatch, rig_clocks):
    """Hold the thread that reads the DAQ up, once."""
    publish, held = SampleStream.publish, []

    def slow(stream, item):
        publish(stream, item)
        if isinstance(item, Block) and item.time_ns[-1] > {fault_s} * 1e9 and not held:
            held.append(item)
            rig_clocks[-1].sleep_until(rig_clocks[-1].now() + {hold_s})

    monkeypatch.setattr(SampleStream, "publish", slow)


@pytest.fixture
def rig_clocks(monkeypatch):
    """The clocks of the acquisitions made."""
    from rig.acquisition.acquisition import Acquisition

    made, make = [], Acquisition.__init__

    def note(self, *given, clock, **named):
        made.append(clock)
        make(self, *given, clock=clock, **named)

    monkeypatch.setattr(Acquisition, "__init__", note)
    return made
'''


def assert_invalid_with_all_that_was_recorded(finished: Finished, *words: str) -> None:
    """The verdict, its reason, and a trace that goes on to the fault in every stream."""
    assert finished.status == 1, finished.output
    assert finished.record["verdict"] == "INVALID", finished.output
    assert "Traceback" not in finished.output
    for word in words:
        assert word in finished.record["reason"]
    trace = read_trace(finished.run.trace)
    assert trace.complete
    times_s = trace.stream("pressure_line").time_s
    assert FAULT_S - 20.0 < times_s[-1] <= FAULT_S + 20.0
    np.testing.assert_allclose(np.diff(times_s), 0.1, atol=1e-6)
    assert trace.stream("mass").time_s[-1] > FAULT_S - 10.0
    kinds = [event.kind for event in read_events(finished.run.events).events]
    assert kinds.index("safe_state") > kinds.index("infusion_start")


@pytest.mark.parametrize(
    ("error", "words"),
    [("overrun", ("overrun", "-200279", "pressure")), ("device_lost", ("pressure", "-201003"))],
)
def test_an_error_of_the_daq_makes_the_run_invalid(tmp_path: Path, error: str, words: tuple[str, ...]) -> None:
    event = f'kind = "daq_error"\nerror = "{error}"\nat_s = {FAULT_S}\nduration_s = 15.0'
    station = add_events(make_station(tmp_path / "bench"), event)
    finished = run_protocols(tmp_path / "runs", "--station", str(station), *FAST)
    assert_invalid_with_all_that_was_recorded(finished, *words)


def test_a_reader_that_is_held_up_makes_the_run_invalid(tmp_path: Path) -> None:
    # The buffer holds 200 s: after 100 s nothing is lost, but nobody has watched the pressure meanwhile.
    folder = copy_protocols(tmp_path / "copy", {})
    (folder / "protocols" / "conftest.py").write_text(HOLD_THE_READER.format(fault_s=FAULT_S, hold_s=100.0))
    finished = run_protocols(tmp_path / "runs", "--station", "simulated", *FAST, cwd=folder)
    assert_invalid_with_all_that_was_recorded(finished, "nothing was read for", "held up")
