"""The invitations' table, their links and the history of redemptions."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from readmit.domain.address import EmailAddress, key_of
from readmit.domain.guest import Accepted, User
from readmit.domain.invitation import Invitation
from readmit.domain.mail import Recipient
from readmit.storage.columns import from_json, micros, micros_or_none, moment, moment_or_none, to_json
from readmit.storage.transaction import Row, Transaction

_COLUMNS: Final = (
    "i.id, i.tenant_id, i.user_id, i.generation, i.kind, i.address, i.redirect_url, i.send_message, i.inviter_type,"
    " i.inviter_id, i.created_at, i.language, i.custom_message, i.cc, i.greeting, i.expires_at, i.cancelled_at"
)
_INSERT: Final = """
INSERT INTO invitations (id, tenant_id, user_id, generation, kind, address, address_key, redirect_url, send_message,
  language, custom_message, cc, greeting, inviter_type, inviter_id, created_at, expires_at)
VALUES (:id, :tenant, :user, :generation, :kind, :address, :key, :redirect, :send,
  :language, :message, :cc, :greeting, :inviter_type, :inviter, :created, :expires)
"""


def insert(tx: Transaction, invitation: Invitation) -> None:
    """A new invitation; its links are tickets."""
    cc = [[recipient.address, recipient.name, key_of(recipient.address)] for recipient in invitation.cc]
    tx.run(
        _INSERT,
        {
            "id": invitation.id,
            "tenant": invitation.tenant_id,
            "user": invitation.user_id,
            "generation": invitation.generation,
            "kind": invitation.kind,
            "address": invitation.address.given,
            "key": invitation.address.key,
            "redirect": invitation.redirect_url,
            "send": int(invitation.send),
            "language": invitation.language,
            "message": invitation.custom_message,
            "cc": to_json(cc) if cc else "[]",
            "greeting": invitation.greeting,
            "inviter_type": invitation.inviter_type,
            "inviter": invitation.inviter_id,
            "created": micros(invitation.created),
            "expires": micros_or_none(invitation.expires),
        },
    )


def get(tx: Transaction, tenant_id: str, invitation_id: str) -> Invitation | None:
    """An invitation of this tenant by id."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM invitations i WHERE i.id = :id AND i.tenant_id = :tenant",
        {"id": invitation_id, "tenant": tenant_id},
    )
    return _invitation(row) if row else None


def newest(tx: Transaction, user: User) -> Invitation | None:
    """The newest invitation of the user's current generation, cancelled or not."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM invitations i WHERE i.user_id = :user AND i.generation = :generation"
        " ORDER BY i.created_at DESC, i.id DESC LIMIT 1",
        {"user": user.id, "generation": user.generation},
    )
    return _invitation(row) if row else None


def live(tx: Transaction, user: User, now: datetime) -> Invitation | None:
    """The newest invitation of the user's current generation that is neither cancelled nor over."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM invitations i WHERE i.user_id = :user AND i.generation = :generation"
        " AND i.cancelled_at IS NULL AND (i.expires_at IS NULL OR i.expires_at > :now)"
        " ORDER BY i.created_at DESC, i.id DESC LIMIT 1",
        {"user": user.id, "generation": user.generation, "now": micros(now)},
    )
    return _invitation(row) if row else None


def decisive(tx: Transaction, user: User | None, now: datetime) -> Invitation | None:
    """What decides on a guest's redemption: a live invitation of his generation if there is any, else its newest.

    One statement, also for nobody (security V7).
    """
    row = tx.one(
        f"SELECT {_COLUMNS} FROM invitations i WHERE i.user_id = :user AND i.generation = :generation"
        " ORDER BY (i.cancelled_at IS NULL AND (i.expires_at IS NULL OR i.expires_at > :now)) DESC,"
        " i.created_at DESC, i.id DESC LIMIT 1",
        {"user": user.id if user else "", "generation": user.generation if user else 0, "now": micros(now)},
    )
    return _invitation(row) if row else None


def by_ticket(tx: Transaction, ticket_hash: str) -> tuple[Invitation, int] | None:
    """The invitation behind a redeem link and the generation of that link (security L1, L2)."""
    row = tx.one(
        f"SELECT {_COLUMNS}, t.generation FROM tickets t JOIN invitations i ON i.id = t.invitation_id"
        " WHERE t.hash = :hash",
        {"hash": ticket_hash},
    )
    return (_invitation(row), row[-1]) if row else None


def add_ticket(tx: Transaction, invitation: Invitation, ticket_hash: str, now: datetime) -> None:
    """A further link of the same invitation; only its hash is kept."""
    tx.run(
        "INSERT INTO tickets (hash, invitation_id, user_id, generation, created_at)"
        " VALUES (:hash, :invitation, :user, :generation, :now)",
        {
            "hash": ticket_hash,
            "invitation": invitation.id,
            "user": invitation.user_id,
            "generation": invitation.generation,
            "now": micros(now),
        },
    )


