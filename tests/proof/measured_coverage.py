"""How often the truth lies within U, by kind and measurand: `python -m tests.proof.measured_coverage 20` (seeds)."""

from __future__ import annotations

import sys
from collections import defaultdict

from tests.proof.measured_programmes import PROGRAMMES


def coverage(seeds: range) -> dict[str, dict[str, list[float]]]:
    """Return error over U of every seed, by programme and measurand (its number left out)."""
    table: dict[str, dict[str, list[float]]] = {}
    for name, programme in PROGRAMMES.items():
        table[name] = defaultdict(list)
        for seed in seeds:
            for measurand, share in programme(seed).shares().items():
                table[name][measurand.rstrip("0123456789. ")].append(share)
    return table


def main() -> None:
    """Print the table."""
    table = coverage(range(1, int(sys.argv[1]) + 1))
    everything: list[float] = []
    for name, rows in table.items():
        for measurand, shares in rows.items():
            inside = sum(abs(share) <= 1.0 for share in shares)
            worst = max(map(abs, shares))
            sys.stdout.write(f"{name:24s} {measurand:46s} {inside:4d} of {len(shares):4d}, largest {worst:.2f} U\n")
            everything += shares
    inside = sum(abs(share) <= 1.0 for share in everything)
    sys.stdout.write(f"pooled: {inside} of {len(everything)} ({100.0 * inside / len(everything):.1f} %)\n")


if __name__ == "__main__":
    main()
