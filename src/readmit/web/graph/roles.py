"""Directory roles, their templates, definitions and assignments: one set of data (graph G38, G46, G81)."""

from __future__ import annotations

from typing import Any, Final

from readmit.domain.errors import Duplicate, MissingValue, NotFound
from readmit.domain.permission import DIRECTORY_ROLES
from readmit.flows import access
from readmit.flows.world import World
from readmit.storage import queries_assigned
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph import lists, records, rights
from readmit.web.graph.app_body import needed_guid
from readmit.web.graph.body import Properties, object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.references import checked_id, reference_of
from readmit.web.graph.render import Item, entity, frame_of, graph_reply, no_content
from readmit.web.graph.shapes import definition_item, role_item

_ROLES: Final = "/directoryRoles"
_DEFINITIONS: Final = "/roleManagement/directory/roleDefinitions"
_ASSIGNMENTS: Final = "/roleManagement/directory/roleAssignments"


def template_item(role_id: str) -> Item:
    """A directoryRoleTemplate."""
    body = {"id": role_id, "deletedDateTime": None, "description": None, "displayName": DIRECTORY_ROLES[role_id]}
    return Item("directoryRoleTemplate", role_id, body)


def assignment_item(row: tuple[str, str, str]) -> Item:
    """A unifiedRoleAssignment."""
    id, principal_id, role_id = row
    body = {"id": id, "principalId": principal_id, "directoryScopeId": "/", "roleDefinitionId": role_id}
    return Item("unifiedRoleAssignment", id, body)


def _listing(kind: str, context: str, make: Any) -> Any:
    def answer(world: World, call: Call) -> Step:
        return records.whole(world, call, records.Paged(kind, context), [make(role) for role in DIRECTORY_ROLES])

    return answer


def _reading(context: str, make: Any) -> Any:
    def answer(_world: World, call: Call) -> Step:
        return records.one(call, context, make(_role(call)))

    return answer


def read_role(world: World, call: Call) -> Step:
    """GET /directoryRoles/{id}, with its members where `$expand` asks for them."""
    return _told(world, call, "directoryRoles", role_item(_role(call)))


def _told(world: World, call: Call, set_name: str, item: Item) -> Reply:
    options = lists.options_of(call, item.kind, shape="single")
    context = lists.context(set_name, options.select, single=True)
    body = entity(frame_of(call), context, lists.selected(item, options.select))
    return graph_reply(call, 200, lists.told(world, call, options, item, body))


def _role(call: Call) -> str:
    role_id = call.parameters["id"].lower()
    if role_id not in DIRECTORY_ROLES:
        raise NotFound(call.parameters["id"])
    return role_id


def activate(_world: World, call: Call) -> Step:
    """POST /directoryRoles: every role is active already (M15)."""
    body = Properties(object_of(call), ("roleTemplateId",), resource="DirectoryRole")
    if needed_guid(body, "roleTemplateId") not in DIRECTORY_ROLES:
        raise NotFound(needed_guid(body, "roleTemplateId"))
    raise Duplicate


def members(world: World, call: Call) -> Step:
    """GET /directoryRoles/{id}/members."""
    wanted = lists.Wanted("roleMembers", _role(call), ("user", "group", "servicePrincipal"), "directoryObjects")
    return lists.related(world, call, wanted)


def add_member(world: World, call: Call) -> Step:
    """POST /directoryRoles/{id}/members/$ref."""
    return Write(
        _done,
        access.grant_role,
        world,
        caller_of(call),
        principal_id=reference_of(call),
        role_id=_role(call),
        correlation_id=call.request_id,
    )


def remove_member(world: World, call: Call) -> Step:
    """DELETE /directoryRoles/{id}/members/{other}/$ref."""
    return Write(
        _done,
        access.withdraw_role,
        world,
        caller_of(call),
        principal_id=checked_id(call.parameters["other"]),
        role_id=_role(call),
        correlation_id=call.request_id,
    )


