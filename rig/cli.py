"""The `rig` command: everything a person does at the rig besides running protocols with pytest."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from results.input_file import open_regular
from results.provenance import provenance_of
from results.series import EvaluationRefused
from results.trace.errors import StorageError
from results.trace.reader import is_hdf5
from results.trace.seal import seal
from results.trace_evaluation import evaluate_own
from rig.configuration import ConfigurationError
from rig.figures import draw
from rig.foreign import evaluate_file, write_json
from rig.ownership.status import state_of, status_lines
from rig.record import recorded_end, recorded_sha256
from rig.recovery.at_start import close_orphans
from rig.run_folder import RunFolder
from rig.stations.file import available_stations, load_station_file
from rig.stations.twin import simulate_forever
from rig.terminal.outcome_tables import print_outcome

PLAIN_WIDTH = 140
FIGURE_SUFFIXES = (".png", ".svg", ".pdf")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status: 0 done, 1 refused or failed, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.action(options))
    except (ConfigurationError, EvaluationRefused, StorageError, ImportError, OSError) as error:
        sys.stderr.write(f"rig {options.command}: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rig", description="Pump bench rig.")
    commands = parser.add_subparsers(dest="command", required=True)

    stations = commands.add_parser("stations", help="list the stations that ship with the rig")
    stations.set_defaults(action=_stations)

    simulate = commands.add_parser("simulate", help="run a station's digital twin alone, at wall-clock time")
    simulate.add_argument("station", help="a shipped station's name or a station.toml")
    simulate.add_argument("--seed", type=int, default=1, help="seed of every random process [1]")
    simulate.add_argument("--log", type=Path, help="append what each device was told to this file")
    simulate.set_defaults(action=_simulate)

    evaluate = commands.add_parser("evaluate", help="evaluate a run again, or any logger's data file")
    evaluate.add_argument(
        "run", type=Path, metavar="RUN|TRACE|DATA", help="a run's folder, its trace.h5, or a data file"
    )
    evaluate.add_argument("--conditions", type=Path, help="of a data file: the TOML file that says how it was recorded")
    evaluate.add_argument("--json", type=Path, dest="json_file", help="write the outcome to this file")
    evaluate.add_argument("--figure", type=_figure_path, help="draw the outcome into this file (.png, .svg or .pdf)")
    evaluate.set_defaults(action=_evaluate)

    sealing = commands.add_parser("seal", help="make the trace of a run that ended in a crash")
    sealing.add_argument("run", type=Path, metavar="RUN", help="the folder of a run")
    sealing.set_defaults(action=_seal)

    status = commands.add_parser("status", help="tell who holds a station, and whether it is broken")
    status.add_argument("station", help="a shipped station's name or a station.toml")
    status.set_defaults(action=_status)

    clearing = commands.add_parser("clear-fault", help="call a broken station sound again, on record")
    clearing.add_argument("station", help="a shipped station's name or a station.toml")
    clearing.add_argument("--reason", required=True, type=_said, help="what was found, and what was done about it")
    clearing.add_argument("--name", type=_said, help="who says so [the user of this session]")
    clearing.set_defaults(action=_clear_fault)

    recovering = commands.add_parser("recover", help="close the runs that a crash left, as ABORTED")
    recovering.add_argument("runs", type=Path, metavar="RUNS", help="the folder of the runs")
    recovering.set_defaults(action=_recover)
    return parser


def _said(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("it says nothing")
    return text


def _figure_path(text: str) -> Path:
    path = Path(text)
    if path.suffix not in FIGURE_SUFFIXES:
        raise argparse.ArgumentTypeError(f"{text!r} ends in none of {', '.join(FIGURE_SUFFIXES)}")
    return path


def _stations(options: argparse.Namespace) -> int:
    sys.stdout.write("\n".join(available_stations()) + "\n")
    return 0


def _simulate(options: argparse.Namespace) -> int:
    simulate_forever(load_station_file(options.station), seed=options.seed, witness_log=options.log)
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    console = Console()
    if not console.is_terminal:
        console = Console(width=PLAIN_WIDTH)
    own = options.run.is_dir() or is_hdf5(options.run)
    if options.conditions is not None and own:
        raise EvaluationRefused(f"{options.run}: a run of our own holds its conditions; leave out --conditions")
    if options.conditions is not None:
        evaluation = evaluate_file(
            options.run, options.conditions, console=console, json_file=options.json_file, figure=options.figure
        )
        return 0 if evaluation.outcome is not None else 1
    if not own:
        open_regular(options.run).close()
        raise EvaluationRefused(f"{options.run} is neither a run nor a trace; for a data file, give --conditions too")
    if options.run.is_dir():
        folder = RunFolder(options.run)
        evaluated = evaluate_own(folder.trace, recorded_sha256=recorded_sha256(folder))
    else:
        evaluated = evaluate_own(options.run)
    if options.json_file is not None:
        write_json(evaluated.as_record(), options.json_file)
    if evaluated.outcome is None:
        raise EvaluationRefused(". ".join([f"{options.run}: {evaluated.refusal}", *_how_it_ended(options.run)]))
    print_outcome(console, evaluated.outcome)
    sys.stdout.writelines(f"{ended}\n" for ended in _how_it_ended(options.run))
    if options.figure is not None and not draw(evaluated.outcome, options.figure, provenance_of(evaluated.trace)):
        sys.stderr.write(
            f"rig evaluate: {options.figure} is not drawn: only tests of flow and occlusion have a figure\n"
        )
    return 0


def _how_it_ended(run: Path) -> list[str]:
    """Return a sentence on a run that has a record, else none."""
    ended = recorded_end(RunFolder(run)) if run.is_dir() else ""
    return [f"The run ended {ended}"] if ended else []


def _seal(options: argparse.Namespace) -> int:
    folder = RunFolder(options.run)
    report = seal(folder.journal, folder.trace)
    folder.ballast.unlink(missing_ok=True)
    sys.stdout.write(f"{report.trace_path}: sealed, SHA-256 {report.sha256}\n")
    if not report.closed_orderly:
        sys.stdout.write("The run ended without closing its journal; everything it committed is in the trace.\n")
    for damage in report.damage:
        sys.stdout.write(f"lost: {damage}\n")
    return 0 if report.complete else 1


def _status(options: argparse.Namespace) -> int:
    for line in status_lines(load_station_file(options.station)):
        sys.stdout.write(line + "\n")
    return 0


def _clear_fault(options: argparse.Namespace) -> int:
    station = load_station_file(options.station)
    fault = state_of(station).clear(options.reason, who=options.name or "") if station.is_shared else None
    if fault is None:
        sys.stderr.write(f"rig clear-fault: station {station.id!r} is not broken; nothing was cleared\n")
        return 1
    sys.stdout.write(f"station {station.id!r} may run again; it was broken: {fault}\n")
    return 0


def _recover(options: argparse.Namespace) -> int:
    if not options.runs.is_dir():
        sys.stderr.write(f"rig recover: {options.runs} is no folder\n")
        return 1
    lines = list(close_orphans(options.runs)) or [f"{options.runs}: no run was left by a crash"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0
