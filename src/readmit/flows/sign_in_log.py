"""Notes each attempt to sign in, to redeem or to refresh in the log of the tenant (lifecycle L50, graph G46).

What succeeds is noted in the transaction that lets in; a refusal in the one that takes the proof back, or in an
aftermath of its own. `correlation_id` of a browser's way is its flow, so that wrong passwords and the sign-in that
follows belong together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from readmit.domain.client_address import counted
from readmit.domain.errors import Page, TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import User
from readmit.domain.redemption import Flow
from readmit.domain.session import SignIn
from readmit.domain.sign_in_log import (
    NOT_AT_HOME_ELSEWHERE,
    UNKNOWN_ADDRESS,
    WRONG_CODE,
    WRONG_PASSKEY,
    WRONG_PASSWORD,
    Attempt,
    Failure,
    dead_end,
)
from readmit.flows.attempt import about, address_hash, in_home_log, of_flow, of_grant, of_session, resource_of
from readmit.flows.browsers import Browser, digest
from readmit.flows.world import World
from readmit.storage import attempts, browser_flows, grants, sign_in_log, users
from readmit.storage.grants import Grant
from readmit.storage.transaction import Transaction

_TOLD_PER_NETWORK_AND_HOUR: Final = 60
_TOLD_PER_GRANT_AND_HOUR: Final = 20


def arrived(tx: Transaction, world: World, browser: Browser, flow: Flow, user: User) -> None:
    """The browser is signed in, or has redeemed."""
    _append(tx, world, about(of_flow(world, browser, flow), user))


def silent(tx: Transaction, world: World, browser: Browser, request: AuthorizeRequest, entry: SignIn) -> None:
    """An application got its code from a live sign-in; nobody was asked."""
    _append(tx, world, of_session(tx, world, browser, request, entry))


def silently_refused(
    tx: Transaction, world: World, browser: Browser, request: AuthorizeRequest, entry: SignIn, *, failure: Failure
) -> None:
    """A live sign-in did not do: no assignment, or no consent with `prompt=none`."""
    _append(tx, world, replace(of_session(tx, world, browser, request, entry), failure=failure))


def refused(tx: Transaction, world: World, browser: Browser, flow: Flow, page: Page, user: User | None) -> None:
    """A way ended on a page. P8 after a home proof is told to the log of the home tenant too (section 9, B)."""
    attempt = replace(of_flow(world, browser, flow), failure=dead_end(page, known=user is not None))
    _append(tx, world, about(attempt, user))
    proof = flow.proof
    home = proof.home_tenant_id if proof is not None else None
    if page is Page.UNKNOWN_ACCOUNT and proof is not None and home is not None and home != flow.tenant_id:
        _append(tx, world, in_home_log(world, attempt, home, user_id=proof.home_user_id, failure=NOT_AT_HOME_ELSEWHERE))


def not_proved(tx: Transaction, world: World, browser: Browser, flow_id: str, page: Page) -> None:
    """A home identity provider vouched for nobody.

    Anybody may come from it with nothing, again and again, and a row is kept for a year: of one network so many in an
    hour are told to the tenant, as many as wrong codes are taken from it; the server's log has each.
    """
    network, now = counted(browser.ip), world.now()
    if attempts.count(tx, "provider-refused", network, now=now, length=attempts.HOUR) > _TOLD_PER_NETWORK_AND_HOUR:
        return
    flow = browser_flows.get(tx, flow_id, browser.flow_hash)
    if flow is None:
        return
    user = users.live(tx, flow.tenant_id, flow.user_id) if flow.user_id else None
    if user is None and flow.address is not None:
        user = users.by_address(tx, flow.tenant_id, flow.address.key)
    refused(tx, world, browser, flow, page, user)


def wrong_password(tx: Transaction, world: World, browser: Browser, flow: Flow, account: User | None) -> None:
    """A home account's password was wrong, or nobody is there: the home tenant's log keeps it."""
    failure = WRONG_PASSWORD if account is not None else UNKNOWN_ADDRESS
    attempt, home = of_flow(world, browser, flow), flow.home_tenant_id or flow.tenant_id
    _append(tx, world, in_home_log(world, attempt, home, user_id=account.id if account else None, failure=failure))


def at_home(tx: Transaction, world: World, browser: Browser, flow: Flow, account: User) -> None:
    """A home account proved itself for another tenant: its own tenant's log keeps that (its own way has a row yet)."""
    if account.tenant_id != flow.tenant_id:
        attempt = of_flow(world, browser, flow)
        _append(tx, world, in_home_log(world, attempt, account.tenant_id, user_id=account.id, failure=None))


