"""`python -m tests.proof.soak --write`: fourteen simulated days with faults at random; about ten minutes."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from instruments.clock import host_monotonic_s
from tests.end_to_end.bench_runs import ROOT
from tests.proof.document import made_at, write_between
from tests.proof.soak.faults import DAY_S, PER_DAY
from tests.proof.soak.soak import METERS, Soaked, soak

DOCUMENT = Path("docs/crash-safety.md")
PROTOCOL, CASE, DAYS = "flex_schedule", "fortnight", 14.0
INFUSING_S = 9600.0
"""The infusion has begun by then, and goes on for `DAYS`."""


def main() -> int:
    """Run it, print its table; 1 when a sample was lost or the run did not come to its end."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.soak")
    parser.add_argument("--seed", type=int, default=1, help="seed of the bench and of the faults [1]")
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT}")
    options = parser.parse_args()
    begun_s, load = host_monotonic_s(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        soaked = soak(
            Path(folder),
            protocol=PROTOCOL,
            case=CASE,
            seed=options.seed,
            from_s=INFUSING_S,
            until_s=DAYS * DAY_S,
            every_h=2.0,
        )
    text = as_text(soaked, seed=options.seed, minutes=(host_monotonic_s() - begun_s) / 60.0, load=load)
    sys.stdout.write(text)
    if options.write:
        write_between(ROOT / DOCUMENT, "soak", text)
    return int(bool(soaked.lost) or soaked.verdict in ("INVALID", "ABORTED", "NOT RUN"))


def as_text(soaked: Soaked, *, seed: int, minutes: float, load: float) -> str:
    """Return what the document says of a soak."""
    lost = "none lost" if not soaked.lost else f"LOST: {'; '.join(soaked.lost)}"
    rows = []
    for name, words in METERS.items():
        line = soaked.line(name)
        slope = f"{line.per_day:.3g} ± {line.half_width_per_day:.2g}" if line.half_width_per_day else "0"
        rows.append(f"| {words} | {line.lowest:.4g} to {line.highest:.4g} | {slope} | {line.rise_percent:.2g} |")
    return "\n".join(
        [
            f"Seed {seed}: {soaked.hours[-1] / 24.0:.1f} simulated days in {minutes:.0f} min, "
            f"{sum(PER_DAY.values())} faults a day; {soaked.gaps} times a link was lost and had again. Ended "
            f"{soaked.verdict}: {soaked.reason}. {soaked.acknowledged} samples acknowledged, {lost}. {made_at()}; "
            f"load {load:.1f}.",
            "",
            "| meter, after the warm-up | lowest to highest | slope a day | rise over the run, % |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
