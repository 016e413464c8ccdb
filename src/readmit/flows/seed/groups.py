"""Groups of a seed and their members."""

from __future__ import annotations

from readmit.domain.address import EmailAddress
from readmit.domain.group import Group
from readmit.domain.tenant import Tenant
from readmit.flows.seed.assignments import principal_of
from readmit.flows.seed.entries import SeedGroup, SeedTenant
from readmit.flows.seed.rights import missing, right
from readmit.flows.seed.run import Run
from readmit.storage import groups, seeds


def seed_group(run: Run, seed: SeedTenant, tenant: Tenant, entry: SeedGroup) -> None:
    """A group, made once, and its members."""
    scope = seed.initial_domain
    group_id = run.once(scope, "group", entry.display_name, lambda: _make_group(run, tenant, entry))
    alive = groups.live(run.tx, tenant.id, group_id) is not None
    for member in entry.members:
        key = f"{entry.display_name} {member.lower()}"
        found = principal_of(run, seed, tenant, member)
        if found is None:
            missing(run, (scope, "member", key), entry.line, f"there is no user, guest or group '{member}'")
            continue
        right(
            run,
            scope,
            "member",
            key,
            grant=lambda found=found: groups.add_member(run.tx, group_id, found.id, found.kind),
            held=seeds.is_member(run.tx, group_id, found.id),
            alive=alive and found.alive,
        )


def _make_group(run: Run, tenant: Tenant, entry: SeedGroup) -> str:
    group = Group(
        id=run.world.new_id(),
        tenant_id=tenant.id,
        display_name=entry.display_name,
        created=run.world.now(),
        description=entry.description,
        mail=EmailAddress.parse(entry.mail) if entry.mail else None,
        mail_nickname="".join(c for c in entry.display_name.lower() if c.isascii() and c.isalnum()) or "group",
        group_types=("Unified",) if entry.mail else (),
        mail_enabled=entry.mail is not None,
        is_assignable_to_role=entry.role_assignable,
    )
    groups.insert(run.tx, group)
    return group.id
