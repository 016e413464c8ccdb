"""The token endpoint: one grant, one answer (graph G73, G75)."""

from __future__ import annotations

from typing import Any, Final

from readmit.domain.errors import TokenRefused
from readmit.domain.grant import OPENID_SCOPES
from readmit.flows import authorize, device, password_grant, refresh, sign_in_log, tokens
from readmit.flows.issue import Exchange, belongs_to
from readmit.flows.password_grant import Wanted
from readmit.flows.tokens import Presented
from readmit.flows.world import World
from readmit.web.call import Apart, Call, Reply, Step, Work, Write
from readmit.web.oidc.clients import client_of
from readmit.web.oidc.fields import asked_default, asked_scopes, fields_of, required, understands_challenges
from readmit.web.oidc.metadata import COMMON, tenant_named
from readmit.web.oidc.responses import correlation_of, json_reply
from readmit.web.sign_in import tenant_of_hint

_BROUGHT: Final = {"authorization_code": "code", "refresh_token": "refresh_token", "device_code": "device_code"}
"""The field that carries what each grant brings; a device's code also comes as `code`."""
_DEVICE: Final = ("urn:ietf:params:oauth:grant-type:device_code", "device_code")


def token(world: World, call: Call) -> Step:
    """POST token: one grant, one answer."""
    fields = fields_of(call)
    grant_type = required(fields, "grant_type")
    kind = "device_code" if grant_type in _DEVICE else grant_type
    if kind not in ("client_credentials", "password", *_BROUGHT):
        text = f"The app requested an unsupported grant type '{grant_type[:120]}'."
        raise TokenRefused("unsupported_grant_type", 70003, text)
    tenant_id = _tenant_of(world, call, kind, fields)
    presented = client_of(call, fields, tenant_id)
    capable = understands_challenges(fields)
    if kind == "client_credentials":
        asked = asked_default(world, required(fields, "scope"))
        named: dict[str, Any] = {"capable": capable}
        return Work(done(call), tokens.client_credentials, world, tenant_id, presented, asked, call.origin, **named)
    context: dict[str, Any] = {
        "ip": call.client_ip,
        "correlation_id": correlation_of(call),
        "acr": presented.acr,
        "capable": capable,
    }
    if kind == "password":
        asked, scopes = asked_scopes(world, required(fields, "scope"))
        wanted = Wanted(required(fields, "username"), required(fields, "password"), asked, scopes, call.origin)
        exchange = Exchange("", **context)
        return Apart(done(call), password_grant.sign_in, world, tenant_id, presented, wanted, exchange)
    return Work(done(call), _exchange, world, tenant_id, presented, kind, _brought(world, kind, fields, context))


def tenant_id_of(world: World, call: Call) -> str:
    """The tenant of the path, where the word `common` says nothing; raises TE1."""
    name = call.parameters["tenant"].lower()
    if name in COMMON:
        raise TokenRefused("invalid_request", 90002, f"Tenant '{name}' not found.")
    return tenant_named(world, name).id


def _tenant_of(world: World, call: Call, kind: str, fields: dict[str, str]) -> str:
    """Under `common`: where the code or refresh token was issued, or the home of the username (graph G69)."""
    if call.parameters["tenant"].lower() not in COMMON:
        return tenant_id_of(world, call)
    if kind in _BROUGHT:
        return world.database.read(belongs_to, required(fields, _BROUGHT[kind], "code"))
    if kind == "password":
        return tenant_of_hint(world, {"login_hint": required(fields, "username")}, call.parameters["tenant"].lower()).id
    return tenant_id_of(world, call)


def _brought(world: World, kind: str, fields: dict[str, str], context: dict[str, Any]) -> Exchange:
    given = required(fields, _BROUGHT[kind], "code")
    if kind == "authorization_code":
        return Exchange(given, fields.get("redirect_uri"), fields.get("code_verifier"), **context)
    if kind == "device_code":
        return Exchange(given, **context)
    asked, scopes = asked_scopes(world, fields.get("scope", ""))
    if not set(scopes) - OPENID_SCOPES:
        return Exchange(given, **context)
    return Exchange(given, resource=asked, scopes=scopes, **context)


def _exchange(world: World, tenant_id: str, presented: Presented, kind: str, brought: Exchange) -> Any:
    flows = {
        "authorization_code": authorize.redeem_code,
        "device_code": device.poll,
        "refresh_token": refresh.refresh,
    }
    client = tokens.authenticated_client(world, tenant_id, presented)
    return world.database.write(flows[kind], world, client, brought)


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
