"""What seeds made: entries by their key in the file, with the object they stand for."""

from __future__ import annotations

from typing import Any

from readmit.storage.columns import to_json
from readmit.storage.transaction import Transaction


def known(tx: Transaction) -> dict[tuple[str, str, str], str]:
    """(scope, kind, key) of every entry that an earlier run made, with its object's id."""
    rows = tx.all("SELECT scope, kind, entry_key, object_id FROM seed_objects")
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def remember(tx: Transaction, *, scope: str, kind: str, key: str, object_id: str, applied: Any) -> None:
    """Keep what an entry made; the row outlives the object as its tombstone."""
    tx.run(
        "INSERT INTO seed_objects (scope, kind, entry_key, object_id, applied)"
        " VALUES (:scope, :kind, :key, :object, :applied)",
        {"scope": scope, "kind": kind, "key": key, "object": object_id, "applied": to_json(applied)},
    )


def is_member(tx: Transaction, group_id: str, member_id: str) -> bool:
    """Whether the object is directly in the group."""
    row = tx.one(
        "SELECT 1 FROM group_members WHERE group_id = :group AND member_id = :member",
        {"group": group_id, "member": member_id},
    )
    return row is not None


def consented(tx: Transaction, client_id: str, resource_id: str) -> bool:
    """Whether a consent for everybody stands."""
    row = tx.one(
        "SELECT 1 FROM permission_grants WHERE client_id = :client AND resource_id = :resource"
        " AND consent_type = 'AllPrincipals'",
        {"client": client_id, "resource": resource_id},
    )
    return row is not None


def principal_named(tx: Transaction, tenant_id: str, name: str) -> str | None:
    """The id of a live service principal by display name or appId."""
    row = tx.one(
        "SELECT id FROM service_principals WHERE tenant_id = :tenant AND deleted_at IS NULL"
        " AND (display_name = :name OR app_id = :name) ORDER BY created_at, id LIMIT 1",
        {"tenant": tenant_id, "name": name},
    )
    return row[0] if row else None
