"""Whether a mailbox wants an organisation's invitations: chosen by whoever proves the mailbox (lifecycle L39).

The way is a flow as any other, with a mailed code as its only proof; it signs nobody in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from readmit.domain import audit
from readmit.domain.address import EmailAddress
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import User
from readmit.domain.redemption import PROOF_LIFETIME, Flow, ToMailChoice
from readmit.domain.tenant import Tenant
from readmit.flows.browsers import Browser
from readmit.flows.new_flow import new_flow, open_way
from readmit.flows.world import World
from readmit.storage import audit as audit_log
from readmit.storage import browser_flows, mail_blocks, outbox, passcodes, tenants, users
from readmit.storage.transaction import Transaction


class Stage(Enum):
    """What the way waits for."""

    REQUEST_CODE = "request_code"
    ENTER_CODE = "enter_code"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows. `blocked` is told to who proved the mailbox, and None before."""

    flow: Flow
    tenant: Tenant
    address: EmailAddress
    stage: Stage
    blocked: bool | None = None


def start(
    tx: Transaction, world: World, browser: Browser, *, flow_id: str, tenant_id: str, typed: EmailAddress
) -> Flow:
    """The way of this browser for the mailbox that was typed, whether anybody has it or not (security V7)."""
    if browser_flows.exists(tx, flow_id) or tenants.get(tx, tenant_id) is None:
        raise DeadEnd(Page.CLOSED)
    flow = new_flow(world, browser, flow_id=flow_id, tenant_id=tenant_id, target=ToMailChoice())
    flow = replace(flow, address=typed, method="code")
    open_way(tx, world, browser, flow)
    return flow


def begun(tx: Transaction, browser: Browser, flow_id: str) -> bool:
    """Whether the way of this browser has its row."""
    return browser_flows.get(tx, flow_id, browser.flow_hash) is not None


def look(tx: Transaction, world: World, browser: Browser, flow_id: str) -> View:
    """The page that the way is at; reads only. Raises DeadEnd P14."""
    flow = browser_flows.get(tx, flow_id, browser.flow_hash)
    now = world.now()
    if flow is None or flow.expires <= now or not isinstance(flow.target, ToMailChoice) or flow.address is None:
        raise DeadEnd(Page.CLOSED)
    tenant = tenants.get(tx, flow.tenant_id)
    assert tenant is not None
    if flow.proof is None or now > flow.proof.at + PROOF_LIFETIME:
        sent = passcodes.of_flow(tx, flow.id) is not None
        return View(flow, tenant, flow.address, Stage.ENTER_CODE if sent else Stage.REQUEST_CODE)
    proved = EmailAddress.stored(flow.proof.shown)
    return View(flow, tenant, proved, Stage.CHOICE, mail_blocks.blocked(tx, tenant.id, proved.key))


def choose(tx: Transaction, world: World, browser: Browser, flow_id: str, *, block: bool) -> View:
    """Block or allow, and end the way; what was so already is written nowhere. Raises DeadEnd P14."""
    view = look(tx, world, browser, flow_id)
    if view.stage is not Stage.CHOICE or not browser_flows.delete(tx, flow_id):
        raise DeadEnd(Page.CLOSED, org=view.tenant.display_name)
    key, now = view.address.key, world.now()
    if block:
        changed = mail_blocks.block(tx, view.tenant.id, key, now)
        outbox.supersede_to(tx, view.tenant.id, key, now)
    else:
        changed = mail_blocks.lift(tx, view.tenant.id, key)
    if changed:
        _note(tx, world, view, audit.MAIL_BLOCKED if block else audit.MAIL_ALLOWED)
    return View(view.flow, view.tenant, view.address, Stage.CHOICE, block)


def _note(tx: Transaction, world: World, view: View, activity: str) -> None:
    user = users.by_address(tx, view.tenant.id, view.address.key)
    event = audit.Event(activity, service=audit.INVITED_USERS, target_id=user.id if user else None, names=_names(user))
    actor = audit.Actor("user", user.id, user.display_name) if user else audit.SYSTEM
    audit_log.append(tx, view.tenant.id, actor, (event,), now=world.now(), new_id=world.new_id)


def _names(user: User | None) -> dict[str, dict[str, object]]:
    return {user.id: {"displayName": user.display_name, "userPrincipalName": user.upn}} if user else {}
