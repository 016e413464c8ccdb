"""Sessions as their owner sees them: one for each browser, with what is signed in there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from readmit.domain.session import SignIn
from readmit.storage import sessions
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A browser in which somebody is signed in; `sign_ins` newest first, at least one."""

    id: str
    sign_ins: tuple[SignIn, ...]

    @property
    def seen(self) -> datetime:
        return max(entry.seen for entry in self.sign_ins)


def sessions_of(tx: Transaction, entry: SignIn, now: datetime) -> list[ShownSession]:
    """The live sessions of who made `entry`, the one that was used last first."""
    live = [found for found in sessions.of_person(tx, entry) if found.live(now)]
    by_session = groupby(sorted(live, key=lambda found: found.session_id), key=lambda found: found.session_id)
    shown = [ShownSession(id, tuple(entries)) for id, entries in by_session]
    return sorted(shown, key=lambda one: one.seen, reverse=True)
