"""Makes a tenant with what every tenant has: Microsoft Graph and the two clients of graph G80."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from readmit.domain.application import Application, ServicePrincipal
from readmit.domain.errors import Duplicate, InvalidValue
from readmit.domain.graph_permissions import COMMAND_LINE_TOOLS_APP_ID, GRAPH_APP_ID, READMIT_APP_ID
from readmit.domain.permission import Caller
from readmit.domain.tenant import Tenant
from readmit.flows.directory import tenant_of
from readmit.flows.record import object_event, record
from readmit.flows.world import World
from readmit.storage import apps, tenants
from readmit.storage.transaction import Transaction

_CLIENTS: Final = {
    COMMAND_LINE_TOOLS_APP_ID: "Microsoft Graph Command Line Tools",
    READMIT_APP_ID: "readmit",
}
"""Public clients without a consent; an administrator can disable them."""
_REDIRECT: Final = ("http://localhost",)


def create(tx: Transaction, world: World, tenant: Tenant) -> Tenant:
    """Insert the tenant, its domains, and the service principals of graph G80."""
    now = world.now()
    tenants.insert(tx, tenant, now)
    apps.insert_principal(tx, ServicePrincipal(world.new_id(), tenant.id, GRAPH_APP_ID, "Microsoft Graph", now))
    for app_id, name in _CLIENTS.items():
        apps.insert_principal(tx, ServicePrincipal(world.new_id(), tenant.id, app_id, name, now))
        if apps.home_application(tx, tenant.id, app_id) is None:
            apps.insert_application(tx, _registration(world, tenant, app_id, name))
    return tenant


def change(
    tx: Transaction,
    world: World,
    caller: Caller,
    *,
    preferred_language: str | None,
    privacy_url: str | None,
    privacy_contact: str | None,
    technical_mails: tuple[str, ...] | None = None,
    correlation_id: str | None = None,
) -> None:
    """PATCH /organization: the language, the privacy statement and the contact that guests are shown (graph G43).

    `technical_mails`: who is told of technical matters; None leaves it as it is.
    """
    before = tenant_of(tx, caller)
    settings = before.settings
    if technical_mails is not None:
        settings = replace(settings, technicalNotificationMails=technical_mails)
    after = replace(
        before,
        preferred_language=preferred_language,
        privacy_url=privacy_url,
        privacy_contact=privacy_contact,
        settings=settings,
    )
    if after == before:
        return
    tenants.update(tx, after)
    target = ("Directory", after.id, after.display_name)
    event = object_event("Set Company Information", "DirectoryManagement", "Update", target)
    record(tx, world, caller, event, correlation_id=correlation_id)


def change_settings(
    tx: Transaction,
    world: World,
    caller: Caller,
    changed: Mapping[str, Any],
    *,
    activity: str,
    category: str = "Policy",
    fresh: bool = False,
    correlation_id: str | None = None,
) -> None:
    """Write settings that a policy shows; they act at once. Without change nothing is noted (graph G46).

    `fresh`: no domain list may be there yet. Raises Duplicate (M15), InvalidValue (M6) for both lists at once.
    """
    before = tenant_of(tx, caller)
    settings = before.settings
    if fresh and (settings.allowedDomains or settings.blockedDomains):
        raise Duplicate
    after = replace(before, settings=replace(settings, **changed))
    if after.settings.allowedDomains and after.settings.blockedDomains:
        raise InvalidValue("definition", "B2BManagementPolicy")
    if after == before:
        return
    tenants.update(tx, after)
    target = ("Policy", after.id, activity)
    old = {name: getattr(settings, name) for name in changed}
    told = {name: [old[name], value] for name, value in changed.items() if value != old[name]}
    event = object_event(activity, category, "Update", target, changed=told)
    record(tx, world, caller, event, correlation_id=correlation_id)


def _registration(world: World, tenant: Tenant, app_id: str, name: str) -> Application:
    """The registration behind a well-known client: one on the server, whichever tenant was first."""
    return Application(
        id=world.new_id(),
        tenant_id=tenant.id,
        app_id=app_id,
        display_name=name,
        created=world.now(),
        public_redirect_uris=_REDIRECT,
        properties={
            "isFallbackPublicClient": True,
            "signInAudience": "AzureADMultipleOrgs",
            "deviceCode": app_id == READMIT_APP_ID,
        },
    )
