"""Delegated permission grants (graph G38, G46)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from readmit.domain.application import PermissionGrant
from readmit.domain.errors import NotFound
from readmit.flows import access
from readmit.flows.world import World
from readmit.storage import queries_assigned
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph import records, rights
from readmit.web.graph.app_body import needed_guid
from readmit.web.graph.body import Properties, object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.related import anchor_of
from readmit.web.graph.render import Item, entity, frame_of, graph_reply, no_content

_NAMES: Final = ("id", "clientId", "consentType", "principalId", "resourceId", "scope", "startTime", "expiryTime")
_RESOURCE: Final = "OAuth2PermissionGrant"


def grant_item(grant: PermissionGrant) -> Item:
    """An oAuth2PermissionGrant."""
    body = {
        "clientId": grant.client_id,
        "consentType": grant.consent_type,
        "id": grant.id,
        "principalId": grant.principal_id,
        "resourceId": grant.resource_id,
        "scope": grant.scope,
    }
    return Item("oAuth2PermissionGrant", grant.id, body)


_PAGED: Final = records.Paged("oAuth2PermissionGrant", "oauth2PermissionGrants")


def listing(world: World, call: Call) -> Step:
    """GET /oauth2PermissionGrants."""
    return records.pages(world, call, _PAGED, queries_assigned.grants(caller_of(call).tenant_id), grant_item)


def count(world: World, call: Call) -> Step:
    """GET /oauth2PermissionGrants/$count."""
    return records.count(world, call, _PAGED, queries_assigned.grants(caller_of(call).tenant_id))


def _of(kind: str) -> Callable[[World, Call], Step]:
    """GET /users/{id}/oauth2PermissionGrants, GET /servicePrincipals/{id}/oauth2PermissionGrants."""

    def answer(world: World, call: Call) -> Step:
        found = queries_assigned.grants(caller_of(call).tenant_id, of=anchor_of(world, call, kind))
        return records.pages(world, call, _PAGED, found, grant_item)

    return answer


def read(world: World, call: Call) -> Step:
    """GET /oauth2PermissionGrants/{id}."""
    id = call.parameters["id"]
    grant = world.database.read(queries_assigned.grant, caller_of(call).tenant_id, id)
    if grant is None:
        raise NotFound(id)
    return records.one(call, "oauth2PermissionGrants", grant_item(grant))


def create(world: World, call: Call) -> Step:
    """POST /oauth2PermissionGrants."""
    body = Properties(object_of(call), _NAMES, resource=_RESOURCE)
    consent = body.needed_text("consentType")
    if consent not in ("AllPrincipals", "Principal"):
        raise body.refuse_value("consentType")
    asked = PermissionGrant(
        id="",
        tenant_id="",
        client_id=needed_guid(body, "clientId"),
        resource_id=needed_guid(body, "resourceId"),
        consent_type="Principal" if consent == "Principal" else "AllPrincipals",
        principal_id=needed_guid(body, "principalId") if body.raw("principalId") is not None else None,
        scope=_scope(body),
    )

    def render(grant: PermissionGrant) -> Reply:
        frame = frame_of(call)
        answer = entity(frame, "oauth2PermissionGrants/$entity", grant_item(grant))
        location = ("Location", f"{frame.root}/oauth2PermissionGrants/{grant.id}")
        return graph_reply(call, 201, answer).with_headers(location)

    return Write(render, access.grant_permissions, world, caller_of(call), asked, correlation_id=call.request_id)


def update(world: World, call: Call) -> Step:
    """PATCH /oauth2PermissionGrants/{id} {scope}."""
    body = Properties(object_of(call), ("scope",), resource=_RESOURCE)
    arguments = (world, caller_of(call), call.parameters["id"], _scope(body))
    return Write(_done, access.change_permissions, *arguments, correlation_id=call.request_id)


def remove(world: World, call: Call) -> Step:
    """DELETE /oauth2PermissionGrants/{id}."""
    arguments = (world, caller_of(call), call.parameters["id"])
    return Write(_done, access.withdraw_permissions, *arguments, correlation_id=call.request_id)


def _scope(body: Properties) -> str:
    """The permissions, one space between two."""
    return " ".join((body.text("scope", limit=3850) or "").split())


def _done(_result: Any) -> Reply:
    return no_content()


OPERATIONS = (
    Operation("GET", "/oauth2PermissionGrants", listing, rights.READ_GRANTS),
    Operation("GET", "/oauth2PermissionGrants/$count", count, rights.READ_GRANTS),
    Operation("POST", "/oauth2PermissionGrants", create, rights.WRITE_GRANTS),
    Operation("GET", "/oauth2PermissionGrants/{id}", read, rights.READ_GRANTS),
    Operation("PATCH", "/oauth2PermissionGrants/{id}", update, rights.WRITE_GRANTS),
    Operation("DELETE", "/oauth2PermissionGrants/{id}", remove, rights.WRITE_GRANTS),
    Operation("GET", "/users/{id}/oauth2PermissionGrants", _of("user"), rights.READ_GRANTS),
    Operation("GET", "/servicePrincipals/{id}/oauth2PermissionGrants", _of("servicePrincipal"), rights.READ_GRANTS),
)
