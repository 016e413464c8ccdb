"""Deleted items: list, get, restore, purge, by kind (graph G46, lifecycle S13, S14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from readmit.domain.directory import Access
from readmit.domain.errors import NotFound
from readmit.flows import apps, groups, removal
from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph import lists, rights
from readmit.web.graph.body import Properties, optional_object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.references import checked_id
from readmit.web.graph.render import SETS, entity, frame_of, graph_reply, no_content
from readmit.web.graph.shapes import item_maker
from readmit.web.graph.viewer import viewer

Answer = Callable[[World, Call], Step]
_RIGHTS: Final[dict[str, tuple[Access, Access]]] = {
    "user": (rights.READ_DELETED_USERS, rights.REMOVE_USER),
    "group": (rights.LIST_GROUPS, rights.REMOVE_GROUP),
    "application": (rights.READ_APPS, rights.WRITE_APP),
    "servicePrincipal": (rights.READ_APPS, rights.WRITE_APP),
}
"""Reading, and restoring or purging."""


def _listing(kind: str) -> Answer:
    def answer(world: World, call: Call) -> Step:
        return lists.listing(world, call, kind, SETS[kind], deleted=True)

    return answer


def _count(kind: str) -> Answer:
    def answer(world: World, call: Call) -> Step:
        return lists.count(world, call, kind, deleted=True)

    return answer


def _read(kind: str) -> Answer:
    def answer(world: World, call: Call) -> Step:
        seen = viewer(world, call)
        options = lists.options_of(call, kind, shape="single")
        id = checked_id(call.parameters["id"])
        found = world.database.read(queries.deleted_object, seen.tenant.id, kind, id)
        if found is None:
            raise NotFound(id)
        frame = frame_of(call)
        item = item_maker(kind, seen, frame.version, options.select)(found)
        context = lists.context(SETS[kind], options.select, single=True)
        return graph_reply(call, 200, entity(frame, context, item, typed=True))

    return answer


def _restore(kind: str) -> Answer:
    def answer(world: World, call: Call) -> Step:
        id = checked_id(call.parameters["id"])
        names = ("newUserPrincipalName", "autoReconcileProxyConflict") if kind == "user" else ()
        body = Properties(optional_object_of(call), names, resource=kind[0].upper() + kind[1:])
        seen = viewer(world, call)

        def render(found: Any) -> Reply:
            frame = frame_of(call)
            item = item_maker(kind, seen, frame.version)(world.database.read(queries.dressed, found))
            return graph_reply(call, 200, entity(frame, "directoryObjects/$entity", item, typed=True))

        caller, correlation_id = caller_of(call), call.request_id
        if kind == "user":
            return Write(
                render,
                removal.restore_user,
                world,
                caller,
                id,
                new_upn=body.text("newUserPrincipalName", limit=113) or None,
                drop_clashing=bool(body.flag("autoReconcileProxyConflict", nullable=True)),
                correlation_id=correlation_id,
            )
        if kind == "group":
            return Write(render, groups.restore_group, world, caller, id, correlation_id=correlation_id)
        return Write(render, apps.restore_app, world, caller, kind, id, correlation_id=correlation_id)

    return answer


def _purge(kind: str) -> Answer:
    def answer(world: World, call: Call) -> Step:
        id = checked_id(call.parameters["id"])
        caller, correlation_id = caller_of(call), call.request_id
        if kind == "user":
            return Write(_done, removal.purge_user, world, caller, id, correlation_id=correlation_id)
        if kind == "group":
            return Write(_done, groups.purge_group, world, caller, id, correlation_id=correlation_id)
        return Write(_done, apps.purge_app, world, caller, kind, id, correlation_id=correlation_id)

    return answer


def _any(make: Callable[[str], Answer]) -> Answer:
    """Without a cast the id alone says which kind is meant."""

    def answer(world: World, call: Call) -> Step:
        tenant_id, id = caller_of(call).tenant_id, checked_id(call.parameters["id"])
        for kind in _RIGHTS:
            if world.database.read(queries.deleted_object, tenant_id, kind, id) is not None:
                return Operation(call.method, "", make(kind), _needed(make, kind)).door(world, call)
        raise NotFound(id)

    return answer


def _needed(make: Callable[[str], Answer], kind: str) -> Access:
    return _RIGHTS[kind][0 if make is _read else 1]


def _done(_result: Any) -> Reply:
    return no_content()


_BASE: Final = "/directory/deletedItems"


def _permissions(which: int) -> frozenset[str]:
    return frozenset().union(*(pair[which].permissions for pair in _RIGHTS.values()))


_READ_ANY: Final = Access(_permissions(0))
_WRITE_ANY: Final = Access(_permissions(1), anybody=True)
"""Before the object is known; then the kind's own row decides."""


def _typed(kind: str) -> tuple[Operation, ...]:
    cast = f"{_BASE}/microsoft.graph.{kind}"
    reading, writing = _RIGHTS[kind]
    return (
        Operation("GET", cast, _listing(kind), reading),
        Operation("GET", f"{cast}/$count", _count(kind), reading),
        Operation("GET", f"{cast}/{{id}}", _read(kind), reading),
        Operation("GET", f"{_BASE}/{{id}}/microsoft.graph.{kind}", _read(kind), reading),
        Operation("DELETE", f"{cast}/{{id}}", _purge(kind), writing),
        Operation("POST", f"{cast}/{{id}}/restore", _restore(kind), writing),
    )


OPERATIONS = (
    Operation("GET", f"{_BASE}/{{id}}", _any(_read), _READ_ANY),
    Operation("DELETE", f"{_BASE}/{{id}}", _any(_purge), _WRITE_ANY),
    Operation("POST", f"{_BASE}/{{id}}/restore", _any(_restore), _WRITE_ANY),
    *(operation for kind in _RIGHTS for operation in _typed(kind)),
)
