"""The tenants' table, with their domains and settings."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import msgspec

from readmit.domain.tenant import Tenant, TenantSettings
from readmit.storage.columns import micros, to_json
from readmit.storage.transaction import Row, Transaction

_SELECT = """
SELECT t.id, t.display_name, t.initial_domain, t.preferred_language, t.privacy_url, t.salt, t.settings,
       d.name, d.is_default, t.privacy_contact
FROM tenants t JOIN domains d ON d.tenant_id = t.id
"""
_settings_decoder = msgspec.json.Decoder(TenantSettings)


def get(tx: Transaction, tenant_id: str) -> Tenant | None:
    """The tenant with this id."""
    return _tenant(tx.all(f"{_SELECT} WHERE t.id = :id", {"id": tenant_id}))


def by_domain(tx: Transaction, domain: str) -> Tenant | None:
    """The tenant that verified this domain (A-label), by its initial domain too."""
    row = tx.one("SELECT tenant_id FROM domains WHERE name = :name", {"name": domain})
    return get(tx, row[0]) if row else None


def every(tx: Transaction) -> list[Tenant]:
    """All tenants of the server, oldest first."""
    found = (get(tx, row[0]) for row in tx.all("SELECT id FROM tenants ORDER BY created_at, id"))
    return [tenant for tenant in found if tenant is not None]


def insert(tx: Transaction, tenant: Tenant, now: datetime) -> None:
    """A new tenant with its domains."""
    tx.run(
        "INSERT INTO tenants (id, display_name, initial_domain, preferred_language, privacy_url, salt, settings,"
        " created_at, privacy_contact)"
        " VALUES (:id, :name, :initial, :language, :privacy, :salt, :settings, :now, :contact)",
        {
            "id": tenant.id,
            "name": tenant.display_name,
            "initial": tenant.initial_domain,
            "language": tenant.preferred_language,
            "privacy": tenant.privacy_url,
            "salt": tenant.salt,
            "contact": tenant.privacy_contact,
            "settings": to_json(tenant.settings),
            "now": micros(now),
        },
    )
    for name in sorted(tenant.domains):
        add_domain(tx, tenant.id, name, default=name == tenant.default_domain)


def update(tx: Transaction, tenant: Tenant) -> None:
    """Write name, language, privacy statement and contact, and settings."""
    tx.run(
        "UPDATE tenants SET display_name = :name, preferred_language = :language, privacy_url = :privacy,"
        " settings = :settings, privacy_contact = :contact WHERE id = :id",
        {
            "id": tenant.id,
            "name": tenant.display_name,
            "language": tenant.preferred_language,
            "privacy": tenant.privacy_url,
            "settings": to_json(tenant.settings),
            "contact": tenant.privacy_contact,
        },
    )


def add_domain(tx: Transaction, tenant_id: str, name: str, *, default: bool) -> None:
    """A verified domain; it belongs to one tenant of the server (lifecycle L3)."""
    tx.run(
        "INSERT INTO domains (name, tenant_id, is_default) VALUES (:name, :tenant, :default)",
        {"name": name, "tenant": tenant_id, "default": int(default)},
    )


def domain_owner(tx: Transaction, name: str) -> str | None:
    """The id of the tenant that holds this domain."""
    row = tx.one("SELECT tenant_id FROM domains WHERE name = :name", {"name": name})
    return row[0] if row else None


def _tenant(rows: list[Row]) -> Tenant | None:
    return _made(tuple(rows)) if rows else None


@lru_cache(maxsize=128)
def _made(rows: tuple[Row, ...]) -> Tenant:
    """The same rows are the same tenant: its settings are read from their JSON once."""
    id, name, initial, language, privacy, salt, settings = rows[0][:7]
    names = [row[7] for row in rows]
    return Tenant(
        id=id,
        display_name=name,
        initial_domain=initial,
        domains=frozenset(names),
        default_domain=next((row[7] for row in rows if row[8]), initial),
        preferred_language=language,
        privacy_url=privacy,
        salt=salt,
        settings=_settings_decoder.decode(settings),
        privacy_contact=rows[0][9],
    )


def set_default_domain(tx: Transaction, tenant_id: str, name: str) -> None:
    """The domain that members get by default."""
    tx.run(
        "UPDATE domains SET is_default = CASE WHEN name = :name THEN 1 ELSE 0 END WHERE tenant_id = :tenant",
        {"name": name, "tenant": tenant_id},
    )
