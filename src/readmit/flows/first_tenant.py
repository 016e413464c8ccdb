"""The first tenant and the first administrator of a fresh server."""

from __future__ import annotations

from datetime import timedelta

from readmit.domain.address import EmailAddress
from readmit.domain.audit import SYSTEM
from readmit.domain.errors import OperatorError
from readmit.domain.guest import User
from readmit.domain.permission import GLOBAL_ADMINISTRATOR
from readmit.domain.tenant import Tenant, TenantSettings
from readmit.flows import tenants as new_tenants
from readmit.flows.record import user_event
from readmit.flows.world import World
from readmit.storage import audit, queries_tenants, roles, tenants, users
from readmit.storage.transaction import Transaction

INITIAL_DOMAIN = "readmit.onmicrosoft.com"
_ONE_TIME = timedelta(hours=24)


def ensure(tx: Transaction, world: World) -> None:
    """Without any tenant there is one, so that everything can be tried at once."""
    if tenants.every(tx):
        return
    tenant = Tenant(
        id=world.new_id(),
        display_name="readmit",
        initial_domain=INITIAL_DOMAIN,
        domains=frozenset({INITIAL_DOMAIN}),
        default_domain=INITIAL_DOMAIN,
        preferred_language=None,
        privacy_url=None,
        salt=world.new_secret(),
        settings=TenantSettings(),
    )
    new_tenants.create(tx, world, tenant)


def create_administrator(world: World, upn: EmailAddress) -> str:
    """A Global Administrator with a one-time password for 24 hours, returned once (security D1)."""
    password = world.new_secret()[:20]
    hashed = world.passwords.hash(password)
    world.database.write(_create, world, upn, hashed)
    return password


def _create(tx: Transaction, world: World, upn: EmailAddress, hashed: str) -> None:
    tenant = tenants.by_domain(tx, upn.domain) or _adopting_tenant(tx, upn)
    now = world.now()
    if users.by_upn(tx, tenant.id, upn.given) is not None or users.by_address(tx, tenant.id, upn.key) is not None:
        raise OperatorError(f"{upn} is there already; choose another name.")
    user = User(
        id=world.new_id(),
        tenant_id=tenant.id,
        upn=upn.given,
        mail_nickname=upn.local,
        display_name=upn.local,
        user_type="Member",
        created=now,
        sessions_valid_from=now,
        mail=upn,
    )
    users.insert(tx, user)
    users.set_password(tx, user.id, hashed, now=now, expires=now + _ONE_TIME)
    roles.add(tx, tenant.id, user.id, GLOBAL_ADMINISTRATOR, id=world.new_id())
    events = (
        user_event("Add user", user, operation="Add"),
        user_event("Add member to role", user, operation="Assign", role=GLOBAL_ADMINISTRATOR),
    )
    audit.append(tx, tenant.id, SYSTEM, events, now=now, new_id=world.new_id)


def _adopting_tenant(tx: Transaction, upn: EmailAddress) -> Tenant:
    """The domain is added as verified while the one tenant has no member (interfaces.md)."""
    tenant = queries_tenants.only(tx)
    if tenant is None or queries_tenants.has_members(tx, tenant.id):
        sentence = f"No tenant has the domain {upn.domain}; name a user of a verified domain."
        raise OperatorError(sentence)
    tenants.add_domain(tx, tenant.id, upn.domain, default=True)
    tenants.set_default_domain(tx, tenant.id, upn.domain)
    found = tenants.get(tx, tenant.id)
    assert found is not None
    return found
