"""Members of a seed, with their directory roles."""

from __future__ import annotations

from readmit.domain.address import EmailAddress
from readmit.domain.errors import AddressTaken, UpnTaken
from readmit.domain.guest import User
from readmit.domain.permission import DIRECTORY_ROLES
from readmit.domain.tenant import Tenant
from readmit.flows.seed.entries import SeedTenant, SeedUser
from readmit.flows.seed.rights import right
from readmit.flows.seed.run import Run, fail
from readmit.storage import roles, users

_ROLE_IDS = {name: role_id for role_id, name in DIRECTORY_ROLES.items()}


def seed_user(run: Run, seed: SeedTenant, tenant: Tenant, entry: SeedUser) -> None:
    """A member, made once, and the directory roles that the file gives him."""
    key = entry.upn.lower()
    user_id = run.once(seed.initial_domain, "user", key, lambda: _make_user(run, seed, tenant, entry))
    for name in entry.roles:
        if name not in _ROLE_IDS:
            raise fail(entry.line, f"there is no directory role '{name}'")
        role_id = _ROLE_IDS[name]
        right(
            run,
            seed.initial_domain,
            "role",
            f"{key} {name}",
            grant=lambda role_id=role_id: roles.add(run.tx, tenant.id, user_id, role_id, id=run.world.new_id()),
            held=role_id in roles.roles_of(run.tx, user_id),
            alive=users.live(run.tx, tenant.id, user_id) is not None,
        )


def _make_user(run: Run, seed: SeedTenant, tenant: Tenant, entry: SeedUser) -> str:
    existing = users.by_upn(run.tx, tenant.id, entry.upn)
    if existing is not None:
        return existing.id
    now = run.world.now()
    mail = EmailAddress.parse(entry.mail or entry.upn)
    user = User(
        id=run.world.new_id(),
        tenant_id=tenant.id,
        upn=entry.upn,
        mail_nickname=entry.upn.partition("@")[0],
        display_name=entry.display_name,
        user_type="Member",
        created=now,
        sessions_valid_from=now,
        mail=mail,
        given_name=entry.given_name,
        surname=entry.surname,
        enabled=entry.enabled,
        preferred_language=entry.preferred_language,
    )
    if mail.domain not in tenant.domains:
        raise fail(entry.line, f"the domain of {entry.mail or entry.upn} is not one of the tenant's")
    insert(run, user, entry.line)
    hashed = run.hashes.get((seed.initial_domain, "user", entry.upn.lower()))
    if hashed is not None:
        users.set_password(run.tx, user.id, hashed, now=now)
    return user.id


def insert(run: Run, user: User, line: int) -> None:
    """A new user; whose address is taken is told with the line."""
    try:
        users.insert(run.tx, user)
    except (AddressTaken, UpnTaken) as error:
        raise fail(line, f"{user.mail} is somebody else's already") from error
