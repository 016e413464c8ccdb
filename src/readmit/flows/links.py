"""A redeem link: it selects an invitation, nothing more; opening it burns nothing (lifecycle L23, security L3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from readmit.domain import audit
from readmit.domain.admission import check_open
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Accepted, Pending, User
from readmit.domain.invitation import Invitation
from readmit.domain.mail import OwedMail
from readmit.domain.redemption import Flow, ToRedirect
from readmit.domain.tenant import Tenant
from readmit.flows import inbound
from readmit.flows.browsers import Browser
from readmit.flows.invite import hash_ticket
from readmit.flows.methods import redemption_method, sign_in_method
from readmit.flows.new_flow import new_flow, open_way
from readmit.flows.world import World
from readmit.storage import audit as audit_log
from readmit.storage import browser_flows, invitations, mail_blocks, outbox, queries_people, tenants, users
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Opened:
    """What a live link shows: who invites whom to what. `redeemed` links lead to sign-in."""

    tenant: Tenant
    user: User
    invitation: Invitation
    inviter: str | None
    redeemed: bool


def open_link(tx: Transaction, world: World, ticket: str) -> Opened:
    """Look at a link; raises DeadEnd P1 to P5, P10. Reads only."""
    found = invitations.by_ticket(tx, hash_ticket(ticket))
    if found is None:
        raise DeadEnd(Page.UNKNOWN_LINK)
    invitation, generation = found
    tenant = tenants.get(tx, invitation.tenant_id)
    user = users.live(tx, invitation.tenant_id, invitation.user_id)
    if tenant is None:
        raise DeadEnd(Page.UNKNOWN_LINK)
    if user is not None and isinstance(user.redemption, Accepted):
        return Opened(tenant, user, invitation, None, redeemed=True)
    current = _current(tx, world, user, invitation)
    _named(tx, tenant, user, current, generation=generation, world=world)
    assert user is not None
    inviter = queries_people.inviter_name(tx, invitation.inviter_type, invitation.inviter_id)
    return Opened(tenant, user, invitation, inviter, redeemed=False)


def _current(tx: Transaction, world: World, user: User | None, opened: Invitation) -> Invitation | None:
    """What decides: this link's own invitation while it is of the current generation, else the current one."""
    if user is None or opened.generation == user.generation:
        return opened
    return invitations.live(tx, user, world.now()) or invitations.newest(tx, user)


def _named(
    tx: Transaction, tenant: Tenant, user: User | None, current: Invitation | None, *, generation: int, world: World
) -> None:
    """`check_open`, with the organisation's name and the reader's language for the page."""
    try:
        pending = check_open(user, current, tenant, generation=generation, now=world.now())
        inbound.check(tx, tenant, pending.invited, None)
    except DeadEnd as end:
        end.details.setdefault("org", tenant.display_name)
        end.details.setdefault("language", _language(user, current))
        raise


def _language(user: User | None, current: Invitation | None) -> str:
    return (current.language if current else None) or (user.preferred_language if user else None) or ""


def start(tx: Transaction, world: World, browser: Browser, *, flow_id: str, ticket: str) -> Flow:
    """The button: a flow for this browser, guest and generation; an accepted guest's link signs in, then redirects."""
    opened = open_link(tx, world, ticket)
    if browser_flows.exists(tx, flow_id):
        raise DeadEnd(Page.CLOSED, org=opened.tenant.display_name)
    user, tenant = opened.user, opened.tenant
    flow = new_flow(
        world, browser, flow_id=flow_id, tenant_id=tenant.id, target=ToRedirect(opened.invitation.redirect_url)
    )
    flow = replace(
        flow,
        kind="redemption",
        user_id=user.id,
        invitation_id=opened.invitation.id,
        generation=user.generation,
        language=opened.invitation.language or user.preferred_language,
    )
    if opened.redeemed:
        redemption = user.redemption
        assert isinstance(redemption, Accepted)
        flow = sign_in_method(tx, tenant, _as_sign_in(flow, opened), redemption.redeemed)
    else:
        assert isinstance(user.redemption, Pending)
        flow = redemption_method(tx, tenant, flow, user.redemption.invited)
    open_way(tx, world, browser, flow)
    return flow


def _as_sign_in(flow: Flow, opened: Opened) -> Flow:
    """The same way as a sign-in: held against `epoch`, for whoever proves himself. A live link makes it known (C3)."""
    live = opened.invitation.generation == opened.user.generation
    kept = flow.invitation_id if live else None
    return replace(flow, kind="sign_in", user_id=None, invitation_id=kept, generation=None)


_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_MOST_A_DAY = 3


def mail_current(tx: Transaction, world: World, ticket: str) -> None:
    """S10: mail the current invitation to the invited address; the answer is always the same (security L5)."""
    found = invitations.by_ticket(tx, hash_ticket(ticket))
    if found is None:
        return
    invitation, _ = found
    user, now = users.live(tx, invitation.tenant_id, invitation.user_id), world.now()
    if user is None or not isinstance(user.redemption, Pending):
        return
    current = invitations.live(tx, user, now)
    key = user.redemption.invited.key
    if current is None or not user.holds(user.redemption.invited):
        return
    if _mailed_enough(tx, user.tenant_id, key, now) or mail_blocks.blocked(tx, user.tenant_id, key):
        return
    mail = OwedMail(
        id=world.new_id(),
        tenant_id=user.tenant_id,
        kind="invitation",
        address_key=key,
        user_id=user.id,
        invitation_id=current.id,
        generation=current.generation,
        language=current.language,
    )
    outbox.owe(tx, mail, now)
    event = audit.Event(audit.MAIL, service=audit.INVITED_USERS, target_id=user.id)
    audit_log.append(tx, user.tenant_id, audit.SYSTEM, (event,), now=now, new_id=world.new_id)


def _mailed_enough(tx: Transaction, tenant_id: str, key: str, now: datetime) -> bool:
    """Once an hour, three times a day (lifecycle L41)."""
    if outbox.owed_to(tx, tenant_id, key, "invitation", now - _HOUR):
        return True
    return outbox.owed_to(tx, tenant_id, key, "invitation", now - _DAY) >= _MOST_A_DAY
