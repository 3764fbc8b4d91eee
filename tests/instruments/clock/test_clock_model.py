"""The virtual clock against a sequential model of its rules: one interleaving, whatever the host does."""

from __future__ import annotations

import heapq
import random
import threading
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instruments.clock import Clock, Task, VirtualClock
from instruments.clock.interface import host_sleep

HANG_S = 60.0
EVENTS = 3


@dataclass(frozen=True)
class Do:
    """One step of a participant's program."""

    verb: str  # sleep, wait, set, clear, pulse, charge, child
    event: int = 0
    duration_s: float = 0.0


Program = tuple[Do, ...]
Entry = tuple[float, str, int, bool]


def run_on_clock(programs: list[Program], noise_seed: int) -> list[Entry]:
    """Run the programs as threads on the real clock, losing random host time everywhere."""
    clock: Clock = VirtualClock()
    events = [clock.event() for _ in range(EVENTS)]
    draws = random.Random(noise_seed)
    log: list[Entry] = []
    errors: list[BaseException | None] = []

    def lose_time() -> None:
        if draws.random() < 0.1:
            host_sleep(draws.random() * 2e-4)

    def perform(name: str, program: Program) -> None:
        children: list[Task] = []
        for index, do in enumerate(program):
            lose_time()
            result = True
            until = clock.now() + do.duration_s
            if do.verb == "sleep":
                clock.sleep_until(until)
            elif do.verb == "charge":
                clock.charge(do.duration_s)
            elif do.verb == "wait":
                result = clock.wait(events[do.event], until)
            elif do.verb == "set":
                events[do.event].set()
            elif do.verb == "clear":
                events[do.event].clear()
            elif do.verb == "pulse":
                events[do.event].set()
                events[do.event].clear()
            elif do.verb == "child":
                child = f"{name}.{index}"
                children.append(clock.spawn(child, partial(perform, child, (Do("sleep", 0, 1.0),))))
            log.append((clock.now(), name, index, result))
        for task in children:
            assert task.join()
            errors.append(task.error)

    def conduct() -> None:
        with clock.participate("conductor"):
            tasks = [clock.spawn(str(k), partial(perform, str(k), program)) for k, program in enumerate(programs)]
            for task in tasks:
                assert task.join()
                errors.append(task.error)

    thread = threading.Thread(target=conduct, daemon=True)
    thread.start()
    thread.join(HANG_S)
    assert not thread.is_alive(), "the clock hangs"
    assert not [error for error in errors if error is not None]
    return log


class Model:
    """The rules without threads: a list of participants, the earliest turn by (readiness, time, registration)."""

    def __init__(self) -> None:
        self.now = 0.0
        self.flags = [False] * EVENTS
        self.log: list[Entry] = []
        self.registered = 0
        self.waiting: dict[int, tuple[float | None, int | str | None]] = {}
        self.ready: dict[int, bool] = {}
        self.bodies: dict[int, Generator[tuple[float | None, int | str | None], bool, None]] = {}
        self.begun: set[int] = set()
        self.ended: set[str] = set()

    def register(self, name: str, program: Program) -> None:
        self.bodies[self.registered] = self.perform(name, program)
        self.ready[self.registered] = False
        self.registered += 1

    def signal(self, event: int | str) -> None:
        for rank in [rank for rank, (_, awaited) in self.waiting.items() if awaited == event]:
            del self.waiting[rank]
            self.ready[rank] = True

    def perform(self, name: str, program: Program) -> Generator[tuple[float | None, int | str | None], bool, None]:
        children: list[str] = []
        for index, do in enumerate(program):
            result = True
            until = self.now + do.duration_s
            if do.verb in ("sleep", "charge"):
                if until > self.now:
                    yield until, None
            elif do.verb == "wait":
                result = self.flags[do.event]
                if not result and until > self.now:
                    result = yield until, do.event
            elif do.verb in ("set", "pulse"):
                self.flags[do.event] = do.verb == "set"
                self.signal(do.event)
            elif do.verb == "clear":
                self.flags[do.event] = False
            elif do.verb == "child":
                children.append(f"{name}.{index}")
                self.register(children[-1], (Do("sleep", 0, 1.0),))
            self.log.append((self.now, name, index, result))
        for child in children:
            if child not in self.ended:
                yield None, child
        self.ended.add(name)
        self.signal(name)

    def run(self) -> list[Entry]:
        while self.ready or self.waiting:
            if self.ready:
                rank = min(self.ready)
                answer = self.ready.pop(rank)
            else:
                due = [(until, rank) for rank, (until, _) in self.waiting.items() if until is not None]
                heapq.heapify(due)
                self.now, rank = due[0]
                del self.waiting[rank]
                answer = False
            try:
                # A body that has not begun takes no answer.
                self.waiting[rank] = self.bodies[rank].send(answer) if rank in self.begun else next(self.bodies[rank])
            except StopIteration:
                continue
            finally:
                self.begun.add(rank)
        return self.log


def run_on_model(programs: list[Program]) -> list[Entry]:
    model = Model()
    for index, program in enumerate(programs):
        model.register(str(index), program)
    return model.run()


durations = st.integers(0, 8).map(lambda quarters: quarters / 4)
steps = st.one_of(
    st.builds(Do, st.just("sleep"), st.just(0), durations),
    st.builds(Do, st.just("wait"), st.integers(0, EVENTS - 1), durations),
    st.builds(Do, st.sampled_from(["set", "clear", "pulse"]), st.integers(0, EVENTS - 1)),
    st.builds(Do, st.just("charge"), st.just(0), durations),
    st.builds(Do, st.just("child")),
)
programs_ = st.lists(st.lists(steps, max_size=8).map(tuple), min_size=1, max_size=5)


@given(programs=programs_, noise_seed=st.integers(0, 2**16))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_interleaving_is_the_one_the_rules_say(programs: list[Program], noise_seed: int) -> None:
    assert run_on_clock(programs, noise_seed) == run_on_model(programs)


def a_long_program(seed: int) -> Program:
    draws = random.Random(seed)
    return tuple(
        Do(
            draws.choice(["sleep", "sleep", "wait", "wait", "set", "clear", "pulse", "charge"]),
            draws.randrange(EVENTS),
            draws.randrange(9) / 4,
        )
        for _ in range(200)
    )


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_interleaving_repeats_under_any_host_schedule(seed: int) -> None:
    programs = [a_long_program(10 * seed + k) for k in range(6)]
    expected = run_on_model(programs)
    assert len(expected) == 6 * 200
    for noise_seed in range(1, 6):
        assert run_on_clock(programs, noise_seed) == expected
