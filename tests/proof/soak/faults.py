"""Faults at random over days, for the twin of a soak: links that fail or are lost, knocks, an opened door, refusals."""

from __future__ import annotations

import random
from collections.abc import Iterator

DAY_S = 86400.0

LINKS = ("pump", "balance", "ambient")
MODES = ("silent", "reply_lost", "late", "garbage", "half_line", "duplicate")
LOST = (
    *(("balance", mode) for mode in ("unplugged", "drop_connection")),
    *(("ambient", mode) for mode in ("unplugged", "drop_connection")),
    ("pump", "unplugged"),
    ("daq", "drop_connection"),
    ("daq", "silent"),
)
DAQ_ERRORS = ("overrun", "device_lost")
"""With `LOST`: what a plan without gaps does not forgive.

A DAQ that loses its plug is not among them: its valves fall, and whatever the plan allows the run is INVALID.
"""

GAPS = "mass_s = 60.0\nambient_s = 60.0\npressure_s = 60.0\npump_s = 30.0\n"
"""The gaps a plan must allow for `LOST` and `DAQ_ERRORS`: the body of its table."""

PER_DAY = {"link": 12, "lost": 6, "daq error": 2, "knock": 10, "door": 2, "refusal": 4}
"""How often a day. A fault of a link lasts 2 to 20 s: shorter than any instrument may be silent."""

_SETTLED_S = 150.0
"""No two faults of links or of the DAQ begin nearer than this, or one long silence would come of them."""


_LINK_FAULT, _DAQ_ERROR = 'kind = "link_fault"', 'kind = "daq_error"'


def events(seed: int, *, from_s: float, until_s: float, times: float = 1.0) -> Iterator[str]:
    """Yield the bodies of `[[event]]` tables, in no order; `times`: so many times as often as `PER_DAY` says."""
    draw = random.Random(seed)
    days = times * (until_s - from_s) / DAY_S
    failing = [f'{_LINK_FAULT}\ndevice = "{link}"\nmode = "{mode}"' for link in LINKS for mode in MODES]
    lost = [f'{_LINK_FAULT}\ndevice = "{link}"\nmode = "{mode}"' for link, mode in LOST]
    errors = [f'{_DAQ_ERROR}\nerror = "{error}"' for error in DAQ_ERRORS]
    taken: list[float] = []
    for name, kinds in (("lost", lost), ("daq error", errors), ("link", failing)):
        for _ in range(round(PER_DAY[name] * days)):
            at_s, kind, lasting_s = draw.uniform(from_s, until_s), draw.choice(kinds), draw.uniform(2.0, 20.0)
            if all(abs(at_s - other_s) >= _SETTLED_S for other_s in taken):
                taken.append(at_s)
                yield f"{kind}\n{_period(at_s, lasting_s)}"
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
