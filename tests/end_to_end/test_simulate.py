"""`rig simulate`: the twin alone, for other programs: a plain socket, an unmodified nidaqmx client, our own station."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import nidaqmx
import pytest
import serial
from nidaqmx.constants import AcquisitionType

from results.trace.reader import read_trace
from tests.end_to_end.bench_runs import (
    LONG_ENOUGH_S,
    ROOT,
    found_runs,
    make_station,
    protocol_command,
    run_protocols,
    wait_for_phase,
)


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, dict[str, str]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "rig", "simulate", "simulated"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONG_ENOUGH_S) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_plain_socket_reads_the_balance(addresses: dict[str, dict[str, str]]) -> None:
    _, host, port, _ = addresses["balance"]["visa"].split("::")
    with socket.create_connection((host, int(port)), LONG_ENOUGH_S) as line:
        line.sendall(b"I4\r\nSI\r\n")
        answer = b""
        while answer.count(b"\n") < 2:
            answer += line.recv(256)
    identity, weight = answer.decode("ascii").splitlines()
    assert identity == 'I4 A "B402318876"'
    assert weight[:4] in ("S S ", "S D ")
    assert weight.endswith(" g")


def test_a_plain_serial_port_reads_the_balance_too(addresses: dict[str, dict[str, str]]) -> None:
    path = addresses["balance_serial"]["visa"].removeprefix("ASRL").removesuffix("::INSTR")
    with serial.Serial(path, timeout=LONG_ENOUGH_S) as port:
        port.write(b"I4\r\n")
        assert port.readline() == b'I4 A "B402318876"\r\n'


def test_an_unmodified_nidaqmx_client_reads_pressure(addresses: dict[str, dict[str, str]]) -> None:
    daq = addresses["daq"]
    with grpc.insecure_channel(daq["grpc"]) as channel:
        options = nidaqmx.GrpcSessionOptions(channel, "")
        with nidaqmx.Task(grpc_options=options) as task:
            task.ai_channels.add_ai_current_chan(f"{daq['device']}/ai0")
            task.timing.cfg_samp_clk_timing(1000.0, sample_mode=AcquisitionType.FINITE, samps_per_chan=200)
            values: Any = task.read(number_of_samples_per_channel=200, timeout=LONG_ENOUGH_S)
    assert len(values) == 200
    assert all(0.0036 < value < 0.021 for value in values)
    assert len(set(values)) > 10


def test_half_an_address_list_is_refused(addresses: dict[str, dict[str, str]], tmp_path: Path) -> None:
    station = make_station(
        tmp_path / "bench", station={'file = "twin.toml"': 'file = "twin.toml"\nattach = "twin.json"'}
    )
    attach = station.with_name("twin.json")
    attach.write_text(json.dumps({"pump": addresses["pump"]}), encoding="utf-8")
    refused = run_protocols(tmp_path / "runs", "--station", str(station), "--case", "fast")
    assert refused.status != 0
    assert "balance: missing" in refused.output


def test_the_rig_runs_on_it_at_wall_clock_time(addresses: dict[str, dict[str, str]], tmp_path: Path) -> None:
    twin = 'file = "twin.toml"'
    station = make_station(tmp_path / "bench", station={twin: f'{twin}\nattach = "twin.json"'})
    station.with_name("twin.json").write_text(json.dumps(addresses), encoding="utf-8")
    runs = tmp_path / "runs"
    command = protocol_command(runs, "--station", str(station), "--case", "fast")
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_for_phase(runs, "prime")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=LONG_ENOUGH_S)
    finally:
        process.kill()
        process.wait()
    (run,) = found_runs(runs)
    assert run.record.exists(), output + run.watchdog.read_text()
    assert json.loads(run.record.read_text())["verdict"] == "ABORTED", output
    trace = read_trace(run.trace)
    assert trace.simulated
    assert trace.header["simulation"] == {"seed": None, "clock": "wall"}
    assert trace.stream("mass").count > 0