def wrong_code(tx: Transaction, world: World, browser: Browser, flow: Flow, user_id: str | None) -> None:
    """A mailed code was wrong or too old; nobody's as well, by the same statements (security V7)."""
    user = users.live(tx, flow.tenant_id, user_id or "")
    failure = WRONG_CODE if user is not None else UNKNOWN_ADDRESS
    _append(tx, world, about(replace(of_flow(world, browser, flow), failure=failure), user))


def wrong_passkey(tx: Transaction, world: World, browser: Browser, flow: Flow, user_id: str | None) -> None:
    """A passkey of somebody else, of nobody, or with an answer that does not hold."""
    user = users.live(tx, flow.tenant_id, user_id) if user_id else None
    _append(tx, world, about(replace(of_flow(world, browser, flow), failure=WRONG_PASSKEY), user))


# ---------------------------------------------------------------------- tokens


def refreshed(tx: Transaction, world: World, grant: Grant, ip: str, correlation_id: str | None) -> None:
    """A refresh token was exchanged."""
    _append(tx, world, of_grant(tx, world, grant, ip, correlation_id))


def grant_refused(
    tx: Transaction, world: World, grant: Grant, error: TokenRefused, *, ip: str, correlation_id: str | None
) -> None:
    """A code or refresh token of a known grant was refused."""
    failure = Failure(error.number, error.text)
    _append(tx, world, replace(of_grant(tx, world, grant, ip, correlation_id), failure=failure))


def token_refused(
    tx: Transaction, world: World, given: str, error: TokenRefused, *, ip: str, correlation_id: str
) -> None:
    """Aftermath of the token endpoint: noted where `given`, a code or refresh token, still says whose it is.

    What nobody can be named for is in the server's log only (lifecycle L49). Who keeps on bringing a dead token is told
    of so many times an hour: the first row says it, and each is kept for a year.
    """
    hashed = digest(given)
    found = grants.code(tx, hashed)
    refresh = grants.refresh(tx, hashed) if found is None else None
    grant = found.grant if found is not None else refresh[0] if refresh is not None else None
    if grant is None:
        return
    if attempts.count(tx, "grant-refused", grant.id, now=world.now(), length=attempts.HOUR) <= _TOLD_PER_GRANT_AND_HOUR:
        grant_refused(tx, world, grant, error, ip=ip, correlation_id=correlation_id)


@dataclass(frozen=True, slots=True)
class Direct:
    """A sign-in at the token endpoint, without a browser; `key` is the match key of the name that was given."""

    request: AuthorizeRequest
    ip: str
    correlation_id: str | None
    key: str


def direct(
    tx: Transaction, world: World, attempt: Direct, user: User | None, *, failure: Failure | None = None
) -> None:
    """A name and a password were given to an application (password grant)."""
    id, request = world.new_id(), attempt.request
    made = Attempt(
        id=id,
        tenant_id=request.tenant_id,
        kind="sign_in",
        interactive=False,
        correlation_id=attempt.correlation_id or id,
        ip=attempt.ip,
        resource_tenant_id=request.tenant_id,
        app_id=request.client_id,
        resource=resource_of(request.resource, graph=request.graph),
        home_tenant_id=request.tenant_id,
        failure=failure,
        address_hash=address_hash(world, attempt.key),
    )
    _append(tx, world, about(made, user))


def _append(tx: Transaction, world: World, attempt: Attempt) -> None:
    sign_in_log.append(tx, attempt, world.now())
