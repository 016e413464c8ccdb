"""The token endpoint: one grant, one answer (graph G73, G75)."""

from __future__ import annotations

from typing import Any

from readmit.domain.errors import TokenRefused
from readmit.flows import authorize, device, refresh, sign_in_log, tokens
from readmit.flows.issue import Exchange
from readmit.flows.tokens import Presented
from readmit.flows.world import World
from readmit.web.call import Call, Reply, Step, Work, Write
from readmit.web.oidc.clients import client_of
from readmit.web.oidc.fields import asked_default, asked_scopes, fields_of, required
from readmit.web.oidc.metadata import COMMON, tenant_named
from readmit.web.oidc.responses import correlation_of, json_reply

_DEVICE = ("urn:ietf:params:oauth:grant-type:device_code", "device_code")


def token(world: World, call: Call) -> Step:
    """POST token: one grant, one answer."""
    fields = fields_of(call)
    tenant_id = tenant_id_of(world, call)
    presented = client_of(call, fields, tenant_id)
    grant_type = required(fields, "grant_type")
    if grant_type == "client_credentials":
        asked = asked_default(world, fields.get("scope", ""))
        return Work(done(call), tokens.client_credentials, world, tenant_id, presented, asked, call.origin)
    if grant_type in ("authorization_code", "refresh_token"):
        exchange = (world, tenant_id, presented, grant_type, fields)
        return Work(done(call), _exchange, *exchange, correlation_id=correlation_of(call))
    if grant_type in _DEVICE:
        polled = (world, tenant_id, presented, "device_code", fields)
        return Work(done(call), _exchange, *polled, correlation_id=correlation_of(call))
    text = f"The app requested an unsupported grant type '{grant_type[:120]}'."
    raise TokenRefused("unsupported_grant_type", 70003, text)


def tenant_id_of(world: World, call: Call) -> str:
    name = call.parameters["tenant"].lower()
    if name in COMMON:
        # A grant belongs to one tenant; the word alone does not say which.
        raise TokenRefused("invalid_request", 90002, f"Tenant '{name}' not found.")
    return tenant_named(world, name).id


def _exchange(
    world: World,
    tenant_id: str,
    presented: Presented,
    grant_type: str,
    fields: dict[str, str],
    *,
    correlation_id: str,
) -> Any:
    ip = presented.ip
    client = tokens.authenticated_client(world, tenant_id, presented)
    if grant_type == "authorization_code":
        code, verifier = required(fields, "code"), fields.get("code_verifier")
        brought = Exchange(code, fields.get("redirect_uri"), verifier, ip=ip, correlation_id=correlation_id)
        return world.database.write(authorize.redeem_code, world, client, brought)
    if grant_type == "device_code":
        given = fields.get("device_code") or required(fields, "code")
        brought = Exchange(given, ip=ip, correlation_id=correlation_id)
        return world.database.write(device.poll, world, client, brought)
    asked = asked_scopes(world, fields["scope"])[0] if "/" in fields.get("scope", "") else None
    given = required(fields, "refresh_token")
    brought = Exchange(given, resource=asked, ip=ip, correlation_id=correlation_id)
    return world.database.write(refresh.refresh, world, client, brought)


def done(call: Call) -> Any:
    def render(result: Any) -> Reply:
        # A refusal that was committed (a code used twice) comes back as a value.
        if isinstance(result, TokenRefused):
            raise result
        return json_reply(result, call=call)

    return render


def noted_refusal(world: World, call: Call, error: TokenRefused) -> Write | None:
    """What is written of a refusal: nothing where no one code or refresh token was given."""
    try:
        fields = fields_of(call)
    except TokenRefused:
        return None
    given = [fields[name] for name in ("code", "refresh_token") if name in fields]
    if len(given) != 1:
        return None
    named = {"ip": call.client_ip, "correlation_id": correlation_of(call)}
    return Write(_no_answer, sign_in_log.token_refused, world, given[0], error, **named)


def _no_answer(_result: Any) -> Reply:
    return Reply()
