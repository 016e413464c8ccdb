"""The commit of a redemption: the proved identity is bound to its guest (lifecycle S7, L5, L26)."""

from __future__ import annotations

from dataclasses import replace

from readmit.domain import audit
from readmit.domain.admission import check_proof, check_sign_in, redeem
from readmit.domain.errors import DeadEnd, Page, Unavailable
from readmit.domain.guest import Accepted, User
from readmit.domain.redemption import Flow, Step, next_step
from readmit.domain.tenant import Tenant
from readmit.flows import granting, sign_in_log
from readmit.flows.arrive import Arrived, arrive
from readmit.flows.browsers import Browser
from readmit.flows.open_flow import Onward, checked_invitation, flow_of, lost_to_a_redemption, proved_in_vain, tenant_of
from readmit.flows.unbinding import end_binding
from readmit.flows.world import World
from readmit.storage import access, browser_flows, invitations, outbox, passkeys, users
from readmit.storage import audit as audit_log
from readmit.storage.transaction import Transaction


def accept(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Onward | Arrived:
    """S7: one conditional update on (Pending, generation) binds the proved identity (lifecycle L5, security L7)."""
    flow = flow_of(tx, world, browser, flow_id)
    tenant, now = tenant_of(tx, flow), world.now()
    step = next_step(flow, code_sent=False, consent_needed=False, now=now)
    proof = flow.proof
    if flow.kind != "redemption" or step is not Step.CONSENT or proof is None:
        return Onward()
    guest = users.live(tx, tenant.id, flow.user_id or "")
    if lost_to_a_redemption(flow, guest):
        return _as_sign_in(tx, world, browser, flow)
    checked_invitation(tx, world, tenant, flow, guest)
    assert guest is not None
    if proof.counters is not None and not proof.counters.hold(guest):
        return proved_in_vain(tx, flow)
    check_proof(guest, proof)
    still_at_home(tx, tenant, flow, guest)
    _release_identity(tx, world, tenant, flow, guest)
    change = redeem(guest, proof, tenant, now)
    if not users.update(tx, change.user, guest):
        raise DeadEnd(Page.RENEWED, org=tenant.display_name)
    passkeys.end(tx, guest.id)
    if change.ends_access:
        users.set_password(tx, guest.id, None, now=now)
        access.end_access(tx, guest.id, redemptions=False)
        access.end_consents(tx, guest.id)
    invitations.redeemed(tx, world.new_id(), change.user, now)
    outbox.supersede(tx, guest.id, now)
    actor = audit.Actor("user", guest.id, change.user.display_name)
    audit_log.append(tx, tenant.id, actor, change.events, now=now, new_id=world.new_id)
    sign_in_log.arrived(tx, world, browser, flow, change.user)
    # A redemption is long enough: it offers no passkey (experience W2).
    signed_in = replace(flow, kind="sign_in", epoch=change.user.epoch, passkey=None)
    browser_flows.update(tx, signed_in)
    return arrive(tx, world, browser, tenant, signed_in, change.user, noted=True)


def still_at_home(tx: Transaction, tenant: Tenant, flow: Flow, guest: User) -> None:
    """A home account that was disabled, deleted or converted since its proof proves nothing (lifecycle section 7).

    Neither does the account of a provider that was switched off (security I7).
    """
    proof = flow.proof
    assert proof is not None
    if not granting.vouches(tx, tenant.id, proof.binding) or not granting.stands_at_home(tx, proof, guest):
        raise DeadEnd(Page.OTHER_ADDRESS, org=tenant.display_name, x=proof.shown, masked="")


def _release_identity(tx: Transaction, world: World, tenant: Tenant, flow: Flow, guest: User) -> None:
    """P7 for an identity that is a guest here already; a mail binding without its address gives way (lifecycle L26)."""
    assert flow.proof is not None
    other = users.by_binding(tx, tenant.id, flow.proof.binding)
    if other is None or other.id == guest.id:
        return
    redemption = other.redemption
    assert isinstance(redemption, Accepted)
    if redemption.binding.kind != "mail" or other.holds(redemption.redeemed):
        raise DeadEnd(Page.ALREADY_A_GUEST, org=tenant.display_name)
    now = world.now()
    if not users.update(tx, other.unbound(now, redemption.invited), other):
        raise Unavailable
    access.end_access(tx, other.id)
    end_binding(tx, other, "another guest redeemed its address", now)
    outbox.supersede(tx, other.id, now)
    event = audit.Event("Update user", target_id=other.id, details={"changed": {"binding": "ended"}})
    audit_log.append(tx, tenant.id, audit.SYSTEM, (event,), now=now, new_id=world.new_id)


def _as_sign_in(tx: Transaction, world: World, browser: Browser, flow: Flow) -> Onward | Arrived:
    """Who loses to another redemption of the same generation is treated as at sign-in (lifecycle L5)."""
    assert flow.proof is not None
    tenant = tenant_of(tx, flow)
    user = check_sign_in(users.live(tx, tenant.id, flow.user_id or ""), flow.proof)
    if flow.epoch is not None and flow.epoch != user.epoch:
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    signed_in = replace(flow, kind="sign_in", epoch=user.epoch)
    browser_flows.update(tx, signed_in)
    return arrive(tx, world, browser, tenant, signed_in, user)
