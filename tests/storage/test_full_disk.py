"""R7, DB1: a disk that is full, a file that nobody may write, a commit that fails: all or nothing, told, and over."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from readmit.domain.errors import Unavailable
from readmit.storage import schema
from readmit.storage.database import Database
from readmit.storage.transaction import Transaction

TENANT = "INSERT INTO attempts (scope, subject, period, count) VALUES ('test', :subject, 0, :count)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "readmit.db"
    schema.upgrade(path)
    made = Database(path)
    yield made
    made.close()


def note(tx: Transaction, subject: str) -> str:
    """A write of two rows: never one of them alone."""
    tx.run(TENANT, {"subject": subject, "count": 1})
    tx.run(TENANT, {"subject": f"{subject} too", "count": 1})
    return subject


def big(tx: Transaction, subject: str) -> str:
    """A write that needs many pages."""
    for number in range(40):
        tx.run(TENANT, {"subject": f"{subject} {number} " + "x" * 4000, "count": 1})
    return subject


def kept(database: Database) -> set[str]:
    sql = "SELECT subject FROM attempts WHERE scope = 'test'"
    return {row[0] for row in database.read(lambda tx: tx.all(sql))}


def in_one_group(database: Database, *works: Callable[[], Any]) -> list[Any]:
    """Writes that share a commit: they gather while an earlier one is under way. Results, or the errors."""
    begun, go_on = threading.Event(), threading.Event()

    def first(_tx: Transaction) -> None:
        begun.set()
        assert go_on.wait(10)

    def told(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (Unavailable, ValueError) as error:
            return type(error)

    submitted = threading.Semaphore(0)
    submit = database._writer.submit
    database._writer.submit = lambda job: (submit(job), submitted.release())[0]  # type: ignore[method-assign,func-returns-value]
    with ThreadPoolExecutor(len(works) + 1) as pool:
        held = pool.submit(database.write, first)
        assert begun.wait(10)
        assert submitted.acquire(timeout=10)
        running = []
        for work in works:
            running.append(pool.submit(told, work))
            assert submitted.acquire(timeout=10)
        go_on.set()
        held.result(10)
        return [each.result(10) for each in running]


def writes(database: Database, *flows: Callable[..., Any]) -> list[Callable[[], Any]]:
    return [lambda flow=flow, number=number: database.write(flow, f"w{number}") for number, flow in enumerate(flows)]


# ---------------------------------------------------------------------------- DB1


def test_DB1_a_flow_that_fails_rolls_back_itself_only(database: Database) -> None:
    def fails(tx: Transaction, subject: str) -> None:
        note(tx, subject)
        raise ValueError(subject)

    assert in_one_group(database, *writes(database, note, fails, note)) == ["w0", ValueError, "w2"]
    assert kept(database) == {"w0", "w0 too", "w2", "w2 too"}


def test_DB1_if_the_shared_commit_fails_everybody_of_the_group_is_told_and_nothing_is_kept(database: Database) -> None:
    """A constraint that is deferred to COMMIT fails there, for all."""

    def fails_late(tx: Transaction, subject: str) -> str:
        tx.run("PRAGMA defer_foreign_keys=ON")
        tx.run(
            "INSERT INTO tickets (hash, invitation_id, user_id, generation, created_at) VALUES ('h', 'no', 'u', 1, 1)"
        )
        return note(tx, subject)

    assert in_one_group(database, *writes(database, note, fails_late, note)) == [Unavailable] * 3
    assert kept(database) == set()
    assert database.write(note, "afterwards") == "afterwards"
    assert kept(database) == {"afterwards", "afterwards too"}


def test_DB1_a_transaction_that_ended_by_itself_is_told_to_the_whole_group(database: Database) -> None:
    """As SQLITE_FULL, IOERR or NOMEM may end it; a flow that goes on regardless keeps nothing either."""

    def ends(tx: Transaction, subject: str) -> str:
        note(tx, subject)
        tx.run("ROLLBACK")
        raise MemoryError(subject)

    def ends_unnoticed(tx: Transaction, subject: str) -> str:
        note(tx, subject)
        tx.run("ROLLBACK")
        return subject

    for defect in (ends, ends_unnoticed):
        assert in_one_group(database, *writes(database, note, defect, note)) == [Unavailable] * 3
        assert kept(database) == set()
    assert in_one_group(database, *writes(database, note, note)) == ["w0", "w1"]


# ----------------------------------------------------------------------------- R7


def full(database: Database, pages: int) -> None:
    """No page more than there are, and so many."""
    connection = database._connection
    used = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={used + pages}")


def test_R7_on_a_full_disk_writes_are_told_and_leave_nothing_until_there_is_space(database: Database) -> None:
    full(database, 2)
    told = in_one_group(database, *writes(database, note, big, note))
    assert told == [Unavailable] * 3, "SQLite has rolled back what they shared"
    assert kept(database) == set()
    with pytest.raises(Unavailable):
        database.write(big, "again")
    assert kept(database) == set()
    full(database, 10_000)
    assert in_one_group(database, *writes(database, big, note)) == ["w0", "w1"]
    assert len(kept(database)) == 42


def test_R7_beside_many_writers_what_was_acknowledged_is_there_and_whole(database: Database) -> None:
    full(database, 60)
    acknowledged, refused = set(), []

    def work(first: int) -> None:
        for number in range(30):
            subject = f"w{first}-{number}"
            try:
                database.write(big if number % 5 == 4 else note, subject)
            except Unavailable:
                refused.append(subject)
            else:
                acknowledged.add(subject)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert acknowledged
    assert refused
    rows = kept(database)
    whole = {row.split(" ")[0] for row in rows}
    assert whole == acknowledged
    for subject in whole:
        assert sum(row.split(" ")[0] == subject for row in rows) in (2, 40)
    assert database.read(lambda tx: tx.all("PRAGMA integrity_check")) == [("ok",)]


def test_R7_a_database_that_may_only_be_read_is_told_and_read_on(database: Database) -> None:
    database.write(note, "before")
    database._connection.execute("PRAGMA query_only=ON")
    with pytest.raises(Unavailable) as told:
        database.write(note, "now")
    assert isinstance(told.value.__cause__, sqlite3.OperationalError)
    assert kept(database) == {"before", "before too"}
    database._connection.execute("PRAGMA query_only=OFF")
    assert database.write(note, "afterwards") == "afterwards"


@pytest.mark.parametrize("with_loop", [False, True])
def test_DB1_a_file_that_is_damaged_for_a_while_stops_no_later_write(database: Database, with_loop: bool) -> None:
    """What SQLite says of a damaged file is no OperationalError: nobody waits for ever, and the writer goes on."""

    def damaged(action: int, *_: object) -> int:
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_TRANSACTION else sqlite3.SQLITE_OK

    async def on_loop(subject: str) -> str:
        loop = asyncio.get_running_loop()
        database.attach(loop)
        try:
            return await asyncio.wait_for(database.write_soon(loop, note, subject), 20)
        finally:
            database.detach()

    def write(subject: str) -> str:
        return asyncio.run(on_loop(subject)) if with_loop else database.write(note, subject)

    database._connection.set_authorizer(damaged)
    with pytest.raises(Unavailable) as told:
        write("a")
    assert type(told.value.__cause__) is sqlite3.DatabaseError
    database._connection.set_authorizer(None)
    assert write("b") == "b"
    assert kept(database) == {"b", "b too"}


def test_DB1_what_could_not_be_rolled_back_is_before_the_next_write(database: Database) -> None:
    def stuck(action: int, what: str | None, *_: object) -> int:
        denied = action == sqlite3.SQLITE_TRANSACTION and what in ("COMMIT", "ROLLBACK")
        return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK

    database._connection.set_authorizer(stuck)
    with pytest.raises(Unavailable):
        database.write(note, "a")
    with pytest.raises(Unavailable):
        database.write(note, "b")
    database._connection.set_authorizer(None)
    assert database.write(note, "c") == "c"
    assert kept(database) == {"c", "c too"}
