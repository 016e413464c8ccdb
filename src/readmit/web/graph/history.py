"""readmit's own paths beside Graph's: invitations and the history of redemptions (graph G47, lifecycle L9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import unquote

from readmit.domain.directory import Access
from readmit.domain.errors import NotFound, UnsupportedQuery
from readmit.flows import invite
from readmit.flows.world import World
from readmit.storage import queries_history
from readmit.web.call import Call, Reply, Step, Work, Write
from readmit.web.graph import rights
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.render import graph_reply, no_content
from readmit.web.graph.routes import MethodNotAllowed, NoSuchSegment
from readmit.web.graph.times import stamp

_PAGE = 100
_MOST = 999


def redemptions(world: World, call: Call) -> Step:
    """`GET /readmit/v1/users/{id}/redemptions`: one entry for each committed redemption."""
    user_id = call.parameters["id"]

    def render(found: list[dict[str, Any]] | None) -> Reply:
        if found is None:
            raise NotFound(user_id)
        return graph_reply(call, 200, {"value": [_plain(entry) for entry in found]})

    return Work(render, world.database.read, queries_history.redemptions, caller_of(call).tenant_id, user_id.lower())


def invitations(world: World, call: Call) -> Step:
    """`GET /readmit/v1/invitations`, newest first; `$top`, `$filter=invitedUser/id eq '…'`."""
    values = {name.lower().lstrip("$"): value for name, value in call.query_values().items()}
    top, user_id = _top(values.get("top")), _user(values.get("filter"))
    tenant_id = caller_of(call).tenant_id

    def render(found: list[dict[str, Any]]) -> Reply:
        return graph_reply(call, 200, {"value": [_plain(entry) for entry in found]})

    read = world.database.read
    return Work(render, read, queries_history.invitations, tenant_id, now=world.now(), top=top, user_id=user_id)


def invitation(world: World, call: Call) -> Step:
    """`GET /readmit/v1/invitations/{id}`."""
    asked = call.parameters["id"]

    def render(found: list[dict[str, Any]]) -> Reply:
        if not found:
            raise NotFound(asked)
        return graph_reply(call, 200, _plain(found[0]))

    read, tenant_id = world.database.read, caller_of(call).tenant_id
    return Work(render, read, queries_history.invitations, tenant_id, now=world.now(), top=1, id=asked.lower())


def cancel(world: World, call: Call) -> Step:
    """`DELETE /readmit/v1/invitations/{id}`: a pending one is cancelled for good (lifecycle S15)."""
    return Write(lambda _: no_content(), invite.cancel, world, caller_of(call), call.parameters["id"].lower())


def _top(text: str | None) -> int:
    if text is None:
        return _PAGE
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= _MOST:
        message = f"Invalid page size specified: '{text[:120]}'. Must be between 1 and {_MOST} inclusive."
        raise UnsupportedQuery(message)
    return int(text)


def _user(text: str | None) -> str | None:
    if text is None:
        return None
    name, _, value = text.partition(" eq ")
    if name.strip().lower() != "inviteduser/id" or not value.strip().startswith("'"):
        raise UnsupportedQuery("Unsupported or invalid query filter clause specified for property 'filter'.")
    return value.strip().strip("'").lower()


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: stamp(value) if isinstance(value, datetime) else value for name, value in entry.items()}


_TABLE = {
    ("users", "redemptions"): {"GET": Operation("GET", "/users/{id}/redemptions", redemptions, rights.READ_USER_LINKS)},
    ("invitations",): {"GET": Operation("GET", "/invitations", invitations, rights.LIST_USERS)},
    ("invitations", "{id}"): {
        "GET": Operation("GET", "/invitations/{id}", invitation, rights.LIST_USERS),
        "DELETE": Operation(
            "DELETE", "/invitations/{id}", cancel, Access(frozenset(), anybody=True), checked_by_flow=True
        ),
    },
}

OPERATIONS = tuple(operation for row in _TABLE.values() for operation in row.values())


def resolve(call: Call) -> tuple[Operation, dict[str, str]]:
    """The operation of a path below `/readmit/v1`."""
    parts = [unquote(part) for part in call.path.split("/") if part]
    rest, parameters = parts[2:], {"version": "v1.0"}
    key: tuple[str, ...] = tuple(part.lower() for part in rest)
    if len(rest) == 3:
        key, parameters["id"] = (key[0], key[2]), rest[1]
    elif len(rest) == 2:
        key, parameters["id"] = (key[0], "{id}"), rest[1]
    found = _TABLE.get(key) if len(parts) > 1 and parts[1].lower() == "v1" else None
    if found is None:
        raise NoSuchSegment(rest[-1] if rest else "readmit")
    method = "GET" if call.method == "HEAD" else call.method
    if method not in found:
        raise MethodNotAllowed
    return found[method], parameters
