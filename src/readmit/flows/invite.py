"""POST /invitations: invite, re-invite, convert, reset — one call, one transaction (lifecycle S1 to S6)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import quote

from readmit.domain import audit, invitation_rules, upn
from readmit.domain.address import key_of
from readmit.domain.errors import GenericAuthorization, KeyReused, NotFound, Refused, Throttled, Unavailable
from readmit.domain.guest import User
from readmit.domain.invitation import Change, Found, Invitation, Named, Request
from readmit.domain.permission import Caller, Wanted, check_invitation_rights, may_reset, reset_needs
from readmit.domain.tenant import NewAddressOnReset, Tenant
from readmit.flows import inbound, methods
from readmit.flows.record import actor_of, note_creator
from readmit.flows.sponsors import check_sponsors
from readmit.flows.unbinding import end_binding
from readmit.flows.world import World
from readmit.storage import (
    access,
    groups,
    invitations,
    mail_blocks,
    outbox,
    roles,
    sponsors,
    tenants,
    users,
)
from readmit.storage import audit as audit_log
from readmit.storage.transaction import Transaction

_IDEMPOTENCY = timedelta(hours=24)
_MAILS_PER_ADDRESS_AND_DAY = 10
_MAILS_PER_TENANT_AND_HOUR = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the door read it. `request` is what the body says, or why it says nothing (graph G48: E16 first)."""

    request: Request | Refused
    wanted: Wanted
    idempotency_key: str | None = None
    body_hash: str = ""
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """What the caller hears: the invitation, the guest and the link's ticket, readable this once (security L4)."""

    invitation: Invitation
    user: User
    ticket: str
    status: str
    request: Request


def hash_ticket(ticket: str) -> str:
    """What the database keeps of a ticket (security L1)."""
    return hashlib.sha256(ticket.encode()).hexdigest()


def redeem_url(world: World, tenant_id: str, invitation_id: str, ticket: str) -> str:
    """Lifecycle L17: always on the public URL, whatever host was addressed (T16)."""
    # Ids and tickets need no quoting.
    before, after = _around(world.settings.public_url.rstrip("/"))
    return f"{before}{tenant_id}%26user%3D{invitation_id}%26ticket%3D{ticket}{after}"


@lru_cache(maxsize=8)
def _around(public: str) -> tuple[str, str]:
    """A redeem link before its tenant and after its ticket."""
    return f"{public}/redeem?rd={quote(f'{public}/redeem/?tenant=', safe='')}", quote("&ver=2.0", safe="")


def invite(tx: Transaction, world: World, caller: Caller, asked: Asked) -> Invited:
    """Check in the order of graph G48, then save guest, invitation, audit and owed mail: all or nothing."""
    tenant = tenants.get(tx, caller.tenant_id)
    if tenant is None:
        raise Unavailable
    check_invitation_rights(caller, asked.wanted, tenant.settings)
    if isinstance(asked.request, Refused):
        raise asked.request
    request = asked.request
    now = world.now()
    earlier = _repeated(tx, caller, asked, now)
    if earlier is not None:
        return _again(tx, world, caller, earlier, request)
    change = _decide(tx, world, caller, tenant, request)
    check_sponsors(tx, tenant.id, request.sponsors or ())
    _check_mail_caps(tx, world, caller, change)
    ticket = world.new_secret()
    _save(tx, world, caller, change, ticket, asked.correlation_id)
    if asked.idempotency_key is not None:
        key, body_hash = asked.idempotency_key, asked.body_hash
        invitations.remember(tx, change.invitation, caller_id=caller.id, key=key, body_hash=body_hash, now=now)
    return Invited(change.invitation, change.user, ticket, change.status, request)


def _decide(tx: Transaction, world: World, caller: Caller, tenant: Tenant, request: Request) -> Change:
    by_id = users.get(tx, tenant.id, request.user_id) if request.user_id is not None else None
    unchanged = by_id is not None and by_id.holds(request.address)
    by_address = by_id if unchanged else users.by_address(tx, tenant.id, request.address.key)
    target = by_id or by_address
    now = world.now()
    found = Found(
        by_id=by_id,
        by_address=by_address,
        group_has_address=not unchanged and groups.has_mail(tx, tenant.id, request.address.key),
        target_privileged=target is not None and roles.privileged(tx, target.id),
        live_invitation=target is not None and not request.reset and invitations.live(tx, target, now) is not None,
        mail_blocked=request.send and mail_blocks.blocked(tx, tenant.id, request.address.key),
        admitted=inbound.invitable(tx, tenant, request.address),
        provable=not tenant.codes_allowed and methods.provable(tx, tenant, request.address),
    )
    named = Named(
        invitation_id=world.new_id(),
        user_id=world.new_id(),
        mail_id=world.new_id(),
        upn="" if target is not None else _free_upn(tx, tenant, request),
        now=now,
        newAddressOnReset=new_address_on_reset(world, tenant),
    )
    return invitation_rules.decide(request, caller, tenant, found, named)


def new_address_on_reset(world: World, tenant: Tenant) -> NewAddressOnReset:
    """The tenant's own word, else `refuse` under `--emulate entra`, else `adopt` (lifecycle L18a)."""
    if tenant.settings.newAddressOnReset is not None:
        return tenant.settings.newAddressOnReset
    return "refuse" if world.settings.emulate == "entra" else "adopt"


def _free_upn(tx: Transaction, tenant: Tenant, request: Request) -> str:
    names: Iterator[str] = upn.candidates(request.address, tenant.initial_domain)
    return next(name for name in names if users.upn_is_free(tx, tenant.id, name))


