"""What ties a person to organisations: what he has in one, and in which others he is a guest."""

from __future__ import annotations

from dataclasses import dataclass

from readmit.domain.guest import home_binding
from readmit.domain.session import SignIn
from readmit.storage import roles
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Belongings:
    """How much of an organisation a user would lose: live groups, applications by app roles of his own or of groups."""

    groups: int
    applications: int


def belongings(tx: Transaction, user_id: str) -> Belongings:
    """What membership gives; nobody's names (a guest may not read them, lifecycle L46)."""
    row = tx.one(
        "SELECT (SELECT COUNT(*) FROM group_members m JOIN groups g ON g.id = m.group_id AND g.deleted_at IS NULL"
        " WHERE m.member_id = :user),"
        " (SELECT COUNT(DISTINCT r.resource_id) FROM app_role_assignments r JOIN service_principals s"
        " ON s.id = r.resource_id AND s.deleted_at IS NULL WHERE r.principal_id = :user OR r.principal_id IN"
        " (SELECT m.group_id FROM group_members m JOIN groups g ON g.id = m.group_id AND g.deleted_at IS NULL"
        " WHERE m.member_id = :user))",
        {"user": user_id},
    )
    assert row is not None
    return Belongings(*row)


def last_administrator(tx: Transaction, tenant_id: str, user_id: str) -> bool:
    """Whether an organisation would be left without a Global Administrator if this user went."""
    return roles.last_administrator(tx, tenant_id, user_id)


def users_of(tx: Transaction, entry: SignIn) -> list[str]:
    """Who the person of `entry` is at which organisation: his home account here, and its guests; ids, home first.

    Only while the home account is the one that proved him: a proof of another epoch speaks for nobody (lifecycle L1).
    """
    id, epoch = entry.person
    row = tx.one(
        "SELECT tenant_id FROM users WHERE id = :id AND epoch = :epoch AND deleted_at IS NULL AND account_enabled = 1",
        {"id": id, "epoch": epoch},
    )
    if row is None:
        return []
    home = home_binding(row[0], id)
    guests = tx.all(
        "SELECT id FROM users WHERE binding_subject = :subject AND binding_issuer = :issuer"
        " AND binding_kind = :kind AND binding_issuer IS NOT NULL AND deleted_at IS NULL AND account_enabled = 1"
        " ORDER BY tenant_id",
        {"subject": home.subject, "issuer": home.issuer, "kind": home.kind},
    )
    return [id, *(guest[0] for guest in guests)]
