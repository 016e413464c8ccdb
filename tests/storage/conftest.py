"""The database is a parameter of every storage test: each kind that readmit runs on is one of KINDS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rooms import CONTOSO, NOW, user

from readmit.storage import schema, tenants, users
from readmit.storage.database import Database


def _sqlite(folder: Path) -> Database:
    schema.upgrade(folder / "readmit.db")
    return Database(folder / "readmit.db")


KINDS: dict[str, Callable[[Path], Database]] = {"sqlite": _sqlite}
"""How an empty database of each kind is opened; PostgreSQL joins here."""


@pytest.fixture(params=KINDS)
def empty(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with its schema and nothing in it."""
    opened = KINDS[request.param](tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def database(empty: Database) -> Database:
    """Contoso with three members."""
    empty.write(tenants.insert, CONTOSO, NOW)
    for id in ("a", "b", "c"):
        empty.write(users.insert, user(id))
    return empty
