"""Page tokens: where the next page begins, authenticated and bound to the request (graph G55)."""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from readmit.domain.errors import UnsupportedQuery
from readmit.flows.world import World
from readmit.web.call import Call
from readmit.web.graph.operations import caller_of
from readmit.web.graph.options import eventual

_LIFE: Final = timedelta(hours=1)
_PURPOSE: Final = "page token"


def next_link(world: World, call: Call, after: str) -> str:
    """The absolute URL of the next page: this request with all its options, after the object with this id."""
    until = int((world.now() + _LIFE).timestamp())
    payload = f"{until}.{after}"
    token = base64.urlsafe_b64encode(f"{_mac(world, call, payload)}.{payload}".encode()).decode().rstrip("=")
    kept = [part for part in call.query.split("&") if part and not _is_token(part)]
    return f"{call.origin}{call.path}?{'&'.join([*kept, f'$skiptoken={quote(token)}'])}"


def after_of(world: World, call: Call, token: str | None) -> str:
    """The id after which the page begins, empty for the first. Raises UnsupportedQuery (Q11)."""
    if token is None:
        return ""
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
        mac, until, after = text.split(".", 2)
        alive = int(until) >= int(world.now().timestamp())
    except (binascii.Error, ValueError) as error:
        raise _expired() from error
    if not hmac.compare_digest(mac.encode(), _mac(world, call, f"{until}.{after}").encode()) or not alive:
        raise _expired()
    return after


def _mac(world: World, call: Call, payload: str) -> str:
    """Bound to tenant, path, options and mode, in whatever order a client sends the options."""
    path = "/".join(unquote(part).lower() for part in call.path.split("/") if part)
    options = sorted((name.lower().lstrip("$"), value) for name, value in parse_qsl(call.query) if not _is_token(name))
    bound = repr((caller_of(call).tenant_id, path, options, eventual(call), payload))
    return world.keyring.digest(_PURPOSE, bound)


def _is_token(part: str) -> bool:
    name = unquote(part).partition("=")[0].strip().lower()
    return name in ("$skiptoken", "skiptoken")


def _expired() -> UnsupportedQuery:
    return UnsupportedQuery(
        "The specified page token value has expired and can no longer be included in your request.",
        "Directory_ExpiredPageToken",
    )
