"""A guest leaves an organisation: asked on his account, proved anew, confirmed by a form (lifecycle L45, S12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from readmit.domain import audit, directory, leaving
from readmit.domain.address import EmailAddress
from readmit.domain.admission import check_sign_in
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Accepted, User
from readmit.domain.redemption import Flow, Step, ToLeave, next_step
from readmit.domain.session import SignIn
from readmit.domain.tenant import Tenant
from readmit.flows import passkey_step, sign_in_log
from readmit.flows.again import until_saved
from readmit.flows.browsers import Browser
from readmit.flows.methods import sign_in_method
from readmit.flows.new_flow import new_flow, open_way
from readmit.flows.open_flow import flow_of, tenant_of
from readmit.flows.own import record_own, signed_in_user
from readmit.flows.redeem import still_at_home
from readmit.flows.world import World
from readmit.storage import access, browser_flows, outbox, roles, tenants, users
from readmit.storage.transaction import Transaction


def begin(tx: Transaction, world: World, browser: Browser, entry: SignIn, *, flow_id: str) -> Flow | None:
    """The way out, held against the epoch of the sign-in: its proof is made for this and nothing else.

    None where something keeps the user, who is told on his account. Raises DeadEnd (P14).
    """
    user, tenant = signed_in_user(tx, entry), tenants.get(tx, entry.tenant_id)
    if tenant is None or browser_flows.exists(tx, flow_id):
        raise DeadEnd(Page.CLOSED)
    if _kept(tx, user, tenant):
        return None
    flow = new_flow(world, browser, flow_id=flow_id, tenant_id=tenant.id, target=ToLeave())
    flow = replace(flow, user_id=user.id, epoch=user.epoch, language=user.preferred_language)
    address = _address(user)
    flow = sign_in_method(tx, tenant, flow, address) if address is not None else flow
    open_way(tx, world, browser, flow)
    return flow


def _kept(tx: Transaction, user: User, tenant: Tenant) -> bool:
    last = roles.last_administrator(tx, tenant.id, user.id)
    return leaving.obstacle(user, tenant, last_administrator=last) is not None


def _address(user: User) -> EmailAddress | None:
    """What the guest would type at a sign-in: the redeemed address, else any that he holds (lifecycle L29)."""
    redemption = user.redemption
    if isinstance(redemption, Accepted) and user.holds(redemption.redeemed):
        return redemption.redeemed
    return next(iter(user.addresses), None)


def leave(
    tx: Transaction, world: World, browser: Browser, flow_id: str, *, correlation_id: str | None = None
) -> User | None:
    """The confirmed form: the guest goes to deleted items for 30 days, and all that let him in ends (lifecycle S12).

    None where the way is not at its end: a proof is missing or too old, or something keeps him by now.
    Raises DeadEnd (P8, P10, P14).
    """
    return until_saved(lambda: _attempt(tx, world, browser, flow_id, correlation_id=correlation_id))[0]


def _attempt(
    tx: Transaction, world: World, browser: Browser, flow_id: str, *, correlation_id: str | None
) -> tuple[User | None] | None:
    flow, now = _flow(tx, world, browser, flow_id), world.now()
    tenant, proof = tenant_of(tx, flow), flow.proof
    user = users.live(tx, tenant.id, flow.user_id or "")
    if proof is None or user is None or _step(tx, tenant, flow, user, now) is not Step.FINISH:
        return (None,)
    before = check_sign_in(user, proof)
    still_at_home(tx, tenant, flow, before)
    if before.epoch != flow.epoch:
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    if _kept(tx, before, tenant):
        return (None,)
    after = directory.deleted(before, now)
    if not users.update(tx, after, before):
        return None
    sign_in_log.arrived(tx, world, browser, flow, before)
    ended = access.end_access(tx, after.id)
    outbox.supersede(tx, after.id, now)
    record_own(tx, world, browser, after, _left(after, ended), correlation_id=correlation_id)
    return (after,)


def _step(tx: Transaction, tenant: Tenant, flow: Flow, user: User, now: datetime) -> Step:
    """Where the way stands: at a proof that is missing or too old, at a second factor, or at its end."""
    wanted = passkey_step.still_wanted(tx, tenant, flow, user)
    return next_step(flow, code_sent=False, consent_needed=False, now=now, passkey=wanted)


def _flow(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Flow:
    flow = flow_of(tx, world, browser, flow_id)
    if not isinstance(flow.target, ToLeave):
        raise DeadEnd(Page.CLOSED)
    return flow


def _left(user: User, ended: dict[str, int]) -> audit.Event:
    details: dict[str, Any] = {"ended": ended} if ended else {}
    return audit.Event(
        audit.LEAVE,
        service=audit.INVITED_USERS,
        operation="Delete",
        target_id=user.id,
        details=details,
        names={user.id: {"displayName": user.display_name, "userPrincipalName": user.upn}},
    )


def stay(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Flow:
    """Cancel: the way is over, and the guest is still one. Raises DeadEnd (P14)."""
    flow = _flow(tx, world, browser, flow_id)
    browser_flows.delete(tx, flow.id)
    return flow
