"""A program of its own: upgrades the database of its argument again and again, and dies at a later statement each time.

It dies as `kill -9` does: nothing is rolled back, released or closed. It ends once an upgrade came through, and prints
how many did not.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

from readmit.storage import schema, steps


def dying_at(last: int) -> type[sqlite3.Connection]:
    """A connection that takes the process with it at its statement number `last`."""

    class Dying(sqlite3.Connection):
        seen = 0

        def step(self, _sql: str) -> None:
            Dying.seen += 1
            if Dying.seen == last:
                os._exit(9)

    return Dying


def upgrade(path: Path, last: int) -> None:
    """In a child: one try."""
    kind = dying_at(last)

    def connect(_steps: object, _uri: object) -> sqlite3.Connection:
        made = sqlite3.connect(path, factory=kind, detect_types=sqlite3.PARSE_DECLTYPES, isolation_level=None)
        made.execute("PRAGMA synchronous=OFF")
        made.set_trace_callback(made.step)  # type: ignore[attr-defined]
        return made

    steps.Steps.connect = connect  # type: ignore[method-assign,assignment]
    schema.upgrade(path)


def main(path: Path) -> int:
    """How many tries died."""
    last, died = 1, 0
    while True:
        child = os.fork()
        if child == 0:
            try:
                upgrade(path, last)
            except BaseException as error:  # said by the parent's exit code
                print(f"at statement {last}: {error!r}", file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != 9:
            print(died)
            return code
        last, died = last + 1 + last // 4, died + 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
