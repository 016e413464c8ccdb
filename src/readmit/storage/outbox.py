"""The outbox: mail that is owed, leased, sent or given up (reliability section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from readmit.domain.mail import MailKind, MailState, OwedMail
from readmit.storage.columns import from_json, micros, micros_or_none, moment, to_json
from readmit.storage.transaction import Row, Transaction

_COLUMNS: Final = (
    "id, tenant_id, kind, address_key, user_id, invitation_id, passcode_id, generation, language, state, tries,"
    " created_at, accepted, lease"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the outbox as the worker holds it."""

    mail: OwedMail
    state: MailState
    tries: int
    created: datetime
    accepted: tuple[str, ...]
    """Recipients that took the mail already; they are not mailed again (OB3)."""
    lease: str | None


def owe(tx: Transaction, mail: OwedMail, now: datetime) -> None:
    """Owe a mail in the transaction of what it tells."""
    owe_where(tx, mail, now, real=True)


def owe_where(tx: Transaction, mail: OwedMail, now: datetime, *, real: bool) -> None:
    """Owe a mail, or by the same statement none: whether somebody is there takes no other way (security V7)."""
    tx.run(
        "INSERT INTO outbox (id, tenant_id, kind, user_id, invitation_id, passcode_id, generation, address_key,"
        " language, state, due_at, created_at) SELECT :id, :tenant, :kind, :user, :invitation, :passcode,"
        " :generation, :key, :language, 'queued', :now, :now WHERE :real = 1",
        {
            "real": int(real),
            "id": mail.id,
            "tenant": mail.tenant_id,
            "kind": mail.kind,
            "user": mail.user_id,
            "invitation": mail.invitation_id,
            "passcode": mail.passcode_id,
            "generation": mail.generation,
            "key": mail.address_key,
            "language": mail.language,
            "now": micros(now),
        },
    )


def lease(tx: Transaction, holder: str, *, now: datetime, until: datetime) -> Entry | None:
    """Take the oldest mail that is due, by a conditional update (OB2)."""
    row = tx.one(
        f"UPDATE outbox SET state = 'sending', lease = :holder, leased_until = :until, tries = tries + 1"
        " WHERE id = (SELECT id FROM outbox WHERE state IN ('queued', 'retrying') AND due_at <= :now"
        " ORDER BY due_at, id LIMIT 1)"
        f" RETURNING {_COLUMNS}",
        {"holder": holder, "now": micros(now), "until": micros(until)},
    )
    return _entry(row) if row else None


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A lease that has run out: its holder has ended, or a clock has jumped."""

    id: str
    holder: str
    until: int
    """Microseconds since 1970."""


def lapsed(tx: Transaction, now: datetime) -> list[Lapsed]:
    """Every lease that has run out, the oldest first."""
    sql = (
        "SELECT id, lease, leased_until FROM outbox WHERE state = 'sending' AND leased_until <= :now"
        " ORDER BY leased_until, id"
    )
    return [Lapsed(*row) for row in tx.all(sql, {"now": micros(now)})]


def take_over(tx: Transaction, left: Lapsed, holder: str, *, until: datetime) -> Entry | None:
    """Take a mail from a holder who has not renewed; None if he has, or somebody else was first."""
    row = tx.one(
        "UPDATE outbox SET lease = :holder, leased_until = :until, tries = tries + 1"
        f" WHERE id = :id AND state = 'sending' AND lease = :was AND leased_until = :seen RETURNING {_COLUMNS}",
        {"id": left.id, "was": left.holder, "seen": left.until, "holder": holder, "until": micros(until)},
    )
    return _entry(row) if row else None


def renew(tx: Transaction, entry_id: str, holder: str, until: datetime) -> bool:
    """Keep the lease while sending; False if somebody else has taken the mail."""
    return (
        tx.run(
            "UPDATE outbox SET leased_until = :until WHERE id = :id AND lease = :holder AND state = 'sending'",
            {"until": micros(until), "id": entry_id, "holder": holder},
        )
        == 1
    )


def finish(
    tx: Transaction,
    entry: Entry,
    state: MailState,
    *,
    now: datetime,
    due: datetime | None = None,
    accepted: tuple[str, ...] = (),
    error: str | None = None,
) -> bool:
    """Write the outcome of one try; False if the lease is no longer this worker's."""
    ended = state not in ("queued", "retrying", "sending")
    return (
        tx.run(
            "UPDATE outbox SET state = :state, due_at = COALESCE(:due, due_at), lease = NULL, leased_until = NULL,"
            " accepted = :accepted, last_error = :error, finished_at = :finished"
            " WHERE id = :id AND lease = :holder AND state = 'sending'",
            {
                "state": state,
                "due": micros_or_none(due),
                "accepted": to_json(sorted({*entry.accepted, *accepted})),
                "error": error,
                "finished": micros(now) if ended else None,
                "id": entry.mail.id,
                "holder": entry.lease,
            },
        )
        == 1
    )


