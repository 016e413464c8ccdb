"""Group commit: writes that arrive together share one transaction and one fsync; each has a savepoint of its own.

Two ways to run a group. Without an event loop the writer's thread runs the flows and commits. With one (`attach`),
the loop's own thread runs the flows and the writer's thread only commits: SQLite hands the interpreter over at every
statement, so flows on a second thread wait for the loop twelve times in a reset (docs/decisions/0005 has the figures).
`fsync` never holds the loop up.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from readmit.domain.errors import Unavailable
from readmit.storage.transaction import Transaction

_GROUP: Final = 64
"""Writes that share a commit at most (reliability DB1)."""
_BUSY_MILLISECONDS: Final = 5000


class Job:
    """One write that waits for its commit; `deliver` tells its caller, on the thread that finished the group."""

    __slots__ = ("arguments", "deliver", "error", "flow", "named", "result")

    def __init__(
        self,
        flow: Callable[..., Any],
        arguments: tuple[Any, ...],
        named: dict[str, Any],
        deliver: Callable[[Job], None],
    ) -> None:
        self.flow = flow
        self.arguments = arguments
        self.named = named
        self.deliver = deliver
        self.result: Any = None
        self.error: BaseException | None = None


class Writer:
    """The one writer of a process: owns the writing connection and its thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: deque[Job] = deque()
        self._lock = threading.Lock()
        self._running = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="readmit-writer", daemon=True)
        self._thread.start()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on flows run on this loop's thread."""
        with self._lock:
            self._loop = loop

    def detach(self) -> None:
        """The loop ends: flows run on the writer's thread again."""
        with self._lock:
            self._loop = None

    def submit(self, job: Job) -> None:
        """Run a job with the next group; from any thread."""
        with self._lock:
            self._waiting.append(job)
            if self._running:
                return
            self._running = True
        self._next()

    def close(self) -> None:
        """Finish what was submitted, then end the thread."""
        self._tasks.put(None)
        self._thread.join()

    # ------------------------------------------------------------------ groups

    def _next(self) -> None:
        """Have the next group run where flows run now."""
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self._run_on_loop)
            except RuntimeError:
                self.detach()
            else:
                return
        self._tasks.put(self._run_on_thread)

    def _take(self) -> list[Job]:
        with self._lock:
            group = [self._waiting.popleft() for _ in range(min(_GROUP, len(self._waiting)))]
            self._running = bool(group)
            return group

    def _run_on_thread(self) -> None:
        group = self._take()
        if group:
            self._begin_and_run(group, wait=True)
            self._commit(group)
            self._deliver(group)

    def _run_on_loop(self) -> None:
        group = self._take()
        if not group:
            return
        if self._begin_and_run(group, wait=False):
            self._tasks.put(lambda: self._commit_for_loop(group))
        else:
            # Another process writes: waiting for it is not the loop's business.
            self._tasks.put(lambda: self._rerun_for_loop(group))

    def _rerun_for_loop(self, group: Sequence[Job]) -> None:
        self._begin_and_run(group, wait=True)
        self._commit_for_loop(group)

    def _commit_for_loop(self, group: Sequence[Job]) -> None:
        self._commit(group)
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self._deliver, group)
            except RuntimeError:
                self.detach()
            else:
                return
        self._deliver(group)

    def _deliver(self, group: Sequence[Job]) -> None:
        for job in group:
            job.deliver(job)
        self._next()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
        # Who came while the last group ran waits for an answer as well.
        while self._waiting:
            self._run_on_thread()

    # ------------------------------------------------------------- transaction

    def _begin_and_run(self, group: Sequence[Job], *, wait: bool) -> bool:
        """Open the shared transaction and run every flow; False where another process holds the database."""
        connection = self._connection
        try:
            if connection.in_transaction:  # what could not be rolled back then
                connection.execute("ROLLBACK")
            connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS if wait else 0}")
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:  # of a damaged file too: whatever it is, the next group is to be run
            if not wait and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                return False
            _fail(group, error)
            return True
        transaction = Transaction(connection)
        try:
            for job in group:
                _run(connection, transaction, job)
        except sqlite3.Error as error:
            self._roll_back(group, error)
        return True

    def _commit(self, group: Sequence[Job]) -> None:
        """If the commit fails, everybody of the group is told 503 (reliability DB1)."""
        connection = self._connection
        if not connection.in_transaction:
            return
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back(group, error)

    def _roll_back(self, group: Sequence[Job], error: sqlite3.Error) -> None:
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
        _fail(group, error)


def _run(connection: sqlite3.Connection, transaction: Transaction, job: Job) -> None:
    connection.execute("SAVEPOINT flow")
    try:
        job.result = job.flow(transaction, *job.arguments, **job.named)
    except sqlite3.OperationalError:
        # A full disk or a busy file may have rolled back everything by itself: the whole group begins anew (DB1).
        raise
    except Exception as error:
        job.error = error
        if not connection.in_transaction:
            raise sqlite3.OperationalError("the shared transaction is gone") from error
        connection.execute("ROLLBACK TO flow")
    connection.execute("RELEASE flow")


def _fail(group: Sequence[Job], cause: sqlite3.Error) -> None:
    for job in group:
        job.result = None
        job.error = Unavailable()
        job.error.__cause__ = cause
