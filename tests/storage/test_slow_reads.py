"""A read that takes too long ends, is told as 503, and leaves its connection as it was (reliability section 7)."""

from __future__ import annotations

import sqlite3

import pytest
from rooms import CONTOSO

from readmit.domain.errors import Unavailable
from readmit.storage import tenants, transaction
from readmit.storage.database import Database
from readmit.storage.transaction import Row, Transaction

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
LONG = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) SELECT COUNT(*) FROM n"


def ask(tx: Transaction, sql: str) -> Row | None:
    return tx.one(sql)


def test_a_read_that_would_never_end_is_unavailable_and_the_next_one_is_answered(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as soon:
        soon.setattr(transaction, "SECONDS", 0.0)
        with pytest.raises(Unavailable):
            database.read(ask, ENDLESS)
        with pytest.raises(Unavailable), database.snapshot() as block:
            block.table(["c"], f"FROM (SELECT ({ENDLESS}) AS c)")
    assert database.read(tenants.get, CONTOSO.id) == CONTOSO


def test_a_read_within_its_time_may_take_many_steps(database: Database) -> None:
    assert database.read(ask, LONG) == (1_000_000,)


def test_each_block_of_reads_has_its_own_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(transaction, "monotonic", lambda: now[0])
    for _ in range(3):
        now[0] += transaction.SECONDS
        assert database.read(ask, LONG) == (1_000_000,)
    with database.snapshot():
        now[0] += transaction.SECONDS + 1
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            database.read(ask, LONG)


def test_writes_are_not_cut_off(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow that is over is committed; its caller may have been told 503 (unknown, repeating is safe)."""
    monkeypatch.setattr(transaction, "SECONDS", 0.0)
    assert database.write(ask, LONG) == (1_000_000,)
