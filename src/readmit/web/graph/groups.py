"""Groups, their members and owners (graph G32, G46)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from readmit.domain.errors import NotFound
from readmit.domain.group import Group
from readmit.flows import groups as flows
from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph import lists, rights
from readmit.web.graph.body import object_of
from readmit.web.graph.group_body import read_group
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.references import checked_id, reference_of
from readmit.web.graph.related import Relation, operations
from readmit.web.graph.render import created, entity, frame_of, graph_reply, no_content
from readmit.web.graph.shapes import group_item
from readmit.web.graph.viewer import viewer


def read(world: World, call: Call) -> Step:
    """GET /groups/{id}."""
    seen = viewer(world, call)
    options = lists.options_of(call, "group", shape="single")
    group = world.database.read(queries.group, seen.tenant.id, *_key(call)[:1], unique_name=_key(call)[1])
    if group is None:
        raise NotFound(call.parameters["id"])
    item = group_item(group, options.select, basic=seen.limited)
    body = entity(frame_of(call), lists.context("groups", options.select, single=True), item)
    return graph_reply(call, 200, lists.told(world, call, options, item, body))


def listing(world: World, call: Call) -> Step:
    """GET /groups."""
    return lists.listing(world, call, "group", "groups")


def count(world: World, call: Call) -> Step:
    """GET /groups/$count."""
    return lists.count(world, call, "group")


def create(world: World, call: Call) -> Step:
    """POST /groups."""
    asked = read_group(object_of(call), new=True)

    def render(group: Group) -> Reply:
        item = group_item(group)
        return created(call, item, entity(frame_of(call), "groups/$entity", item))

    return Write(render, flows.create_group, world, caller_of(call), asked, correlation_id=call.request_id)


def update(world: World, call: Call) -> Step:
    """PATCH /groups/{id}."""
    asked = read_group(object_of(call), new=False)
    return Write(
        _done, flows.update_group, world, caller_of(call), _id(world, call), asked, correlation_id=call.request_id
    )


def remove(world: World, call: Call) -> Step:
    """DELETE /groups/{id}."""
    return Write(_done, flows.delete_group, world, caller_of(call), _id(world, call), correlation_id=call.request_id)


def _add(link: flows.Link) -> Callable[[World, Call], Step]:
    def answer(world: World, call: Call) -> Step:
        target = reference_of(call)
        arguments = (world, caller_of(call), link, _id(world, call), target)
        return Write(_done, flows.add_to_group, *arguments, correlation_id=call.request_id)

    return answer


def _remove(link: flows.Link) -> Callable[[World, Call], Step]:
    def answer(world: World, call: Call) -> Step:
        target = checked_id(call.parameters["other"])
        arguments = (world, caller_of(call), link, _id(world, call), target)
        return Write(_done, flows.remove_from_group, *arguments, correlation_id=call.request_id)

    return answer


def _key(call: Call) -> tuple[str, bool]:
    by_name = call.parameters.get("key") == "uniquename"
    given = call.parameters["id"]
    return (given if by_name else checked_id(given)), by_name


def _id(world: World, call: Call) -> str:
    """The id of the group that the path names, by id or `uniqueName`."""
    key, by_name = _key(call)
    if not by_name:
        return key
    group = world.database.read(queries.group, caller_of(call).tenant_id, key, unique_name=True)
    if group is None:
        raise NotFound(key)
    return group.id


def _done(_result: Any) -> Reply:
    return no_content()


_MEMBERS = (
    Relation("members", ("user", "group", "servicePrincipal"), references=True),
    Relation("owners", ("user", "servicePrincipal"), references=True),
)
_ALL_MEMBERS = (Relation("transitiveMembers", ("user", "group", "servicePrincipal")),)
"""No row of guests: what stands under a group may be hidden (graph G67)."""
_MEMBERSHIPS = (
    Relation("memberOf", ("group", "directoryRole")),
    Relation("transitiveMemberOf", ("group", "directoryRole")),
)
OPERATIONS = (
    Operation("GET", "/groups", listing, rights.LIST_GROUPS),
    Operation("POST", "/groups", create, rights.CREATE_GROUP),
    Operation("GET", "/groups/$count", count, rights.LIST_GROUPS),
    Operation("GET", "/groups/{id}", read, rights.READ_GROUP),
    Operation("PATCH", "/groups/{id}", update, rights.UPDATE_GROUP),
    Operation("DELETE", "/groups/{id}", remove, rights.REMOVE_GROUP),
    Operation("POST", "/groups/{id}/members/$ref", _add("members"), rights.WRITE_MEMBERS),
    Operation("DELETE", "/groups/{id}/members/{other}/$ref", _remove("members"), rights.WRITE_MEMBERS),
    Operation("POST", "/groups/{id}/owners/$ref", _add("owners"), rights.WRITE_OWNERS),
    Operation("DELETE", "/groups/{id}/owners/{other}/$ref", _remove("owners"), rights.WRITE_OWNERS),
    *operations("groups", "group", _MEMBERS, rights.READ_GROUP, counted=rights.LIST_GROUPS),
    *operations("groups", "group", _ALL_MEMBERS, rights.LIST_GROUPS),
    *operations("groups", "group", _MEMBERSHIPS, rights.LIST_GROUPS),
)
