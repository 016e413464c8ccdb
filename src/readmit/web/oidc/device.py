"""The device authorization endpoint (RFC 8628 section 3.1) and the page where a person types the code."""

from __future__ import annotations

from typing import Any

from readmit.domain.tenant import Tenant
from readmit.flows import device, tokens
from readmit.flows.browsers import Browser
from readmit.flows.device import INTERVAL, LIFETIME, Started
from readmit.flows.world import World
from readmit.locale.catalogue import catalogue
from readmit.storage import queries_tenants
from readmit.web import pages, sign_in
from readmit.web.arrive import see_other
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.cookies import clear_flow, seed_csrf, set_flow
from readmit.web.languages import language_of
from readmit.web.oidc.fields import asked_scopes, fields_of, required
from readmit.web.oidc.metadata import COMMON, tenant_named
from readmit.web.oidc.responses import json_reply

PAGE = "/common/oauth2/deviceauth"
SEED = "d"
_LONGEST = 64


def begin(world: World, call: Call) -> Step:
    """POST devicecode: a code for the device, and one for the person beside it."""
    fields = fields_of(call)
    name = call.parameters["tenant"].lower()
    tenant = _tenant_of(world, name, fields) if name in COMMON else tenant_named(world, name)
    client = world.database.read(tokens.client_of, tenant.id, required(fields, "client_id"))
    asked, scopes = asked_scopes(world, required(fields, "scope"))

    def render(started: Started) -> Reply:
        uri = f"{call.origin}{PAGE}"
        text = f"To sign in, use a web browser to open the page {uri} and enter the code {started.user_code}."
        body = {
            "user_code": started.user_code,
            "device_code": started.device_code,
            "verification_uri": uri,
            "expires_in": int(LIFETIME.total_seconds()),
            "interval": INTERVAL,
            "message": text,
        }
        return json_reply(body, call=call)

    named: dict[str, Any] = {"origin": call.origin, "ip": call.client_ip}
    return Write(render, device.start, world, client, asked, scopes, **named)


def _tenant_of(world: World, name: str, fields: dict[str, str]) -> Tenant:
    """Of a hint, else the one tenant that knows the application: a device asks nobody (graph G69). Raises TE1."""
    found = world.database.read(queries_tenants.only_with, required(fields, "client_id"))
    return sign_in.hinted_tenant(world, fields) or found or sign_in.tenant_of_hint(world, fields, name)


def page(world: World, call: Call) -> Reply:
    """GET of the page that the device names: a flow of this browser on a URL of its own."""
    flow_id, secret = world.new_id(), world.new_secret()
    return see_other(f"/signin/{flow_id}").with_headers(*set_flow(world, call, flow_id, secret, f"{SEED}:"))


def show(call: Call, secret: str, world: World, *, error: str | None = None) -> Reply:
    """Where the code is typed."""
    return pages.page(
        call,
        "device",
        language_of(call),
        status=400 if error else 200,
        action=call.path,
        csrf=seed_csrf(world, secret),
        error=error,
    )


def enter(world: World, call: Call, who: Browser, flow_id: str, form: dict[str, str]) -> Step:
    """POST of the code: on to the sign-in that it waits for."""
    secret = who.flow_secret

    def render(request: Any) -> Step:
        if request is None:
            message = catalogue(language_of(call), "pages").gettext("This code is not known, or its time is over.")
            return show(call, secret, world, error=message)
        tenant = world.database.read(queries_tenants.named, request.tenant_id)
        assert tenant is not None
        step = sign_in.begin(world, call, tenant, request)
        return _forgetting(world, step, flow_id)

    typed = form.get("user_code", "")[:_LONGEST]
    return Write(render, device.enter, world, typed, session=flow_id, ip=call.client_ip)


def _forgetting(world: World, step: Step, flow_id: str) -> Step:
    """The page's own flow has done its part."""
    if isinstance(step, Reply):
        return step.with_headers(clear_flow(world, flow_id))
    assert isinstance(step, Write)
    return Write(
        lambda result: _forgetting(world, step.render(result), flow_id), step.flow, *step.arguments, **step.named
    )
