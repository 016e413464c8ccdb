"""What an authorization request asks for, checked after client and redirect URI (graph G76): its errors go back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast

import structlog

from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import TokenRefused
from readmit.domain.grant import NOBODY, AuthorizeRequest, ResponseMode, ResponseType
from readmit.flows import tokens
from readmit.flows.world import World
from readmit.storage.clients import Client
from readmit.web.oidc.fields import Parameters, asked_scopes, malformed, required

_PROMPTS: Final = frozenset({"login", "none", "select_account", "consent"})
_WITH_ID_TOKEN: Final = {"id_token": "id_token", "code id_token": "code id_token", "id_token code": "code id_token"}
_NOT_SUPPORTED: Final = {
    "request": ("request_not_supported", "The 'request' request parameter isn't supported."),
    "request_uri": ("request_uri_not_supported", "The 'request_uri' request parameter isn't supported."),
    "registration": ("registration_not_supported", "The 'registration' request parameter isn't supported."),
}
"""Passed by value or by reference, a request object is refused, never half read (OpenID Connect Core 3.1.2.6)."""
_log = structlog.get_logger("readmit.authorize")


def mode_of(values: dict[str, str]) -> ResponseMode:
    """How the answer goes back, errors too; an ID token never goes into a URL."""
    if "id_token" in values.get("response_type", "").split():
        return "form_post"
    mode = values.get("response_mode", "query")
    return mode if mode in ("fragment", "form_post") else "query"  # type: ignore[return-value]


def checked(world: World, client: Client, request: AuthorizeRequest, given: Parameters) -> AuthorizeRequest:
    """The whole request. Raises TokenRefused, which the application hears."""
    values = given.values
    if given.unusable:
        raise malformed()
    for name, (error, text) in _NOT_SUPPORTED.items():
        if name in values:
            raise TokenRefused(error, 901002, text)
    response_type = _response_type(client, values)
    asked, scopes = asked_scopes(world, required(values, "scope"))
    if not scopes:
        raise malformed()
    world.database.read(tokens.resource_of, request.tenant_id, asked)
    if "id_token" in response_type and "openid" not in scopes:
        raise malformed()
    prompts = tuple(values.get("prompt", "").split())
    if not _PROMPTS.issuperset(prompts) or ("none" in prompts and len(prompts) > 1):
        raise malformed()
    fields: dict[str, Any] = {
        "resource": asked.resource,
        "graph": asked.graph,
        "scopes": scopes,
        "response_type": response_type,
        "challenge": _challenge(client, values, response_type),
        "nonce": values.get("nonce"),
        "login_hint": values.get("login_hint"),
        "domain_hint": values.get("domain_hint"),
        "prompt": prompts,
        "max_age": _max_age(values),
        "hinted_user": _hinted_user(world, request.tenant_id, values.get("id_token_hint")),
    }
    return replace(request, **fields)


def _response_type(client: Client, values: dict[str, str]) -> ResponseType:
    """`code`; what holds an ID token only where it is registered, by form_post, with a nonce (security O7)."""
    text = required(values, "response_type")
    wanted = _WITH_ID_TOKEN.get(" ".join(text.split()), "code" if text.strip() == "code" else None)
    if wanted is None or (wanted != "code" and not client.id_tokens_issued):
        message = f"response_type '{text[:120]}' is not enabled for the application."
        raise TokenRefused("unsupported_response_type", 700051, message)
    if wanted == "code":
        if values.get("response_mode", "query") not in ("query", "fragment", "form_post"):
            raise malformed()
        return "code"
    if values.get("response_mode") != "form_post":
        message = f"response_mode '{values.get('response_mode', '')[:120]}' is not supported for '{wanted}'."
        raise TokenRefused("invalid_request", 70007, message)
    required(values, "nonce")
    return cast(ResponseType, wanted)


def _challenge(client: Client, values: dict[str, str], response_type: ResponseType) -> str | None:
    """PKCE S256 always, `plain` never; an administrator may relax a confidential application (security O2)."""
    challenge = values.get("code_challenge")
    if challenge is None:
        if "code" not in response_type.split():
            return None
        if client.properties.get("pkceOptional") and not client.public:
            _log.warning("authorization without PKCE", application=client.app_id, tenant=client.tenant_id)
            return None
        required(values, "code_challenge")
    if values.get("code_challenge_method") != "S256" or not 43 <= len(challenge or "") <= 128:
        raise malformed()
    return challenge


def _max_age(values: dict[str, str]) -> int | None:
    text = values.get("max_age")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise malformed()
    return int(text)


def _hinted_user(world: World, tenant_id: str, hint: str | None) -> str | None:
    """The user of one of our own ID tokens of this tenant, expired or not; nobody where it cannot be believed.

    The key of an old hint may be gone: a person can still sign in, but nobody is signed in silently for it.
    """
    if hint is None:
        return None
    try:
        claims = world.keyring.verify_expired(hint)
    except Unauthenticated:
        return NOBODY
    return str(claims["oid"]) if claims.get("typ") == "JWT" and claims.get("tid") == tenant_id else NOBODY
