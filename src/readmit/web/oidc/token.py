"""The token endpoint, introspection and revocation (graph G72, G73, G75)."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import TokenRefused
from readmit.flows import authorize, device, introspection, sign_in_log, tokens
from readmit.flows.authorize import OPENID_SCOPES, Exchange
from readmit.flows.tokens import Asked, Presented
from readmit.flows.world import World
from readmit.web.call import Call, Reply, Step, Work, Write
from readmit.web.oidc.metadata import COMMON, tenant_named
from readmit.web.oidc.responses import correlation_of, json_reply
from readmit.web.origins import origins_of

_MOST_FIELDS = 100
_DEVICE = ("urn:ietf:params:oauth:grant-type:device_code", "device_code")
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def token(world: World, call: Call) -> Step:
    """POST token: one grant, one answer."""
    fields = fields_of(call)
    tenant_id = _tenant_id(world, call)
    presented = client_of(call, fields, tenant_id)
    grant_type = required(fields, "grant_type")
    if grant_type == "client_credentials":
        asked = asked_default(world, fields.get("scope", ""))
        return Work(_done(call), tokens.client_credentials, world, tenant_id, presented, asked, call.origin)
    if grant_type in ("authorization_code", "refresh_token"):
        exchange = (world, tenant_id, presented, grant_type, fields)
        return Work(_done(call), _exchange, *exchange, correlation_id=correlation_of(call))
    if grant_type in _DEVICE:
        polled = (world, tenant_id, presented, "device_code", fields)
        return Work(_done(call), _exchange, *polled, correlation_id=correlation_of(call))
    text = f"The app requested an unsupported grant type '{grant_type[:120]}'."
    raise TokenRefused("unsupported_grant_type", 70003, text)


def _tenant_id(world: World, call: Call) -> str:
    name = call.parameters["tenant"].lower()
    if name in COMMON:
        # A grant belongs to one tenant; the word alone does not say which.
        raise TokenRefused("invalid_request", 90002, f"Tenant '{name}' not found.")
    return tenant_named(world, name).id


def fields_of(call: Call) -> dict[str, str]:
    """The form; a query string and unknown fields are ignored, a field twice is refused (TE3)."""
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(call.body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except (UnicodeDecodeError, ValueError) as error:
        raise malformed() from error
    for name, value in pairs:
        if name in found:
            raise malformed()
        found[name] = value
    return found


def malformed() -> TokenRefused:
    """TE3, 9002313."""
    return TokenRefused("invalid_request", 9002313, "Invalid request. Request is malformed or invalid.")


def required(fields: dict[str, str], name: str) -> str:
    """A field that must be there (TE3, 900144)."""
    value = fields.get(name, "")
    if not value:
        text = f"The request body must contain the following parameter: '{name}'."
        raise TokenRefused("invalid_request", 900144, text)
    return value


def client_of(call: Call, fields: dict[str, str], tenant_id: str) -> Presented:
    """The client by form or by HTTP Basic, whose `client_id` may be absent from the form (graph G72)."""
    header = call.headers.get("authorization", "")
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise malformed() from error
        return Presented(unquote_plus(user), unquote_plus(password), call.client_ip)
    if fields.get("client_assertion_type") == _ASSERTION_TYPE:
        given = required(fields, "client_assertion")
        client_id = fields.get("client_id") or _subject(given)
        return Presented(client_id, None, call.client_ip, given, _audiences(call, tenant_id))
    return Presented(required(fields, "client_id"), fields.get("client_secret"), call.client_ip)


def _subject(given: str) -> str:
    """Whom an assertion speaks of, unproved: only to find whose keys decide."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(f"{given.split('.')[1]}==="))
        return str(claims["sub"])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise malformed() from error


def _audiences(call: Call, tenant_id: str) -> tuple[str, ...]:
    """The token endpoint as addressed, or the issuer (graph G72)."""
    named = {call.parameters["tenant"], tenant_id}
    endpoints = (f"{call.origin}/{name}/oauth2/v2.0/token" for name in named)
    return (f"{call.origin}{call.path}", *endpoints, f"{call.origin}/{tenant_id}/v2.0")


def asked_default(world: World, scope: str) -> Asked:
    """Client credentials want `{resource}/.default` and nothing else (TE5)."""
    parts = scope.split()
    if len(parts) != 1 or not parts[0].endswith("/.default"):
        text = (
            f"The provided value for scope {scope[:120]} is not valid. Client credential flows must have a scope "
            "value with /.default suffixed to the resource identifier."
        )
        raise TokenRefused("invalid_scope", 1002012, text)
    resource = parts[0].removesuffix("/.default")
    return Asked(resource, graph=origins_of(world.settings).is_graph(resource))


def asked_scopes(world: World, scope: str) -> tuple[Asked, tuple[str, ...]]:
    """Delegated scopes: one resource at most (TE5); bare names are Graph's (graph G74)."""
    origins = origins_of(world.settings)
    resources: set[str] = set()
    names: list[str] = []
    for part in dict.fromkeys(scope.split()):
        resource, slash, name = part.rpartition("/")
        if not slash:
            names.append(part)
            if part not in OPENID_SCOPES:
                resources.add("https://graph.microsoft.com")
        else:
            names.append(name)
            resources.add(resource.rstrip("/"))
    if len({"graph" if origins.is_graph(name) else name for name in resources}) > 1:
        text = f"The provided value for the input parameter 'scope' is not valid. The scope {scope[:120]} is not valid."
        raise TokenRefused("invalid_scope", 70011, text)
    resource = min(resources, default="https://graph.microsoft.com")
    return Asked(resource, graph=origins.is_graph(resource)), tuple(names)


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
    return world.database.write(authorize.refresh, world, client, brought)


def _done(call: Call) -> Any:
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


def introspect(world: World, call: Call) -> Step:
    """RFC 7662: a client asks about a token of ours."""
    fields = fields_of(call)
    tenant_id = _tenant_id(world, call)
    presented = client_of(call, fields, tenant_id)
    checked = required(fields, "token")

    def work() -> dict[str, Any]:
        tokens.authenticated_client(world, tenant_id, presented, confidential=True)
        return introspection.introspect(world, tenant_id, checked)

    return Work(_done(call), work)


def revoke(world: World, call: Call) -> Step:
    """RFC 7009: a client gives back a refresh or access token; an unknown one is fine."""
    fields = fields_of(call)
    tenant_id = _tenant_id(world, call)
    presented = client_of(call, fields, tenant_id)
    given = required(fields, "token")

    def work() -> dict[str, Any]:
        client = tokens.authenticated_client(world, tenant_id, presented)
        introspection.revoke(world, client, given)
        return {}

    return Work(_done(call), work)


def userinfo(world: World, call: Call) -> Step:
    """OpenID Connect Core 5.3, with a bearer token whose scopes include `openid`."""
    scheme, _, bearer = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not bearer.strip():
        raise Unauthenticated
    found = world.keyring.verify(bearer.strip(), world.now())
    if found.get("typ") != "at+jwt" or found.get("idtyp") != "user":
        raise Unauthenticated("Access token validation failure.")
    return json_reply(world.database.read(authorize.userinfo, world, dict(found)), call=call)
