"""The directory that queries are asked of, and how they are asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from odata_directory import opened

from readmit.web.graph.odata import parse, to_sql
from readmit.web.graph.odata.properties import resource as resource_of

Ask = Callable[..., set[str]]


@pytest.fixture(scope="session")
def directory() -> Iterator[sqlite3.Connection]:
    with closing(opened()) as connection:
        yield connection


@pytest.fixture
def ask(directory: sqlite3.Connection) -> Ask:
    """Ids that a filter finds: `ask(text, resource='user', mode='default')`."""

    def found(text: str, resource: str = "user", mode: Any = "default") -> set[str]:
        parameters: dict[str, Any] = {}
        where = to_sql.condition(parse.filter(text), resource, mode, parameters, alias="t")
        sql = f"SELECT t.id FROM {resource_of(resource).table} t WHERE {where}"
        return {row[0] for row in directory.execute(sql, parameters)}

    return found
