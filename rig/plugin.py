"""The pytest plugin: cases of plans as tests, the `bench` and `case` fixtures, verdicts as outcomes, the last table."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest
from rich.console import Console

from results.decision import Verdict
from results.feasibility import FeasibilityRefused
from rig.bench import Bench
from rig.cases.case import Case
from rig.configuration import ConfigurationError
from rig.daily_gate import DAILY_CHECK
from rig.faults import NotRun, VerdictError
from rig.ownership.hold import HeldByAnother
from rig.plan import load_plan
from rig.running.case_run import CaseRun
from rig.running.verdicts import ERROR_VERDICTS, EXPECTED_ERRORS, reason_of_error
from rig.session import RigSession
from rig.session_options import add_options, session_of
from rig.starting import station_taken
from rig.station import StationError
from rig.stations.file import available_stations
from rig.terminal.junit import ERROR_WORD, failures_to_errors
from rig.terminal.verdict_table import print_verdict_table

SESSION = pytest.StashKey[RigSession]()
RUN = pytest.StashKey[CaseRun]()

R = TypeVar("R")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a bench session."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Load the station, so that its faults are told before anything is collected."""
    session = session_of(config)
    if session is not None:
        config.stash[SESSION] = session


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the duplicate of the terminal back."""
    if SESSION in config.stash:
        session = config.stash[SESSION]
        session.terminal.close()
        if session.keyboard is not None:
            session.keyboard.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a protocol once per case of the plan beside it."""
    if "case" not in metafunc.fixturenames or "bench" not in metafunc.fixturenames:
        return
    plan_file = Path(str(metafunc.module.__file__)).with_suffix(".toml")
    try:
        plan = load_plan(plan_file)
    except ConfigurationError as error:
        raise pytest.Collector.CollectError(str(error)) from error
    metafunc.parametrize("case", plan.cases, ids=[case.name for case in plan.cases])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse protocols without a station, and cases that no plan has; keep the chosen cases."""
    protocols = [item for item in items if "bench" in getattr(item, "fixturenames", ())]
    if protocols and config.getoption("--station") is None:
        known = ", ".join(available_stations())
        raise pytest.UsageError(
            f"protocols need --station: a shipped station ({known}) or the path of a station.toml. "
            "For the simulated bench: pytest protocols --station simulated"
        )
    items.sort(key=_comes_after_the_daily_check)
    chosen = config.getoption("--case")
    if not chosen:
        return
    if not protocols:
        raise pytest.UsageError("--case: no protocol was found; name its file, as in: pytest mine/flow_accuracy.py")
    chosen_names = set(chosen)
    cases = {item: _names_of(item.callspec.params["case"]) for item in protocols if hasattr(item, "callspec")}
    unknown = [name for name in chosen if not any(name in names for names in cases.values())]
    if unknown:
        known = ", ".join(sorted(full for _, full in cases.values()))
        raise pytest.UsageError(f"no plan has the case {', '.join(unknown)}; cases: {known}")
    kept = [item for item, names in cases.items() if not chosen_names.isdisjoint(names)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _comes_after_the_daily_check(item: pytest.Item) -> bool:
    case = item.callspec.params.get("case") if hasattr(item, "callspec") else None
    return not (isinstance(case, Case) and case.plan.procedure == DAILY_CHECK)


def _names_of(case: Case) -> tuple[str, str]:
    """Return what a case can be called by: its name, and its plan and its name."""
    return case.name, f"{case.plan.id}/{case.name}"


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, R, R]:
    """Let ending signals reach the protocol as exceptions while a bench may be running."""
    if SESSION not in session.config.stash or session.config.option.collectonly:
        return (yield)
    rig_session = session.config.stash[SESSION]
    with rig_session.gate.installed(), ExitStack() as stack:
        try:
            stack.enter_context(station_taken(rig_session, lambda line: _tell(session.config, line)))
        except (HeldByAnother, OSError) as error:
            raise pytest.UsageError(str(error)) from error
        return (yield)


def _tell(config: pytest.Config, line: str) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, R, R]:
    """Conclude the run of a case that ends between its set-up and its call; end the session after a signal."""
    try:
        result = yield
    except BaseException as error:
        if RUN in item.stash:
            item.stash[RUN].conclude(error)
        raise
    if SESSION in item.config.stash and item.config.stash[SESSION].gate.asked_to_end:
        item.session.shouldstop = f"ended by {item.config.stash[SESSION].gate.asked_to_end}"
    return result


@pytest.fixture
def bench(request: pytest.FixtureRequest, case: Case) -> Iterator[Bench]:
    """The bench, connected, identified and sampling; safe and closed afterwards."""
    run = CaseRun(request.config.stash[SESSION], case)
    refusal = ""
    try:
        with run.opened() as opened:
            request.node.stash[RUN] = run
            yield opened
    except (StationError, ConfigurationError, FeasibilityRefused, NotRun) as error:
        refusal = str(error)
    except KeyboardInterrupt as interrupted:
        run.refuse(reason_of_error(interrupted))
        request.node.stash[RUN] = run
        _end_session(request.session, run, interrupted)
    if refusal:
        run.refuse(refusal)
        pytest.fail(f"{case.name}: {run.verdict.value}: {refusal}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: pytest.FixtureRequest) -> Generator[None, R, R]:
    """Conclude the run with what ended a fixture that stands on the bench; the bench's own ends its run itself."""
    try:
        return (yield)
    except BaseException as error:
        if isinstance(request.node, pytest.Item) and RUN in request.node.stash:
            run = request.node.stash[RUN]
            run.conclude(error)
            if isinstance(error, KeyboardInterrupt):
                _end_session(request.session, run, error)
        raise


