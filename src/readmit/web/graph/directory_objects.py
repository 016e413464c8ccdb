"""Objects of any kind by id (graph G46)."""

from __future__ import annotations

from typing import Any, Final

from readmit.domain.errors import MissingValue, NotFound
from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call, Reply, Step, Work
from readmit.web.graph import lists, rights
from readmit.web.graph.body import Properties, object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.references import checked_id
from readmit.web.graph.render import Item, collection, entity, frame_of, graph_reply
from readmit.web.graph.shapes import item_maker
from readmit.web.graph.viewer import viewer

_MOST: Final = 1000
_KINDS: Final = {kind.lower(): kind for kind in ("user", "group", "servicePrincipal", "application", "directoryRole")}


def read(world: World, call: Call) -> Step:
    """GET /directoryObjects/{id}."""
    options = lists.options_of(call, "directoryObject", shape="single")
    seen, frame = viewer(world, call), frame_of(call)
    id = checked_id(call.parameters["id"])
    found = world.database.read(_find, caller_of(call).tenant_id, [id])
    if not found:
        raise NotFound(id)
    kind, made = found[0]
    item = item_maker(kind, seen, frame.version, options.select)(made)
    context = lists.context("directoryObjects", options.select, single=True)
    return graph_reply(call, 200, entity(frame, context, item, typed=True))


def by_ids(world: World, call: Call) -> Step:
    """POST /directoryObjects/getByIds: unknown ids are left out."""
    body = Properties(object_of(call), ("ids", "types"), resource="DirectoryObject")
    ids = [checked_id(id) for id in body.texts("ids") or []]
    if not ids:
        raise MissingValue("ids", "DirectoryObject")
    types = {name.lower() for name in body.texts("types") or []} - {"directoryobject"}
    if len(ids) > _MOST or not types <= set(_KINDS):
        raise body.refuse_value("ids" if len(ids) > _MOST else "types")
    wanted = {_KINDS[name] for name in types} or set(_KINDS.values())
    seen, frame = viewer(world, call), frame_of(call)

    def item(kind: str, made: Any) -> Item:
        return item_maker(kind, seen, frame.version)(made)

    def render(found: list[tuple[str, Any]]) -> Reply:
        items = [item(kind, made) for kind, made in found if kind in wanted]
        return graph_reply(call, 200, collection(frame, "directoryObjects", items, typed=True))

    return Work(render, world.database.read, _find, caller_of(call).tenant_id, list(dict.fromkeys(ids)))


def _find(tx: Any, tenant_id: str, ids: list[str]) -> list[tuple[str, Any]]:
    found = (queries.find(tx, tenant_id, id) for id in ids)
    return [(pair[0], queries.dressed(tx, pair[1])) for pair in found if pair is not None]


OPERATIONS = (
    Operation("GET", "/directoryObjects/{id}", read, rights.READ_OBJECTS),
    # Graph binds it to every collection of directory objects; `Get-MgUserById` comes by that of users.
    *(
        Operation("POST", f"/{owner}/getByIds", by_ids, rights.READ_OBJECTS)
        for owner in ("directoryObjects", "users", "groups", "applications", "servicePrincipals")
    ),
)
