"""The page of each step of a browser's way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, assert_never

from readmit.domain import redirect
from readmit.domain.address import EmailAddress, InvalidAddress
from readmit.domain.leaving import RETENTION
from readmit.domain.redemption import Flow, Step, Target, ToAccount, ToApplication, ToLeave
from readmit.flows.links import Opened
from readmit.flows.look import View
from readmit.flows.world import World
from readmit.locale.catalogue import format_time
from readmit.storage import queries_tenants
from readmit.web import pages, passkey_pages
from readmit.web.arrive import form_origin
from readmit.web.call import Call, Reply
from readmit.web.languages import language_of


def time_text(world: World, seconds: int, language: str) -> str:
    """A time some seconds ahead, as people write it."""
    return format_time(world.now() + timedelta(seconds=seconds), language)


def language_of_flow(call: Call, flow: Flow, tenant_language: str | None) -> str:
    """LA1, with what the invitation or the application said."""
    return language_of(call, flow.language, tenant=tenant_language)


def invitation(world: World, call: Call, opened: Opened, *, csrf: str) -> Reply:
    """Who invites whom to what, leading where; the button begins (lifecycle section 8, step 1)."""
    user, invited = opened.user, opened.invitation
    language = language_of(call, invited.language, user.preferred_language, tenant=opened.tenant.preferred_language)
    to = redirect.parse(invited.redirect_url)
    by_application = invited.inviter_type == "app"
    return pages.page(
        call,
        "invitation",
        language,
        organisation=opened.tenant.display_name,
        organisation_domain=opened.tenant.default_domain,
        inviter=None if by_application else opened.inviter,
        application=opened.inviter if by_application else None,
        masked_address=invited.address.masked,
        target_host=None if to.my_apps else to.host_unicode,
        after_reset=invited.kind == "reset",
        redeemed=opened.redeemed,
        action=call.path,
        csrf=csrf,
    )


def own_address(
    world: World, call: Call, target: Target, tenant_id: str, *, csrf: str, error: str | None = None
) -> Reply:
    """The address page on the way to My Apps or the account, before the flow has begun."""
    tenant = world.database.read(queries_tenants.named, tenant_id) if tenant_id else None
    language = language_of(call, tenant=tenant.preferred_language if tenant else None)
    return pages.page(
        call,
        "address",
        language,
        status=400 if error else 200,
        organisation=tenant.display_name if tenant else None,
        application=None,
        account=isinstance(target, ToAccount),
        action=call.path,
        csrf=csrf,
        value="",
        error=error,
    )


def show(
    world: World,
    call: Call,
    view: View,
    *,
    error: str | None = None,
    status: int = 200,
    provider_origin: str | None = None,
) -> Reply:
    """The page that a flow is at; `error` names what was wrong with the last form.

    `provider_origin` is where the form of the provider's page leads; where the provider knows the browser, it goes on
    to the application without a page between (security H5). The provider may lead on to hosts of its own that nobody
    knows beforehand (a login host, its own upstream), and a browser that is refused one of them shows nothing at all:
    so this page, which holds no secret but its form token, lets its form end at any https origin.
    """
    language = language_of_flow(call, view.flow, view.tenant.preferred_language)
    name, context = _content(world, call, view, language)
    return pages.page(
        call,
        name,
        language,
        status=status,
        script=context.pop("script", False),
        form_action=_ends_of_form(view, provider_origin),
        action=call.path,
        csrf=view.flow.csrf,
        error=error,
        organisation=context.pop("organisation", view.tenant.display_name),
        **context,
    )


def _ends_of_form(view: View, provider_origin: str | None) -> str | None:
    """Sources for `form-action`, which Chromium applies to every redirect of the chain that the form begins."""
    ends = (provider_origin, form_origin(view.flow.target), "https:" if provider_origin else None)
    return " ".join(one for one in ends if one) or None


def _content(world: World, call: Call, view: View, language: str) -> tuple[str, dict[str, Any]]:
    flow = view.flow
    if view.one_time:
        return "set_password", {"organisation": view.home.display_name if view.home else view.tenant.display_name}
    match view.step:
        case Step.ADDRESS:
            account = isinstance(flow.target, ToAccount)
            return "address", {"application": view.application, "account": account, "value": _typed_before(flow)}
        case Step.PASSWORD:
            return _password(view)
        case Step.PROVIDER:
            address = flow.address.given if flow.address else ""
            name = view.provider.name if view.provider else ""
            return "provider", {"provider": name, "address": address, "code": view.tenant.codes_allowed}
        case Step.REQUEST_CODE:
            passkey, other = passkey_pages.beside_code(world, call, view), flow.kind == "sign_in"
            return "code_request", {"masked_address": _code_goes_to(view), "other": other, "passkey": passkey}
        case Step.ENTER_CODE:
            passkey, minutes = passkey_pages.beside_code(world, call, view), view.tenant.settings.passcodeMinutes
            shown = {"masked_address": _code_goes_to(view), "minutes": minutes, "passkey": passkey}
            return "code_entry", shown | {"script": passkey}
        case Step.PASSKEY:
            return "passkey_use", passkey_pages.use(world, call, view)
        case Step.ADD_PASSKEY:
            return "passkey_add", passkey_pages.add(world, call, view)
        case Step.CONSENT:
            return "consent", _consent(view)
        case Step.FINISH if isinstance(flow.target, ToLeave):
            return "leave_confirm", _leaving(view)
        case Step.APP_CONSENT | Step.FINISH:
            return "app_consent", {
                "application": view.application or "",
                "scopes": list(view.scopes),
                "account": view.flow.proof.shown if view.flow.proof else "",
                "device": _requester(flow),
                "for_all": isinstance(flow.target, ToApplication) and flow.target.request.admin_consent,
            }
        case _:
            assert_never(view.step)


def _typed_before(flow: Flow) -> str:
    """What the application says about the address: all of it, or its domain."""
    if not isinstance(flow.target, ToApplication):
        return ""
    request = flow.target.request
    try:
        return EmailAddress.parse(request.login_hint or "").given
    except InvalidAddress:
        pass
    try:
        hinted = EmailAddress.parse(f"anybody@{request.domain_hint or ''}")
        return f"@{hinted.domain}"
    except InvalidAddress:
        return ""


def _leaving(view: View) -> dict[str, Any]:
    guest, proof = view.guest, view.flow.proof
    name = guest.display_name if guest is not None else ""
    return {"name": name, "address": proof.shown if proof is not None else "", "days": RETENTION.days}


def _requester(flow: Flow) -> str | None:
    """The address that a device asked from (security O9)."""
    return flow.target.request.requester if isinstance(flow.target, ToApplication) else None


def _password(view: View) -> tuple[str, dict[str, Any]]:
    home = view.home.display_name if view.home else view.tenant.display_name
    if view.account is not None:
        name, address = view.account.display_name, view.account.upn
        return "confirm_account", {"organisation": home, "name": name, "address": address}
    own = view.home is None or view.home.id == view.tenant.id
    code = view.flow.kind == "sign_in" and not own and view.tenant.codes_allowed
    address = view.flow.address.given if view.flow.address else ""
    return "password", {"organisation": home, "address": address, "code": code}


def _code_goes_to(view: View) -> str:
    """Typed addresses are shown as typed: the page says nothing about who is there (security V7)."""
    if view.flow.kind == "redemption" and view.invitation is not None:
        return view.invitation.address.masked
    return view.flow.address.given if view.flow.address else ""


def _consent(view: View) -> dict[str, Any]:
    proof = view.flow.proof
    assert proof is not None
    target = view.flow.target
    return {
        "organisation_domain": view.tenant.default_domain,
        "inviter": view.inviter,
        "name": proof.names.get("displayName"),
        "address": proof.shown,
        "privacy_url": view.tenant.privacy_url,
        "application": view.application if isinstance(target, ToApplication) else None,
        "may_leave": view.tenant.settings.guestsMayLeave,
    }
