"""Faults at random over days, for the twin of a soak: links that fail for a while, knocks, an opened door, refusals."""

from __future__ import annotations

import random
from collections.abc import Iterator

DAY_S = 86400.0

LINKS = ("pump", "balance", "ambient")
MODES = ("silent", "reply_lost", "late", "garbage", "half_line", "duplicate")
PER_DAY = {"link": 12, "knock": 10, "door": 2, "refusal": 4}
"""How often a day. A fault of a link lasts 2 to 20 s: shorter than any instrument may be silent."""

_SETTLED_S = 60.0
"""No two link faults are nearer than this, or one long silence would come of them."""


def events(seed: int, *, from_s: float, until_s: float, times: float = 1.0) -> Iterator[str]:
    """Yield the bodies of `[[event]]` tables, in no order; `times`: so many times as often as `PER_DAY` says."""
    draw = random.Random(seed)
    days = times * (until_s - from_s) / DAY_S
    taken: list[float] = []
    for _ in range(round(PER_DAY["link"] * days)):
        at_s = draw.uniform(from_s, until_s)
        link, mode, lasting_s = draw.choice(LINKS), draw.choice(MODES), draw.uniform(2.0, 20.0)
        if any(abs(at_s - other_s) < _SETTLED_S for other_s in taken):
            continue
        taken.append(at_s)
        yield f'kind = "link_fault"\ndevice = "{link}"\nmode = "{mode}"\n{_period(at_s, lasting_s)}'
    for _ in range(round(PER_DAY["knock"] * days)):
        amplitude_mg = draw.uniform(-5.0, 5.0)
        yield f'kind = "spike"\namplitude_mg = {amplitude_mg:.3f}\n{_period(draw.uniform(from_s, until_s), 0.5)}'
    for _ in range(round(PER_DAY["door"] * days)):
        step_mg = draw.uniform(-1.0, 1.0)
        yield f'kind = "door_open"\nstep_mg = {step_mg:.3f}\n{_period(draw.uniform(from_s, until_s), 15.0)}'
    for _ in range(round(PER_DAY["refusal"] * days)):
        answer = draw.choice(("S I", "ES", "S S Error 10b"))
        yield f'kind = "balance_refusal"\nanswer = "{answer}"\n{_period(draw.uniform(from_s, until_s), 10.0)}'


def _period(at_s: float, lasting_s: float) -> str:
    return f"at_s = {at_s:.3f}\nduration_s = {lasting_s:.3f}"
