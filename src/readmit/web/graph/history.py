"""Invitations and the history of redemptions, below `/readmit/v1` (graph G47, lifecycle L9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from readmit.domain.errors import NotFound
from readmit.flows import invite
from readmit.flows.world import World
from readmit.storage import queries_history
from readmit.storage.queries_history import ShownInvitation
from readmit.storage.queries_records import Asked
from readmit.web.call import Call, Reply, Step, Work, Write
from readmit.web.graph.odata import options as query
from readmit.web.graph.odata import order
from readmit.web.graph.odata.options import Options
from readmit.web.graph.operations import caller_of
from readmit.web.graph.paging import conditions, next_link, position_of
from readmit.web.graph.render import graph_reply, no_content
from readmit.web.graph.times import stamp

_RECORD: Final = "invitationRecord"


def redemptions(world: World, call: Call) -> Step:
    """`GET /readmit/v1/users/{id}/redemptions`: one entry for each committed redemption.

    Who asks about himself, and may read nobody else, hears nothing of who had the guest before him.
    """
    user_id, caller = call.parameters["id"], caller_of(call)

    def render(found: list[dict[str, Any]] | None) -> Reply:
        if found is None:
            raise NotFound(user_id)
        return graph_reply(call, 200, {"value": [_plain(entry) for entry in found]})

    own = caller.user is not None and caller.user.id == user_id.lower() and not caller.roles
    before = world.database.read(queries_history.handed_over, caller.user) if own and caller.user else None
    since = before.redeemed if before is not None else None
    return Work(render, world.database.read, queries_history.redemptions, caller.tenant_id, user_id.lower(), since)


def invitations(world: World, call: Call) -> Step:
    """`GET /readmit/v1/invitations`, newest first, with `$filter`, `$top`, `$orderby`, `$select` and a nextLink."""
    options = query.parse(call.query, _RECORD, call.headers)

    def render(found: list[ShownInvitation]) -> Reply:
        page = found[: options.top]
        more = next_link(world, call, options, page[-1].place) if len(found) > options.top else None
        link = {"@odata.nextLink": more} if more is not None else {}
        return graph_reply(call, 200, {**link, "value": [_selected(one.shown, options) for one in page]})

    read, tenant_id = queries_history.invitations, caller_of(call).tenant_id
    asked = _asked(world, call, options)
    return Work(render, world.database.read, read, tenant_id, asked, now=world.now(), limit=options.top + 1)


def invitation(world: World, call: Call) -> Step:
    """`GET /readmit/v1/invitations/{id}`."""
    id = call.parameters["id"]
    options = query.parse(call.query, _RECORD, call.headers, shape="single")

    def render(found: list[ShownInvitation]) -> Reply:
        if not found:
            raise NotFound(id)
        return graph_reply(call, 200, _selected(found[0].shown, options))

    asked = Asked("invitations.id = :key", {"key": id.lower()}, "invitations.id", ("invitations.id",))
    read, tenant_id = queries_history.invitations, caller_of(call).tenant_id
    return Work(render, world.database.read, read, tenant_id, asked, now=world.now(), limit=1)


def _asked(world: World, call: Call, options: Options) -> Asked:
    """`ne` and `not` work as they are: this is no directory query of G51."""
    parameters: dict[str, Any] = {}
    where = [conditions(options, _RECORD, parameters, mode="advanced")]
    position = position_of(world, call, options)
    if position is not None:
        where.append(order.after(options.order, _RECORD, position, parameters))
    return Asked(
        where=" AND ".join(f"({part})" for part in where if part),
        parameters=parameters,
        order=order.order_by(options.order, _RECORD),
        keys=order.keys(options.order, _RECORD),
    )


def _selected(shown: dict[str, Any], options: Options) -> dict[str, Any]:
    plain = _plain(shown)
    return plain if options.select is None else {name: plain[name] for name in options.select}


def cancel(world: World, call: Call) -> Step:
    """`DELETE /readmit/v1/invitations/{id}`: a pending one is cancelled for good (lifecycle S15)."""
    query.refuse(call.query)
    return Write(lambda _: no_content(), invite.cancel, world, caller_of(call), call.parameters["id"].lower())


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: stamp(value) if isinstance(value, datetime) else value for name, value in entry.items()}
