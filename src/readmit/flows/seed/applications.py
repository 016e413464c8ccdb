"""Applications of a seed, with their secrets, permissions and consents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from readmit.domain.application import Application, Assignment, PermissionGrant, Secret, ServicePrincipal, assignment_id
from readmit.domain.graph_permissions import GRAPH_APP_ID, ROLE_IDS
from readmit.domain.tenant import Tenant
from readmit.flows.seed.entries import SeedApplication, SeedTenant, application_key
from readmit.flows.seed.rights import right
from readmit.flows.seed.run import Run, fail
from readmit.storage import apps, assignments, client_secrets, seeds
from readmit.tokens import from_base64url

_SECRET_LIFETIME = timedelta(days=50 * 365)


def seed_application(run: Run, seed: SeedTenant, tenant: Tenant, entry: SeedApplication) -> None:
    """An application with its service principal, made once, and its permissions and consents."""
    key = application_key(entry)
    principal_id = run.once(
        seed.initial_domain, "application", key, lambda: _make_application(run, seed, tenant, entry)
    )
    graph = apps.principal_by_app_id(run.tx, tenant.id, GRAPH_APP_ID)
    assert graph is not None
    alive = live_application(run, tenant, principal_id)
    for name in entry.permissions:
        role_id = ROLE_IDS[name]
        made = assigned(run, tenant, principal_id, "ServicePrincipal", graph.id, role_id)
        right(
            run,
            seed.initial_domain,
            "permission",
            f"{key} {name}",
            grant=lambda made=made: assignments.add(run.tx, made),
            held=role_id in assignments.application_roles(run.tx, principal_id, graph.id),
            alive=alive,
        )
    if entry.delegated:
        grant = PermissionGrant(
            id=run.world.new_secret(),
            tenant_id=tenant.id,
            client_id=principal_id,
            resource_id=graph.id,
            consent_type="AllPrincipals",
            principal_id=None,
            scope=" ".join(entry.delegated),
        )
        right(
            run,
            seed.initial_domain,
            "consent",
            key,
            grant=lambda: assignments.add_grant(run.tx, grant),
            held=seeds.consented(run.tx, principal_id, graph.id),
            alive=alive,
        )


def live_application(run: Run, tenant: Tenant, principal_id: str) -> bool:
    principal = apps.principal(run.tx, tenant.id, principal_id)
    return principal is not None and principal.deleted is None


def assigned(run: Run, tenant: Tenant, principal_id: str, kind: Any, resource_id: str, role_id: str) -> Assignment:
    """An app role assignment, not yet written."""
    sixteen = from_base64url(run.world.new_secret())[:16]
    return Assignment(
        id=assignment_id(principal_id, sixteen),
        tenant_id=tenant.id,
        principal_id=principal_id,
        principal_type=kind,
        resource_id=resource_id,
        app_role_id=role_id,
        created=run.world.now(),
    )


def _make_application(run: Run, seed: SeedTenant, tenant: Tenant, entry: SeedApplication) -> str:
    now, new_id = run.world.now(), run.world.new_id
    app_id = entry.app_id or new_id()
    if apps.principal_by_app_id(run.tx, tenant.id, app_id) is not None:
        raise fail(entry.line, f"the appId {app_id} is another application's")
    application = Application(
        id=new_id(),
        tenant_id=tenant.id,
        app_id=app_id,
        display_name=entry.display_name,
        created=now,
        app_roles=tuple(_role(run, role) for role in entry.app_roles),
        web_redirect_uris=entry.web_redirect_uris,
        spa_redirect_uris=entry.spa_redirect_uris,
        public_redirect_uris=entry.public_redirect_uris,
        identifier_uris=entry.identifier_uris,
        properties=entry.properties,
    )
    apps.insert_application(run.tx, application)
    principal = ServicePrincipal(
        id=new_id(),
        tenant_id=tenant.id,
        app_id=app_id,
        display_name=entry.display_name,
        created=now,
        assignment_required=entry.assignment_required,
        properties={"homepage": entry.homepage} if entry.homepage else {},
    )
    apps.insert_principal(run.tx, principal)
    hashed = run.hashes.get((seed.initial_domain, "application", application_key(entry)))
    if hashed is not None and entry.client_secret is not None:
        secret = Secret(
            id=new_id(),
            application_id=application.id,
            kind="argon2",
            hash=hashed,
            hint=entry.client_secret[:3],
            display_name="seed",
            starts=now,
            ends=now + _SECRET_LIFETIME,
        )
        client_secrets.add(run.tx, secret)
    return principal.id


def _role(run: Run, role: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": role.get("id") or run.world.new_id(),
        "allowedMemberTypes": role.get("allowedMemberTypes") or ["User", "Application"],
        "displayName": role.get("displayName") or role["value"],
        "description": role.get("description"),
        "value": role["value"],
        "isEnabled": role.get("isEnabled", True),
        "origin": "Application",
    }
