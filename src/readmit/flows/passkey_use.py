"""Using a passkey: instead of a code, or beside another proof (lifecycle L30, security C7, N7).

Whose it is shows only in the answer: the page beside the code asks every browser for the same (security V7).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

import structlog

from readmit.domain import audit
from readmit.domain.client_address import counted
from readmit.domain.counters import counters_of
from readmit.domain.errors import Throttled
from readmit.domain.guest import Accepted, User
from readmit.domain.passkey import AMR, Challenge, Passkey
from readmit.domain.redemption import PROOF_LIFETIME, Flow, Proof, ToLeave
from readmit.domain.tenant import Tenant
from readmit.flows import sign_in_log
from readmit.flows.browsers import Browser
from readmit.flows.open_flow import flow_of, tenant_of
from readmit.flows.passkey_step import ask
from readmit.flows.world import World
from readmit.proofs import passkey as proofs
from readmit.proofs.passkey import NotProved, Used
from readmit.storage import attempts, browser_flows, passkeys, users
from readmit.storage import audit as audit_log
from readmit.storage.transaction import Transaction

_PER_IP_AND_HOUR = 60
_SCOPE = "passkey-ip"
_log = structlog.get_logger("readmit.passkeys")


class Answer(Enum):
    """How the use of a passkey ended."""

    PROVED = auto()
    WRONG = auto()
    CODE_NEEDED = auto()
    """It is right, but no code has proved the mailbox for too long: the flow asks for one."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """What an answer is checked against: what was asked, and the passkey that it comes from."""

    challenge: Challenge | None
    passkey: Passkey | None


def begin_use(tx: Transaction, world: World, browser: Browser, flow_id: str) -> None:
    """The button beside the code; the same for every address."""
    flow = flow_of(tx, world, browser, flow_id)
    tenant = tenant_of(tx, flow)
    if flow.kind != "sign_in" or flow.method != "code" or not tenant.settings.passkeyDays:
        return
    browser_flows.update(tx, replace(flow, passkey="use", proof=None))
    ask(tx, world, flow.id, "use")


def use_passkey(world: World, browser: Browser, flow_id: str, answer: str) -> Answer:
    """Count and use the challenge up, check outside any transaction, then record: a sequence of three (security V4)."""
    tried = world.database.write(_try, world, browser, flow_id, answer)
    try:
        used = _checked(world, tried, answer)
    except NotProved as error:
        _log.info("passkey not proved", reason=str(error))
        world.database.write(_refused, world, browser, flow_id, tried.passkey)
        return Answer.WRONG
    assert tried.passkey is not None
    return world.database.write(_record, world, browser, flow_id, tried.passkey, used)


def _try(tx: Transaction, world: World, browser: Browser, flow_id: str, answer: str) -> _Tried:
    flow, now = flow_of(tx, world, browser, flow_id), world.now()
    if attempts.count(tx, _SCOPE, counted(browser.ip), now=now, length=attempts.HOUR) > _PER_IP_AND_HOUR:
        raise Throttled(max(1, int((attempts.period_end(now, attempts.HOUR) - now).total_seconds())))
    challenge = passkeys.answered(tx, flow.id)
    ask(tx, world, flow.id, "use")
    try:
        return _Tried(challenge, passkeys.by_credential(tx, flow.tenant_id, proofs.credential_of(answer)))
    except NotProved:
        return _Tried(challenge, None)


def _checked(world: World, tried: _Tried, answer: str) -> Used:
    party, challenge = proofs.relying_party(world.settings.public_url), tried.challenge
    if party is None or challenge is None or challenge.purpose != "use" or challenge.expires <= world.now():
        raise NotProved("nothing was asked, or too long ago")
    if tried.passkey is None:
        raise NotProved("no passkey of this organisation")
    return proofs.check_use(party, challenge.value, tried.passkey, answer)


def _refused(tx: Transaction, world: World, browser: Browser, flow_id: str, passkey: Passkey | None) -> None:
    flow = flow_of(tx, world, browser, flow_id)
    sign_in_log.wrong_passkey(tx, world, browser, flow, passkey.user_id if passkey else None)


def _record(tx: Transaction, world: World, browser: Browser, flow_id: str, passkey: Passkey, used: Used) -> Answer:
    flow, now = flow_of(tx, world, browser, flow_id), world.now()
    tenant = tenant_of(tx, flow)
    user = users.live(tx, flow.tenant_id, passkey.user_id)
    if passkey.copied(used.count):
        _warn(tx, world, passkey, used)
        user = None
    elif not passkeys.used(tx, passkey, count=used.count, backed_up=used.backed_up, now=now):
        user = None
    if user is None or not _is_his(tx, flow, user):
        sign_in_log.wrong_passkey(tx, world, browser, flow, passkey.user_id)
        return Answer.WRONG
    attempts.take_back(tx, _SCOPE, counted(browser.ip), now=now, length=attempts.HOUR)
    if flow.proof is not None:
        return _second_factor(tx, flow, user, now)
    return _instead_of_a_code(tx, tenant, flow, user, passkey, now)


def _warn(tx: Transaction, world: World, passkey: Passkey, used: Used) -> None:
    """A counter that fell back: somebody may hold a copy of the key. It is refused, and told to the administrators."""
    _log.warning("passkey counter fell back", passkey=passkey.id, stored=passkey.sign_count, given=used.count)
    event = audit.Event(
        "Sign-in activity",
        service=audit.AUTHENTICATION_METHODS,
        result="failure",
        reason="The counter of the passkey fell back: it may have been copied.",
        target_id=passkey.user_id,
        details={"passkey": passkey.id, "stored": passkey.sign_count, "given": used.count},
    )
    now, new_id = world.now(), world.new_id
    audit_log.append(tx, passkey.tenant_id, audit.SYSTEM, (event,), now=now, new_id=new_id)


def _is_his(tx: Transaction, flow: Flow, user: User) -> bool:
    """The passkey of who has proved himself, else of whoever has the address that was typed."""
    if flow.proof is not None:
        return flow.user_id == user.id and flow.epoch == user.epoch
    owner = users.by_address(tx, flow.tenant_id, flow.address.key) if flow.address is not None else None
    return flow.passkey == "use" and owner is not None and owner.id == user.id


def _second_factor(tx: Transaction, flow: Flow, user: User, now: datetime) -> Answer:
    proof = flow.proof
    assert proof is not None
    if now > proof.at + PROOF_LIFETIME:
        return Answer.WRONG
    browser_flows.update(tx, replace(flow, proof=with_passkey(proof)))
    return Answer.PROVED


def with_passkey(proof: Proof) -> Proof:
    """The proof, with what a passkey adds to it."""
    return replace(proof, amr=(*proof.amr, *(method for method in AMR if method not in proof.amr)))


def _instead_of_a_code(
    tx: Transaction, tenant: Tenant, flow: Flow, user: User, passkey: Passkey, now: datetime
) -> Answer:
    if not passkey.stands_for_code(user, tenant, now):
        browser_flows.update(tx, replace(flow, passkey=None))
        return Answer.CODE_NEEDED
    redemption = user.redemption
    assert isinstance(redemption, Accepted)
    proof = Proof(
        binding=redemption.binding,
        keys=(redemption.redeemed.key,),
        shown=redemption.redeemed.given,
        at=now,
        auth_time=now,
        amr=AMR,
        counters=counters_of(user),
    )
    browser_flows.update(tx, replace(flow, proof=proof, passkey=None))
    return Answer.PROVED


def offer(tx: Transaction, world: World, browser: Browser, flow_id: str) -> None:
    """The device can keep a passkey: one is offered once the sign-in is proved (security C7)."""
    flow = flow_of(tx, world, browser, flow_id)
    if flow.kind == "sign_in" and flow.passkey is None and not isinstance(flow.target, ToLeave):
        browser_flows.update(tx, replace(flow, passkey="offer"))


def no_passkey(tx: Transaction, world: World, browser: Browser, flow_id: str) -> None:
    """A code instead, or on without adding one; what the organisation wants stays wanted."""
    flow = flow_of(tx, world, browser, flow_id)
    browser_flows.update(tx, replace(flow, passkey=None))
