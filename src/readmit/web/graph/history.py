"""Invitations and the history of redemptions, below `/readmit/v1` (graph G47, lifecycle L9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from readmit.domain.errors import NotFound, UnsupportedQuery
from readmit.flows import invite
from readmit.flows.world import World
from readmit.storage import queries_history
from readmit.web.call import Call, Reply, Step, Work, Write
from readmit.web.graph.operations import caller_of
from readmit.web.graph.render import graph_reply, no_content
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
