"""Which scripts in browsers may read answers: those of registered single-page applications (graph G11, security H6).

Nothing is ever allowed with credentials: a cookie opens no door that answers across origins (security N5).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from readmit.flows.world import World
from readmit.storage import queries_apps
from readmit.web.call import Call, Reply

_EXPOSED: Final = "request-id, client-request-id, Location, Retry-After, WWW-Authenticate"
_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
_ASKED: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{0,1024}")
_ALLOW: Final = "Access-Control-Allow-Origin"
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


def allowed(world: World, call: Call) -> str | None:
    """The origin of the calling script, if an application of this server has a `spa` redirect URI there."""
    origin = call.headers.get("origin", "")
    if not origin or _origin(origin) != origin:
        return None
    registered = world.database.read(queries_apps.spa_redirects, origin)
    return origin if any(_origin(uri) == origin for uri in registered) else None


def preflight(call: Call, origin: str) -> Reply | None:
    """The answer to a browser that asks before it sends; None if the call is no such question."""
    if call.method != "OPTIONS" or "access-control-request-method" not in call.headers:
        return None
    asked = call.headers.get("access-control-request-headers", "")
    headers: tuple[tuple[str, str], ...] = (
        (_ALLOW, origin),
        ("Access-Control-Allow-Methods", _METHODS),
        ("Access-Control-Max-Age", "600"),
        ("Vary", "Origin, Access-Control-Request-Headers"),
    )
    # What Graph does not know among headers it ignores (graph G12): any name may come.
    if asked and _ASKED.fullmatch(asked):
        headers = (*headers, ("Access-Control-Allow-Headers", asked))
    return Reply(204, b"", headers)


def readable(reply: Reply, origin: str) -> Reply:
    """The answer as the script at this origin may read it."""
    kept = tuple(header for header in reply.headers if header[0].lower() != _ALLOW.lower())
    shown = ((_ALLOW, origin), ("Access-Control-Expose-Headers", _EXPOSED), ("Vary", "Origin"))
    return Reply(reply.status, reply.body, (*kept, *shown))


def _origin(uri: str) -> str | None:
    """Scheme, host and port as a browser writes them in `Origin`; None for what has none."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, _DEFAULT_PORTS[parts.scheme]) else "")
