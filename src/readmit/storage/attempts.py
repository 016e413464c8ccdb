"""Counters of attempts, raised in the transaction that compares (security V4, C3, N8)."""

from __future__ import annotations

from datetime import datetime, timedelta

from readmit.storage.columns import micros
from readmit.storage.transaction import Transaction

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)


def _period(now: datetime, length: timedelta) -> int:
    return micros(now) // (length // _MICROSECOND)


def count(tx: Transaction, scope: str, subject: str, *, now: datetime, length: timedelta) -> int:
    """Raise the counter of this period and return it."""
    row = tx.one(
        "INSERT INTO attempts (scope, subject, period, count) VALUES (:scope, :subject, :period, 1)"
        " ON CONFLICT (scope, subject, period) DO UPDATE SET count = attempts.count + 1 RETURNING count",
        {"scope": scope, "subject": subject, "period": _period(now, length)},
    )
    return int(row[0]) if row else 0


def current(tx: Transaction, scope: str, subject: str, *, now: datetime, length: timedelta) -> int:
    """The counter of this period as it stands."""
    row = tx.one(
        "SELECT count FROM attempts WHERE scope = :scope AND subject = :subject AND period = :period",
        {"scope": scope, "subject": subject, "period": _period(now, length)},
    )
    return int(row[0]) if row else 0


def take_back(tx: Transaction, scope: str, subject: str, *, now: datetime, length: timedelta) -> None:
    """The attempt was right: only wrong ones count."""
    tx.run(
        "UPDATE attempts SET count = count - 1 WHERE scope = :scope AND subject = :subject AND period = :period"
        " AND count > 0",
        {"scope": scope, "subject": subject, "period": _period(now, length)},
    )


def period_end(now: datetime, length: timedelta) -> datetime:
    """When this period's counter begins anew."""
    remaining = length - timedelta(microseconds=micros(now) % (length // _MICROSECOND))
    return now + remaining


def forget(tx: Transaction, before: datetime) -> int:
    """Sweep counters of periods that ended long ago, by the longest of them, a day."""
    return tx.run(
        "DELETE FROM attempts WHERE (scope IN ('code', 'code-known', 'code-mails') AND period < :day)"
        " OR (scope NOT IN ('code', 'code-known', 'code-mails', 'password-minute') AND period < :hour)"
        " OR (scope = 'password-minute' AND period < :minute)",
        {
            "day": _period(before, DAY),
            "hour": _period(before, HOUR),
            "minute": _period(before, timedelta(minutes=1)),
        },
    )
