"""The end of a way that led nowhere: what was refused, and what the user cancelled (lifecycle S8, L49)."""

from __future__ import annotations

from dataclasses import replace

from readmit.domain import audit
from readmit.domain.errors import Page
from readmit.domain.redemption import Flow, Proof, ToApplication
from readmit.flows import device, sign_in_log
from readmit.flows.browsers import Browser
from readmit.flows.open_flow import flow_of
from readmit.flows.world import World
from readmit.storage import audit as audit_log
from readmit.storage import browser_flows, tenants, users
from readmit.storage.transaction import Transaction


def refuse(tx: Transaction, world: World, browser: Browser, flow_id: str, page: Page) -> None:
    """After a dead end: the proof is gone, and one failure event says so (lifecycle S8, L49)."""
    flow = browser_flows.get(tx, flow_id, browser.flow_hash)
    if flow is None or flow.proof is None:
        return
    browser_flows.update(tx, replace(flow, proof=None, other_proof=_kept(tx, flow, page)))
    guest = flow.user_id or _id_of(tx, flow)
    sign_in_log.refused(tx, world, browser, flow, page, users.live(tx, flow.tenant_id, guest) if guest else None)
    # Who came names a person: it stands beside the event, where erasing takes it (security J2).
    event = audit.Event(
        audit.REDEEM,
        service=audit.INVITED_USERS,
        result="failure",
        reason=page.name,
        target_id=guest,
        details={"page": page.value, "issuer": flow.proof.binding.shown_issuer, **_whose(tx, flow, page, guest)},
        names={guest: {"account": flow.proof.shown}} if guest is not None else {},
    )
    audit_log.append(tx, flow.tenant_id, audit.SYSTEM, (event,), now=world.now(), new_id=world.new_id)


def _whose(tx: Transaction, flow: Flow, page: Page, guest: str | None) -> dict[str, object]:
    """Whose identity came: another guest's (P7), by id; or the bound one itself (P8), whose provider is off."""
    assert flow.proof is not None
    other = users.by_binding(tx, flow.tenant_id, flow.proof.binding)
    if other is None:
        return {}
    if page is Page.ALREADY_A_GUEST:
        return {"holder": other.id}
    return {"asBound": True} if page is Page.UNKNOWN_ACCOUNT and other.id == guest else {}


def _kept(tx: Transaction, flow: Flow, page: Page) -> Proof | None:
    """Where the tenant allows another account, its proof waits for a code to the invited mailbox (lifecycle L26)."""
    tenant = tenants.get(tx, flow.tenant_id)
    wanted = page is Page.OTHER_ADDRESS and flow.kind == "redemption"
    if not wanted or tenant is None or not tenant.settings.allowOtherAccount:
        return None
    return flow.proof if flow.proof is not None and flow.proof.home_user_id is not None else None


def _id_of(tx: Transaction, flow: Flow) -> str | None:
    user = users.by_address(tx, flow.tenant_id, flow.address.key) if flow.address else None
    return user.id if user else None


def decline(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Flow:
    """Cancel: nothing was shared, the link still works (P12)."""
    flow = flow_of(tx, world, browser, flow_id)
    browser_flows.delete(tx, flow.id)
    if isinstance(flow.target, ToApplication) and flow.target.request.device is not None:
        device.decline(tx, world, flow.target.request)
    guest = users.live(tx, flow.tenant_id, flow.user_id) if flow.user_id else None
    sign_in_log.refused(tx, world, browser, flow, Page.DECLINED, guest)
    event = audit.Event(
        audit.REDEEM,
        service=audit.INVITED_USERS,
        result="failure",
        reason=Page.DECLINED.name,
        target_id=flow.user_id,
        details={"page": Page.DECLINED.value},
    )
    audit_log.append(tx, flow.tenant_id, audit.SYSTEM, (event,), now=world.now(), new_id=world.new_id)
    return flow
