"""Tenants as doors look for them."""

from __future__ import annotations

from readmit.domain.address import InvalidAddress, domain_key
from readmit.domain.tenant import Tenant
from readmit.storage import tenants
from readmit.storage.transaction import Transaction


def named(tx: Transaction, name: str) -> Tenant | None:
    """By id, else by a verified domain, however it is written."""
    try:
        key = domain_key(name)
    except InvalidAddress:
        return None
    return tenants.get(tx, key) or tenants.by_domain(tx, key)


def only(tx: Transaction) -> Tenant | None:
    """The one tenant of a server that has exactly one."""
    found = tenants.every(tx)
    return found[0] if len(found) == 1 else None


def only_with(tx: Transaction, app_id: str) -> Tenant | None:
    """The one tenant that has a live service principal of this application."""
    rows = tx.all(
        "SELECT tenant_id FROM service_principals WHERE app_id = :app AND deleted_at IS NULL LIMIT 2",
        {"app": app_id.lower()},
    )
    return tenants.get(tx, rows[0][0]) if len(rows) == 1 else None


def with_password_grant(tx: Transaction) -> list[Tenant]:
    """Tenants in which applications may take passwords (security O7)."""
    return [tenant for tenant in tenants.every(tx) if tenant.settings.allowPasswordGrant]


def has_members(tx: Transaction, tenant_id: str) -> bool:
    """Whether any live member is there."""
    row = tx.one(
        "SELECT 1 FROM users WHERE tenant_id = :tenant AND user_type = 'Member' AND deleted_at IS NULL LIMIT 1",
        {"tenant": tenant_id},
    )
    return row is not None
