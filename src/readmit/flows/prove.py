"""Proving who one is at a home tenant on this server: by its password, or by a live sign-in of this browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from readmit.domain.address import EmailAddress, key_of
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Accepted, NeverInvited, User, home_binding
from readmit.domain.redemption import PROOF_LIFETIME, Flow, Proof, oldest, recent
from readmit.domain.session import SignIn
from readmit.flows import password_tries, sign_in_log
from readmit.flows.browsers import Browser, add_sign_in, session_of
from readmit.flows.meant import counters
from readmit.flows.open_flow import flow_of
from readmit.flows.world import World
from readmit.storage import browser_flows, tenants, users
from readmit.storage.transaction import Transaction

ONE_TIME = ("one_time",)
"""The `amr` of a one-time password: it only opens the page that replaces it (security D1)."""


class Answer(Enum):
    """How an attempt to prove ended; a wrong one is committed as well (security V4)."""

    PROVED = auto()
    WRONG = auto()


@dataclass(frozen=True, slots=True)
class Proved:
    """The answer, and the session cookie's new token if there is one."""

    answer: Answer
    session_token: str | None = None


def home_account(tx: Transaction, flow: Flow) -> User | None:
    """The account that the home tenant's page signs in: an internal, enabled user with the flow's address (L3).

    A guest bound to this tenant under another address is sent to the account that redeemed.
    """
    home = flow.home_tenant_id
    if home is None or flow.address is None:
        return None
    # Four reads whoever is asked for: nobody is no less work (security V7, T28).
    account = users.by_account(tx, home, flow.address.key)
    here = users.by_address(tx, flow.tenant_id, flow.address.key)
    accepted = here.redemption if here is not None and isinstance(here.redemption, Accepted) else None
    by_name = users.by_account(tx, home, accepted.redeemed.key if accepted is not None else "")
    by_id = users.live(tx, home, accepted.binding.subject if accepted is not None else "")
    account = account or _own(flow, here) or by_name or by_id
    return account if account is not None and account.enabled else None


def _own(flow: Flow, user: User | None) -> User | None:
    """A user of the resource tenant itself who is no guest yet (also one made by POST /users, or converted)."""
    if flow.home_tenant_id != flow.tenant_id or user is None or isinstance(user.redemption, Accepted):
        return None
    return user if isinstance(user.redemption, NeverInvited) or user.converted else None


def prove_by_password(world: World, browser: Browser, flow_id: str, password: str) -> Proved:
    """Count, compare outside any transaction, then record: a sequence of three (security V4, N8)."""
    stored = world.database.write(_count_password_try, world, browser, flow_id)
    right = world.passwords.matches(stored, password[:1024])
    return world.database.write(_record_password, world, browser, flow_id, right=right, stored=stored)


def _count_password_try(tx: Transaction, world: World, browser: Browser, flow_id: str) -> str | None:
    """The stored hash, after the try was counted; None costs the same (T28)."""
    flow, now = flow_of(tx, world, browser, flow_id), world.now()
    assert flow.address is not None
    subject = f"{flow.home_tenant_id}:{flow.address.key}"
    password_tries.count(tx, world, subject, browser.ip)
    account = home_account(tx, flow)
    stored, expires = users.password(tx, account.id if account else "")
    return None if expires is not None and expires <= now else stored


def _record_password(
    tx: Transaction, world: World, browser: Browser, flow_id: str, *, right: bool, stored: str | None
) -> Proved:
    flow, now = flow_of(tx, world, browser, flow_id), world.now()
    account = home_account(tx, flow)
    current, expires = users.password(tx, account.id if account else "")
    if not right or account is None or flow.address is None or current != stored:
        sign_in_log.wrong_password(tx, world, browser, flow, account)
        return Proved(Answer.WRONG)
    password_tries.take_back(tx, world, f"{flow.home_tenant_id}:{flow.address.key}", browser.ip)
    if expires is not None:
        browser_flows.update(tx, replace(flow, proof=_home_proof(tx, account, now, now, ONE_TIME)))
        return Proved(Answer.PROVED)
    return _proved(tx, world, browser, flow, account)


def _proved(tx: Transaction, world: World, browser: Browser, flow: Flow, account: User) -> Proved:
    now = world.now()
    proof = _home_proof(tx, account, now, now, ("pwd",))
    token, _ = add_sign_in(tx, world, browser, account, proof)
    sign_in_log.at_home(tx, world, browser, flow, account)
    browser_flows.update(tx, replace(flow, proof=replace(proof, counters=counters(tx, flow))))
    return Proved(Answer.PROVED, token)


