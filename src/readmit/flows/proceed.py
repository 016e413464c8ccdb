"""The dispatcher after a proof: who is meant, may he, and what is left to ask (lifecycle section 8)."""

from __future__ import annotations

from dataclasses import replace

from readmit.domain.admission import check_proof, check_sign_in
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Pending, User
from readmit.domain.redemption import Flow, answers
from readmit.domain.tenant import Tenant
from readmit.flows import inbound
from readmit.flows.arrive import Arrived, arrive
from readmit.flows.browsers import Browser
from readmit.flows.meant import meant
from readmit.flows.open_flow import Onward, checked_invitation, flow_of, proved_in_vain, tenant_of
from readmit.flows.prove import ONE_TIME
from readmit.flows.redeem import accept
from readmit.flows.world import World
from readmit.storage import browser_flows, invitations
from readmit.storage.transaction import Transaction


def proceed(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Onward | Arrived:
    """After a proof: who is meant, may he, and what is left to ask (lifecycle L28, L29)."""
    flow = flow_of(tx, world, browser, flow_id)
    tenant = tenant_of(tx, flow)
    proof = flow.proof
    if proof is None or proof.amr == ONE_TIME or not answers(flow):
        return Onward()
    user = meant(tx, flow)
    if proof.counters is not None and not proof.counters.hold(user):
        return proved_in_vain(tx, flow)
    if flow.kind == "redemption":
        checked_invitation(tx, world, tenant, flow, user)
        assert user is not None
        check_proof(user, proof)
        return _to_consent(tx, world, browser, tenant, replace(flow, epoch=user.epoch))
    if user is not None and _pending_guest(user, flow) and not _own_password(user, flow):
        return _begin_redemption(tx, world, browser, tenant, flow, guest=user)
    user = check_sign_in(user, proof)
    if flow.epoch is not None and (flow.user_id != user.id or flow.epoch != user.epoch):
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    flow = replace(flow, user_id=user.id, epoch=user.epoch)
    browser_flows.update(tx, flow)
    return arrive(tx, world, browser, tenant, flow, user)


def _pending_guest(user: User, flow: Flow) -> bool:
    """Only the invited address redeems, also where it is typed (lifecycle L25, L28)."""
    assert flow.address is not None
    return isinstance(user.redemption, Pending) and user.redemption.invited.key == flow.address.key


def _own_password(user: User, flow: Flow) -> bool:
    return flow.proof is not None and flow.proof.home_user_id == user.id


def _begin_redemption(
    tx: Transaction, world: World, browser: Browser, tenant: Tenant, flow: Flow, *, guest: User
) -> Onward | Arrived:
    """L28: the direct sign-in of a Pending guest becomes a redemption, held against its generation."""
    redemption = replace(flow, kind="redemption", user_id=guest.id, generation=guest.generation, epoch=None)
    current = invitations.live(tx, guest, world.now())
    if current is None:
        raise DeadEnd(Page.UNKNOWN_ACCOUNT, org=tenant.display_name)
    checked_invitation(tx, world, tenant, redemption, guest)
    assert flow.proof is not None
    check_proof(guest, flow.proof)
    return _to_consent(tx, world, browser, tenant, replace(redemption, invitation_id=current.id, epoch=guest.epoch))


def _to_consent(tx: Transaction, world: World, browser: Browser, tenant: Tenant, flow: Flow) -> Onward | Arrived:
    """The consent page, or past it where both organisations spare their people it (graph G45)."""
    browser_flows.update(tx, flow)
    assert flow.proof is not None
    if inbound.spared_consent(tx, tenant, flow.proof):
        return accept(tx, world, browser, flow.id)
    return Onward()
