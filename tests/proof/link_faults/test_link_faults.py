"""A few cells for each driver, and that the judge can fail; the whole is `python -m tests.proof.link_faults`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.proof.link_faults.faults import DRIVERS, PHASES, Driver, Fault, fault_of
from tests.proof.link_faults.judge import not_given, untraced
from tests.proof.link_faults.matrix import run_cell
from tests.proof.link_faults.tap import Exchange, Published

SEED = 1


def cells() -> list[Fault]:
    """Two cells of each driver: the modes and phases by turns, so that most occur."""
    chosen = []
    for place, driver in enumerate(DRIVERS):
        for turn in range(2):
            mode = driver.modes[(place + 5 * turn) % len(driver.modes)]
            phase = PHASES[1 + (place + turn) % (len(PHASES) - 1)]
            chosen.append(fault_of(SEED, driver, mode, phase, gap=turn == 0))
    return chosen


@pytest.mark.parametrize("fault", cells(), ids=lambda fault: f"{fault.driver}-{fault.mode}-{fault.phase}")
def test_a_link_that_fails_hides_nothing_and_invents_nothing(fault: Fault) -> None:
    judged = run_cell(fault)
    assert not judged.complaints, f"{fault.words}: {judged.verdict}: {judged.reason}"


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda driver: driver.name)
def test_every_driver_has_every_fault_of_its_kind(driver: Driver) -> None:
    assert len(set(driver.modes)) == len(driver.modes) >= 8


EXCHANGES = [Exchange(b"SI\r\n", f"S S     7.5000{n} g\r\n".encode(), n) for n in range(4)]
PUBLISHED = [Published(n + 1) for n in range(4)]
MASSES = np.array([[7.50000], [7.50001], [7.50002], [7.50003]])
VALID = np.full(4, True)


def said(begin: int, end: int | None) -> bytes:
    return b"".join(exchange.said for exchange in EXCHANGES[begin:end])


def test_the_judge_is_content_with_sound_samples() -> None:
    assert not untraced("mt-sics", MASSES, VALID, PUBLISHED, EXCHANGES, said)


def test_the_judge_finds_one_stale_value() -> None:
    stale = MASSES.copy()
    stale[2] = stale[1]
    (complaint,) = untraced("mt-sics", stale, VALID, PUBLISHED, EXCHANGES, said)
    assert "sample 2" in complaint


def test_the_judge_finds_a_value_without_a_question() -> None:
    published = [*PUBLISHED[:3], Published(3)]
    (complaint,) = untraced("mt-sics", MASSES, VALID, published, EXCHANGES, said)
    assert "no question of its own" in complaint


def test_the_judge_finds_a_value_whose_reply_never_left_the_device() -> None:
    found = untraced("mt-sics", MASSES, VALID, PUBLISHED, EXCHANGES, lambda begin, end: said(begin, end)[:-3])
    assert len(found) == 4
    assert all("never left" in complaint for complaint in found)


def test_the_judge_finds_the_value_of_another_device() -> None:
    exchanges = [*EXCHANGES[:3], replace(EXCHANGES[3], is_other=True)]
    (complaint,) = untraced("mt-sics", MASSES, VALID, PUBLISHED, exchanges, said)
    assert "another device" in complaint


GIVEN = np.array([1.0, 2.0, np.nan, 3.0, 4.0])


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0, 4.0], [2.0, 4.0], []])
def test_the_judge_is_content_with_samples_that_were_given(values: list[float]) -> None:
    assert not list(not_given("pressure_line", np.array(values), GIVEN))


@pytest.mark.parametrize("values", [[1.0, 1.0], [2.0, 1.0], [1.5], [1.0, 2.0, 2.0, 3.0], [np.nan]])
def test_the_judge_finds_samples_that_are_old_invented_or_used_twice(values: list[float]) -> None:
    assert len(list(not_given("pressure_line", np.array(values), GIVEN))) == 1
