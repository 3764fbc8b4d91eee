"""Hold the last run against the truth of its twin: `python -m tests.end_to_end.check_against_truth RUNS`.

Fails unless the measured mean flow lies within 0.5 % of the true one and within its own U.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.end_to_end.bench_runs import error_percent, found_runs

LARGEST_ERROR_PERCENT = 0.5


def main(runs: Path) -> int:
    """Compare, say so, and return the exit status."""
    run = found_runs(runs)[-1]
    error, expanded = error_percent(run, json.loads(run.record.read_text()))
    sys.stdout.write(f"{run.run_id}: {error:+.3f} % from the truth, U = {expanded:.3f} %\n")
    return 0 if abs(error) <= min(expanded, LARGEST_ERROR_PERCENT) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
