"""Whether a proved way still asks for a passkey, and what its browser is to sign (security C7, N7)."""

from __future__ import annotations

from dataclasses import replace

from readmit.domain.guest import User
from readmit.domain.passkey import CHALLENGE_LIFETIME, Challenge, Purpose, Wanted, fresh, suffices, wanted
from readmit.domain.redemption import Flow
from readmit.domain.tenant import Tenant
from readmit.flows.world import World
from readmit.storage import browser_flows, passkeys
from readmit.storage.transaction import Transaction


def ask(tx: Transaction, world: World, flow_id: str, purpose: Purpose) -> None:
    """A new challenge for the flow; an earlier one is void."""
    expires = world.now() + CHALLENGE_LIFETIME
    passkeys.ask(tx, Challenge(flow_id, world.new_secret(), purpose, expires))


def still_wanted(tx: Transaction, tenant: Tenant, flow: Flow, user: User) -> Wanted:
    """What the way of this user asks for after its proof."""
    assert flow.proof is not None
    if flow.passkey in (None, "use") and suffices(user, tenant, flow.proof.amr):
        return Wanted.NOTHING
    have = len(passkeys.of_user(tx, user.id))
    return wanted(user, tenant, flow.proof.amr, have=have, wish=flow.passkey)


def holds_back(tx: Transaction, world: World, tenant: Tenant, flow: Flow, user: User) -> bool:
    """Whether the way goes on to a passkey before it arrives; its browser is then asked for one."""
    found, proof = still_wanted(tx, tenant, flow, user), flow.proof
    if found is Wanted.NOTHING or proof is None:
        return False
    if found is Wanted.ADD and not fresh(proof.auth_time, world.now()):
        # A live sign-in, at home or at a provider, proves who he is, but not that he sits here now (T37).
        browser_flows.update(tx, replace(flow, proof=None, passkey="add"))
        return True
    purpose: Purpose = "use" if found is Wanted.USE else "add"
    asked = passkeys.asked(tx, flow.id)
    if asked is None or asked.purpose != purpose:
        ask(tx, world, flow.id, purpose)
    return True
