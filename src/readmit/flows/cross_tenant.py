"""Cross-tenant access settings: the default, and partners made, changed, removed (graph G45, G46)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from readmit.domain.cross_tenant import OPEN, Inbound, Partner
from readmit.domain.errors import Duplicate, InvalidValue, NotFound
from readmit.domain.permission import Caller
from readmit.domain.tenant import TenantSettings
from readmit.flows import tenants
from readmit.flows.directory import tenant_of
from readmit.flows.record import object_event, record
from readmit.flows.world import World
from readmit.storage import partners, providers
from readmit.storage.transaction import Transaction

_CATEGORY: Final = "CrossTenantAccessSettings"
DEFAULT: Final = (
    "b2bCollaborationInbound",
    "inboundTrust",
    "primaryIdentityProviderPrecedenceOrder",
    "fallbackIdentityProvider",
)
"""The tenant settings that the default configuration shows."""


def is_service_default(settings: TenantSettings) -> bool:
    """Whether the default configuration is the one that the service comes with."""
    untouched = TenantSettings()
    return all(getattr(settings, name) == getattr(untouched, name) for name in DEFAULT)


def change_default(
    tx: Transaction,
    world: World,
    caller: Caller,
    changed: Mapping[str, Any],
    *,
    correlation_id: str | None = None,
) -> None:
    """PATCH of the default; acts at once. Halves that `b2bCollaborationInbound` leaves out stay.

    Raises InvalidValue (M6) for Microsoft accounts as the fallback where no provider of that kind is registered.
    """
    values = dict(changed)
    if isinstance(values.get("b2bCollaborationInbound"), Inbound):
        before = tenant_of(tx, caller).settings.b2bCollaborationInbound
        values["b2bCollaborationInbound"] = values["b2bCollaborationInbound"].over(before.over(OPEN))
    wants_microsoft = values.get("fallbackIdentityProvider") == "microsoftAccount"
    if wants_microsoft and providers.of_preset(tx, caller.tenant_id, "microsoft") is None:
        path = "invitationRedemptionIdentityProviderConfiguration.fallbackIdentityProvider"
        raise InvalidValue(path, "CrossTenantAccessPolicyConfigurationDefault")
    activity = "Update the company default cross-tenant access setting"
    tenants.change_settings(
        tx, world, caller, values, activity=activity, category=_CATEGORY, correlation_id=correlation_id
    )


def reset_default(tx: Transaction, world: World, caller: Caller, *, correlation_id: str | None = None) -> None:
    """POST …/default/resetToSystemDefault; partners stay."""
    untouched = TenantSettings()
    values = {name: getattr(untouched, name) for name in DEFAULT}
    activity = "Reset the cross-tenant access default setting"
    tenants.change_settings(
        tx, world, caller, values, activity=activity, category=_CATEGORY, correlation_id=correlation_id
    )


def create_partner(
    tx: Transaction, world: World, caller: Caller, partner: Partner, *, correlation_id: str | None = None
) -> Partner:
    """POST …/partners. Raises Duplicate (M15), InvalidValue for the tenant's own id."""
    if partner.tenantId == caller.tenant_id:
        raise InvalidValue("tenantId", "CrossTenantAccessPolicyConfigurationPartner")
    if not partners.insert(tx, caller.tenant_id, partner):
        raise Duplicate
    event = _event("Add a partner to cross-tenant access setting", "Add", partner)
    record(tx, world, caller, event, correlation_id=correlation_id)
    return partner


def update_partner(
    tx: Transaction,
    world: World,
    caller: Caller,
    partner_id: str,
    changed: Mapping[str, Any],
    *,
    correlation_id: str | None = None,
) -> None:
    """PATCH …/partners/{id}; null gives the default its word back. Raises NotFound."""
    before = _existing(tx, caller, partner_id)
    values = dict(changed)
    inbound = values.get("b2bCollaborationInbound")
    if isinstance(inbound, Inbound) and before.b2bCollaborationInbound is not None:
        values["b2bCollaborationInbound"] = inbound.over(before.b2bCollaborationInbound)
    after = replace(before, **values)
    if after == before:
        return
    partners.update(tx, caller.tenant_id, after)
    told = {name: [getattr(before, name), getattr(after, name)] for name in values}
    told = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
    event = _event("Update a partner cross-tenant access setting", "Update", after, changed=told)
    record(tx, world, caller, event, correlation_id=correlation_id)


def delete_partner(
    tx: Transaction, world: World, caller: Caller, partner_id: str, *, correlation_id: str | None = None
) -> None:
    """DELETE …/partners/{id}: the default holds for it again. Raises NotFound."""
    partner = _existing(tx, caller, partner_id)
    partners.delete(tx, caller.tenant_id, partner.tenantId)
    event = _event("Delete partner specific cross-tenant access setting", "Delete", partner)
    record(tx, world, caller, event, correlation_id=correlation_id)


def _existing(tx: Transaction, caller: Caller, partner_id: str) -> Partner:
    partner = partners.get(tx, caller.tenant_id, partner_id)
    if partner is None:
        raise NotFound(partner_id)
    return partner


def _event(activity: str, operation: str, partner: Partner, **details: object) -> Any:
    target = ("Policy", partner.tenantId, partner.tenantId)
    return object_event(activity, _CATEGORY, operation, target, **details)
