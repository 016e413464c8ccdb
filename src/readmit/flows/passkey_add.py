"""Adding a passkey, in a way that has just been proved (security N7, T37, C7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import Enum, auto

import structlog

from readmit.domain import audit
from readmit.domain.guest import Accepted, User
from readmit.domain.passkey import Challenge, Passkey, Wanted, fresh
from readmit.domain.redemption import PROOF_LIFETIME, Flow, Proof
from readmit.domain.tenant import Tenant
from readmit.flows.browsers import Browser
from readmit.flows.open_flow import flow_of, tenant_of
from readmit.flows.own import record_own
from readmit.flows.passkey_notice import owe_notice
from readmit.flows.passkey_step import ask, still_wanted
from readmit.flows.passkey_use import with_passkey
from readmit.flows.world import World
from readmit.proofs import passkey as proofs
from readmit.proofs.passkey import Made, NotProved
from readmit.storage import browser_flows, passkeys, users
from readmit.storage.transaction import Transaction

_log = structlog.get_logger("readmit.passkeys")


class Added(Enum):
    """How the adding of a passkey ended."""

    ADDED = auto()
    WRONG = auto()
    KNOWN = auto()
    """The passkey is somebody's already."""


def add_passkey(world: World, browser: Browser, flow_id: str, answer: str) -> Added:
    """Use the challenge up, check outside any transaction, then record: a sequence of three (security V4)."""
    challenge = world.database.write(_answered, world, browser, flow_id)
    party = proofs.relying_party(world.settings.public_url)
    try:
        if party is None or challenge is None or challenge.purpose != "add" or challenge.expires <= world.now():
            raise NotProved("nothing was asked, or too long ago")
        made = proofs.check_new(party, challenge.value, answer)
    except NotProved as error:
        _log.info("passkey not made", reason=str(error))
        return Added.WRONG
    return world.database.write(_add, world, browser, flow_id, made)


def _answered(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Challenge | None:
    flow = flow_of(tx, world, browser, flow_id)
    challenge = passkeys.answered(tx, flow.id)
    ask(tx, world, flow.id, "add")
    return challenge


def _add(tx: Transaction, world: World, browser: Browser, flow_id: str, made: Made) -> Added:
    """The way may have been reset, or its proof have grown old, while the person looked for the device."""
    flow, now = flow_of(tx, world, browser, flow_id), world.now()
    tenant, user = tenant_of(tx, flow), users.live(tx, flow.tenant_id, flow.user_id or "")
    proof = flow.proof
    if proof is None or user is None or not _may_add(tx, tenant, flow, user, now):
        return Added.WRONG
    added = _passkey(tx, world, user, proof, made)
    if not passkeys.insert(tx, added):
        return Added.KNOWN
    browser_flows.update(tx, replace(flow, proof=with_passkey(proof), passkey=None))
    details = {"method": "passkey", "passkey": added.id, "aaguid": added.aaguid, "synced": added.backed_up}
    names = {user.id: {"displayName": user.display_name, "userPrincipalName": user.upn}}
    event = audit.Event(
        audit.ADD_PASSKEY,
        service=audit.AUTHENTICATION_METHODS,
        operation="Add",
        target_id=user.id,
        details=details,
        names=names,
    )
    record_own(tx, world, browser, user, event, correlation_id=flow.id)
    owe_notice(tx, world, user, "passkey_added", flow.language)
    return Added.ADDED


def _may_add(tx: Transaction, tenant: Tenant, flow: Flow, user: User, now: datetime) -> bool:
    """Bound, enabled, at the epoch of the proof (security L7), asked for, and proved a short while ago."""
    proof = flow.proof
    assert proof is not None
    if flow.kind != "sign_in" or flow.epoch != user.epoch or not user.enabled:
        return False
    if not isinstance(user.redemption, Accepted) or user.redemption.binding != proof.binding:
        return False
    if now > proof.at + PROOF_LIFETIME:
        return False
    if not fresh(proof.auth_time, now):
        return False
    return still_wanted(tx, tenant, flow, user) in (Wanted.ADD, Wanted.OFFER)


def _passkey(tx: Transaction, world: World, user: User, proof: Proof, made: Made) -> Passkey:
    return Passkey(
        id=world.new_id(),
        tenant_id=user.tenant_id,
        user_id=user.id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.count,
        aaguid=made.aaguid,
        transports=made.transports,
        backup_eligible=made.backup_eligible,
        backed_up=made.backed_up,
        discoverable=made.discoverable,
        created=world.now(),
        code_proved=_code_proved(tx, user, proof),
    )


def _code_proved(tx: Transaction, user: User, proof: Proof) -> datetime | None:
    """A passkey that was added with another one stands for a code no longer than that one does."""
    if proof.binding.kind != "mail":
        return None
    if "otp" in proof.amr:
        return proof.auth_time
    return max((known.code_proved for known in passkeys.of_user(tx, user.id) if known.code_proved), default=None)
