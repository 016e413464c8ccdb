"""Signing out: registered targets only, a valid hint or a question (security O8)."""

from __future__ import annotations

from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import TokenRefused
from readmit.flows import sign_out, tokens
from readmit.flows.world import World
from readmit.web import pages
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.cookies import clear_session, form_is_ours, session_csrf, session_token
from readmit.web.languages import language_of
from readmit.web.oidc.metadata import COMMON, tenant_named


def logout(world: World, call: Call) -> Step:
    """GET or POST logout: with a valid `id_token_hint` at once, otherwise after a confirming POST."""
    values = call.form() if call.method == "POST" else call.query_values()
    target = _target(world, call, values)
    confirmed = call.method == "POST" and form_is_ours(world, call, values.get("csrf", ""))
    if not confirmed and not _hinted(world, values.get("id_token_hint")):
        return _question(world, call, values)

    def done(_: bool) -> Step:
        return _goodbye(world, call, target)

    return Write(done, sign_out.this_browser, world, session_token(world, call))


def _hinted(world: World, hint: str | None) -> bool:
    """Our own ID token, expired or not, names who signs out."""
    if not hint:
        return False
    try:
        return world.keyring.verify_expired(hint).get("typ") == "JWT"
    except Unauthenticated:
        return False


def _target(world: World, call: Call, values: dict[str, str]) -> str | None:
    """The registered `post_logout_redirect_uri`, with `state`; anything else is left out."""
    uri = values.get("post_logout_redirect_uri")
    client_id = values.get("client_id") or _client_of_hint(world, values.get("id_token_hint"))
    name = call.parameters["tenant"].lower()
    if not uri or not client_id or name in COMMON:
        return None
    try:
        client = world.database.read(tokens.client_of, tenant_named(world, name).id, client_id)
    except TokenRefused:
        return None
    if uri not in (*client.web_redirect_uris, *client.spa_redirect_uris, client.properties.get("logoutUrl")):
        return None
    state = values.get("state")
    return f"{uri}{'&' if '?' in uri else '?'}state={state}" if state and state.isalnum() else uri


def _client_of_hint(world: World, hint: str | None) -> str | None:
    if not hint:
        return None
    try:
        return str(world.keyring.verify_expired(hint).get("aud"))
    except Unauthenticated:
        return None


def _question(world: World, call: Call, values: dict[str, str]) -> Reply:
    kept = {name: values[name] for name in ("post_logout_redirect_uri", "client_id", "state") if name in values}
    html = pages.render(
        "logout_confirm", language_of(call), action=call.path, csrf=session_csrf(world, call), fields=list(kept.items())
    )
    return pages.page_reply(html)


def _goodbye(world: World, call: Call, target: str | None) -> Reply:
    if target is not None:
        return Reply(303, b"", (("location", target), clear_session(world), ("cache-control", "no-store")))
    html = pages.render("signed_out", language_of(call))
    return pages.page_reply(html).with_headers(clear_session(world))
