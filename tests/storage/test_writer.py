"""The writer outlives those who wait for it."""

from __future__ import annotations

import asyncio
import threading

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
