"""The table of partners: what a tenant does differently for one other organisation (graph G45)."""

from __future__ import annotations

import msgspec

from readmit.domain.cross_tenant import Partner
from readmit.storage.columns import to_json
from readmit.storage.transaction import Transaction

_decode = msgspec.json.Decoder(Partner).decode
_KEY = "tenant_id = :tenant AND partner_id = :partner"


def get(tx: Transaction, tenant_id: str, partner_id: str) -> Partner | None:
    """The partner with this tenant id."""
    sql = f"SELECT settings FROM cross_tenant_partners WHERE {_KEY}"
    row = tx.one(sql, {"tenant": tenant_id, "partner": partner_id})
    return _decode(row[0]) if row else None


def every(tx: Transaction, tenant_id: str) -> list[Partner]:
    """All of a tenant, in the order of their ids."""
    sql = "SELECT settings FROM cross_tenant_partners WHERE tenant_id = :tenant ORDER BY partner_id"
    return [_decode(row[0]) for row in tx.all(sql, {"tenant": tenant_id})]


def there_are(tx: Transaction, tenant_id: str) -> bool:
    """Whether a tenant has any."""
    sql = "SELECT 1 FROM cross_tenant_partners WHERE tenant_id = :tenant LIMIT 1"
    return tx.one(sql, {"tenant": tenant_id}) is not None


def insert(tx: Transaction, tenant_id: str, partner: Partner) -> bool:
    """A new one; False if the organisation has an entry."""
    sql = (
        "INSERT INTO cross_tenant_partners (tenant_id, partner_id, settings) VALUES (:tenant, :partner, :settings)"
        " ON CONFLICT DO NOTHING"
    )
    return tx.run(sql, _parameters(tenant_id, partner)) == 1


def update(tx: Transaction, tenant_id: str, partner: Partner) -> None:
    """Write it anew."""
    tx.run(f"UPDATE cross_tenant_partners SET settings = :settings WHERE {_KEY}", _parameters(tenant_id, partner))


def delete(tx: Transaction, tenant_id: str, partner_id: str) -> bool:
    """Remove it; False if there is none."""
    parameters = {"tenant": tenant_id, "partner": partner_id}
    return tx.run(f"DELETE FROM cross_tenant_partners WHERE {_KEY}", parameters) == 1


def _parameters(tenant_id: str, partner: Partner) -> dict[str, str]:
    return {"tenant": tenant_id, "partner": partner.tenantId, "settings": to_json(partner)}
