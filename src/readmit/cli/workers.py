"""Several processes that answer on one address: children of the server, which holds the data folder (`--workers`).

A child that dies is replaced; children whose parent is gone end by themselves, whatever ended it.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readmit.domain.errors import OperatorError
from readmit.settings import Settings

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_STARTED = b"started"
_LONGEST_END = 9.5
"""Seconds that children get to end (reliability SD1)."""
_LONGEST_PAUSE = 5.0


class Workers:
    """The children of one server."""

    def __init__(self, settings: Settings, listening: Any, certificate: Path | None) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._arguments = (settings, listening, certificate)
        self._children: dict[Connection, BaseProcess] = {}
        self._silent: set[Connection] = set()
        """Children that did not say yet that they answer."""
        self._stopping = False
        self._answered = False
        """All that are there from the start did once."""
        self._vain = 0
        """Replacements in a row that ended before they answered."""
        self._told_to_stop = threading.Event()

    def run(self, count: int, *, started: Callable[[], None]) -> int:
        """Start them, call `started` once all answer, replace who dies, end with a signal; the exit code."""
        from readmit.cli.server import with_the_terminal

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with_the_terminal(self._stop)
        for _ in range(count):
            self._spawn()
        while self._children:
            for lifeline in connection.wait(list(self._children)):
                if not _hears(lifeline):
                    self._gone(lifeline)
                    continue
                self._silent.discard(lifeline)
                self._vain = 0
                if not self._silent and not self._answered:
                    self._answered = True
                    started()
        return 0

    def _spawn(self) -> None:
        ours, theirs = self._context.Pipe()
        child = self._context.Process(target=_work, args=(theirs, *self._arguments), name="readmit-worker")
        child.start()
        theirs.close()
        self._children[ours] = child
        self._silent.add(ours)
        if self._stopping:
            child.terminate()

    def _gone(self, lifeline: Any) -> None:
        child = self._children.pop(lifeline)
        lifeline.close()
        child.join()
        if self._stopping:
            return
        if lifeline in self._silent and not self._answered:
            self._stop()
            for other in self._children.values():
                other.join()
            raise OperatorError("A worker ended before it answered; what it said is above.")
        click.echo(f"A worker ended with {child.exitcode}; another one takes its place.", err=True)
        if lifeline in self._silent:
            # The others answer meanwhile. What keeps it from starting may pass; trying for it takes no whole core.
            self._silent.discard(lifeline)
            self._told_to_stop.wait(min(0.1 * 2**self._vain, _LONGEST_PAUSE))
            self._vain += 1
        if not self._stopping:
            self._spawn()

    def _stop(self, *_: object) -> None:
        """Children end as a server alone does; who hangs is killed in time (reliability SD1)."""
        if not self._stopping:
            self._stopping = True
            self._told_to_stop.set()
            ending = threading.Timer(_LONGEST_END, self._kill)
            ending.daemon = True
            ending.start()
        for child in self._children.values():
            child.terminate()

    def _kill(self) -> None:
        for child in list(self._children.values()):
            child.kill()


def _hears(lifeline: Any) -> bool:
    """True: the child says that it answers. False: it is gone."""
    try:
        return bool(lifeline.recv_bytes() == _STARTED)
    except (EOFError, OSError):
        return False


def _work(lifeline: Connection, settings: Settings, listening: Any, certificate: Path | None) -> None:
    """A child: opens the database for itself, and ends when its parent is gone."""
    from readmit.cli import server
    from readmit.flows import keys

    def watch(loop: Any, stop: Callable[[], None]) -> None:
        def parent_gone() -> None:
            loop.remove_reader(lifeline.fileno())
            stop()

        loop.add_reader(lifeline.fileno(), parent_gone)

    def started() -> None:
        with suppress(OSError):
            lifeline.send_bytes(_STARTED)

    # Ctrl+C reaches the whole group; until it answers, the parent's word alone ends a child.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with server.opened(settings) as (world, mailer):
        keys.load(world)
        server.answer(world, mailer, listening, certificate, started=started, watch=watch)
