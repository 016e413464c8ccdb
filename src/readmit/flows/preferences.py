"""What a person says of himself: the language he is written to and shown pages in (experience LA1)."""

from __future__ import annotations

from dataclasses import replace

from readmit.domain.guest import User
from readmit.domain.session import SignIn
from readmit.flows.again import until_saved
from readmit.flows.browsers import Browser
from readmit.flows.own import record_own, signed_in_user
from readmit.flows.record import user_event
from readmit.flows.world import World
from readmit.storage import users
from readmit.storage.transaction import Transaction


def set_language(
    tx: Transaction,
    world: World,
    browser: Browser,
    entry: SignIn,
    language: str | None,
    *,
    correlation_id: str | None = None,
) -> None:
    """Write the preferred language, a tag or none; without change nothing is noted (graph G46)."""
    before, after = until_saved(lambda: _written(tx, entry, language))
    if after == before:
        return
    values = {"preferredLanguage": [before.preferred_language, after.preferred_language]}
    event = user_event("Update user", after, values=values, changed=["preferredLanguage"])
    record_own(tx, world, browser, after, event, correlation_id=correlation_id)


def _written(tx: Transaction, entry: SignIn, language: str | None) -> tuple[User, User] | None:
    before = signed_in_user(tx, entry)
    after = replace(before, preferred_language=language)
    return (before, after) if after == before or users.update(tx, after, before) else None
