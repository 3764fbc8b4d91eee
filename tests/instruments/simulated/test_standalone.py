"""The twin as a program of its own, reached from another process and ended by signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from instruments.clock import WallClock
from instruments.daq.lines import LinesOptions, open_lines
from instruments.program import continuous
from instruments.pumps.bench_interface.driver import BenchInterfaceOptions, open_bench_interface
from instruments.readings import PumpState

ROOT = Path(__file__).parents[3]
TWIN = ROOT / "rig" / "stations" / "simulated" / "twin.toml"
PROGRAM = """
import sys
from pathlib import Path
from instruments.simulated.standalone import run_until_signal
from instruments.simulated.truth import load_twin
run_until_signal(load_twin(Path(sys.argv[1])), seed=3, output=sys.stdout, witness_path=Path(sys.argv[2]))
"""


@contextmanager
def running(witness: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, dict[str, str]]]]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(TWIN), str(witness)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield process, json.loads(line)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path / "witness.jsonl") as (process, addresses):
        port = addresses["pump"]["port"]
        assert os.path.exists(port)
        process.send_signal(number)
        _, complaints = process.communicate(timeout=30.0)
        assert process.returncode == 0
        assert complaints == ""
        assert not os.path.exists(port)


def test_another_process_works_with_it_and_the_witness_survives_a_kill(tmp_path: Path) -> None:
    witness = tmp_path / "witness.jsonl"
    clock = WallClock()
    with running(witness) as (process, addresses):
        options = BenchInterfaceOptions(port=addresses["pump"]["port"], serial="ITB-0042", deadline_s=10.0)
        pump = open_bench_interface("pump", options, clock)
        lines = open_lines(
            "lines",
            LinesOptions.model_validate(
                {
                    "device": addresses["daq"]["device"],
                    "serial": f"{31415926:08X}",
                    "lines": [{"name": "outlet", "line": "port0/line0"}],
                }
            ),
            clock,
            grpc_address=addresses["daq"]["grpc"],
        )
        lines.write("outlet", True)
        pump.upload(continuous(100.0))
        pump.start()
        assert pump.status().state is PumpState.INFUSING
        process.kill()
        process.wait()
        lines.close()
        pump.close()
    told = [json.loads(line) for line in witness.read_text(encoding="utf-8").splitlines()]
    assert ("daq", "port0/line0 high") in [(entry["device"], entry.get("told")) for entry in told]
    acts = [entry for entry in told if entry["device"] == "bench"]
    assert [(act["act"], act.get("energised"), act.get("flow_ul_per_h")) for act in acts] == [
        ("valve outlet", 1.0, None),
        ("pump_flow", None, 100.0),
    ]
    assert [entry["monotonic_s"] for entry in told] == sorted(entry["monotonic_s"] for entry in told)
    assert [entry["told"][5:] for entry in told if entry["device"] == "pump"][-2:] == ["RUN", "STA?"]


def test_the_pump_of_a_bench_nobody_speaks_to_stops_by_itself_and_the_witness_says_when(tmp_path: Path) -> None:
    witness = tmp_path / "witness.jsonl"
    clock = WallClock()
    with running(witness) as (_, addresses):
        options = BenchInterfaceOptions(
            port=addresses["pump"]["port"], serial="ITB-0042", deadline_s=10.0, communication_timeout_s=1
        )
        pump = open_bench_interface("pump", options, clock)
        pump.configure()
        pump.upload(continuous(100.0))
        pump.start()
        pump.close()
        flows: list[float] = []
        give_up_s = clock.now() + 60.0
        while flows != [100.0, 0.0] and clock.now() < give_up_s:
            clock.sleep_until(clock.now() + 0.1)
            told = [json.loads(line) for line in witness.read_text(encoding="utf-8").splitlines(keepends=True)]
            flows = [entry["flow_ul_per_h"] for entry in told if entry.get("act") == "pump_flow"]
    assert flows == [100.0, 0.0]
