"""Signing out: of this browser, of others, or of everything at once (security N3, lifecycle S11)."""

from __future__ import annotations

from readmit.domain import directory
from readmit.domain.guest import User
from readmit.domain.session import SignIn
from readmit.flows.again import until_saved
from readmit.flows.browsers import Browser, session_of
from readmit.flows.own import record_own, signed_in_user
from readmit.flows.record import user_event
from readmit.flows.world import World
from readmit.storage import access, sessions, users
from readmit.storage.transaction import Transaction


def this_browser(tx: Transaction, world: World, token: str | None) -> bool:
    """Sign the browser out of everything; its refresh tokens go with it."""
    session = session_of(tx, token, world.now())
    return session is not None and sessions.delete(tx, session.id)


def other_browser(tx: Transaction, entry: SignIn, session_id: str) -> bool:
    """End what the person of `entry` has in one other session, with the grants that hang on it; False for nothing.

    Sign-ins of other people in that browser stay, and sessions in which the person has none. What the person has
    proved on a page that is still open ends too, wherever that is: it would let that browser in again.
    """
    return _end(tx, [found for found in sessions.of_person(tx, entry) if found.session_id == session_id])


def other_browsers(tx: Transaction, entry: SignIn) -> bool:
    """End the person's sign-ins in all sessions but the one of `entry`; False for nothing."""
    return _end(tx, [found for found in sessions.of_person(tx, entry) if found.session_id != entry.session_id])


def _end(tx: Transaction, entries: list[SignIn]) -> bool:
    for entry in entries:
        sessions.end(tx, entry)
    for user_id in {entry.user_id for entry in entries}:
        access.end_sign_in_flows(tx, user_id)
    return bool(entries)


def everywhere(
    tx: Transaction, world: World, browser: Browser, entry: SignIn, *, correlation_id: str | None = None
) -> None:
    """End every session of the person, and all that any application has of this user: his own revokeSignInSessions."""
    _end(tx, sessions.of_person(tx, entry))
    after = until_saved(lambda: _revoked(tx, world, entry))
    ended = access.end_access(tx, after.id, redemptions=False)
    event = user_event("Update StsRefreshTokenValidFrom Timestamp", after, ended=ended)
    record_own(tx, world, browser, after, event, correlation_id=correlation_id)


def _revoked(tx: Transaction, world: World, entry: SignIn) -> User | None:
    before = signed_in_user(tx, entry)
    after = directory.access_ended(before, world.now())
    return after if users.update(tx, after, before) else None
