"""A writer to be killed: writes a run, and says after every commit how many seconds are durable.

Arguments: folder, number of seconds (0: without end). After the first commit it waits for a line on its standard input.
"""

import sys
from itertools import count
from pathlib import Path

from results.trace.events import EventLog
from results.trace.journal import JournalWriter
from tests.results.trace.runs import HEADER, STREAMS, event, write_second


def main(folder: Path, seconds: int) -> None:
    """Write until done or killed."""
    with (
        EventLog(folder / "events.jsonl") as log,
        JournalWriter(folder / "run.journal", header=HEADER, streams=STREAMS) as writer,
    ):
        for second in range(seconds) if seconds else count():
            log.record(event(second))
            write_second(writer, second)
            writer.commit()
            sys.stdout.write(f"{second + 1}\n")
            sys.stdout.flush()
            if second == 0:
                sys.stdin.readline()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
