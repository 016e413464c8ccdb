"""What the log of changes costs a reset: the same recorded statements with the triggers of the log and without them.

Replayed with plain sqlite3, 64 resets to a durable commit, in turns on copies of one database. The best of several
rounds counts: whatever else the machine does only adds.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from readmit.cli.serve import free_port
from readmit.storage.database import connect
from resets import fill, record

GROUP = 64
ROUNDS = 12


def without_log(database: Path) -> None:
    """Take the triggers of the log away."""
    with closing(sqlite3.connect(database)) as connection:
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%INTO changes%'"
        for (name,) in connection.execute(sql).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.commit()


def replay(database: Path, recorded: list[list[tuple[str, dict[str, Any]]]]) -> tuple[float, float]:
    """Microseconds for a reset: by the processor and by the clock."""
    connection = connect(database)
    begun, worked = time.perf_counter(), time.process_time()
    done = 0
    while done + GROUP <= len(recorded):
        connection.execute("BEGIN IMMEDIATE")
        for statements in recorded[done : done + GROUP]:
            connection.execute("SAVEPOINT flow")
            for sql, parameters in statements:
                connection.execute(sql, parameters).fetchall()
            connection.execute("RELEASE flow")
        connection.execute("COMMIT")
        done += GROUP
    cost = (time.process_time() - worked) / done * 1e6, (time.perf_counter() - begun) / done * 1e6
    connection.close()
    return cost


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        base, port = Path(name) / "base", free_port()
        ids = fill(base, port)
        shutil.copytree(base, Path(name) / "record")
        recorded = record(Path(name) / "record", ids, port)
        costs: dict[str, list[tuple[float, float]]] = {"with the log": [], "without it": []}
        for turn in range(ROUNDS):
            for kind in sorted(costs, reverse=bool(turn % 2)):
                folder = Path(name) / f"{turn}-{kind.replace(' ', '-')}"
                shutil.copytree(base, folder)
                if kind == "without it":
                    without_log(folder / "readmit.db")
                costs[kind].append(replay(folder / "readmit.db", recorded))
                shutil.rmtree(folder)
        print(f"{len(recorded[0])} statements in a reset, {GROUP} resets to a commit, best of {ROUNDS} rounds")
        for kind, found in costs.items():
            processor, clock = min(one[0] for one in found), min(one[1] for one in found)
            print(f"{kind:>13}: {processor:6.0f} µs of the processor, {clock:6.0f} µs by the clock for a reset")
    return 0


if __name__ == "__main__":
    sys.exit(main())
