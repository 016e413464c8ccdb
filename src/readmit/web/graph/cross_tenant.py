"""policies/crossTenantAccessPolicy: the default configuration and the partners (graph G45, G46)."""

from __future__ import annotations

from typing import Any, Final

from readmit.domain.cross_tenant import Partner
from readmit.domain.errors import InvalidValue, NotFound
from readmit.flows import cross_tenant
from readmit.flows.world import World
from readmit.storage import queries_policies
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph import records, rights
from readmit.web.graph.body import Properties, object_of
from readmit.web.graph.cross_tenant_shape import (
    PARTNER,
    default_changes,
    default_item,
    partner_changes,
    partner_item,
)
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.references import UUID, checked_id
from readmit.web.graph.render import Item, entity, frame_of, graph_reply, no_content
from readmit.web.graph.viewer import viewer

_POLICY: Final = "crossTenantAccessPolicy"
_PATH: Final = f"policies/{_POLICY}"


def read_policy(world: World, call: Call) -> Step:
    """GET of the policy itself, which says no more than its name."""
    id = viewer(world, call).tenant.id
    body: dict[str, Any] = {
        "id": id,
        "displayName": "CrossTenantAccessPolicy",
        "description": None,
        "allowedCloudEndpoints": [],
    }
    return records.one(call, _PATH, Item(_POLICY, id, body))


def read_default(world: World, call: Call) -> Step:
    """GET of the default configuration."""
    return records.one(call, f"{_PATH}/default", default_item(viewer(world, call).tenant))


def update_default(world: World, call: Call) -> Step:
    """PATCH: what it says acts at once on invitations and redemptions."""
    item = default_item(viewer(world, call).tenant)
    body = Properties(object_of(call), item.body, resource=f"{item.kind[0].upper()}{item.kind[1:]}")
    arguments = (world, caller_of(call), default_changes(body))
    return Write(_done, cross_tenant.change_default, *arguments, correlation_id=call.request_id)


def reset_default(world: World, call: Call) -> Step:
    """POST …/default/resetToSystemDefault."""
    return Write(_done, cross_tenant.reset_default, world, caller_of(call), correlation_id=call.request_id)


def partners(world: World, call: Call) -> Step:
    """GET of the partners."""
    found = world.database.read(queries_policies.every_partner, caller_of(call).tenant_id)
    paged = records.Paged(PARTNER, f"{_PATH}/partners")
    return records.whole(world, call, paged, [partner_item(partner) for partner in found])


def read_partner(world: World, call: Call) -> Step:
    """GET of one partner by its tenant id."""
    return records.one(call, f"{_PATH}/partners", partner_item(_partner(world, call)))


def create_partner(world: World, call: Call) -> Step:
    """POST: an organisation for which something is different."""
    body = _partner_body(call)
    tenant_id = body.needed_text("tenantId").lower()
    if not UUID.fullmatch(tenant_id):
        raise body.refuse_value("tenantId")

    def render(made: Partner) -> Reply:
        context = f"{_PATH}/partners/$entity"
        reply = graph_reply(call, 201, entity(frame_of(call), context, partner_item(made)))
        return reply.with_headers(("Location", f"{frame_of(call).root}/{_PATH}/partners/{made.tenantId}"))

    wanted = Partner(tenant_id, **partner_changes(body))
    arguments = (world, caller_of(call), wanted)
    return Write(render, cross_tenant.create_partner, *arguments, correlation_id=call.request_id)


def update_partner(world: World, call: Call) -> Step:
    """PATCH of one partner."""
    partner = _partner(world, call)
    body = _partner_body(call)
    if "tenantId" in body and body.needed_text("tenantId").lower() != partner.tenantId:
        raise InvalidValue("tenantId", "CrossTenantAccessPolicyConfigurationPartner")
    arguments = (world, caller_of(call), partner.tenantId, partner_changes(body))
    return Write(_done, cross_tenant.update_partner, *arguments, correlation_id=call.request_id)


def delete_partner(world: World, call: Call) -> Step:
    """DELETE of one partner: the default holds for it again."""
    arguments = (world, caller_of(call), checked_id(call.parameters["id"]))
    return Write(_done, cross_tenant.delete_partner, *arguments, correlation_id=call.request_id)


def _partner(world: World, call: Call) -> Partner:
    id = checked_id(call.parameters["id"])
    found = world.database.read(queries_policies.partner, caller_of(call).tenant_id, id)
    if found is None:
        raise NotFound(id)
    return found


def _partner_body(call: Call) -> Properties:
    known = partner_item(Partner("")).body
    return Properties(object_of(call), known, resource="CrossTenantAccessPolicyConfigurationPartner")


def _done(_result: Any) -> Reply:
    return no_content()


_DEFAULT: Final = f"/{_PATH}/default"
_PARTNERS: Final = f"/{_PATH}/partners"
OPERATIONS: Final = (
    Operation("GET", f"/{_PATH}", read_policy, rights.READ_POLICIES),
    Operation("GET", _DEFAULT, read_default, rights.READ_POLICIES),
    Operation("PATCH", _DEFAULT, update_default, rights.WRITE_CROSS_TENANT),
    Operation("POST", f"{_DEFAULT}/resetToSystemDefault", reset_default, rights.WRITE_CROSS_TENANT),
    Operation("GET", _PARTNERS, partners, rights.READ_POLICIES),
    Operation("POST", _PARTNERS, create_partner, rights.WRITE_CROSS_TENANT),
    Operation("GET", f"{_PARTNERS}/{{id}}", read_partner, rights.READ_POLICIES),
    Operation("PATCH", f"{_PARTNERS}/{{id}}", update_partner, rights.WRITE_CROSS_TENANT),
    Operation("DELETE", f"{_PARTNERS}/{{id}}", delete_partner, rights.WRITE_CROSS_TENANT),
)
