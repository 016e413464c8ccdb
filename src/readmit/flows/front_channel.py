"""Who is told that a browser's session ends (Front-Channel Logout 1.0, graph G76)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from readmit.domain import redirect
from readmit.domain.session import SignIn
from readmit.flows.browsers import Browser, session_of
from readmit.flows.claims import issuer
from readmit.flows.sign_out import everywhere, this_browser
from readmit.flows.world import World
from readmit.storage import clients, sessions
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Told:
    """An application that hears of it: its name, and its `logoutUrl` with `iss` and `sid`."""

    name: str
    url: str
    origin: str


def sign_out(tx: Transaction, world: World, token: str | None) -> tuple[Told, ...]:
    """End the session with its sign-ins and grants; the applications that the browser is to tell."""
    session = session_of(tx, token, world.now())
    if session is None:
        return ()
    told = [_told(tx, session.id, *row) for row in sessions.applications(tx, session.id)]
    this_browser(tx, world, token)
    return tuple(one for one in told if one is not None)


def sign_out_everywhere(
    tx: Transaction, world: World, browser: Browser, entry: SignIn, *, correlation_id: str | None = None
) -> tuple[Told, ...]:
    """End this browser's session whole, and the person's everywhere else; only this browser can tell anybody."""
    told = sign_out(tx, world, browser.session_token)
    everywhere(tx, world, browser, entry, correlation_id=correlation_id)
    return told


def _told(tx: Transaction, session_id: str, tenant_id: str, client_id: str, origin: str) -> Told | None:
    client = clients.get(tx, tenant_id, client_id)
    if client is None or client.logout_url is None:
        return None
    try:
        to = redirect.parse(client.logout_url)
    except redirect.InvalidRedirect:
        return None
    query = urlencode({"iss": issuer(origin, tenant_id, 2), "sid": session_id})
    parts = urlsplit(to.url)
    url = urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query, fragment=""))
    return Told(client.display_name, url, f"{parts.scheme}://{parts.netloc}")
