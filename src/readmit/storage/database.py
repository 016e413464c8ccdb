"""Opens the database; the only place with commit. Concurrent writes share one commit here.

SQLite: WAL, `synchronous=FULL`, one writer thread per process, `BEGIN IMMEDIATE` (reliability section 2).
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from readmit.domain.errors import Unavailable
from readmit.domain.text import fold
from readmit.storage.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")

_GROUP = 64
"""Writes that share a commit at most; each has a savepoint of its own (reliability DB1)."""
_SETTINGS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-65536",
)


class _Job:
    """One write that waits for its commit."""

    __slots__ = ("arguments", "deliver", "error", "flow", "named", "result")

    def __init__(
        self,
        flow: Callable[..., Any],
        arguments: tuple[Any, ...],
        named: dict[str, Any],
        deliver: Callable[[_Job], None],
    ) -> None:
        self.flow = flow
        self.arguments = arguments
        self.named = named
        self.deliver = deliver
        self.result: Any = None
        self.error: BaseException | None = None


def connect(path: Path) -> sqlite3.Connection:
    """A connection with the settings of reliability section 2; raises sqlite3.DatabaseError for what is no database."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    for setting in _SETTINGS:
        connection.execute(setting).fetchall()
    connection.create_function("fold", 1, fold, deterministic=True)
    return connection


class Database:
    """An open database. `write` hides how commits are shared, `read` sees every acknowledged write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._closed = False
        self._connection = connect(path)
        self._writer = threading.Thread(target=self._work, name="readmit-writer", daemon=True)
        self._writer.start()

    # ------------------------------------------------------------------ reads

    def read(self, query: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `query(tx, …)` on one consistent snapshot of everything acknowledged so far."""
        with self._snapshot() as transaction:
            return query(transaction, *args, **kwargs)

    @contextmanager
    def _snapshot(self) -> Iterator[Transaction]:
        connection: sqlite3.Connection | None = getattr(self._local, "reader", None)
        try:
            if connection is None:
                connection = self._local.reader = connect(self.path)
                connection.execute("PRAGMA query_only=ON")
                self._readers.append(connection)
            connection.execute("BEGIN")
            try:
                yield Transaction(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise Unavailable from error

    # ----------------------------------------------------------------- writes

    def write(self, flow: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `flow(tx, …)` in a transaction; returns after COMMIT, raises what the flow raised with nothing written.

        Raises Unavailable when the store could not commit: the outcome is unknown, repeating is safe.
        """
        future: Future[T] = Future()
        self._put(_Job(flow, args, kwargs, lambda job: _settle(future, job)))
        return future.result()

    def write_soon(
        self,
        loop: asyncio.AbstractEventLoop,
        flow: Callable[Concatenate[Transaction, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> asyncio.Future[T]:
        """`write` for a caller on an event loop."""
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Job(flow, args, kwargs, lambda job: _settle_on_loop(loop, future, job)))
        return future

    def _put(self, job: _Job) -> None:
        if self._closed:
            raise Unavailable
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            group = [job]
            last = False
            while len(group) < _GROUP and not last:
                try:
                    further = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if further is None:
                    last = True
                else:
                    group.append(further)
            self._commit(group)
            for done in group:
                done.deliver(done)
            if last:
                return

    def _commit(self, group: Sequence[_Job]) -> None:
        """One transaction for the group. Whoever fails rolls back alone; if the commit fails, everybody is told 503."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            transaction = Transaction(connection)
            for job in group:
                _run(connection, transaction, job)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for job in group:
                job.result = None
                job.error = Unavailable()
                job.error.__cause__ = error

    # ------------------------------------------------------------------ close

    def close(self) -> None:
        """Finish the writes in hand, then close every connection."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        self._writer.join()
        self._connection.close()
        for reader in self._readers:
            reader.close()


def _run(connection: sqlite3.Connection, transaction: Transaction, job: _Job) -> None:
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


def _settle(future: Future[Any], job: _Job) -> None:
    if job.error is not None:
        future.set_exception(job.error)
    else:
        future.set_result(job.result)


def _settle_on_loop(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any], job: _Job) -> None:
    loop.call_soon_threadsafe(_finish, future, job)


def _finish(future: asyncio.Future[Any], job: _Job) -> None:
    if future.cancelled():
        return
    if job.error is not None:
        future.set_exception(job.error)
    else:
        future.set_result(job.result)
