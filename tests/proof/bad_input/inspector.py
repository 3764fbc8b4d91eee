"""The inspection of traces in one child process that is started again whenever a file ends or hangs it."""

from __future__ import annotations

import atexit
import json
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

from results.trace.errors import TraceError
from tests.end_to_end.bench_runs import ROOT

DEADLINE_S = 60.0
_LOOP = """
import io, json, sys
from contextlib import redirect_stdout
from pathlib import Path
from results.trace.inspection import main
from results.trace.reader import read_trace
for line in sys.stdin:
    out = io.StringIO()
    with redirect_stdout(out):
        status = main(Path(line.rstrip("\\n")))
    content = read_trace(Path(line.rstrip("\\n"))).content_sha256 if status == 0 else None
    print(json.dumps([content, out.getvalue()]), flush=True)
"""


class _Inspector:
    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None
        self.deaths = 0

    def ask(self, path: Path) -> Any:
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-c", _LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
            )
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(f"{path}\n")
        child.stdin.flush()
        try:
            ready, _, _ = select.select([child.stdout], [], [], DEADLINE_S)
        except BaseException:
            self.close()
            raise
        line = child.stdout.readline() if ready else ""
        if not line:
            self.deaths += 1
            self.close()
            raise TraceError(path, "ended the process that read it" if ready else "no end of it", "-")
        return json.loads(line)

    def close(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            for stream in (self._child.stdin, self._child.stdout):
                if stream is not None:
                    stream.close()
            self._child = None


INSPECTOR = _Inspector()
atexit.register(INSPECTOR.close)


def inspected(path: Path) -> str:
    """Return the content hash of a trace, as `rig evaluate` finds out before it reads it. Raises `TraceError`."""
    content, told = INSPECTOR.ask(path)
    if content is None:
        refusal = json.loads(told)
        raise TraceError(path, refusal["problem"], refusal["remedy"])
    return str(content)
