"""Invitations and redemptions as administrators read them; never a link (lifecycle L9, graph G47)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from readmit.storage.columns import micros, moment, moment_or_none
from readmit.storage.transaction import Row, Transaction


def redemptions(tx: Transaction, tenant_id: str, user_id: str) -> list[dict[str, Any]] | None:
    """One entry for each committed redemption, oldest first; None for an unknown user."""
    if (
        tx.one("SELECT 1 FROM users WHERE id = :id AND tenant_id = :tenant", {"id": user_id, "tenant": tenant_id})
        is None
    ):
        return None
    rows = tx.all(
        "SELECT id, generation, address, kind, issuer, redeemed_at, ended_at, ended_by FROM redemptions"
        " WHERE user_id = :user ORDER BY generation, redeemed_at",
        {"user": user_id},
    )
    return [
        {
            "id": row[0],
            "generation": row[1],
            "address": row[2],
            "kind": row[3],
            "issuer": row[4],
            "redeemedDateTime": moment(row[5]),
            "endedDateTime": moment_or_none(row[6]),
            "endedBy": row[7],
        }
        for row in rows
    ]


_INVITATIONS = """
SELECT i.id, i.user_id, i.address, i.created_at, i.expires_at, i.generation, i.kind, i.inviter_type, i.inviter_id,
  i.cancelled_at, u.generation, u.external_state,
  (SELECT o.state FROM outbox o WHERE o.invitation_id = i.id ORDER BY o.created_at DESC, o.id DESC LIMIT 1)
FROM invitations i JOIN users u ON u.id = i.user_id
WHERE i.tenant_id = :tenant AND (:id IS NULL OR i.id = :id) AND (:user IS NULL OR i.user_id = :user)
ORDER BY i.created_at DESC, i.id DESC LIMIT :top
"""


def invitations(
    tx: Transaction, tenant_id: str, *, now: datetime, top: int, id: str | None = None, user_id: str | None = None
) -> list[dict[str, Any]]:
    """The newest invitations of a tenant, of one id or one guest."""
    rows = tx.all(_INVITATIONS, {"tenant": tenant_id, "id": id, "user": user_id, "top": top})
    return [_invitation(row, micros(now)) for row in rows]


def _invitation(row: Row, now: int) -> dict[str, Any]:
    return {
        "id": row[0],
        "invitedUser": {"id": row[1]},
        "invitedUserEmailAddress": row[2],
        "createdDateTime": moment(row[3]),
        "expiresDateTime": moment_or_none(row[4]),
        "generation": row[5],
        "reset": row[6] == "reset",
        "inviter": {"type": row[7], "id": row[8]},
        "state": _state(row, now),
        "mailState": row[12] or "none",
    }


def _state(row: Row, now: int) -> str:
    expires, generation, cancelled, current, external = row[4], row[5], row[9], row[10], row[11]
    if cancelled is not None:
        return "cancelled"
    if generation != current:
        return "superseded"
    if external == "Accepted":
        return "redeemed"
    return "expired" if expires is not None and expires <= now else "pending"
