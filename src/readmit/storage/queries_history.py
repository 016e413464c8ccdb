"""Invitations and redemptions as administrators read them; never a link (lifecycle L9, graph G47)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from readmit.domain import handover
from readmit.domain.guest import User
from readmit.domain.handover import HandedOver, Redeemed
from readmit.storage.columns import micros, moment, moment_or_none
from readmit.storage.queries_records import Asked
from readmit.storage.transaction import Row, Transaction


def redemptions(
    tx: Transaction, tenant_id: str, user_id: str, since: datetime | None = None
) -> list[dict[str, Any]] | None:
    """One entry for each committed redemption, from `since` on, oldest first; None for an unknown user."""
    if (
        tx.one("SELECT 1 FROM users WHERE id = :id AND tenant_id = :tenant", {"id": user_id, "tenant": tenant_id})
        is None
    ):
        return None
    rows = tx.all(
        "SELECT id, generation, address, kind, issuer, redeemed_at, ended_at, ended_by FROM redemptions"
        " WHERE user_id = :user AND redeemed_at >= :since ORDER BY generation, redeemed_at",
        {"user": user_id, "since": micros(since) if since else 0},
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


def handed_over(tx: Transaction, user: User) -> HandedOver | None:
    """Since when the guest is who he is, by his redemptions (`domain.handover`)."""
    rows = tx.all(
        "SELECT kind, issuer, subject, redeemed_at, ended_at FROM redemptions WHERE user_id = :user"
        " ORDER BY redeemed_at DESC, generation DESC",
        {"user": user.id},
    )
    past = (Redeemed((row[0], row[1], row[2]), moment(row[3]), moment_or_none(row[4])) for row in rows)
    return handover.handed_over(user, past)


_INVITATIONS: Final = (
    "SELECT invitations.id, user_id, address, invitations.created_at, expires_at, invitations.generation, kind,"
    " inviter_type, inviter_id, cancelled_at, u.generation, u.external_state,"
    " (SELECT o.state FROM outbox o WHERE o.invitation_id = invitations.id"
    " ORDER BY o.created_at DESC, o.id DESC LIMIT 1)"
)
_WIDTH: Final = 13


def invitations(tx: Transaction, tenant_id: str, asked: Asked, *, now: datetime, limit: int) -> list[ShownInvitation]:
    """At most `limit` invitations of a tenant, in the order asked. The condition may name the guest's row `u`."""
    narrowed = f" AND ({asked.where})" if asked.where else ""
    sql = (
        f"{_INVITATIONS}, {', '.join(asked.keys)}"
        " FROM invitations JOIN users u ON u.id = invitations.user_id"
        f" WHERE invitations.tenant_id = :tenant{narrowed} ORDER BY {asked.order} LIMIT :limit"
    )
    rows = tx.all(sql, {**asked.parameters, "tenant": tenant_id, "now": micros(now), "limit": limit})
    return [ShownInvitation(_invitation(row, micros(now)), tuple(row[_WIDTH:])) for row in rows]


@dataclass(frozen=True, slots=True)
class ShownInvitation:
    """An invitation as it is shown, and its place in the order."""

    shown: dict[str, Any]
    place: tuple[str | int, ...]


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
