"""Opens the database; the only place with commit. Concurrent writes share one commit here.

SQLite: WAL, `synchronous=FULL`, one writer per process, `BEGIN IMMEDIATE` (reliability section 2).
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from readmit.domain.errors import Unavailable
from readmit.domain.search_tokens import has_tokens
from readmit.domain.text import fold
from readmit.storage.transaction import Snapshot, Transaction
from readmit.storage.writer import Job, Writer

P = ParamSpec("P")
T = TypeVar("T")

_SETTINGS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-65536",
)


def connect(path: Path) -> sqlite3.Connection:
    """A connection with the settings of reliability section 2; raises sqlite3.DatabaseError for what is no database."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    for setting in _SETTINGS:
        connection.execute(setting).fetchall()
    connection.create_function("fold", 1, fold, deterministic=True)
    connection.create_function("has_tokens", 2, has_tokens, deterministic=True)
    return connection


class _Thread(threading.local):
    """What a reading thread has of its own."""

    reader: Snapshot | None = None
    shared: Snapshot | None = None
    """The reader while a block of reads is open."""


class Reads:
    """One state of the database for the reads of a block on one thread. Blocks inside of it join it."""

    __slots__ = ("_opened", "_reader", "_thread")

    def __init__(self, thread: _Thread, reader: Callable[[], Snapshot]) -> None:
        self._thread = thread
        self._reader = reader
        self._opened: Snapshot | None = None

    def __enter__(self) -> Snapshot:
        if self._thread.shared is not None:
            return self._thread.shared
        try:
            opened = self._thread.reader or self._reader()
            opened.begin()
        except sqlite3.OperationalError as error:
            raise Unavailable from error
        self._opened = self._thread.shared = opened
        return opened

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if self._opened is not None:
            self._thread.shared = None
            self._opened.end()
        if isinstance(error, sqlite3.OperationalError):
            raise Unavailable from error


class Database:
    """An open database. `write` hides how commits are shared, `read` sees every acknowledged write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = _Thread()
        self._readers: list[sqlite3.Connection] = []
        self._closed = False
        self._connection = connect(path)
        self._writer = Writer(self._connection)

    # ------------------------------------------------------------------ reads

    def read(self, query: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `query(tx, …)` on one consistent snapshot of everything acknowledged so far.

        Inside of `with database.snapshot():` that snapshot is the one of every read on this thread.
        """
        shared = self._thread.shared
        if shared is not None:
            return query(shared, *args, **kwargs)
        with self.snapshot() as opened:
            return query(opened, *args, **kwargs)

    def snapshot(self) -> Reads:
        """Have the reads of a block see one state: one BEGIN and one ROLLBACK instead of a pair for each of them."""
        return Reads(self._thread, self._reader)

    def _reader(self) -> Snapshot:
        """This thread's own reading connection, opened."""
        connection = connect(self.path)
        connection.execute("PRAGMA query_only=ON")
        self._readers.append(connection)
        self._thread.reader = Snapshot(connection)
        return self._thread.reader

    # ----------------------------------------------------------------- writes

    def write(self, flow: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `flow(tx, …)` in a transaction; returns after COMMIT, raises what the flow raised with nothing written.

        Raises Unavailable when the store could not commit: the outcome is unknown, repeating is safe.
        """
        future: Future[T] = Future()
        self._put(Job(flow, args, kwargs, lambda job: _settle(future, job)))
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
        self._put(Job(flow, args, kwargs, lambda job: _settle_on_loop(loop, future, job)))
        return future

    def _put(self, job: Job) -> None:
        if self._closed:
            raise Unavailable
        self._writer.submit(job)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """A server's loop is there: flows run on its thread, commits beside it."""
        self._writer.attach(loop)

    def detach(self) -> None:
        """The server's loop ends."""
        self._writer.detach()

    # ------------------------------------------------------------------ close

    def close(self) -> None:
        """Finish the writes in hand, then close every connection."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._connection.close()
        for reader in self._readers:
            reader.close()


def _settle(future: Future[Any], job: Job) -> None:
    if job.error is not None:
        future.set_exception(job.error)
    else:
        future.set_result(job.result)


def _settle_on_loop(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any], job: Job) -> None:
    """On the loop's own thread at once; where another thread finished the group, by way of the loop."""
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is loop:
        _finish(future, job)
        return
    # A loop that is closed has nobody who waits; the writer goes on for the others.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(_finish, future, job)


def _finish(future: asyncio.Future[Any], job: Job) -> None:
    if future.cancelled():
        return
    if job.error is not None:
        future.set_exception(job.error)
    else:
        future.set_result(job.result)
