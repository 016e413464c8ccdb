"""Notes each attempt to sign in, to redeem or to refresh in the log of the tenant (lifecycle L50, graph G46).

What succeeds is noted in the transaction that lets in; a refusal in the one that takes the proof back, or in an
aftermath of its own. `correlation_id` of a browser's way is its flow, so that wrong passwords and the sign-in that
follows belong together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from readmit.domain.address import EmailAddress
from readmit.domain.errors import Page, TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.graph_permissions import GRAPH_APP_ID
from readmit.domain.guest import Accepted, User
from readmit.domain.redemption import (
    Flow,
    Target,
    ToAccount,
    ToApplication,
    ToLeave,
    ToMailChoice,
    ToMyApps,
    ToRedirect,
)
from readmit.domain.session import SignIn
from readmit.domain.sign_in_log import (
    INVITATION_PORTAL,
    MY_APPS,
    NOT_AT_HOME_ELSEWHERE,
    UNKNOWN_ADDRESS,
    WRONG_CODE,
    WRONG_PASSKEY,
    WRONG_PASSWORD,
    Attempt,
    Failure,
    dead_end,
)
from readmit.flows.browsers import Browser, digest
from readmit.flows.world import World
from readmit.storage import browser_flows, grants, sign_in_log, users
from readmit.storage.grants import Grant
from readmit.storage.transaction import Transaction

_ADDRESS = "sign-in address"


def arrived(tx: Transaction, world: World, browser: Browser, flow: Flow, user: User) -> None:
    """The browser is signed in, or has redeemed."""
    _append(tx, world, _about(_of_flow(world, browser, flow), user))


def silent(tx: Transaction, world: World, browser: Browser, request: AuthorizeRequest, entry: SignIn) -> None:
    """An application got its code from a live sign-in; nobody was asked."""
    _append(tx, world, _of_session(tx, world, browser, request, entry))


def silently_refused(
    tx: Transaction, world: World, browser: Browser, request: AuthorizeRequest, entry: SignIn, *, failure: Failure
) -> None:
    """A live sign-in did not do: no assignment, or no consent with `prompt=none`."""
    _append(tx, world, replace(_of_session(tx, world, browser, request, entry), failure=failure))


def refused(tx: Transaction, world: World, browser: Browser, flow: Flow, page: Page, user: User | None) -> None:
    """A way ended on a page. P8 after a home proof is told to the log of the home tenant too (section 9, B)."""
    attempt = replace(_of_flow(world, browser, flow), failure=dead_end(page, known=user is not None))
    _append(tx, world, _about(attempt, user))
    proof = flow.proof
    home = proof.home_tenant_id if proof is not None else None
    if page is Page.UNKNOWN_ACCOUNT and proof is not None and home is not None and home != flow.tenant_id:
        _append(tx, world, _at_home(world, attempt, home, proof.home_user_id, NOT_AT_HOME_ELSEWHERE))


def not_proved(tx: Transaction, world: World, browser: Browser, flow_id: str, page: Page) -> None:
    """A home identity provider vouched for nobody."""
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
    attempt, home = _of_flow(world, browser, flow), flow.home_tenant_id or flow.tenant_id
    _append(tx, world, _at_home(world, attempt, home, account.id if account else None, failure))


def at_home(tx: Transaction, world: World, browser: Browser, flow: Flow, account: User) -> None:
    """A home account proved itself for another tenant: its own tenant's log keeps that (its own way has a row yet)."""
    if account.tenant_id != flow.tenant_id:
        _append(tx, world, _at_home(world, _of_flow(world, browser, flow), account.tenant_id, account.id, None))


def wrong_code(tx: Transaction, world: World, browser: Browser, flow: Flow, user_id: str | None) -> None:
    """A mailed code was wrong or too old; nobody's as well, by the same statements (security V7)."""
    user = users.live(tx, flow.tenant_id, user_id or "")
    failure = WRONG_CODE if user is not None else UNKNOWN_ADDRESS
    _append(tx, world, _about(replace(_of_flow(world, browser, flow), failure=failure), user))


def wrong_passkey(tx: Transaction, world: World, browser: Browser, flow: Flow, user_id: str | None) -> None:
    """A passkey of somebody else, of nobody, or with an answer that does not hold."""
    user = users.live(tx, flow.tenant_id, user_id) if user_id else None
    _append(tx, world, _about(replace(_of_flow(world, browser, flow), failure=WRONG_PASSKEY), user))


# ---------------------------------------------------------------------- tokens


def refreshed(tx: Transaction, world: World, grant: Grant, ip: str, correlation_id: str | None) -> None:
    """A refresh token was exchanged."""
    _append(tx, world, _of_grant(tx, world, grant, ip, correlation_id))


def grant_refused(
    tx: Transaction, world: World, grant: Grant, error: TokenRefused, *, ip: str, correlation_id: str | None
) -> None:
    """A code or refresh token of a known grant was refused."""
    failure = Failure(error.number, error.text)
    _append(tx, world, replace(_of_grant(tx, world, grant, ip, correlation_id), failure=failure))


