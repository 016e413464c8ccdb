"""The authorization endpoint: client and redirect URI are checked before anything else happens (security O1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from readmit.domain.errors import TokenRefused
from readmit.domain.grant import AuthorizeRequest, ResponseMode
from readmit.domain.tenant import Tenant
from readmit.flows import tokens
from readmit.flows.world import World
from readmit.storage.clients import Client
from readmit.web import pages, sign_in
from readmit.web.call import Call, Reply, Step
from readmit.web.languages import language_of
from readmit.web.oidc.fields import asked_scopes, malformed
from readmit.web.oidc.metadata import COMMON, tenant_named
from readmit.web.oidc.responses import authorization_response, error_fields

_PROMPTS = frozenset({"login", "none", "select_account", "consent"})


def authorize(world: World, call: Call) -> Step:
    """GET or POST authorize; a POST is read as its GET (security V5)."""
    values = call.form() if call.method == "POST" else call.query_values()
    try:
        tenant, client, redirect_uri = _fence(world, call, values)
    except TokenRefused as error:
        return error_page(world, call, error)
    request = AuthorizeRequest(
        tenant_id=tenant.id,
        client_id=client.app_id,
        redirect_uri=redirect_uri,
        origin=call.origin,
        response_mode=_mode(values),
        resource="",
        scopes=(),
        state=values.get("state"),
    )
    try:
        request = _checked(world, client, request, values)
    except TokenRefused as error:
        return refused(world, call, request, error)
    return sign_in.begin(world, call, tenant, request)


def _fence(world: World, call: Call, values: dict[str, str]) -> tuple[Tenant, Client, str]:
    name = call.parameters["tenant"].lower()
    tenant = sign_in.tenant_of_hint(world, values) if name in COMMON else tenant_named(world, name)
    client_id, redirect_uri = values.get("client_id", ""), values.get("redirect_uri", "")
    for field in ("client_id", "redirect_uri"):
        if not values.get(field):
            text = f"The request body must contain the following parameter: '{field}'."
            raise TokenRefused("invalid_request", 900144, text)
    client = world.database.read(tokens.client_of, tenant.id, client_id)
    registered = (*client.web_redirect_uris, *client.spa_redirect_uris, *client.public_redirect_uris)
    if not any(matches(uri, redirect_uri) for uri in registered):
        text = (
            f"The redirect URI '{redirect_uri[:120]}' specified in the request does not match the redirect URIs "
            f"configured for the application '{client.app_id}'."
        )
        raise TokenRefused("invalid_request", 50011, text)
    return tenant, client, redirect_uri


def matches(registered: str, given: str) -> bool:
    """Exact match; on loopback the port is free (RFC 8252 7.3, also for `http://localhost`)."""
    if registered == given:
        return True
    try:
        one, other = urlsplit(registered), urlsplit(given)
        other.port  # noqa: B018 - raises for what is no port
    except ValueError:
        return False
    if one.scheme != "http" or other.username is not None:
        return False
    loopback = one.hostname in ("localhost", "127.0.0.1", "::1") and one.hostname == other.hostname
    return loopback and one._replace(netloc="") == other._replace(netloc="")


def _mode(values: dict[str, str]) -> ResponseMode:
    mode = values.get("response_mode", "query")
    return mode if mode in ("fragment", "form_post") else "query"  # type: ignore[return-value]


def _checked(world: World, client: Client, request: AuthorizeRequest, values: dict[str, str]) -> AuthorizeRequest:
    response_type = values.get("response_type", "")
    if response_type != "code":
        if not response_type:
            text = "The request body must contain the following parameter: 'response_type'."
            raise TokenRefused("invalid_request", 900144, text)
        text = f"response_type '{response_type[:120]}' is not enabled for the application."
        raise TokenRefused("unsupported_response_type", 700051, text)
    if values.get("response_mode", "query") not in ("query", "fragment", "form_post"):
        raise malformed()
    asked, scopes = asked_scopes(world, values.get("scope", ""))
    if not scopes:
        text = "The request body must contain the following parameter: 'scope'."
        raise TokenRefused("invalid_request", 900144, text)
    world.database.read(tokens.resource_of, request.tenant_id, asked)
    prompts = tuple(values.get("prompt", "").split())
    if not _PROMPTS.issuperset(prompts) or ("none" in prompts and len(prompts) > 1):
        raise malformed()
    fields: dict[str, Any] = {
        "resource": asked.resource,
        "graph": asked.graph,
        "scopes": scopes,
        "challenge": _challenge(client, values),
        "nonce": values.get("nonce"),
        "login_hint": values.get("login_hint"),
        "domain_hint": values.get("domain_hint"),
        "prompt": prompts,
        "max_age": _max_age(values),
        "ui_locales": values.get("ui_locales"),
    }
    return replace(request, **fields)


def _challenge(client: Client, values: dict[str, str]) -> str | None:
    """PKCE S256 always, `plain` never; an administrator may relax a confidential application (security O2)."""
    challenge = values.get("code_challenge")
    if challenge is None:
        if client.properties.get("pkceOptional") and not client.public:
            return None
        text = "The request body must contain the following parameter: 'code_challenge'."
        raise TokenRefused("invalid_request", 900144, text)
    if values.get("code_challenge_method") != "S256" or not 43 <= len(challenge) <= 128:
        raise malformed()
    return challenge


def _max_age(values: dict[str, str]) -> int | None:
    text = values.get("max_age")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise malformed()
    return int(text)


def refused(world: World, call: Call, request: AuthorizeRequest, error: TokenRefused) -> Reply:
    """Send an error back to the application."""
    return authorization_response(request, error_fields(world, call, error), language_of(call))


def error_page(world: World, call: Call, error: TokenRefused) -> Reply:
    """A page of our own where the application cannot be trusted with the answer (T21)."""
    html = pages.render(
        "oauth_error", language_of(call), number=error.number, text=error.text, request_id=call.request_id
    )
    return pages.page_reply(html, status=400)
