"""The hidden client of the commands on the server's own machine: one for each tenant, a new secret at each start."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from readmit.domain.application import Application, Assignment, Secret, ServicePrincipal, assignment_id
from readmit.domain.graph_permissions import GRAPH_APP_ID, ROLE_IDS
from readmit.domain.tenant import Tenant
from readmit.flows.world import World
from readmit.storage import apps, assignments, client_secrets, seeds, tenants
from readmit.storage.transaction import Transaction
from readmit.tokens import from_base64url

_SCOPE: Final = "local-client"
_SECRET_LIFETIME: Final = timedelta(days=3650)
_PERMISSIONS: Final = (
    "User.Invite.All",
    "User.ReadWrite.All",
    "Group.Read.All",
    "Application.Read.All",
    "AuditLog.Read.All",
    "Directory.Read.All",
    "Policy.Read.All",
    "Policy.ReadWrite.Authorization",
    "Policy.ReadWrite.CrossTenantAccess",
)
"""What `guest`, `reset`, `idp` and `policy` call; nothing that could grant itself more (docs/decisions/0007)."""


@dataclass(frozen=True, slots=True)
class LocalClient:
    """What the commands need: the secret is readable this once."""

    tenant: Tenant
    client_id: str
    secret: str


def renew(tx: Transaction, world: World) -> list[LocalClient]:
    """A fresh secret for the hidden client of every tenant; earlier ones are gone."""
    known = seeds.known(tx)
    made = []
    for tenant in tenants.every(tx):
        application_id = known.get((_SCOPE, "application", tenant.id)) or _create(tx, world, tenant)
        application = apps.application(tx, tenant.id, application_id)
        assert application is not None
        _permit(tx, world, application, {key for scope, kind, key in known if (scope, kind) == (_SCOPE, "permission")})
        made.append(_with_secret(tx, world, tenant, application))
    return made


def _create(tx: Transaction, world: World, tenant: Tenant) -> str:
    now, app_id = world.now(), world.new_id()
    application = Application(world.new_id(), tenant.id, app_id, "readmit command line", now)
    apps.insert_application(tx, application)
    principal = ServicePrincipal(world.new_id(), tenant.id, app_id, "readmit command line", now, hidden=True)
    apps.insert_principal(tx, principal)
    seeds.remember(
        tx, scope=_SCOPE, kind="application", key=tenant.id, object_id=application.id, applied={"appId": app_id}
    )
    return application.id


def _permit(tx: Transaction, world: World, application: Application, given: set[str]) -> None:
    """Each permission once: what an earlier version did not know is given now, what was taken away stays away."""
    principal = apps.principal_by_app_id(tx, application.tenant_id, application.app_id)
    graph = apps.principal_by_app_id(tx, application.tenant_id, GRAPH_APP_ID)
    for name in _PERMISSIONS:
        key = f"{application.tenant_id} {name}"
        if key in given or principal is None or graph is None:
            continue
        granted = Assignment(
            id=assignment_id(principal.id, from_base64url(world.new_secret())[:16]),
            tenant_id=application.tenant_id,
            principal_id=principal.id,
            principal_type="ServicePrincipal",
            resource_id=graph.id,
            app_role_id=ROLE_IDS[name],
            created=world.now(),
        )
        assignments.add(tx, granted)
        seeds.remember(tx, scope=_SCOPE, kind="permission", key=key, object_id=granted.id, applied={})


def _with_secret(tx: Transaction, world: World, tenant: Tenant, application: Application) -> LocalClient:
    for old in client_secrets.of_application(tx, application.id):
        client_secrets.remove(tx, application.id, old.id)
    now, secret = world.now(), world.new_secret()
    client_secrets.add(
        tx,
        Secret(
            id=world.new_id(),
            application_id=application.id,
            kind="sha256",
            hash=hashlib.sha256(secret.encode()).hexdigest(),
            hint=secret[:3],
            display_name="written by serve",
            starts=now,
            ends=now + _SECRET_LIFETIME,
        ),
    )
    return LocalClient(tenant, application.app_id, secret)