def cancel(tx: Transaction, user_id: str, generation: int, now: datetime) -> int:
    """Cancel the open invitations of one generation for good (lifecycle S9, S15)."""
    return tx.run(
        "UPDATE invitations SET cancelled_at = :now WHERE user_id = :user AND generation = :generation"
        " AND cancelled_at IS NULL",
        {"now": micros(now), "user": user_id, "generation": generation},
    )


def count_since(tx: Transaction, tenant_id: str, since: datetime, address_key: str | None = None) -> int:
    """Invitations whose mail was asked for since then, of the tenant or to one address, as a copy too (security M7)."""
    # Rows of earlier versions have no key.
    key = "COALESCE(json_extract(c.value, '$[2]'), lower(json_extract(c.value, '$[0]')))"
    copied = f"EXISTS (SELECT 1 FROM json_each(cc) c WHERE {key} = :key)"
    where = f" AND (address_key = :key OR {copied})" if address_key is not None else ""
    row = tx.one(
        "SELECT COUNT(*) FROM invitations WHERE tenant_id = :tenant AND created_at >= :since AND send_message = 1"
        + where,
        {"tenant": tenant_id, "since": micros(since), "key": address_key},
    )
    return int(row[0]) if row else 0


# --------------------------------------------------------------- idempotency


def repeated(tx: Transaction, *, tenant_id: str, caller_id: str, key: str, since: datetime) -> tuple[str, str] | None:
    """(body hash, invitation id) of an earlier request with this Idempotency-Key (reliability section 1)."""
    row = tx.one(
        "SELECT body_hash, invitation_id FROM idempotency WHERE tenant_id = :tenant AND caller_id = :caller"
        " AND request_key = :key AND created_at >= :since",
        {"tenant": tenant_id, "caller": caller_id, "key": key, "since": micros(since)},
    )
    return (row[0], row[1]) if row else None


def remember(
    tx: Transaction, invitation: Invitation, *, caller_id: str, key: str, body_hash: str, now: datetime
) -> None:
    """Keep what an Idempotency-Key stands for; an outlived row of the same key gives way."""
    mine = {"tenant": invitation.tenant_id, "caller": caller_id, "key": key}
    tx.run("DELETE FROM idempotency WHERE tenant_id = :tenant AND caller_id = :caller AND request_key = :key", mine)
    tx.run(
        "INSERT INTO idempotency (tenant_id, caller_id, request_key, body_hash, invitation_id, created_at)"
        " VALUES (:tenant, :caller, :key, :hash, :invitation, :now)",
        {**mine, "hash": body_hash, "invitation": invitation.id, "now": micros(now)},
    )


def forget_repeats(tx: Transaction, before: datetime) -> int:
    """Sweep remembered requests that are older than a day."""
    return tx.run("DELETE FROM idempotency WHERE created_at < :before", {"before": micros(before)})


# ------------------------------------------------------------------ history


def redeemed(tx: Transaction, entry_id: str, user: User, now: datetime) -> None:
    """One entry of history for each committed redemption (lifecycle L9)."""
    redemption = user.redemption
    if not isinstance(redemption, Accepted):
        raise TypeError("only an accepted redemption has a history entry")
    tx.run(
        "INSERT INTO redemptions (id, tenant_id, user_id, generation, address, kind, issuer, subject, redeemed_at)"
        " VALUES (:id, :tenant, :user, :generation, :address, :kind, :issuer, :subject, :now)",
        {
            "id": entry_id,
            "tenant": user.tenant_id,
            "user": user.id,
            "generation": user.generation,
            "address": redemption.redeemed.given,
            "kind": redemption.binding.kind,
            "issuer": redemption.binding.issuer,
            "subject": redemption.binding.subject,
            "now": micros(now),
        },
    )


def end_history(tx: Transaction, user_id: str, ended_by: str, now: datetime) -> int:
    """Close the open entry of history; `ended_by` is what ended the binding (`reset`, `identities`, `restore`)."""
    return tx.run(
        "UPDATE redemptions SET ended_at = :now, ended_by = :by WHERE user_id = :user AND ended_at IS NULL",
        {"now": micros(now), "by": ended_by, "user": user_id},
    )


def _invitation(row: Row) -> Invitation:
    return Invitation(
        id=row[0],
        tenant_id=row[1],
        user_id=row[2],
        generation=row[3],
        kind=row[4],
        address=EmailAddress.stored(row[5]),
        redirect_url=row[6],
        send=bool(row[7]),
        inviter_type=row[8],
        inviter_id=row[9],
        created=moment(row[10]),
        language=row[11],
        custom_message=row[12],
        cc=tuple(Recipient(address, name) for address, name, *_ in from_json(row[13])),
        greeting=row[14],
        expires=moment_or_none(row[15]),
        cancelled=moment_or_none(row[16]),
    )