def _save(
    tx: Transaction, world: World, caller: Caller, change: Change, ticket: str, correlation_id: str | None
) -> None:
    now = world.now()
    user, events = change.user, change.events
    if change.before is None:
        users.insert(tx, user)
        note_creator(tx, caller, user.id)
    elif user is not change.before and not users.update(tx, user, change.before):
        raise Unavailable
    if change.sponsors:
        sponsors.add(tx, user.id, change.sponsors)
    if change.ends_access:
        ended = access.end_access(tx, user.id) | end_binding(tx, user, "reset", now)
        events = _with_counts(events, ended)
    elif change.ends_links:
        access.end_redemption(tx, user.id)
    invitations.insert(tx, change.invitation)
    invitations.add_ticket(tx, change.invitation, hash_ticket(ticket), now)
    if change.mail is not None:
        outbox.supersede(tx, user.id, now)
        outbox.owe(tx, change.mail, now)
    elif change.ends_access:
        outbox.supersede(tx, user.id, now)
    audit_log.append(
        tx, user.tenant_id, actor_of(caller), events, now=now, new_id=world.new_id, correlation_id=correlation_id
    )


def _with_counts(events: tuple[audit.Event, ...], ended: dict[str, int]) -> tuple[audit.Event, ...]:
    """The reset's event says how much of the old identity died (lifecycle L49)."""
    return tuple(
        replace(event, details={**event.details, "ended": ended}) if event.activity == audit.RESET else event
        for event in events
    )


def refused(
    tx: Transaction,
    world: World,
    caller: Caller,
    *,
    reset: bool,
    target_id: str | None,
    reason: str,
    correlation_id: str,
) -> None:
    """One failure event for a refused invitation; nothing else of the directory changes (lifecycle L49)."""
    event = audit.Event(
        audit.RESET if reset else audit.INVITE,
        service=audit.INVITED_USERS,
        result="failure",
        reason=reason,
        target_id=target_id,
    )
    now, actor = world.now(), actor_of(caller)
    audit_log.append(tx, caller.tenant_id, actor, (event,), now=now, new_id=world.new_id, correlation_id=correlation_id)


def _repeated(tx: Transaction, caller: Caller, asked: Asked, now: datetime) -> Invitation | None:
    if asked.idempotency_key is None:
        return None
    key, since = asked.idempotency_key, now - _IDEMPOTENCY
    earlier = invitations.repeated(tx, tenant_id=caller.tenant_id, caller_id=caller.id, key=key, since=since)
    if earlier is None:
        return None
    body_hash, invitation_id = earlier
    if body_hash != asked.body_hash:
        raise KeyReused
    return invitations.get(tx, caller.tenant_id, invitation_id)


def _again(tx: Transaction, world: World, caller: Caller, earlier: Invitation, request: Request) -> Invited:
    """A repeat: no second mail, no second generation, a fresh ticket of that invitation (reliability section 1)."""
    user = users.get(tx, earlier.tenant_id, earlier.user_id)
    if user is None:
        raise Unavailable
    if earlier.kind in ("reset", "convert"):
        privileged = roles.privileged(tx, user.id)
        if not may_reset(caller, target_privileged=privileged):
            raise GenericAuthorization(reset_needs(caller, target_privileged=privileged))
    ticket = world.new_secret()
    invitations.add_ticket(tx, earlier, hash_ticket(ticket), world.now())
    status = "Completed" if earlier.kind == "reinvite" and user.redemption_state == "Accepted" else "PendingAcceptance"
    return Invited(earlier, user, ticket, status, request)


def _check_mail_caps(tx: Transaction, world: World, caller: Caller, change: Change) -> None:
    """E23, security M7: the tenant's own count; never a reset, an application or a holder of a directory role."""
    exempt = change.invitation.kind == "reset" or caller.user is None or bool(caller.roles)
    if change.mail is None or exempt or world.settings.smtp is None:
        return
    now, tenant_id = world.now(), caller.tenant_id
    for recipient in (change.invitation.address.key, *(key_of(copy.address) for copy in change.invitation.cc)):
        day = invitations.count_since(tx, tenant_id, now - timedelta(days=1), recipient)
        if day >= _MAILS_PER_ADDRESS_AND_DAY:
            raise Throttled(24 * 3600)
    if invitations.count_since(tx, tenant_id, now - timedelta(hours=1)) >= _MAILS_PER_TENANT_AND_HOUR:
        raise Throttled(3600)


def cancel(tx: Transaction, world: World, caller: Caller, invitation_id: str) -> None:
    """S15: cancel the open invitations of a Pending guest's current generation for good; their links and mail die."""
    tenant = tenants.get(tx, caller.tenant_id)
    if tenant is None:
        raise Unavailable
    check_invitation_rights(caller, Wanted(), tenant.settings)
    found = invitations.get(tx, caller.tenant_id, invitation_id)
    user = users.live(tx, caller.tenant_id, found.user_id) if found else None
    if found is None or user is None or found.generation != user.generation or found.cancelled is not None:
        raise NotFound(invitation_id)
    if user.redemption_state != "PendingAcceptance":
        raise NotFound(invitation_id)
    now = world.now()
    invitations.cancel(tx, user.id, user.generation, now)
    access.end_redemption(tx, user.id)
    outbox.supersede(tx, user.id, now)
    shown = {user.id: {"displayName": user.display_name, "userPrincipalName": user.upn}}
    event = audit.Event(
        "Cancel invitation", service=audit.INVITED_USERS, target_id=user.id, names=shown, operation="Delete"
    )
    audit_log.append(tx, user.tenant_id, actor_of(caller), (event,), now=now, new_id=world.new_id)
