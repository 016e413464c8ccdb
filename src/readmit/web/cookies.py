"""The browser's cookies and the check that a form is ours (security N1, N4, L3)."""

from __future__ import annotations

import hmac
import re
from typing import Final

from readmit.flows.browsers import Browser, session_of
from readmit.flows.world import World
from readmit.storage.sessions import Session
from readmit.web.call import Call

SESSION = "__Host-readmit"
_FLOW = "__Host-flow-"
_MOST_FLOWS = 5
_FLOW_NAME = re.compile(r"__Host-flow-([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$")


def _secure(world: World) -> bool:
    """Plain HTTP on loopback has neither Secure nor its prefix."""
    return world.settings.tls or world.settings.public_url.startswith("https://")


def _name(world: World, name: str) -> str:
    return name if _secure(world) else name.removeprefix("__Host-")


def _cookie(world: World, name: str, value: str, extra: str = "") -> tuple[str, str]:
    secure = "; Secure" if _secure(world) else ""
    return ("set-cookie", f"{_name(world, name)}={value}; Path=/{secure}; HttpOnly; SameSite=Lax{extra}")


# -------------------------------------------------------------------- session


def session_token(world: World, call: Call) -> str | None:
    """The secret of the session's cookie."""
    return call.cookies.get(_name(world, SESSION)) or None


def set_session(world: World, token: str) -> tuple[str, str]:
    """The header that keeps a session in the browser until it is closed."""
    return _cookie(world, SESSION, token)


def clear_session(world: World) -> tuple[str, str]:
    """The header that forgets the session."""
    return _cookie(world, SESSION, "", "; Max-Age=0")


def session(world: World, call: Call) -> Session | None:
    """The browser's live session."""
    return world.database.read(session_of, session_token(world, call), world.now())


def same_origin(call: Call) -> bool:
    """Our own Origin, or the browser's word that the form is ours; `null` counts as absent (security N4).

    A request with neither header comes from no browser of this decade; the form's token still decides.
    """
    origin = call.headers.get("origin", "null")
    if origin != "null":
        return origin.lower() == call.origin.lower()
    return call.headers.get("sec-fetch-site", "same-origin") == "same-origin"


def form_is_ours(world: World, call: Call, csrf: str) -> bool:
    """Whether a POST carries its session's token and comes from our own page."""
    found = session(world, call)
    return found is not None and hmac.compare_digest(found.csrf.encode(), csrf.encode()) and same_origin(call)


# ----------------------------------------------------------------------- flows


def set_flow(world: World, call: Call, flow_id: str, secret: str, seed: str) -> tuple[tuple[str, str], ...]:
    """Keep a flow in this browser: its secret, and the seed it starts from; at most five, the oldest goes."""
    others = [name for name in call.cookies if name.startswith(_name(world, _FLOW)) and name[-36:] != flow_id]
    gone = others[: max(0, len(others) - _MOST_FLOWS + 1)]
    headers = [_cookie(world, f"{_FLOW}{flow_id}", f"{secret}.{seed}", "; Max-Age=3600")]
    headers += [_cookie(world, f"__Host-{name.removeprefix('__Host-')}", "", "; Max-Age=0") for name in gone]
    return tuple(headers)


def clear_flow(world: World, flow_id: str) -> tuple[str, str]:
    """The header that forgets a flow."""
    return _cookie(world, f"{_FLOW}{flow_id}", "", "; Max-Age=0")


def flow_cookie(world: World, call: Call, flow_id: str) -> tuple[str, str] | None:
    """(secret, seed) of a flow in this browser."""
    if not _FLOW_NAME.fullmatch(f"{_FLOW}{flow_id}"):
        return None
    value = call.cookies.get(_name(world, f"{_FLOW}{flow_id}"))
    if value is None:
        return None
    secret, dot, seed = value.partition(".")
    return (secret, seed) if dot and len(secret) >= 43 else None


def flow_cookies(world: World, call: Call) -> list[tuple[str, str, str]]:
    """(flow id, secret, seed) of each flow in this browser, the newest last as browsers send them."""
    begins = _name(world, _FLOW)
    ids = [name.removeprefix(begins) for name in call.cookies if name.startswith(begins)]
    found = ((flow_id, flow_cookie(world, call, flow_id)) for flow_id in ids[: _MOST_FLOWS + 1])
    return [(flow_id, *cookie) for flow_id, cookie in found if cookie is not None]


_LATER: Final = "__Host-passkey-later"


def offer_no_more(world: World) -> tuple[str, str]:
    """The header by which a browser is offered no passkey for a month: its person said "not now"."""
    return _cookie(world, _LATER, "1", "; Max-Age=2592000")


def not_offered(world: World, call: Call) -> bool:
    """Whether this browser said so."""
    return _name(world, _LATER) in call.cookies


def browser(world: World, call: Call, secret: str = "") -> Browser:
    """Who asks, as flows see it."""
    return Browser(session_token(world, call), call.client_ip, secret, call.headers.get("user-agent", "")[:200])


def seed_csrf(world: World, secret: str) -> str:
    """The form token of a flow that has no row yet."""
    return world.keyring.digest("flow-csrf", secret)
