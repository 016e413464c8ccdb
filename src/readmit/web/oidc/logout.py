"""Signing out: registered targets only, a hint that names who is signed in, or a question (security O8, T38)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from readmit.domain import redirect
from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import TokenRefused
from readmit.flows import front_channel, tokens
from readmit.flows.front_channel import Told
from readmit.flows.world import World
from readmit.web import pages
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.cookies import form_is_ours, session, session_token
from readmit.web.languages import language_of
from readmit.web.oidc.authorize import as_get
from readmit.web.oidc.fields import malformed, parameters
from readmit.web.oidc.metadata import COMMON, tenant_named
from readmit.web.signed_out import goodbye

_KEPT: Final = ("post_logout_redirect_uri", "client_id", "state", "ui_locales")


def logout(world: World, call: Call) -> Step:
    """GET or POST logout: at once where the hint names who is signed in here, otherwise after a confirming POST.

    An application's POST is read as its GET, which comes with the session's cookie.
    """
    name = call.parameters["tenant"].lower()
    tenant_id = None if name in COMMON else tenant_named(world, name).id
    given = parameters(call)
    values = given.values
    if call.method == "POST" and "csrf" not in values and (again := as_get(call)) is not None:
        return again
    if given.unusable:
        raise malformed()
    hint = _hint(world, values, tenant_id)
    if hint is not None:
        tenant_id, values = str(hint["tid"]), {**values, "client_id": str(hint["aud"])}
    confirmed = call.method == "POST" and form_is_ours(world, call, values.get("csrf", ""))
    if not confirmed and not _nobody_to_ask(world, call, hint):
        return _question(world, call, values, tenant_id)
    target = _target(world, values, tenant_id) if confirmed or hint is not None else None
    unregistered = target is None and "post_logout_redirect_uri" in values

    def done(told: Sequence[Told]) -> Step:
        language = language_of(call, values.get("ui_locales"))
        return goodbye(world, call, told, target=target, unregistered=unregistered, language=language)

    return Write(done, front_channel.sign_out, world, session_token(world, call))


def _hint(world: World, values: Mapping[str, str], tenant_id: str | None) -> Mapping[str, Any] | None:
    """The claims of our own ID token, expired or not; None for what is none, or another application's or tenant's."""
    try:
        claims = world.keyring.verify_expired(values.get("id_token_hint", ""))
    except Unauthenticated:
        return None
    if claims.get("typ") != "JWT" or claims.get("tid") != (tenant_id or claims.get("tid")):
        return None
    if values.get("client_id", claims.get("aud")) != claims.get("aud"):
        return None
    return claims


def _nobody_to_ask(world: World, call: Call, hint: Mapping[str, Any] | None) -> bool:
    """Whoever lures a browser here with somebody else's token signs nobody out (T38)."""
    found = session(world, call)
    if found is None or not found.sign_ins:
        return True
    entry = found.at(str(hint.get("tid"))) if hint is not None else None
    return hint is not None and entry is not None and entry.user_id == hint.get("oid")


def _target(world: World, values: Mapping[str, str], tenant_id: str | None) -> str | None:
    """The registered `post_logout_redirect_uri`, with `state`; anything else is left out."""
    uri, client_id = values.get("post_logout_redirect_uri"), values.get("client_id")
    if not uri or not client_id or tenant_id is None:
        return None
    try:
        client = world.database.read(tokens.client_of, tenant_id, client_id)
    except TokenRefused:
        return None
    registered = [*client.web_redirect_uris, *client.spa_redirect_uris, client.logout_url or ""]
    if not any(redirect.matches(known, uri) for known in registered):
        return None
    return _with_state(uri, values["state"]) if "state" in values else uri


def _with_state(uri: str, state: str) -> str:
    parts = urlsplit(uri)
    encoded = urlencode({"state": state})
    return urlunsplit(parts._replace(query=f"{parts.query}&{encoded}" if parts.query else encoded))


def _question(world: World, call: Call, values: Mapping[str, str], tenant_id: str | None) -> Reply:
    found = session(world, call)
    assert found is not None
    fields = [(name, values[name]) for name in _KEPT if name in values]
    language = language_of(call, values.get("ui_locales"))
    html = pages.render("logout_confirm", language, action=call.path, csrf=found.csrf, fields=fields)
    target = urlsplit(_target(world, values, tenant_id) or "")
    return pages.page_reply(html, form_action=f"{target.scheme}://{target.netloc}" if target.netloc else None)
