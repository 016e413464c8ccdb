"""What a flow writes and reads with: one open transaction of either database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

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
