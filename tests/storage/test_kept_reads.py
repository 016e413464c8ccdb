"""Small values that nearly every request reads are kept until somebody commits, and never a commit longer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rooms import CONTOSO

from readmit.storage import tenants
from readmit.storage.database import Database
from readmit.storage.transaction import Transaction


class Asked:
    """Reads a tenant's name, and counts how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, tx: Transaction, tenant_id: str) -> str | None:
        self.times += 1
        found = tenants.get(tx, tenant_id)
        return found.display_name if found else None


def name(database: Database, asked: Asked) -> str | None:
    """What the next request would see."""
    return database.read(lambda tx: tx.kept(asked, CONTOSO.id))


def test_what_nobody_changed_is_asked_once(database: Database) -> None:
    asked = Asked()
    assert [name(database, asked) for _ in range(5)] == ["Contoso"] * 5
    assert asked.times == 1


def test_a_commit_is_seen_by_the_next_read(database: Database) -> None:
    asked = Asked()
    for number in range(5):
        database.write(tenants.update, replace(CONTOSO, display_name=f"Contoso {number}"))
        assert name(database, asked) == f"Contoso {number}"


def test_a_commit_of_another_process_is_seen_by_the_next_read(database: Database) -> None:
    asked, other = Asked(), Database(database.path)
    assert name(database, asked) == "Contoso"
    other.write(tenants.update, replace(CONTOSO, display_name="Elsewhere"))
    assert name(database, asked) == "Elsewhere"
    other.close()


def test_a_block_of_reads_keeps_to_its_own_state(database: Database) -> None:
    asked = Asked()
    with database.snapshot():
        assert name(database, asked) == "Contoso"
        database.write(tenants.update, replace(CONTOSO, display_name="Later"))
        assert name(database, asked) == "Contoso"
        assert database.read(tenants.get, CONTOSO.id) == CONTOSO
    assert name(database, asked) == "Later"


def test_a_value_that_is_not_there_is_kept_too(database: Database) -> None:
    asked = Asked()
    for _ in range(3):
        assert database.read(lambda tx: tx.kept(asked, "nobody")) is None
    assert asked.times == 1


def test_a_flow_that_writes_reads_what_it_wrote(database: Database) -> None:
    asked = Asked()
    assert name(database, asked) == "Contoso"

    def flow(tx: Transaction) -> str | None:
        tenants.update(tx, replace(CONTOSO, display_name="Within"))
        return tx.kept(asked, CONTOSO.id)

    assert database.write(flow) == "Within"


def test_what_raised_is_not_kept(database: Database) -> None:
    times = []

    def failing(_tx: Transaction, _key: str) -> None:
        times.append(1)
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            database.read(lambda tx: tx.kept(failing, "x"))
    assert len(times) == 2


def test_no_more_than_a_thousand_values_are_kept(database: Database) -> None:
    asked = Asked()
    for number in range(2500):
        database.read(lambda tx, key: tx.kept(asked, key), str(number))
    reader = database._thread.reader
    assert reader is not None
    assert len(reader._kept) <= 1001
