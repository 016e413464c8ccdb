"""The authorization endpoint: client and redirect URI are checked before anything else happens (security O1)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from readmit.domain import redirect
from readmit.domain.errors import TokenRefused
from readmit.domain.grant import AuthorizeRequest, ResponseMode
from readmit.domain.tenant import Tenant
from readmit.flows import tokens
from readmit.flows.world import World
from readmit.locale.catalogue import catalogue
from readmit.storage.clients import Client
from readmit.web import pages, sign_in
from readmit.web.arrive import see_other
from readmit.web.call import Call, Reply, Step
from readmit.web.languages import language_of
from readmit.web.oidc.fields import Parameters, malformed, parameters, required
from readmit.web.oidc.metadata import COMMON, tenant_named
from readmit.web.oidc.request import checked, mode_of
from readmit.web.oidc.responses import authorization_response, description, error_fields

Check = Callable[[World, Client, AuthorizeRequest, Parameters], AuthorizeRequest]
"""Reads the rest of a request whose client and redirect URI are known. Raises TokenRefused, for the application."""
_LONGEST_URL = 7_000


def authorize(world: World, call: Call) -> Step:
    """GET or POST authorize; a POST is read as its GET (security V5)."""
    if call.method == "POST" and (again := as_get(call)) is not None:
        return again
    return begin(world, call, checked, response_mode=mode_of)


def begin(world: World, call: Call, check: Check, *, response_mode: Callable[[dict[str, str]], ResponseMode]) -> Step:
    """Behind the fence: what `check` refuses goes to the application, what it lets pass to the sign-in."""
    given = parameters(call)
    try:
        tenant = tenant_of(world, call, given)
        if tenant is None:
            return ask_for_tenant(call, given)
        client, redirect_uri = fence(world, tenant, given)
    except TokenRefused as error:
        return error_page(world, call, error, given.values.get("ui_locales"))
    blank = AuthorizeRequest(
        tenant_id=tenant.id,
        client_id=client.app_id,
        redirect_uri=redirect_uri,
        origin=call.origin,
        response_mode=response_mode(given.values),
        resource="",
        scopes=(),
        state=given.values.get("state"),
        ui_locales=given.values.get("ui_locales"),
    )
    try:
        request = check(world, client, blank, given)
    except TokenRefused as error:
        language = language_of(call, blank.ui_locales)
        return authorization_response(blank, error_fields(world, call, error), language)
    return sign_in.begin(world, call, tenant, request)


def as_get(call: Call) -> Reply | None:
    """A POST from an application carries no Lax cookie: the browser comes again by GET, with its session (V5, N4).

    None where the request does not fit into a URL: then it is answered as it is.
    """
    try:
        query = urlencode(parse_qsl(call.body.decode(), keep_blank_values=True, max_num_fields=200))
    except (UnicodeDecodeError, ValueError):
        return None
    # A browser takes a backslash for a slash, and two of them for another host.
    return see_other(f"{quote(call.path, safe='/%')}?{query}") if len(query) <= _LONGEST_URL else None


def tenant_of(world: World, call: Call, given: Parameters) -> Tenant | None:
    """The tenant of the path, or of a hint; None where the person has to be asked (graph G69)."""
    name = call.parameters["tenant"].lower()
    return sign_in.hinted_tenant(world, given.values) if name in COMMON else tenant_named(world, name)


def ask_for_tenant(call: Call, given: Parameters) -> Reply:
    """`common` on a server of several organisations: the address says which; it comes back as `login_hint`."""
    language = language_of(call, given.values.get("ui_locales"))
    text = catalogue(language, "pages").gettext
    asked = "login_hint" in given.values
    error = text("No organisation here has this address. Use the address of your organisation.") if asked else None
    return pages.page(
        call,
        "organisation",
        language,
        status=400 if error else 200,
        form_action=_origin(given.values.get("redirect_uri", "")),
        action=call.path,
        fields=[(name, value) for name, value in given.values.items() if name not in ("login_hint", "lang")],
        value=given.values.get("login_hint", ""),
        error=error,
    )


def _origin(uri: str) -> str | None:
    """The origin of a URI that no client was found for yet: it opens nothing, and goes into a header."""
    if not redirect.usable(uri):
        return None
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else None


def fence(world: World, tenant: Tenant, given: Parameters) -> tuple[Client, str]:
    """Client and redirect URI, before anything else is looked at (security O1). Raises TokenRefused, for a page."""
    for field in ("client_id", "redirect_uri"):
        if field in given.unusable:
            raise malformed()
        required(given.values, field)
    redirect_uri = given.values["redirect_uri"]
    client = world.database.read(tokens.client_of, tenant.id, given.values["client_id"])
    registered = (*client.web_redirect_uris, *client.spa_redirect_uris, *client.public_redirect_uris)
    if not any(redirect.matches(uri, redirect_uri) for uri in registered):
        text = (
            f"The redirect URI '{redirect_uri[:120]}' specified in the request does not match the redirect URIs "
            f"configured for the application '{client.app_id}'."
        )
        raise TokenRefused("invalid_request", 50011, text)
    return client, redirect_uri


def error_page(world: World, call: Call, error: TokenRefused, *stated: str | None) -> Reply:
    """A page of our own where the application cannot be trusted with the answer (T21)."""
    html = pages.render(
        "oauth_error",
        language_of(call, *stated),
        redirect=error.number == 50011,
        description=description(world, call, error),
        request_id=call.request_id,
    )
    return pages.page_reply(html, status=error.status if error.status >= 400 else 400)
