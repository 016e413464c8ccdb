"""What a signed-in guest does with his passkeys: begin to add one, rename, remove (security N3, N7)."""

from __future__ import annotations

from dataclasses import replace

from readmit.domain import audit
from readmit.domain.address import EmailAddress
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Accepted, User
from readmit.domain.passkey import cleaned, fresh, suffices
from readmit.domain.redemption import Flow, ToAccount
from readmit.domain.session import SignIn
from readmit.domain.tenant import Tenant
from readmit.flows.browsers import Browser
from readmit.flows.methods import sign_in_method
from readmit.flows.new_flow import new_flow, open_way
from readmit.flows.own import record_own, signed_in_user
from readmit.flows.passkey_notice import owe_notice
from readmit.flows.passkey_step import ask
from readmit.flows.sign_in import session_proof
from readmit.flows.world import World
from readmit.storage import passkeys, tenants
from readmit.storage.transaction import Transaction


def begin_adding(tx: Transaction, world: World, browser: Browser, *, flow_id: str, entry: SignIn) -> Flow:
    """The way to a further passkey: at once with a sign-in of the last 20 minutes, else by a new proof (T37)."""
    tenant, user = _tenant(tx, entry), signed_in_user(tx, entry)
    if not isinstance(user.redemption, Accepted):
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    now = world.now()
    flow = new_flow(world, browser, flow_id=flow_id, tenant_id=tenant.id, target=ToAccount())
    flow = replace(flow, language=user.preferred_language, passkey="add")
    flow = sign_in_method(tx, tenant, flow, EmailAddress.stored(user.sign_in_name))
    if fresh(entry.at, now) and suffices(user, tenant, entry.amr):
        flow = replace(flow, user_id=user.id, epoch=user.epoch, proof=session_proof(world, user, entry))
    open_way(tx, world, browser, flow)
    if flow.proof is not None:
        ask(tx, world, flow.id, "add")
    return flow


def _tenant(tx: Transaction, entry: SignIn) -> Tenant:
    tenant = tenants.get(tx, entry.tenant_id)
    if tenant is None:
        raise DeadEnd(Page.CLOSED)
    return tenant


def rename(tx: Transaction, world: World, browser: Browser, entry: SignIn, *, passkey_id: str, name: str) -> bool:
    """Whether the guest has that passkey, and the name says something."""
    user, plain = _owner(tx, entry), cleaned(name)
    if not plain or not passkeys.rename(tx, user.id, passkey_id, plain):
        return False
    _record(tx, world, browser, user, audit.RENAME_PASSKEY, "Update", passkey_id)
    return True


def remove(tx: Transaction, world: World, browser: Browser, entry: SignIn, *, passkey_id: str) -> bool:
    """Whether the guest had that passkey; its end is told by mail."""
    user = _owner(tx, entry)
    if not passkeys.remove(tx, user.id, passkey_id):
        return False
    _record(tx, world, browser, user, audit.REMOVE_PASSKEY, "Delete", passkey_id)
    owe_notice(tx, world, user, "passkey_removed", user.preferred_language)
    return True


def _owner(tx: Transaction, entry: SignIn) -> User:
    """Where two factors are wanted, a sign-in from before they were may not take the second one away."""
    tenant, user = _tenant(tx, entry), signed_in_user(tx, entry)
    if not suffices(user, tenant, entry.amr):
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    return user


def _record(
    tx: Transaction, world: World, browser: Browser, user: User, activity: str, operation: str, passkey_id: str
) -> None:
    names = {user.id: {"displayName": user.display_name, "userPrincipalName": user.upn}}
    event = audit.Event(
        activity,
        service=audit.AUTHENTICATION_METHODS,
        operation=operation,
        target_id=user.id,
        details={"method": "passkey", "passkey": passkey_id},
        names=names,
    )
    record_own(tx, world, browser, user, event)