def replace_one_time_password(world: World, browser: Browser, flow_id: str, password: str) -> Proved:
    """The first administrator's own password takes the place of the one-time one (security D1)."""
    hashed = world.passwords.hash(password)
    return world.database.write(_replace_one_time, world, browser, flow_id, hashed)


def _replace_one_time(tx: Transaction, world: World, browser: Browser, flow_id: str, hashed: str) -> Proved:
    flow = flow_of(tx, world, browser, flow_id)
    proof, now = flow.proof, world.now()
    if proof is None or proof.amr != ONE_TIME or proof.home_user_id is None or proof.home_tenant_id is None:
        raise DeadEnd(Page.CLOSED)
    account = users.live(tx, proof.home_tenant_id, proof.home_user_id)
    if account is None or not account.enabled or account.epoch != proof.home_epoch or now > proof.at + PROOF_LIFETIME:
        raise DeadEnd(Page.CLOSED)
    _, expires = users.password(tx, account.id)
    if expires is None or expires <= now:
        # Once means once: another browser has replaced it, or an administrator has.
        raise DeadEnd(Page.CLOSED)
    users.set_password(tx, account.id, hashed, now=now)
    return _proved(tx, world, browser, flow, account)


# ------------------------------------------------------------- a live sign-in


def live_account(tx: Transaction, world: World, browser: Browser, flow: Flow) -> User | None:
    """The account that this browser is signed in with at the flow's home tenant, if it is the one that is asked for.

    A sign-in that is too old for where the way leads (`max_age`, `prompt=login`) proves nothing to it.
    """
    sign_in = _live_sign_in(tx, world, browser, flow)
    account = _internal(tx, sign_in) if sign_in else None
    if account is None or flow.address is None:
        return None
    keys = {key_of(account.upn), account.mail.key if account.mail else None}
    return account if flow.address.key in keys else None


def _live_sign_in(tx: Transaction, world: World, browser: Browser, flow: Flow) -> SignIn | None:
    if flow.home_tenant_id is None:
        return None
    if oldest(flow.target) == 0 or flow.passkey == "add":
        return None
    session = session_of(tx, browser.session_token, world.now())
    found = session.at(flow.home_tenant_id) if session else None
    return found if found is not None and recent(flow, found.at) else None


def _internal(tx: Transaction, sign_in: SignIn) -> User | None:
    """Only internal, enabled users prove anything; a conversion there ends it (lifecycle section 7)."""
    user = users.live(tx, sign_in.tenant_id, sign_in.user_id)
    return user if user is not None and user.enabled and not user.external else None


def prove_by_session(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Proved:
    """A live home sign-in proves by itself; its ten minutes run from this answer (lifecycle L24)."""
    flow, now = flow_of(tx, world, browser, flow_id), world.now()
    sign_in, account = _live_sign_in(tx, world, browser, flow), live_account(tx, world, browser, flow)
    if sign_in is None or account is None:
        return Proved(Answer.WRONG)
    proof = _home_proof(tx, account, now, sign_in.at, sign_in.amr)
    browser_flows.update(tx, replace(flow, proof=replace(proof, counters=counters(tx, flow))))
    return Proved(Answer.PROVED)


def _home_proof(tx: Transaction, account: User, now: datetime, auth_time: datetime, amr: tuple[str, ...]) -> Proof:
    """A home account proves its UPN and mail where its tenant verified the domain, never its other mails (L3)."""
    home = tenants.get(tx, account.tenant_id)
    assert home is not None
    candidates = [EmailAddress.stored(account.upn)] + ([account.mail] if account.mail else [])
    keys = tuple({key_of(address.given): None for address in candidates if home.verified(address)})
    return Proof(
        binding=home_binding(account.tenant_id, account.id),
        keys=keys,
        shown=account.upn,
        at=now,
        auth_time=auth_time,
        amr=amr,
        names=_names(account),
        home_tenant_id=account.tenant_id,
        home_user_id=account.id,
        home_epoch=account.epoch,
    )


def _names(account: User) -> Mapping[str, str]:
    given = {"displayName": account.display_name, "givenName": account.given_name, "surname": account.surname}
    return {name: value for name, value in given.items() if value}
