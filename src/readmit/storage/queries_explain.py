"""What explains why a guest cannot sign in: deleted ones, mails, attempts, who came instead. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from readmit.domain.audit import REDEEM
from readmit.domain.guest import User
from readmit.domain.mail import MailState
from readmit.storage import queries_records
from readmit.storage.columns import micros, moment, moment_or_none
from readmit.storage.queries_records import Asked, ShownEvent, ShownSignIn
from readmit.storage.transaction import Transaction
from readmit.storage.user_rows import COLUMNS, user_of

_TOGETHER: Final = timedelta(seconds=5)
"""A refusal's row in the sign-in log and its audit event are written in one transaction."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """The way of one mail."""

    state: MailState
    created: datetime
    finished: datetime | None
    error: str | None


def deleted_user(tx: Transaction, tenant_id: str, key: str) -> User | None:
    """The user who was deleted last of those who had this match key as mail or UPN."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM users WHERE tenant_id = :tenant AND deleted_at IS NOT NULL"
        " AND (mail_key = :key OR upn_key = :key) ORDER BY deleted_at DESC LIMIT 1",
        {"tenant": tenant_id, "key": key},
    )
    return user_of(row) if row else None


def once_invited(tx: Transaction, tenant_id: str, key: str) -> User | None:
    """The live user who was invited last with this match key, and does not hold it any more."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM users WHERE deleted_at IS NULL AND id = (SELECT i.user_id FROM invitations i"
        " WHERE i.tenant_id = :tenant AND i.address_key = :key ORDER BY i.created_at DESC, i.id DESC LIMIT 1)",
        {"tenant": tenant_id, "key": key},
    )
    return user_of(row) if row else None


def invitation_mail(tx: Transaction, user: User) -> OutboxRow | None:
    """The newest invitation mail of the user's current generation."""
    where = "kind IN ('invitation', 'reset') AND generation = :generation"
    return _mail(tx, where, {"user": user.id, "generation": user.generation})


def code_mail(tx: Transaction, user: User, since: datetime) -> OutboxRow | None:
    """The newest mail of a code since then that was not overtaken by a newer code."""
    where = "kind = 'passcode' AND state <> 'superseded' AND created_at >= :since"
    return _mail(tx, where, {"user": user.id, "since": micros(since)})


def _mail(tx: Transaction, where: str, parameters: Mapping[str, Any]) -> OutboxRow | None:
    row = tx.one(
        f"SELECT state, created_at, finished_at, last_error FROM outbox WHERE user_id = :user AND {where}"
        " ORDER BY created_at DESC, id DESC LIMIT 1",
        parameters,
    )
    return OutboxRow(row[0], moment(row[1]), moment_or_none(row[2]), row[3]) if row else None


def redeemed_before(tx: Transaction, user_id: str) -> bool:
    """Whether somebody has ever redeemed for this object."""
    return tx.one("SELECT 1 FROM redemptions WHERE user_id = :user LIMIT 1", {"user": user_id}) is not None


def last_success(
    tx: Transaction, tenant_id: str, user_id: str, since: datetime, *, interactive: bool = False
) -> ShownSignIn | None:
    """The newest attempt since then that let in; with pages, if asked for."""
    where = "user_id = :user AND error = 0 AND at >= :since" + (" AND interactive = 1" if interactive else "")
    return _attempt(tx, tenant_id, where, {"user": user_id, "since": micros(since)})


def last_refusal(tx: Transaction, tenant_id: str, user_id: str, since: datetime) -> ShownSignIn | None:
    """The newest attempt since then that was refused."""
    where = "user_id = :user AND error <> 0 AND at >= :since"
    return _attempt(tx, tenant_id, where, {"user": user_id, "since": micros(since)})


def last_with_address(tx: Transaction, tenant_id: str, address_hash: str) -> ShownSignIn | None:
    """The newest refused attempt in which this address was typed; the log holds a keyed digest of it."""
    return _attempt(tx, tenant_id, "address_hash = :hash AND error <> 0", {"hash": address_hash})


def _attempt(tx: Transaction, tenant_id: str, where: str, parameters: Mapping[str, Any]) -> ShownSignIn | None:
    found = queries_records.sign_ins(tx, tenant_id, Asked(where, parameters), 1)
    return found[0] if found else None


def who_came(tx: Transaction, tenant_id: str, refusal: ShownSignIn) -> ShownEvent | None:
    """The audit event that was written with a refusal: it tells which account had come."""
    where = "target_id = :user AND activity = :activity AND result = 'failure' AND at BETWEEN :from AND :until"
    parameters = {
        "user": refusal.user_id,
        "activity": REDEEM,
        "from": micros(refusal.at - _TOGETHER),
        "until": micros(refusal.at + _TOGETHER),
    }
    found = queries_records.audit_events(tx, tenant_id, Asked(where, parameters), 1)
    return found[0] if found else None