def postpone(tx: Transaction, entry: Entry, due: datetime) -> bool:
    """Give a mail back untried, to be sent later."""
    sql = (
        "UPDATE outbox SET state = 'queued', due_at = :due, lease = NULL, leased_until = NULL, tries = tries - 1"
        " WHERE id = :id AND lease = :holder AND state = 'sending'"
    )
    return tx.run(sql, {"due": micros(due), "id": entry.mail.id, "holder": entry.lease}) == 1


def delivered_to(tx: Transaction, address_key: str, since: datetime) -> list[datetime]:
    """When invitation mails of any tenant went to a mailbox since then, oldest first."""
    rows = tx.all(
        "SELECT finished_at FROM outbox WHERE address_key = :key AND kind IN ('invitation', 'reset')"
        " AND state = 'sent' AND finished_at > :since ORDER BY finished_at",
        {"key": address_key, "since": micros(since)},
    )
    return [moment(row[0]) for row in rows]


def next_due(tx: Transaction) -> datetime | None:
    """When the next mail is due or the next lease ends; None if nothing is owed."""
    row = tx.one(
        "SELECT MIN(CASE WHEN state = 'sending' THEN leased_until ELSE due_at END) FROM outbox"
        " WHERE state IN ('queued', 'retrying', 'sending')"
    )
    return moment(row[0]) if row and row[0] is not None else None


def supersede(tx: Transaction, user_id: str, now: datetime) -> int:
    """Mail of earlier invitations that nobody has sent yet is not worth sending any more (OB4)."""
    return tx.run(
        "UPDATE outbox SET state = 'superseded', finished_at = :now, lease = NULL, leased_until = NULL"
        " WHERE user_id = :user AND kind IN ('invitation', 'reset') AND state IN ('queued', 'retrying')",
        {"now": micros(now), "user": user_id},
    )


def supersede_to(tx: Transaction, tenant_id: str, address_key: str, now: datetime) -> int:
    """A tenant's invitations to a mailbox that wants none any more."""
    return tx.run(
        "UPDATE outbox SET state = 'superseded', finished_at = :now, lease = NULL, leased_until = NULL"
        " WHERE address_key = :key AND tenant_id = :tenant AND kind IN ('invitation', 'reset')"
        " AND state IN ('queued', 'retrying')",
        {"now": micros(now), "key": address_key, "tenant": tenant_id},
    )


def supersede_passcode(tx: Transaction, passcode_id: str, now: datetime) -> int:
    """The mail of a code that is dead (security C1)."""
    return tx.run(
        "UPDATE outbox SET state = 'superseded', finished_at = :now, lease = NULL, leased_until = NULL"
        " WHERE passcode_id = :passcode AND state IN ('queued', 'retrying')",
        {"now": micros(now), "passcode": passcode_id},
    )


def state_of(tx: Transaction, invitation_id: str) -> MailState | None:
    """The state of an invitation's own mail."""
    row = tx.one(
        "SELECT state FROM outbox WHERE invitation_id = :id ORDER BY created_at DESC LIMIT 1", {"id": invitation_id}
    )
    return row[0] if row else None


def owed_to(tx: Transaction, tenant_id: str, address_key: str, kind: MailKind, since: datetime) -> int:
    """Mails of a kind that a tenant owed to a mailbox since then: no tenant holds up another's (security M7)."""
    row = tx.one(
        "SELECT COUNT(*) FROM outbox WHERE address_key = :key AND tenant_id = :tenant AND kind = :kind"
        " AND created_at >= :since AND state <> 'superseded'",
        {"key": address_key, "tenant": tenant_id, "kind": kind, "since": micros(since)},
    )
    return int(row[0]) if row else 0


def counts(tx: Transaction) -> dict[str, int]:
    """Mails by state, for the metric."""
    return {row[0]: row[1] for row in tx.all("SELECT state, COUNT(*) FROM outbox GROUP BY state")}


def _entry(row: Row) -> Entry:
    mail = OwedMail(
        id=row[0],
        tenant_id=row[1],
        kind=row[2],
        address_key=row[3],
        user_id=row[4],
        invitation_id=row[5],
        passcode_id=row[6],
        generation=row[7],
        language=row[8],
    )
    return Entry(mail, row[9], row[10], moment(row[11]), tuple(from_json(row[12])), row[13])
