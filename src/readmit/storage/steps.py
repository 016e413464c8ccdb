"""How yoyo does a step of the schema on SQLite: with its mark in one transaction, and under a lock that nobody leaves
behind (reliability MG1, R13).

As it comes, yoyo commits a step and its mark one after the other, and its lock is a row of a table: `kill -9` leaves a
step that cannot be repeated, or a lock that nobody opens.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from yoyo import read_migrations
from yoyo.backends.core.sqlite3 import SQLiteBackend
from yoyo.connections import parse_uri

_TABLE = "_yoyo_migration"


class Steps(SQLiteBackend):  # type: ignore[misc]
    """yoyo on the database of a path."""

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(parse_uri("sqlite://"), _TABLE)

    def connect(self, _uri: object) -> sqlite3.Connection:
        """The one connection: everything that belongs together is in one transaction of it."""
        return sqlite3.connect(self._path, isolation_level=None, detect_types=sqlite3.PARSE_DECLTYPES)

    def copy(self) -> AbstractContextManager[Steps]:
        """A step runs here, not on a connection of its own."""
        return nullcontext(self)

    def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:
        """The step and its mark, or neither."""
        with self.transaction():
            super().apply_one(migration, force=force, mark=mark)

    @contextmanager
    def lock(self, timeout: float = 0) -> Iterator[None]:
        """Who calls `do` is alone already."""
        yield

    def log_migration(self, migration: Any, operation: str) -> None:
        """Nobody reads yoyo's log, and it asks a name server after this machine, and the system after the user."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other process upgrades this database, and keep the others waiting; a process that dies lets go."""
    with path.with_suffix(".upgrade").open("a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def do(path: Path, folder: Path) -> None:
    """Do the steps of a folder that the database at `path` does not have."""
    with Steps(path) as steps:
        steps.apply_migrations(steps.to_apply(read_migrations(str(folder))))