def token_refused(
    tx: Transaction, world: World, given: str, error: TokenRefused, *, ip: str, correlation_id: str
) -> None:
    """Aftermath of the token endpoint: noted where `given`, a code or refresh token, still says whose it is.

    What nobody can be named for is in the server's log only (lifecycle L49).
    """
    hashed = digest(given)
    found = grants.code(tx, hashed)
    refresh = grants.refresh(tx, hashed) if found is None else None
    grant = found.grant if found is not None else refresh[0] if refresh is not None else None
    if grant is not None:
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
        resource=_resource(request.resource, graph=request.graph),
        home_tenant_id=request.tenant_id,
        failure=failure,
        address_hash=world.keyring.digest(_ADDRESS, attempt.key),
    )
    _append(tx, world, _about(made, user))


# ---------------------------------------------------------------------- pieces


def _append(tx: Transaction, world: World, attempt: Attempt) -> None:
    sign_in_log.append(tx, attempt, world.now())


def _of_flow(world: World, browser: Browser, flow: Flow) -> Attempt:
    app_id, resource = _asked(flow.target)
    proof = flow.proof
    return Attempt(
        id=world.new_id(),
        tenant_id=flow.tenant_id,
        kind="redemption" if flow.kind == "redemption" else "sign_in",
        interactive=True,
        correlation_id=flow.id,
        ip=browser.ip,
        resource_tenant_id=flow.tenant_id,
        app_id=app_id,
        resource=resource,
        home_tenant_id=proof.home_tenant_id if proof else flow.home_tenant_id,
        issuer=proof.binding.issuer if proof else None,
        cross_tenant=flow.kind == "redemption",
        address_hash=address_hash(world, flow.address) if flow.address else None,
    )


def address_hash(world: World, address: EmailAddress) -> str:
    """What the log holds of an address that was typed."""
    return world.keyring.digest(_ADDRESS, address.key)


def _asked(target: Target) -> tuple[str, str | None]:
    """Client id and resource of where a way leads."""
    match target:
        case ToApplication(request):
            return request.client_id, _resource(request.resource, graph=request.graph)
        case ToMyApps() | ToAccount() | ToLeave():
            return MY_APPS, None
        case ToRedirect() | ToMailChoice():
            return INVITATION_PORTAL, None
        case _:
            assert_never(target)


def _resource(name: str, *, graph: bool) -> str:
    return GRAPH_APP_ID if graph else name.rstrip("/").removeprefix("api://")


def _about(attempt: Attempt, user: User | None) -> Attempt:
    """The attempt with whose it was."""
    if user is None:
        return attempt
    redemption = user.redemption
    home = attempt.home_tenant_id
    if not user.external:
        home = user.tenant_id
    elif home is None and isinstance(redemption, Accepted) and redemption.binding.kind == "tenant":
        home = redemption.binding.issuer.rpartition(":")[2]
    return replace(attempt, user_id=user.id, home_tenant_id=home, cross_tenant=user.external)


def _at_home(world: World, attempt: Attempt, tenant_id: str, user_id: str | None, failure: Failure | None) -> Attempt:
    """The row of the home tenant's own log about its account."""
    return replace(
        attempt,
        id=world.new_id(),
        tenant_id=tenant_id,
        kind="sign_in",
        user_id=user_id,
        failure=failure,
        home_tenant_id=tenant_id,
        cross_tenant=tenant_id != attempt.resource_tenant_id,
    )


def _of_session(tx: Transaction, world: World, browser: Browser, request: AuthorizeRequest, entry: SignIn) -> Attempt:
    id = world.new_id()
    attempt = Attempt(
        id=id,
        tenant_id=request.tenant_id,
        kind="sign_in",
        interactive=False,
        correlation_id=id,
        ip=browser.ip,
        resource_tenant_id=request.tenant_id,
        app_id=request.client_id,
        resource=_resource(request.resource, graph=request.graph),
    )
    return _with_binding(attempt, users.live(tx, request.tenant_id, entry.user_id))


def _of_grant(tx: Transaction, world: World, grant: Grant, ip: str, correlation_id: str | None) -> Attempt:
    id = world.new_id()
    attempt = Attempt(
        id=id,
        tenant_id=grant.tenant_id,
        kind="refresh",
        interactive=False,
        correlation_id=correlation_id or id,
        ip=ip,
        resource_tenant_id=grant.tenant_id,
        user_id=grant.user_id,
        app_id=grant.client_id,
        resource=_resource(grant.resource, graph=grant.graph),
    )
    return _with_binding(attempt, users.live(tx, grant.tenant_id, grant.user_id))


def _with_binding(attempt: Attempt, user: User | None) -> Attempt:
    if user is not None and isinstance(user.redemption, Accepted):
        attempt = replace(attempt, issuer=user.redemption.binding.issuer)
    return _about(attempt, user)