def assignments(world: World, call: Call) -> Step:
    """GET /roleManagement/directory/roleAssignments."""
    paged = records.Paged("unifiedRoleAssignment", "roleManagement/directory/roleAssignments")
    found = queries_assigned.role_assignments(caller_of(call).tenant_id)
    return records.pages(world, call, paged, found, assignment_item)


def read_assignment(world: World, call: Call) -> Step:
    """GET /roleManagement/directory/roleAssignments/{id}."""
    row = world.database.read(queries_assigned.role_assignment, caller_of(call).tenant_id, call.parameters["id"])
    if row is None:
        raise NotFound(call.parameters["id"])
    return _told(world, call, _ASSIGNMENTS[1:], assignment_item(row))


def assign(world: World, call: Call) -> Step:
    """POST /roleManagement/directory/roleAssignments."""
    names = ("id", "principalId", "roleDefinitionId", "directoryScopeId")
    body = Properties(object_of(call), names, resource="UnifiedRoleAssignment")
    principal_id, role_id = needed_guid(body, "principalId"), needed_guid(body, "roleDefinitionId")
    scope = body.text("directoryScopeId")
    if scope is None:
        raise MissingValue("directoryScopeId", "UnifiedRoleAssignment")
    access.check_scope_of(scope)

    def render(id: str) -> Reply:
        frame = frame_of(call)
        context = "roleManagement/directory/roleAssignments/$entity"
        answer = entity(frame, context, assignment_item((id, principal_id, role_id)))
        location = ("Location", f"{frame.root}{_ASSIGNMENTS}/{id}")
        return graph_reply(call, 201, answer).with_headers(location)

    return Write(
        render,
        access.grant_role,
        world,
        caller_of(call),
        principal_id=principal_id,
        role_id=role_id,
        correlation_id=call.request_id,
    )


def unassign(world: World, call: Call) -> Step:
    """DELETE /roleManagement/directory/roleAssignments/{id}."""
    arguments = (world, caller_of(call), call.parameters["id"])
    return Write(_done, access.withdraw_assignment, *arguments, correlation_id=call.request_id)


def _done(_result: Any) -> Reply:
    return no_content()


OPERATIONS = (
    Operation("GET", _ROLES, _listing("directoryRole", "directoryRoles", role_item), rights.READ_ROLES),
    Operation("POST", _ROLES, activate, rights.WRITE_ROLES),
    Operation("GET", f"{_ROLES}/{{id}}", read_role, rights.READ_ROLES),
    Operation("GET", f"{_ROLES}/{{id}}/members", members, rights.READ_ROLES),
    Operation("POST", f"{_ROLES}/{{id}}/members/$ref", add_member, rights.WRITE_ROLES),
    Operation("DELETE", f"{_ROLES}/{{id}}/members/{{other}}/$ref", remove_member, rights.WRITE_ROLES),
    Operation(
        "GET",
        "/directoryRoleTemplates",
        _listing("directoryRoleTemplate", "directoryRoleTemplates", template_item),
        rights.READ_ROLES,
    ),
    Operation(
        "GET", "/directoryRoleTemplates/{id}", _reading("directoryRoleTemplates", template_item), rights.READ_ROLES
    ),
    Operation(
        "GET",
        _DEFINITIONS,
        _listing("unifiedRoleDefinition", _DEFINITIONS[1:], definition_item),
        rights.READ_ROLES,
    ),
    Operation("GET", f"{_DEFINITIONS}/{{id}}", _reading(_DEFINITIONS[1:], definition_item), rights.READ_ROLES),
    Operation("GET", _ASSIGNMENTS, assignments, rights.READ_ROLES),
    Operation("POST", _ASSIGNMENTS, assign, rights.WRITE_ROLES),
    Operation("GET", f"{_ASSIGNMENTS}/{{id}}", read_assignment, rights.READ_ROLES),
    Operation("DELETE", f"{_ASSIGNMENTS}/{{id}}", unassign, rights.WRITE_ROLES),
)
