"""The end of a browser's way: signed in at an application or a page, once the application has what it asks for."""

from __future__ import annotations

from dataclasses import dataclass

from readmit.domain.errors import DeadEnd, Page, TokenRefused
from readmit.domain.grant import NOBODY, AuthorizeRequest
from readmit.domain.guest import User
from readmit.domain.passkey import Wanted
from readmit.domain.redemption import Flow, Step, Target, ToApplication, ToLeave, next_step
from readmit.domain.session import SignIn
from readmit.domain.tenant import Tenant
from readmit.flows import authorize, consent, device, granting, passkey_step, sign_in_log
from readmit.flows.authorize import NOTHING, Response
from readmit.flows.browsers import Browser, add_sign_in
from readmit.flows.open_flow import Onward, flow_of, tenant_of
from readmit.flows.own import record_own
from readmit.flows.world import World
from readmit.storage import browser_flows, passkeys, queries_people, users
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Arrived:
    """The browser is signed in: where it goes, under which session, with what for the application."""

    target: Target
    tenant: Tenant
    session_token: str
    response: Response = NOTHING


def arrive(
    tx: Transaction,
    world: World,
    browser: Browser,
    tenant: Tenant,
    flow: Flow,
    user: User,
    *,
    agreed: bool = False,
    noted: bool = False,
) -> Onward | Arrived:
    """Sign the browser in; an application may still need consent, or an assignment (P11).

    `noted`: the log tells of this attempt already, as a redemption. Who is on the way out is not signed in again.
    """
    assert flow.proof is not None
    if not granting.provider_serves(tx, user) or not granting.stands_at_home(tx, flow.proof, user):
        raise DeadEnd(Page.UNKNOWN_ACCOUNT, org=tenant.display_name)
    request = flow.target.request if isinstance(flow.target, ToApplication) else None
    if request is not None and consent.not_assigned(tx, request, user.id):
        application = queries_people.application_name(tx, tenant.id, request.client_id) or request.client_id
        raise DeadEnd(Page.NOT_ASSIGNED, org=tenant.display_name, app=application)
    if passkey_step.holds_back(tx, world, tenant, flow, user):
        return Onward()
    if request is not None and not agreed and to_consent(tx, request, user.id):
        return Onward()
    if isinstance(flow.target, ToLeave):
        return Onward()
    if not browser_flows.delete(tx, flow.id):
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    if flow.proof.binding.kind == "mail" and "otp" in flow.proof.amr:
        passkeys.code_proved(tx, user.id, flow.proof.auth_time)
    token, entry = add_sign_in(tx, world, browser, user, flow.proof)
    if not noted:
        sign_in_log.arrived(tx, world, browser, flow, user)
    if request is not None and request.device is not None:
        if not device.approve(tx, world, request, entry):
            raise DeadEnd(Page.CLOSED, org=tenant.display_name)
        return Arrived(flow.target, tenant, token)
    response = _response(tx, world, request, entry) if request is not None else NOTHING
    return Arrived(flow.target, tenant, token, response)


def _response(tx: Transaction, world: World, request: AuthorizeRequest, entry: SignIn) -> Response:
    if request.hinted_user not in (None, NOBODY, entry.user_id):
        text = "The user who signed in is not the one whom the application named."
        return Response(refusal=TokenRefused("login_required", 50058, text))
    if not request.admin_consent:
        return authorize.respond(tx, world, request, entry)
    if not consent.decides_for_all(tx, entry.user_id):
        return Response(refusal=consent.admin_needed())
    return Response(consented=" ".join(request.scopes))


def to_consent(tx: Transaction, request: AuthorizeRequest, user_id: str) -> tuple[str, ...]:
    """What the consent page shows: what nobody consented to yet; all of it where the application asks anew."""
    if request.admin_consent and not consent.decides_for_all(tx, user_id):
        return ()
    return request.scopes if "consent" in request.prompt else consent.missing_consent(tx, request, user_id)


def consent_to_application(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Onward | Arrived:
    """The user lets the application have what it asks for; it is remembered (security O10)."""
    flow = flow_of(tx, world, browser, flow_id)
    tenant = tenant_of(tx, flow)
    step = next_step(flow, code_sent=False, consent_needed=True, now=world.now())
    if step is not Step.APP_CONSENT or flow.user_id is None or not isinstance(flow.target, ToApplication):
        return Onward()
    user = users.live(tx, tenant.id, flow.user_id)
    if user is None or user.epoch != flow.epoch:
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    if passkey_step.still_wanted(tx, tenant, flow, user) is not Wanted.NOTHING:
        return Onward()
    request = flow.target.request
    if request.admin_consent and not consent.decides_for_all(tx, user.id):
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    given = consent.record_consent(tx, world, request, user.id)
    if given is not None:
        record_own(tx, world, browser, user, given)
    return arrive(tx, world, browser, tenant, flow, user, agreed=True)
