"""A subscription: which changes an application is told of by webhook, and how far the telling is (graph G59)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

Kind = Literal["user", "group"]

LONGEST: Final = timedelta(minutes=41_760)
"""How far ahead a subscription may expire."""
MOST: Final = 100
"""Subscriptions that an application may have in a tenant (readmit's choice)."""
CHANGE_TYPES: Final = ("updated", "deleted")
GATHER: Final = timedelta(milliseconds=500)
"""How long changes gather before they are told in one request."""
READERS: Final[dict[Kind, frozenset[str]]] = {
    "user": frozenset({"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}),
    "group": frozenset(
        {
            "GroupMember.Read.All",
            "Group.Read.All",
            "Group.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
        }
    ),
}
"""One of these is needed to be told, as for delta (graph G65)."""
OWN_READERS: Final = frozenset({"User.Read", "User.ReadWrite"})
"""To be told of oneself."""
PATIENCE: Final = timedelta(hours=4)
"""How long a notice is tried."""
_FIRST_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(minutes=10)
_RESOURCE: Final = re.compile(r"/?(users|groups)(?:/([^/?#]+)(/members)?)?/?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Resource:
    """What is watched: all objects of a kind, one of them, or the members of one group."""

    kind: Kind
    id: str | None = None
    members: bool = False

    @staticmethod
    def parse(text: str) -> Resource | None:
        """`users`, `users/{id}`, `groups`, `groups/{id}`, `groups/{id}/members`, in any case; None for all else."""
        match = _RESOURCE.fullmatch(text)
        if match is None:
            return None
        users, members = match[1].lower() == "users", match[3] is not None
        if users and members:
            return None
        return Resource("user" if users else "group", match[2].lower() if match[2] else None, members)


@dataclass(frozen=True, slots=True)
class Asked:
    """A new subscription as the caller wants it, its values checked."""

    watched: Resource
    resource: str
    """As it was written; answers repeat it."""
    change_type: tuple[str, ...]
    url: str
    expires: datetime
    lifecycle_url: str | None = None
    client_state: str | None = None
    tls_version: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription of an application, made by itself or by a user."""

    id: str
    tenant_id: str
    app_id: str
    principal_id: str
    creator_id: str
    asked: Asked
    creator_epoch: int | None = None
    """Of the user who made it: with his access it ends too (lifecycle L1, L6)."""

    @property
    def by_user(self) -> bool:
        """Whether a user made it."""
        return self.creator_id != self.principal_id

    @property
    def needs(self) -> frozenset[str]:
        """The permissions of which one is needed, at its making and at every telling."""
        watched = self.asked.watched
        own = OWN_READERS if self.by_user and watched.id == self.creator_id else frozenset[str]()
        return READERS[watched.kind] | own


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the telling is. `seq`: the number in the log of changes up to which the receiver has acknowledged.

    `failing_since` is the first failure of what is tried now, `failing_seq` how long the log was then; `missed_since`
    when notices were given up that the lifecycle URL has not heard of yet, tried again at `missed_due`.
    """

    seq: int
    due: datetime
    tries: int = 0
    failing_since: datetime | None = None
    failing_seq: int | None = None
    missed_since: datetime | None = None
    missed_due: datetime | None = None
    missed_tries: int = 0

    def acknowledged(self, seq: int, now: datetime, *, more: bool = False) -> Progress:
        """The receiver has everything up to here; `more` is there already, else changes gather for a moment."""
        due = now if more else now + GATHER
        return replace(self, seq=seq, due=due, tries=0, failing_since=None, failing_seq=None)

    def failed(self, head: int, now: datetime, *, lifecycle: bool) -> Progress:
        """Try later; after four hours give up what existed at the first failure, and owe `missed` if one can hear it.

        What came after the first failure has four hours of its own.
        """
        since = self.failing_since or now
        upto = head if self.failing_seq is None else self.failing_seq
        if now - since < PATIENCE:
            due = now + pause(self.tries + 1)
            return replace(self, due=due, tries=self.tries + 1, failing_since=since, failing_seq=upto)
        left = self.acknowledged(max(self.seq, upto), now, more=True)
        return replace(left, missed_since=now, missed_due=now, missed_tries=0) if lifecycle else left

    def missed_told(self) -> Progress:
        """The lifecycle URL has heard that notices were missed."""
        return replace(self, missed_since=None, missed_due=None, missed_tries=0)

    def missed_failed(self, now: datetime) -> Progress:
        """Tell it later, for four hours."""
        if self.missed_since is None or now - self.missed_since >= PATIENCE:
            return self.missed_told()
        tries = self.missed_tries + 1
        return replace(self, missed_due=now + pause(tries), missed_tries=tries)


def pause(tries: int) -> timedelta:
    """How long to wait after that many tries: 10 seconds, doubling to 10 minutes."""
    return min(_FIRST_PAUSE * (1 << min(tries - 1, 10)), _LONGEST_PAUSE)
