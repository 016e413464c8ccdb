"""What a signed-in person does to himself: still the user who signed in, and the actor of the audit event."""

from __future__ import annotations

from readmit.domain.audit import Actor, Event
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import User
from readmit.domain.session import SignIn
from readmit.flows.browsers import Browser
from readmit.flows.world import World
from readmit.storage import audit, users
from readmit.storage.transaction import Transaction


def signed_in_user(tx: Transaction, entry: SignIn) -> User:
    """The user of a sign-in. Raises DeadEnd (P14) where it ended since the door looked (security V2)."""
    user = users.live(tx, entry.tenant_id, entry.user_id)
    if user is None or user.epoch != entry.epoch or not user.enabled:
        raise DeadEnd(Page.CLOSED)
    return user


def record_own(
    tx: Transaction, world: World, browser: Browser, user: User, *events: Event, correlation_id: str | None = None
) -> None:
    """Append events that the person caused."""
    actor = Actor("user", user.id, user.display_name, user.upn, browser.ip)
    now = world.now()
    audit.append(tx, user.tenant_id, actor, events, now=now, new_id=world.new_id, correlation_id=correlation_id)
