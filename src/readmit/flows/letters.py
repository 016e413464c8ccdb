"""A mail before it is rendered, and the notices that need nothing but who and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from readmit.domain.address import EmailAddress
from readmit.domain.guest import User
from readmit.domain.tenant import Tenant
from readmit.flows.world import World
from readmit.locale.catalogue import format_time
from readmit.locale.negotiate import choose
from readmit.storage import attempts
from readmit.storage.outbox import Entry


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to be rendered: facts for the template, and who gets it."""

    language: str
    facts: dict[str, Any]
    organisation: str
    to: str
    cc: tuple[tuple[str | None, str], ...] = ()
    reply_to: str | None = None


def language_of(entry: Entry, tenant: Tenant, user: User) -> str:
    """The mail's own language, the reader's, the organisation's (lifecycle L40)."""
    return choose([entry.mail.language, user.preferred_language, tenant.preferred_language])


def _mailbox(entry: Entry, user: User) -> EmailAddress | None:
    """The mailbox that the mail is owed to, while it stands on the object."""
    return next((own for own in user.addresses if own.key == entry.mail.address_key), None)


def lock(world: World, entry: Entry, tenant: Tenant, user: User) -> Letter | None:
    """To the mailbox whose codes are locked, while they are (security C5)."""
    address, until = _mailbox(entry, user), attempts.period_end(entry.created, attempts.DAY)
    if address is None or until <= world.now():
        return None
    language = language_of(entry, tenant, user)
    facts = {"organisation": tenant.display_name, "until": format_time(until, language)}
    return Letter(language, facts, tenant.display_name, address.given)


def passkey_notice(world: World, entry: Entry, tenant: Tenant, user: User) -> Letter | None:
    """A passkey was added or removed: whose it was not shall know it (security N7)."""
    address = _mailbox(entry, user)
    if address is None:
        return None
    language = language_of(entry, tenant, user)
    facts = {
        "organisation": tenant.display_name,
        "at": format_time(entry.created, language),
        "link": f"{world.settings.public_url.rstrip('/')}/account?tenantId={tenant.id}",
    }
    return Letter(language, facts, tenant.display_name, address.given)
