"""App role assignments of a seed, and whom a name in a seed means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from readmit.domain.address import EmailAddress
from readmit.domain.tenant import Tenant
from readmit.flows.seed.applications import assigned, live_application
from readmit.flows.seed.entries import SeedAssignment, SeedTenant, application_key
from readmit.flows.seed.rights import missing, right
from readmit.flows.seed.run import Run
from readmit.storage import apps, assignments, groups, seeds, users


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a right is for."""

    kind: Literal["user", "group"]
    id: str
    alive: bool


def principal_of(run: Run, seed: SeedTenant, tenant: Tenant, name: str) -> Principal | None:
    """A user, guest or group by its key in the file: the same object also after a reset, and when it is deleted."""
    scope = seed.initial_domain
    for kind, key in (("guest", _key(name)), ("user", name.lower())):
        found = run.known.get((scope, kind, key))
        if found is not None:
            return Principal("user", found, users.live(run.tx, tenant.id, found) is not None)
    group_id = run.known.get((scope, "group", name))
    if group_id is not None:
        return Principal("group", group_id, groups.live(run.tx, tenant.id, group_id) is not None)
    user = users.by_address(run.tx, tenant.id, _key(name)) or users.by_upn(run.tx, tenant.id, name)
    return Principal("user", user.id, alive=True) if user is not None else None


def _key(name: str) -> str:
    return EmailAddress.stored(name).key if "@" in name else name


def seed_assignment(run: Run, seed: SeedTenant, tenant: Tenant, entry: SeedAssignment) -> None:
    """An app role for whom the file names."""
    scope, kind = seed.initial_domain, "appRoleAssignment"
    key = f"{entry.application} {entry.role or 'default'} {entry.principal.lower()}"
    resource = _resource(run, seed, tenant, entry.application)
    role_id = _role_id(run, tenant, resource, entry) if resource else None
    found = principal_of(run, seed, tenant, entry.principal)
    if resource is None:
        missing(run, (scope, kind, key), entry.line, f"there is no application '{entry.application}'")
    elif role_id is None:
        text = f"the application '{entry.application}' has no role '{entry.role}'"
        missing(run, (scope, kind, key), entry.line, text)
    elif found is None:
        missing(run, (scope, kind, key), entry.line, f"there is no user, guest or group '{entry.principal}'")
    else:
        made = assigned(run, tenant, found.id, "Group" if found.kind == "group" else "User", resource, role_id)
        right(
            run,
            scope,
            kind,
            key,
            grant=lambda: assignments.add(run.tx, made),
            held=role_id in assignments.application_roles(run.tx, found.id, resource),
            alive=found.alive,
        )


def _resource(run: Run, seed: SeedTenant, tenant: Tenant, name: str) -> str | None:
    """The live service principal of an entry of this file, also when it was renamed since, or else of this name."""
    for application in seed.applications:
        if name in (application.display_name, application.app_id):
            principal_id = run.known[(seed.initial_domain, "application", application_key(application))]
            return principal_id if live_application(run, tenant, principal_id) else None
    return seeds.principal_named(run.tx, tenant.id, name)


def _role_id(run: Run, tenant: Tenant, resource_id: str, entry: SeedAssignment) -> str | None:
    if entry.role is None:
        return "00000000-0000-0000-0000-000000000000"
    principal = apps.principal(run.tx, tenant.id, resource_id)
    assert principal is not None
    application = apps.home_application(run.tx, tenant.id, principal.app_id)
    for role in application.app_roles if application else ():
        if entry.role in (role.get("value"), role.get("displayName"), role.get("id")):
            return str(role["id"])
    return None
