"""What a flow writes and reads with: one open transaction of either database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

Parameters = Mapping[str, Any]
Row = tuple[Any, ...]

_NOTHING: Parameters = {}


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

    def run(self, sql: str, parameters: Parameters = _NOTHING) -> int:
        """Execute a write; the number of rows it met (reliability DB2)."""
        return self._connection.execute(sql, parameters).rowcount
