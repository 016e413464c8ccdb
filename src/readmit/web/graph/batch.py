"""`POST /{v}/$batch`: up to 20 requests in one, each through its own door as if it had come alone (graph G60, G61)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
from msgspec.structs import replace

from readmit.domain.errors import FailedDependency, ReadmitError, UnsupportedQuery
from readmit.flows.world import World
from readmit.web.bodies import BATCH_LIMIT, LIMIT
from readmit.web.call import Call, Calls, Reply, Step
from readmit.web.graph.body import object_of
from readmit.web.graph.operations import ANY_TOKEN, Operation
from readmit.web.graph.versions import VERSIONS
from readmit.web.http import Refusal
from readmit.web.origins import Origins, origins_of

_MOST: Final = 20
_SAFE_PATH: Final = "/%:@!$&'()*+,;=~-._"
_SAFE_QUERY: Final = f"{_SAFE_PATH}?[]"
_BODIES: Final = frozenset({"POST", "PATCH", "PUT"})
_INHERITED: Final = frozenset({"authorization", "host", "user-agent", "client-request-id"})
_NOT_CHOSEN: Final = frozenset({"authorization", "host", "content-length", "content-encoding", "cookie"})
"""Headers that an item does not choose: it is authenticated by the outer request (G60)."""


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a batch; `key` is its id as it is compared (without case)."""

    id: str
    key: str
    call: Call
    after: frozenset[str]


def run(world: World, call: Call) -> Step:
    """Every item whose prerequisites are done, all at once; then those that waited for them, and so on."""
    items = _items(call, origins_of(world.settings))
    return _next(call, items, items, {})


def _next(call: Call, items: Sequence[Item], waiting: Sequence[Item], done: Mapping[str, Reply]) -> Step:
    ready = [item for item in waiting if item.after <= done.keys()]
    if not ready:
        return _answer(items, done)
    later = [item for item in waiting if item not in ready]

    def render(replies: Sequence[Reply]) -> Step:
        answered = {item.key: reply for item, reply in zip(ready, replies, strict=True)}
        return _next(call, items, later, {**done, **answered})

    return Calls(render, [(item.call, _hindrance(item, done)) for item in ready])


def _hindrance(item: Item, done: Mapping[str, Reply]) -> ReadmitError | None:
    """Why an item is answered without being run."""
    if len(item.call.body) > LIMIT:
        return Refusal(413)
    return FailedDependency() if any(done[key].status >= 400 for key in item.after) else None


def _answer(items: Sequence[Item], done: Mapping[str, Reply]) -> Reply:
    responses = [_response(item.id, done[item.key]) for item in items]
    return Reply(200, msgspec.json.encode({"responses": responses}), (("Content-Type", "application/json"),))


def _response(id: str, reply: Reply) -> dict[str, Any]:
    headers = dict(reply.headers)
    answer: dict[str, Any] = {"id": id, "status": reply.status, "headers": headers}
    if reply.body:
        json_body = headers.get("Content-Type", "").startswith("application/json")
        answer["body"] = msgspec.Raw(reply.body) if json_body else reply.body.decode("utf-8", "replace")
    return answer


# ------------------------------------------------------------------ the payload


def _items(call: Call, origins: Origins) -> list[Item]:
    """The batch's requests; raises UnsupportedQuery for one that is refused as a whole (G61)."""
    payload = object_of(call, limit=BATCH_LIMIT)
    requests = payload.get("requests")
    if set(payload) != {"requests"} or not isinstance(requests, list) or not requests:
        raise _invalid()
    if len(requests) > _MOST:
        text = f"Number of batch request steps exceeds the maximum value of {_MOST}."
        raise UnsupportedQuery(text, "MaximumValueExceeded")
    items = [_item(call, origins, request) for request in requests]
    known = {item.key for item in items}
    if len(known) != len(items) or any(not item.after <= known for item in items) or _circular(items):
        raise _invalid()
    return items


def _invalid() -> UnsupportedQuery:
    return UnsupportedQuery("Invalid batch payload format.", "BadRequest")


def _circular(items: Sequence[Item]) -> bool:
    done: set[str] = set()
    waiting = list(items)
    while waiting:
        left = [item for item in waiting if not item.after <= done]
        if len(left) == len(waiting):
            return True
        done |= {item.key for item in waiting}.difference(item.key for item in left)
        waiting = left
    return False


def _item(outer: Call, origins: Origins, request: Any) -> Item:
    if not isinstance(request, dict):
        raise _invalid()
    members = {name.lower().replace("_", ""): value for name, value in request.items()}
    id, method, url = _name(members.get("id")), members.get("method"), members.get("url")
    if not all(isinstance(value, str) and value for value in (method, url)):
        raise _invalid()
    assert isinstance(method, str)
    assert isinstance(url, str)
    path, query = _target(outer, origins, url)
    headers = _headers(outer, members.get("headers"))
    body = _body(members.get("body")) if method.upper() in _BODIES else b""
    call = replace(
        outer,
        method=method.upper(),
        path=path,
        query=query,
        headers=headers,
        body=body,
        parameters={},
        caller=None,
    )
    return Item(id, id.lower(), call, _prerequisites(members.get("dependson")))


def _name(value: Any) -> str:
    """An id as text: scripts that count their items write numbers, and hear their text back, as at Graph."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise _invalid()
    return value


def _prerequisites(value: Any) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list):
        raise _invalid()
    return frozenset(_name(name).lower() for name in value)


def _body(value: Any) -> bytes:
    return b"" if value is None else msgspec.json.encode(value)


def _headers(outer: Call, given: Any) -> dict[str, str]:
    """The item's own headers on top of who asks; text alone is a header's value."""
    given = {} if given is None else given
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise _invalid()
    kept = {name: value for name, value in outer.headers.items() if name in _INHERITED}
    own = {name.lower(): value for name, value in given.items() if name.lower() not in _NOT_CHOSEN}
    return {**kept, **own}


def _target(outer: Call, origins: Origins, url: str) -> tuple[str, str]:
    """Raw path and query: relative with or without slash and version, or absolute on an own origin (msgraph-core)."""
    version = outer.parameters["version"]
    if "://" in url.partition("?")[0]:
        url = _own_path(origins, url)
    path, _, query = url.partition("?")
    segments = [part for part in path.split("/") if part]
    if not segments or segments[0].lower() not in VERSIONS:
        segments.insert(0, version)
    if segments[0].lower() != version or segments[-1].lower() == "$batch":
        raise _invalid()
    # Clients write URLs of items as people read them; what a door takes over into a nextLink is a URL again.
    return quote("/" + "/".join(segments), safe=_SAFE_PATH), quote(query, safe=_SAFE_QUERY)


def _own_path(origins: Origins, url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _invalid() from error
    if parts.scheme not in ("http", "https") or not origins.serves(parts.hostname or "") or parts.username is not None:
        raise _invalid()
    return url.split("://", 1)[1][len(parts.netloc) :]


OPERATIONS: Final = (Operation("POST", "/$batch", run, ANY_TOKEN),)
