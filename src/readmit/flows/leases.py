"""Leases on owed mail: renewed while a mail is sent, taken over only from a worker that is silent (reliability OB2).

A clock that jumps ahead makes every lease look over (R10). Whoever lives renews his, so that a worker watches a lapsed
lease for longer than that takes, by a clock that cannot be set, before it takes the mail.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from readmit.domain.errors import Unavailable
from readmit.flows.world import World
from readmit.storage import outbox
from readmit.storage.outbox import Entry, Lapsed

LEASE: Final = timedelta(seconds=60)
RENEWED_EVERY: Final = 20.0
PATIENCE: Final = 30.0
"""Seconds."""
AGAIN: Final = 1.0
"""Seconds before what could not be written is tried again."""


@contextmanager
def kept(world: World, entry: Entry) -> Iterator[None]:
    """Renew the lease until the block ends: a slow mail server must not make two workers send one mail."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(RENEWED_EVERY):
            try:
                world.database.write(outbox.renew, entry.mail.id, entry.lease or "", world.now() + LEASE)
            except Unavailable:
                continue

    thread = threading.Thread(target=renew, name="readmit-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def until_written(write: Callable[[], object], go_on: Callable[[], bool]) -> None:
    """Write, again and again while the database is busy or full, and nobody ends the server (`go_on`).

    Raises Unavailable in the end: the lease then lapses.
    """
    while True:
        try:
            write()
        except Unavailable:
            if not go_on():
                raise
            threading.Event().wait(AGAIN)
        else:
            return


class Watch:
    """The lapsed leases that a worker knows of, and since when."""

    def __init__(self, elapsed: Callable[[], float] = lambda: 0.0, patience: float = 0.0) -> None:
        """`elapsed` counts seconds and never jumps. Without it a lapsed lease is taken at once."""
        self._elapsed = elapsed
        self._patience = patience
        self._since: dict[Lapsed, float] = {}

    def silent(self, lapsed: list[Lapsed]) -> Lapsed | None:
        """One whose worker has not renewed it for long enough."""
        now = self._elapsed()
        self._since = {lease: self._since.get(lease, now) for lease in lapsed}
        return next((lease for lease, since in self._since.items() if now - since >= self._patience), None)


def take(world: World, holder: str, watch: Watch) -> Entry | None:
    """The next mail for this worker, leased: what is due, else what a silent worker has left."""
    now = world.now()
    entry = world.database.write(outbox.lease, holder, now=now, until=now + LEASE)
    if entry is not None:
        return entry
    left = watch.silent(world.database.read(outbox.lapsed, now))
    if left is None:
        return None
    return world.database.write(outbox.take_over, left, holder, until=now + LEASE)
