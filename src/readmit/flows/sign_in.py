"""Beginning a sign-in: with a live session at once, else by a flow that asks for an address and a proof."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from readmit.domain.address import EmailAddress, InvalidAddress, key_of
from readmit.domain.errors import DeadEnd, Page, TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import Accepted, Binding, User, home_binding
from readmit.domain.passkey import suffices
from readmit.domain.redemption import Flow, Proof, Target, ToApplication
from readmit.domain.session import SignIn
from readmit.domain.sign_in_log import Failure, dead_end
from readmit.domain.tenant import Tenant
from readmit.flows import authorize, consent, granting, sign_in_log, tokens
from readmit.flows.authorize import Response
from readmit.flows.browsers import Browser, session_of
from readmit.flows.methods import sign_in_method
from readmit.flows.new_flow import new_flow, open_way
from readmit.flows.world import World
from readmit.storage import browser_flows, queries_people, sessions, users
from readmit.storage.transaction import Transaction


def start(
    tx: Transaction,
    world: World,
    browser: Browser,
    *,
    flow_id: str,
    tenant: Tenant,
    target: Target,
    typed: EmailAddress | None = None,
    language: str | None = None,
) -> Flow:
    """A new sign-in flow of this browser; `typed` skips the address page."""
    if browser_flows.exists(tx, flow_id):
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    flow = new_flow(world, browser, flow_id=flow_id, tenant_id=tenant.id, target=target)
    flow = replace(flow, language=language)
    if typed is not None:
        flow = sign_in_method(tx, tenant, flow, typed)
    open_way(tx, world, browser, flow)
    return flow


def hinted(request: AuthorizeRequest) -> EmailAddress | None:
    """The address of a `login_hint`; what is no address is no hint."""
    try:
        return EmailAddress.parse(request.login_hint) if request.login_hint else None
    except InvalidAddress:
        return None


def begin_authorize(
    tx: Transaction, world: World, browser: Browser, *, flow_id: str, tenant: Tenant, request: AuthorizeRequest
) -> Response | Flow:
    """What the application asked for where a live sign-in and consent suffice, else the flow that gets them.

    Raises TokenRefused for `prompt=none`: login_required 50058, interaction_required 65001, or 50105; DeadEnd P11.
    What it notes before in the sign-in log stands if the caller commits.
    """
    session = session_of(tx, browser.session_token, world.now())
    entry = session.at(tenant.id) if session else None
    user = users.live(tx, tenant.id, entry.user_id) if entry else None
    if user is not None and not _is_hinted(tx, request, user):
        entry, user = None, None
    flow = new_flow(world, browser, flow_id=flow_id, tenant_id=tenant.id, target=ToApplication(request))
    strong = user is not None and entry is not None and suffices(user, tenant, entry.amr)
    if entry is None or user is None or not strong or not _suffices(tx, world, request, entry, user):
        return _ask_who(tx, world, browser, tenant, request, flow)
    if consent.not_assigned(tx, request, user.id):
        raise _not_assigned(tx, world, browser, tenant, request, entry)
    if request.admin_consent and not consent.decides_for_all(tx, user.id):
        raise consent.admin_needed()
    if consent.missing_consent(tx, request, user.id) or "consent" in request.prompt:
        return _ask_consent(tx, world, browser, request, flow, entry, user)
    sessions.seen(tx, entry, world.now())
    sign_in_log.silent(tx, world, browser, request, entry)
    return authorize.respond(tx, world, request, entry)


def _ask_who(
    tx: Transaction, world: World, browser: Browser, tenant: Tenant, request: AuthorizeRequest, flow: Flow
) -> Flow:
    if "none" in request.prompt:
        raise TokenRefused("login_required", 50058, "Session information is not sufficient for single-sign-on.")
    flow = replace(flow, language=request.ui_locales)
    typed = hinted(request) if "select_account" not in request.prompt else None
    if typed is not None:
        flow = sign_in_method(tx, tenant, flow, typed)
    open_way(tx, world, browser, flow)
    return flow


def _not_assigned(
    tx: Transaction, world: World, browser: Browser, tenant: Tenant, request: AuthorizeRequest, entry: SignIn
) -> TokenRefused | DeadEnd:
    sign_in_log.silently_refused(tx, world, browser, request, entry, failure=dead_end(Page.NOT_ASSIGNED, known=True))
    if "none" in request.prompt:
        return TokenRefused("interaction_required", 50105, "The signed in user is not assigned to a role.")
    application = queries_people.application_name(tx, tenant.id, request.client_id) or request.client_id
    return DeadEnd(Page.NOT_ASSIGNED, org=tenant.display_name, app=application)


def _ask_consent(
    tx: Transaction,
    world: World,
    browser: Browser,
    request: AuthorizeRequest,
    flow: Flow,
    entry: SignIn,
    user: User,
) -> Flow:
    if "none" in request.prompt:
        client = tokens.client_of(tx, entry.tenant_id, request.client_id)
        refusal = consent.consent_required("interaction_required", client)
        failure = Failure(refusal.number, refusal.text)
        sign_in_log.silently_refused(tx, world, browser, request, entry, failure=failure)
        raise refusal
    flow = replace(
        flow,
        user_id=user.id,
        epoch=user.epoch,
        address=EmailAddress.stored(user.sign_in_name),
        method="home",
        proof=session_proof(world, user, entry),
    )
    open_way(tx, world, browser, flow)
    return flow


def _suffices(tx: Transaction, world: World, request: AuthorizeRequest, entry: SignIn, user: User) -> bool:
    if not granting.provider_serves(tx, user):
        return False
    if "select_account" in request.prompt or request.oldest == 0:
        return False
    return request.oldest is None or world.now() <= entry.auth_time + timedelta(seconds=request.oldest)


def _is_hinted(tx: Transaction, request: AuthorizeRequest, user: User) -> bool:
    """Whether the application means this user: its hints name nobody else (OpenID Connect Core 3.1.2.1)."""
    if request.hinted_user is not None and request.hinted_user != user.id:
        return False
    address = hinted(request)
    if address is None or address.key in (key_of(user.sign_in_name), key_of(user.upn)):
        return True
    owner = users.by_address(tx, user.tenant_id, address.key)
    return owner is not None and owner.id == user.id


def session_proof(world: World, user: User, entry: SignIn) -> Proof:
    """What a live sign-in stands for: the identity that it was made with."""
    redemption = user.redemption
    binding: Binding = redemption.binding if isinstance(redemption, Accepted) else home_binding(user.tenant_id, user.id)
    own = not isinstance(redemption, Accepted)
    return Proof(
        binding=binding,
        keys=(),
        shown=user.sign_in_name,
        at=world.now(),
        auth_time=entry.auth_time,
        began=entry.at,
        amr=entry.amr,
        home_tenant_id=user.tenant_id if own else None,
        home_user_id=user.id if own else entry.home_user_id,
        home_epoch=user.epoch if own else entry.home_epoch,
    )
