"""Where a browser goes when it has arrived: application, My Apps, or redirect (lifecycle L42 to L44)."""

from __future__ import annotations

import hmac
from typing import assert_never
from urllib.parse import quote, urlsplit

from readmit.domain import redirect
from readmit.domain.redemption import Target, ToAccount, ToApplication, ToLeave, ToMailChoice, ToMyApps, ToRedirect
from readmit.domain.tenant import Tenant
from readmit.flows.arrive import Arrived
from readmit.flows.world import World
from readmit.storage import queries_people
from readmit.web import pages
from readmit.web.call import Call, Reply, Step
from readmit.web.cookies import clear_flow, set_session
from readmit.web.languages import language_of
from readmit.web.oidc.responses import authorization_response, error_fields
from readmit.web.origins import origins_of


def arrived(world: World, call: Call, result: Arrived, flow_id: str) -> Reply:
    """303 with the session's new cookie; the flow's is gone."""
    cookies = (set_session(world, result.session_token), clear_flow(world, flow_id))
    match result.target:
        case ToApplication(request) if request.device is not None:
            reply = pages.page(call, "device_done", language_of(call), accepted=True)
        case ToApplication(request):
            refusal = result.response.refusal
            fields = result.response.fields() if refusal is None else error_fields(world, call, refusal)
            reply = authorization_response(request, fields, language_of(call, request.ui_locales))
        case ToMyApps() | ToMailChoice():
            reply = see_other(f"/myapps?tenantId={result.tenant.id}")
        case ToLeave():
            reply = see_other(f"{account_path('leave')}?tenantId={result.tenant.id}")
        case ToAccount(page):
            reply = see_other(f"{account_path(page)}?tenantId={result.tenant.id}")
        case ToRedirect(url):
            reply = see_other(destination(world, result.tenant, url))
        case _:
            assert_never(result.target)
    return reply.with_headers(*cookies)


def account_path(page: str) -> str:
    """The address of a page of the account."""
    return f"/account/{page}" if page else "/account"


def see_other(location: str) -> Reply:
    """After a POST always 303 (security H6)."""
    return Reply(303, b"", (("location", location), ("cache-control", "no-store")))


def destination(world: World, tenant: Tenant, url: str) -> str:
    """My Apps, a known host itself, or the page that names an unknown one."""
    to = redirect.parse(url)
    if to.my_apps:
        hint = to.tenant_hint
        return f"{origins_of(world.settings).public}/myapps" + (f"?tenantId={quote(hint)}" if hint else "")
    if known(world, tenant, to):
        return to.url
    return f"/leaving?url={quote(to.url, safe='')}&check={_check(world, to.url)}"


def known(world: World, tenant: Tenant, to: redirect.Redirect) -> bool:
    """Verified domains, redirect hosts of the tenant's applications, loopback, this server (lifecycle L44)."""
    own = origins_of(world.settings).serves(to.host)
    below = any(to.host == domain or to.host.endswith(f".{domain}") for domain in tenant.domains)
    return own or to.loopback or below or to.host in world.database.read(queries_people.known_redirect_hosts, tenant.id)


def _check(world: World, url: str) -> str:
    return world.keyring.digest("leaving", url)


def leaving(world: World, call: Call) -> Step:
    """The page that names a host we do not know, in Unicode and as A-label (security H7)."""
    values = call.query_values()
    url = values.get("url", "")
    language = language_of(call)
    if not hmac.compare_digest(_check(world, url).encode(), values.get("check", "").encode()):
        return pages.page(call, "failure", language, status=400, code=400, request_id=call.request_id)
    to = redirect.parse(url)
    return pages.page(call, "leaving", language, host_unicode=to.host_unicode, host_ascii=to.host, url=to.url)


def form_origin(target: Target) -> str | None:
    """The origin that a form of this way may be redirected to: Chromium checks it (security H5)."""
    match target:
        case ToApplication(request):
            if request.device is not None:
                return None
            url = request.redirect_uri
        case ToRedirect(url):
            if redirect.parse(url).my_apps:
                return None
        case ToMyApps() | ToAccount() | ToLeave() | ToMailChoice():
            return None
        case _:
            assert_never(target)
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"
