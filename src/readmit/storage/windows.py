"""Counters of throttling that the processes of one server share: a file of its own, worth nothing after a restart.

It is no part of the database: a lost count lets a caller do a little more, and a synced write for each request that
reads would cost more than the request. Limits that protect accounts are in the database (security C3, N8).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from readmit.domain.errors import Unavailable
from readmit.domain.throttling import Use

_SETTINGS: Final = ("PRAGMA journal_mode=MEMORY", "PRAGMA synchronous=OFF", "PRAGMA busy_timeout=2000")
_TABLE: Final = "CREATE TABLE IF NOT EXISTS windows (key TEXT PRIMARY KEY, number INTEGER, used INTEGER) WITHOUT ROWID"
_COUNT: Final = (
    "INSERT INTO windows (key, number, used) VALUES (:key, :window, :amount) ON CONFLICT (key) DO UPDATE SET"
    " used = CASE WHEN number = :window THEN used + :amount ELSE :amount END, number = :window RETURNING used"
)


class SharedWindows:
    """As `domain.throttling.Windows`, for several processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()

    def take(self, uses: Sequence[Use]) -> list[int]:
        """Count all of it, or nothing where one use goes over its ceiling; what each window holds then, or would."""
        connection = self._connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            after = [connection.execute(_COUNT, _parameters(use)).fetchone()[0] for use in uses]
            connection.execute("COMMIT" if all(map(Use.fits, uses, after)) else "ROLLBACK")
        except sqlite3.OperationalError as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise Unavailable from error
        return after

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = sqlite3.connect(self._path, isolation_level=None)
            for statement in (*_SETTINGS, _TABLE):
                connection.execute(statement).fetchall()
        return connection


def _parameters(use: Use) -> dict[str, object]:
    return {"key": "\n".join(use.key), "window": use.window, "amount": use.amount}
