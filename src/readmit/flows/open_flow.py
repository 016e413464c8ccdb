"""What every step of a browser's way begins with: its flow, its tenant, and the invitation that it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from readmit.domain.admission import check_open
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Accepted, User
from readmit.domain.invitation import Invitation
from readmit.domain.redemption import Flow, ToMailChoice
from readmit.domain.tenant import Tenant
from readmit.flows import inbound
from readmit.flows.browsers import Browser
from readmit.flows.world import World
from readmit.storage import browser_flows, invitations, tenants
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Onward:
    """The next step is another page of the same flow."""

    session_token: str | None = None


def flow_of(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Flow:
    """The flow of this browser while it lives. Raises DeadEnd (P14)."""
    flow = browser_flows.get(tx, flow_id, browser.flow_hash)
    if flow is None or flow.expires <= world.now() or isinstance(flow.target, ToMailChoice):
        raise DeadEnd(Page.CLOSED)
    return flow


def tenant_of(tx: Transaction, flow: Flow) -> Tenant:
    """The organisation that a flow is about. Raises DeadEnd (P14)."""
    tenant = tenants.get(tx, flow.tenant_id)
    if tenant is None:
        raise DeadEnd(Page.CLOSED)
    return tenant


def checked_invitation(
    tx: Transaction, world: World, tenant: Tenant, flow: Flow, guest: User | None
) -> Invitation | None:
    """The live invitation of an open redemption; what L27 refuses is a dead end."""
    if flow.kind != "redemption" or lost_to_a_redemption(flow, guest):
        return None
    current = None
    if guest is not None:
        current = invitations.live(tx, guest, world.now()) or invitations.newest(tx, guest)
    try:
        pending = check_open(guest, current, tenant, generation=flow.generation or 0, now=world.now())
        inbound.check(tx, tenant, pending.invited, flow.proof)
    except DeadEnd as end:
        end.details.setdefault("org", tenant.display_name)
        raise
    return current


def lost_to_a_redemption(flow: Flow, guest: User | None) -> bool:
    """Another browser has redeemed this very generation: the way ends as a sign-in (lifecycle L5)."""
    return guest is not None and isinstance(guest.redemption, Accepted) and guest.generation == flow.generation


def proved_in_vain(tx: Transaction, flow: Flow) -> Onward:
    """What the proof was made for has ended since, by a reset above all: back to the proof (security L6, G2)."""
    browser_flows.update(tx, replace(flow, proof=None, other_proof=None))
    return Onward()


def begun(tx: Transaction, browser: Browser, flow_id: str) -> bool:
    """Whether this browser's flow has a row: before its first button it is a cookie only."""
    return browser_flows.get(tx, flow_id, browser.flow_hash) is not None
