"""Whatever became of the answers before: a reading is new, or the link itself says that the one before is in doubt."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from instruments.balances.mt_sics import MtSicsOptions, open_mt_sics
from instruments.balances.sbi import SbiOptions, open_sbi
from instruments.clock import WallClock
from instruments.errors import InstrumentError
from instruments.links.link import Link
from instruments.pumps.bench_interface.driver import open_bench_interface
from instruments.pumps.ne1000.driver import Ne1000Options, open_ne1000
from tests.instruments.bench_interface_peer import options as bench_options
from tests.instruments.numbering_peer import LANGUAGES, TROUBLES, NumberingPeer

PATIENT_S, IMPATIENT_S = 20.0, 0.1

Opened = tuple[Link, Callable[[], float | None], Callable[[], None]]
"""A link, how to read a number over it, and how to close it."""


def opened(driver: str, peer: NumberingPeer) -> Opened:
    clock = WallClock()
    if driver == "bench-interface":
        pump = open_bench_interface("pump", bench_options(peer.port), clock)
        return pump.link, lambda: pump.status().delivered_ul, pump.close
    if driver == "ne1000":
        options = Ne1000Options(port=peer.port, serial="1", deadline_s=PATIENT_S, syringe_diameter_mm=14.43)
        syringe = open_ne1000("pump", options, clock)
        return syringe.link, lambda: syringe.status().delivered_ul, syringe.close
    if driver == "mt-sics":
        sics = open_mt_sics(
            "balance", MtSicsOptions(address=peer.address, serial="B123456789", deadline_s=PATIENT_S), clock
        )
        return sics.link, lambda: sics.read().mass_g, sics.close
    menu = dict.fromkeys(
        ("auto_zero", "internal_adjustment", "print_after_stability", "automatic_print"), "off at the menu"
    )
    told = {"address": peer.address, "serial": "B123456789", "deadline_s": PATIENT_S, **menu}
    sbi = open_sbi("balance", SbiOptions.model_validate(told), clock)
    return sbi.link, lambda: sbi.read().mass_g, sbi.close


class Freshness(RuleBasedStateMachine):
    """Reads, again and again; each reading bears the number of its question."""

    driver = ""

    def __init__(self) -> None:
        super().__init__()
        self.peer = NumberingPeer(LANGUAGES[self.driver])
        self.peer.__enter__()
        self.link, self.read, self.close = opened(self.driver, self.peer)
        self.link.deadline_s = IMPATIENT_S
        self.failed = False
        self.suspect = False

    @rule(troubles=st.lists(st.sampled_from(TROUBLES), max_size=4))
    def poll(self, troubles: list[str]) -> None:
        before, doubts = self.peer.number, self.link.doubts
        self.peer.troubles = list(troubles)
        try:
            number = self.read()
        except InstrumentError:
            self.failed, self.suspect = True, False
            return
        finally:
            self.peer.troubles = []
        # An old one is found out by the next question, for the true answer is there; where that never came, by none.
        assert not self.suspect or self.link.doubts > doubts, "an old reading was never doubted"
        assert number is not None
        is_old = number <= before
        self.suspect = is_old and not self.peer.withheld
        if is_old:
            assert number == before, f"{number} is older than the poll before, {before}"
            assert not self.failed, f"after a failure {number} was taken, which answers an earlier question"
            assert not self.link.is_wary, "a device known to repeat itself was believed"
        self.failed = False

    def teardown(self) -> None:
        self.close()
        self.peer.__exit__(None, None, None)


@pytest.mark.parametrize("driver", LANGUAGES)
def test_after_any_failure_the_next_reading_is_new(driver: str) -> None:
    machine = type(f"Freshness of {driver}", (Freshness,), {"driver": driver})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
