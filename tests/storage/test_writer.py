"""The writer outlives those who wait for it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from readmit.domain.errors import Unavailable
from readmit.storage.database import Database
from readmit.storage.transaction import Transaction


def test_a_loop_that_was_closed_before_its_commit_does_not_end_the_writer(empty: Database) -> None:
    """Whoever stops a server in the midst of a write must not leave the commands beside it waiting for ever."""
    begun, closed = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        begun.set()
        assert closed.wait(timeout=10)

    loop = asyncio.new_event_loop()
    empty.write_soon(loop, slow)
    assert begun.wait(timeout=10)
    loop.close()
    closed.set()
    found: list[object] = []
    next_one = threading.Thread(target=lambda: found.append(empty.write(lambda tx: tx.one("SELECT 1"))), daemon=True)
    next_one.start()
    next_one.join(timeout=10)
    assert found == [(1,)]


def test_a_write_that_waits_for_its_turn_while_the_database_is_closed_is_done(empty: Database) -> None:
    """`close` ends the writes in hand, also of those who came while another group was running."""
    begun, go_on = threading.Event(), threading.Event()
    found: list[object] = []

    def slow(tx: Transaction) -> None:
        begun.set()
        assert go_on.wait(timeout=10)

    def write(flow: object) -> threading.Thread:
        thread = threading.Thread(target=lambda: found.append(empty.write(flow)), daemon=True)
        thread.start()
        return thread

    first = write(slow)
    assert begun.wait(timeout=10)
    second = write(lambda tx: tx.one("SELECT 1"))
    while not empty._writer._waiting:
        pass
    closing = threading.Thread(target=empty.close, daemon=True)
    closing.start()
    while not empty._closed:
        pass
    with pytest.raises(Unavailable):
        empty.write(lambda tx: None)
    while empty._writer._tasks.empty():
        pass
    go_on.set()
    for thread in (first, second, closing):
        thread.join(timeout=10)
    assert found == [None, (1,)]
