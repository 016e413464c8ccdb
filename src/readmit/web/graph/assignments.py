"""App role assignments, from the side of who has them and of what they open (graph G36, G37, G46)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from readmit.domain.application import Assignment, checked_assignment_id
from readmit.domain.errors import NotAReference, NotFound
from readmit.flows import access
from readmit.flows.world import World
from readmit.storage import queries_assigned
from readmit.storage.queries_assigned import Records
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph import records, rights
from readmit.web.graph.app_body import needed_guid
from readmit.web.graph.assignment_shape import assignment_item
from readmit.web.graph.body import Properties, object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.related import anchor_of
from readmit.web.graph.render import entity, frame_of, graph_reply, no_content

_NAMES: Final = (
    "id",
    "deletedDateTime",
    "appRoleId",
    "createdDateTime",
    "principalDisplayName",
    "principalId",
    "principalType",
    "resourceDisplayName",
    "resourceId",
)
Answer = Callable[[World, Call], Step]


def _context(owner: str, id: str, side: str) -> str:
    return f"{owner}('{id}')/{side}"


def _listed(world: World, call: Call, owner: str, kind: str, side: str) -> tuple[records.Paged, Records]:
    anchor = anchor_of(world, call, kind)
    find = queries_assigned.assigned_to if side == "appRoleAssignedTo" else queries_assigned.assignments_of
    paged = records.Paged("appRoleAssignment", _context(owner, anchor, side), alias="a")
    return paged, find(caller_of(call).tenant_id, anchor)


def _listing(owner: str, kind: str, side: str) -> Answer:
    def answer(world: World, call: Call) -> Step:
        version = frame_of(call).version
        paged, found = _listed(world, call, owner, kind, side)
        return records.pages(world, call, paged, found, lambda shown: assignment_item(shown, version))

    return answer


def _count(owner: str, kind: str, side: str) -> Answer:
    def answer(world: World, call: Call) -> Step:
        return records.count(world, call, *_listed(world, call, owner, kind, side))

    return answer


def _read(owner: str, kind: str, side: str) -> Answer:
    def answer(world: World, call: Call) -> Step:
        anchor = anchor_of(world, call, kind)
        id = checked_assignment_id(call.parameters["assignment"])
        shown = world.database.read(queries_assigned.assignment, caller_of(call).tenant_id, id)
        if shown is None or anchor not in (shown.assignment.principal_id, shown.assignment.resource_id):
            raise NotFound(id)
        item = assignment_item(shown, frame_of(call).version)
        return records.one(call, _context(owner, anchor, side), item)

    return answer


def _create(owner: str, kind: str, side: str) -> Answer:
    def answer(world: World, call: Call) -> Step:
        body = Properties(object_of(call), _NAMES, resource="AppRoleAssignment")
        wanted = {name: needed_guid(body, name) for name in ("principalId", "resourceId", "appRoleId")}
        anchor = anchor_of(world, call, kind)
        if wanted["resourceId" if side == "appRoleAssignedTo" else "principalId"] != anchor:
            raise NotAReference

        def render(made: Assignment) -> Reply:
            shown = world.database.read(queries_assigned.assignment, made.tenant_id, made.id)
            frame = frame_of(call)
            if shown is None:
                raise NotFound(made.id)
            item = assignment_item(shown, frame.version)
            context = _context(owner, anchor, side)
            location = ("Location", f"{frame.root}/{owner}/{anchor}/{side}/{made.id}")
            return graph_reply(call, 201, entity(frame, f"{context}/$entity", item)).with_headers(location)

        return Write(
            render,
            access.assign,
            world,
            caller_of(call),
            principal_id=wanted["principalId"],
            resource_id=wanted["resourceId"],
            app_role_id=wanted["appRoleId"],
            correlation_id=call.request_id,
        )

    return answer


def _remove(kind: str, side: str) -> Answer:
    def answer(world: World, call: Call) -> Step:
        anchor = anchor_of(world, call, kind)
        end: access.Side = "resource" if side == "appRoleAssignedTo" else "principal"
        arguments = (world, caller_of(call), end, anchor, call.parameters["assignment"])
        return Write(_done, access.unassign, *arguments, correlation_id=call.request_id)

    return answer


def _done(_result: Any) -> Reply:
    return no_content()


def _operations(owner: str, kind: str, side: str) -> tuple[Operation, ...]:
    base = f"/{owner}/{{id}}/{side}"
    read = rights.READ_APP_ASSIGNMENTS if owner == "servicePrincipals" else rights.READ_ASSIGNMENTS
    return (
        Operation("GET", base, _listing(owner, kind, side), read),
        Operation("GET", f"{base}/$count", _count(owner, kind, side), read),
        Operation("POST", base, _create(owner, kind, side), rights.WRITE_ASSIGNMENTS),
        Operation("GET", f"{base}/{{assignment}}", _read(owner, kind, side), read),
        Operation("DELETE", f"{base}/{{assignment}}", _remove(kind, side), rights.WRITE_ASSIGNMENTS),
    )


OPERATIONS = (
    *_operations("users", "user", "appRoleAssignments"),
    *_operations("groups", "group", "appRoleAssignments"),
    *_operations("servicePrincipals", "servicePrincipal", "appRoleAssignments"),
    *_operations("servicePrincipals", "servicePrincipal", "appRoleAssignedTo"),
)
