"""What a flow writes and reads with: one open transaction of either database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any, Final, TypeVar

import msgspec

Parameters = Mapping[str, Any]
Row = tuple[Any, ...]
T = TypeVar("T")

_NOTHING: Parameters = {}
_KEPT = 1000
"""Values that are kept at most."""
SECONDS: Final = 5.0
"""For a block of reads (reliability section 7): who asks for more than that holds up the lists of everybody."""
_LOOK_EVERY: Final = 2_000_000
"""Steps of SQLite's machine, some 20 to 40 ms: each look needs the interpreter."""


class Transaction:
    """Plain SQL with named parameters (`:name`). Nothing below `database.py` commits (reliability DB1)."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def one(self, sql: str, parameters: Parameters = _NOTHING) -> Row | None:
        """The first row, or None."""
        row: Row | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def all(self, sql: str, parameters: Parameters = _NOTHING) -> list[Row]:
        """Every row."""
        return self._connection.execute(sql, parameters).fetchall()

    def table(self, columns: Sequence[str], rest: str, parameters: Parameters = _NOTHING) -> list[list[Any]]:
        """Many rows of texts and integers in one step: `rest` begins with FROM.

        `sqlite3` hands the interpreter over at every row, so that a page of a hundred waits a hundred times for
        whoever else runs; one row that holds them all waits once.
        """
        named = ", ".join(f"{column} AS c{number}" for number, column in enumerate(columns))
        names = ", ".join(f"c{number}" for number in range(len(columns)))
        sql = f"SELECT json_group_array(json_array({names})) FROM (SELECT {named} {rest})"
        row = self._connection.execute(sql, parameters).fetchone()
        found: list[list[Any]] = msgspec.json.decode(row[0])
        return found

    def run(self, sql: str, parameters: Parameters = _NOTHING) -> int:
        """Execute a write; the number of rows it met (reliability DB2)."""
        return self._connection.execute(sql, parameters).rowcount

    def kept(self, query: Callable[..., T], *key: str) -> T:
        """What `query(tx, *key)` finds; where nobody has committed since it was asked before, it is not asked again.

        For small immutable values that nearly every request reads: tenant, grant, roles.
        """
        return query(self, *key)


class _Deadline:
    """Until when a connection's reads may run. It knows no connection: the two would keep each other."""

    __slots__ = ("until",)

    def __init__(self) -> None:
        self.until = 0.0

    def __call__(self) -> bool:
        """True interrupts."""
        return monotonic() > self.until


class Snapshot(Transaction):
    """A reader's transaction: each block of reads sees one state, and keeps what the same state told the last one."""

    __slots__ = ("_deadline", "_kept", "_seen", "_version")

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._deadline = _Deadline()
        connection.set_progress_handler(self._deadline, _LOOK_EVERY)
        self._kept: dict[tuple[Any, ...], Any] = {}
        self._seen: int | None = None
        self._version = -1

    def begin(self) -> None:
        """A new state, which is not looked at yet."""
        self._seen = None
        self._deadline.until = monotonic() + SECONDS
        self._connection.execute("BEGIN")

    def end(self) -> None:
        """Let the state go."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def kept(self, query: Callable[..., T], *key: str) -> T:
        if self._seen is None:
            self._seen = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if self._seen != self._version or len(self._kept) > _KEPT:
                self._kept.clear()
                self._version = self._seen
        found = self._kept.get((query, *key), _NOTHING)
        if found is _NOTHING:
            found = self._kept[(query, *key)] = query(self, *key)
        value: T = found
        return value
