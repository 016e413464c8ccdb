"""An attempt as the log of a tenant keeps it: of a browser's way, a live sign-in, a grant (lifecycle L50)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

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
from readmit.domain.sign_in_log import INVITATION_PORTAL, MY_APPS, Attempt, Failure
from readmit.flows.browsers import Browser
from readmit.flows.world import World
from readmit.storage import users
from readmit.storage.grants import Grant
from readmit.storage.transaction import Transaction

_ADDRESS: Final = "sign-in address"


def of_flow(world: World, browser: Browser, flow: Flow) -> Attempt:
    """A browser's way: who or where it was is told by `about`."""
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
        address_hash=address_hash(world, flow.address.key) if flow.address else None,
    )


def address_hash(world: World, key: str) -> str:
    """What the log holds of an address that was typed: its match key, hashed."""
    return world.keyring.digest(_ADDRESS, key)


def _asked(target: Target) -> tuple[str, str | None]:
    """Client id and resource of where a way leads."""
    match target:
        case ToApplication(request):
            return request.client_id, resource_of(request.resource, graph=request.graph)
        case ToMyApps() | ToAccount() | ToLeave():
            return MY_APPS, None
        case ToRedirect() | ToMailChoice():
            return INVITATION_PORTAL, None
        case _:
            assert_never(target)


def resource_of(name: str, *, graph: bool) -> str:
    """The resource as the log names it: an application id or URI."""
    return GRAPH_APP_ID if graph else name.rstrip("/").removeprefix("api://")


def about(attempt: Attempt, user: User | None) -> Attempt:
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


def in_home_log(
    world: World, attempt: Attempt, tenant_id: str, *, user_id: str | None, failure: Failure | None
) -> Attempt:
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


def of_session(tx: Transaction, world: World, browser: Browser, request: AuthorizeRequest, entry: SignIn) -> Attempt:
    """A code for an application out of a live sign-in."""
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
        resource=resource_of(request.resource, graph=request.graph),
    )
    return _with_binding(attempt, users.live(tx, request.tenant_id, entry.user_id))


def of_grant(tx: Transaction, world: World, grant: Grant, ip: str, correlation_id: str | None) -> Attempt:
    """A refresh."""
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
        resource=resource_of(grant.resource, graph=grant.graph),
    )
    return _with_binding(attempt, users.live(tx, grant.tenant_id, grant.user_id))


def _with_binding(attempt: Attempt, user: User | None) -> Attempt:
    if user is not None and isinstance(user.redemption, Accepted):
        attempt = replace(attempt, issuer=user.redemption.binding.issuer)
    return about(attempt, user)