def _end_session(session: pytest.Session, run: CaseRun, interrupted: KeyboardInterrupt) -> NoReturn:
    """Raise what the signal made of the case, and let no other begin.

    The signal itself is not passed on: pytest would leave the case out of every report of the session it ends.
    """
    if run.verdict is Verdict.PASS:  # it had been judged already
        raise interrupted
    session.shouldstop = reason_of_error(interrupted)
    raise VerdictError(run.verdict, run.reason) from interrupted


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, R, R]:
    """Conclude the run with what ended the protocol, before anything else happens."""
    if RUN not in pyfuncitem.stash:
        return (yield)
    run = pyfuncitem.stash[RUN]
    try:
        result = yield
        run.conclude(None)
        if run.verdict is not Verdict.PASS:  # a protocol that does not verify is no pass either
            raise VerdictError(run.verdict, run.reason)
    except KeyboardInterrupt as interrupted:
        run.conclude(interrupted)
        _end_session(pyfuncitem.session, run, interrupted)
    except BaseException as error:
        run.conclude(error)
        raise
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say the verdict instead of a traceback; mark what is an error and not a failure."""
    report = yield
    ended = call.when == "call" or (call.when == "setup" and call.excinfo is not None)
    if RUN not in item.stash or not ended:
        return report
    run = item.stash[RUN]
    verdict = run.verdict
    properties = [("verdict", verdict.value), *([(ERROR_WORD, verdict.value)] if verdict in ERROR_VERDICTS else [])]
    report.user_properties += properties
    item.user_properties += properties  # a JUnit file has those of the last report, its teardown's
    if call.excinfo is not None and isinstance(call.excinfo.value, EXPECTED_ERRORS):
        report.longrepr = f"{run.case.name}: {verdict.value}: {run.reason}\nrun: {run.folder.path}"
    return report


def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
    """Count INVALID, ABORTED and NOT RUN as errors."""
    if isinstance(report, pytest.TestReport) and report.when == "call" and report.failed:
        for name, value in report.user_properties:
            if name == ERROR_WORD:
                return "error", "E", str(value)
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Say in a JUnit file what is an error and not a failure, before it is written."""
    failures_to_errors(session.config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the verdict table."""
    if SESSION not in config.stash or not config.stash[SESSION].concluded:
        return
    session = config.stash[SESSION]
    writer = terminalreporter._tw
    console = Console(
        file=writer._file,
        force_terminal=writer.hasmarkup,
        width=max(100 if writer.hasmarkup else 140, writer.fullwidth),
    )
    print_verdict_table(console, session.concluded)
