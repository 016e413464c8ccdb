"""The table of subscriptions: webhooks, how far each has been told, and who is sending to it now (graph G59)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from readmit.domain.subscription import Asked, Progress, Resource, Subscription
from readmit.storage.columns import micros, micros_or_none, moment, moment_or_none
from readmit.storage.transaction import Row, Transaction

_COLUMNS: Final = (
    "id, tenant_id, app_id, principal_id, creator_id, resource, kind, object_id, members, change_type, url, expires_at,"
    " lifecycle_url, client_state, tls_version, creator_epoch"
)
_ALIVE: Final = (
    "(creator_id = principal_id OR EXISTS (SELECT 1 FROM users u WHERE u.id = creator_id AND u.epoch = creator_epoch"
    " AND u.deleted_at IS NULL))"
)
"""What a user subscribed to ends with his access, as his tokens do: by a reset above all (lifecycle L6)."""
_PROGRESS: Final = "seq, due_at, tries, failing_since, failing_seq, missed_since, missed_due_at, missed_tries"
_DUE: Final = f"""
 expires_at > :now AND COALESCE(leased_until, 0) <= :now
 AND (missed_due_at <= :now OR (due_at <= :now AND EXISTS (SELECT 1 FROM changes c
   WHERE c.tenant_id = subscriptions.tenant_id AND c.kind = subscriptions.kind AND c.seq > subscriptions.seq)))
 AND EXISTS (SELECT 1 FROM service_principals p
   WHERE p.id = principal_id AND p.account_enabled = 1 AND p.deleted_at IS NULL)
 AND (creator_id = principal_id OR EXISTS (SELECT 1 FROM users u WHERE u.id = creator_id AND u.account_enabled = 1))
 AND {_ALIVE}
"""
"""Nobody is told for an application, or a user, that could not ask now."""


@dataclass(frozen=True, slots=True)
class Held:
    """A subscription as the worker holds it."""

    subscription: Subscription
    progress: Progress
    lease: str


def insert(tx: Transaction, made: Subscription, *, seq: int, now: datetime) -> None:
    """A new subscription, told of what changes behind `seq`."""
    asked = made.asked
    tx.run(
        f"INSERT INTO subscriptions ({_COLUMNS}, created_at, seq, due_at) VALUES (:id, :tenant, :app, :principal,"
        " :creator, :resource, :kind, :object, :members, :types, :url, :expires, :lifecycle, :state, :tls, :epoch,"
        " :now, :seq, :now)",
        {
            "id": made.id,
            "tenant": made.tenant_id,
            "app": made.app_id,
            "principal": made.principal_id,
            "creator": made.creator_id,
            "resource": asked.resource,
            "kind": asked.watched.kind,
            "object": asked.watched.id,
            "members": int(asked.watched.members),
            "types": ",".join(asked.change_type),
            "url": asked.url,
            "expires": micros(asked.expires),
            "lifecycle": asked.lifecycle_url,
            "state": asked.client_state,
            "tls": asked.tls_version,
            "epoch": made.creator_epoch,
            "now": micros(now),
            "seq": seq,
        },
    )


def of_application(
    tx: Transaction, tenant_id: str, app_id: str, now: datetime, *, creator: str | None = None
) -> list[Subscription]:
    """An application's living subscriptions; those of one creator, if named."""
    mine = " AND creator_id = :creator" if creator is not None else ""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM subscriptions WHERE tenant_id = :tenant AND app_id = :app AND expires_at > :now{mine}"
        f" AND {_ALIVE} ORDER BY id",
        {"tenant": tenant_id, "app": app_id, "now": micros(now), "creator": creator},
    )
    return [_subscription(row) for row in rows]


def renew(tx: Transaction, id: str, expires: datetime) -> None:
    """Another end."""
    tx.run("UPDATE subscriptions SET expires_at = :expires WHERE id = :id", {"expires": micros(expires), "id": id})


def delete(tx: Transaction, id: str) -> None:
    """Nothing more is told."""
    tx.run("DELETE FROM subscriptions WHERE id = :id", {"id": id})


def delete_expired(tx: Transaction, now: datetime) -> int:
    """Sweep what is over, by time or with its maker's access."""
    return tx.run(f"DELETE FROM subscriptions WHERE expires_at <= :now OR NOT {_ALIVE}", {"now": micros(now)})


def any_alive(tx: Transaction, now: datetime) -> bool:
    """Whether there is anybody to be told."""
    return tx.one("SELECT 1 FROM subscriptions WHERE expires_at > :now LIMIT 1", {"now": micros(now)}) is not None


def is_due(tx: Transaction, now: datetime) -> bool:
    """Whether `lease` would find one; costs no write."""
    return tx.one(f"SELECT 1 FROM subscriptions WHERE {_DUE} LIMIT 1", {"now": micros(now)}) is not None


def lease(tx: Transaction, holder: str, *, now: datetime, until: datetime) -> Held | None:
    """Take the one that has waited longest, by a conditional update (reliability OB2)."""
    row = tx.one(
        "UPDATE subscriptions SET lease = :holder, leased_until = :until"
        f" WHERE id = (SELECT id FROM subscriptions WHERE {_DUE} ORDER BY due_at, id LIMIT 1)"
        f" RETURNING {_COLUMNS}, {_PROGRESS}",
        {"holder": holder, "now": micros(now), "until": micros(until)},
    )
    return Held(_subscription(row), _progress(row[16:]), holder) if row else None


def save(tx: Transaction, held: Held, progress: Progress) -> bool:
    """Write how far the telling is and give the lease back; False if it is no longer this worker's."""
    values: dict[str, Any] = {
        "seq": progress.seq,
        "due": micros(progress.due),
        "tries": progress.tries,
        "failing_since": micros_or_none(progress.failing_since),
        "failing_seq": progress.failing_seq,
        "missed_since": micros_or_none(progress.missed_since),
        "missed_due": micros_or_none(progress.missed_due),
        "missed_tries": progress.missed_tries,
        "id": held.subscription.id,
        "holder": held.lease,
    }
    sql = (
        "UPDATE subscriptions SET seq = :seq, due_at = :due, tries = :tries, failing_since = :failing_since,"
        " failing_seq = :failing_seq, missed_since = :missed_since, missed_due_at = :missed_due,"
        " missed_tries = :missed_tries, lease = NULL, leased_until = NULL WHERE id = :id AND lease = :holder"
    )
    return tx.run(sql, values) == 1


def miss(tx: Transaction, seq: int, now: datetime) -> None:
    """The log up to here is about to be forgotten: whoever has not been told of a change in it has missed it.

    Happens only after days without a worker.
    """
    tx.run(
        "UPDATE subscriptions SET seq = :seq,"
        " missed_since = CASE WHEN lifecycle_url IS NULL THEN NULL ELSE :now END,"
        " missed_due_at = CASE WHEN lifecycle_url IS NULL THEN NULL ELSE :now END"
        " WHERE seq < :seq AND EXISTS (SELECT 1 FROM changes c WHERE c.tenant_id = subscriptions.tenant_id"
        " AND c.kind = subscriptions.kind AND c.seq > subscriptions.seq AND c.seq <= :seq)",
        {"seq": seq, "now": micros(now)},
    )


def _subscription(row: Row) -> Subscription:
    asked = Asked(
        watched=Resource(row[6], row[7], bool(row[8])),
        resource=row[5],
        change_type=tuple(row[9].split(",")),
        url=row[10],
        expires=moment(row[11]),
        lifecycle_url=row[12],
        client_state=row[13],
        tls_version=row[14],
    )
    return Subscription(row[0], row[1], row[2], row[3], row[4], asked, row[15])


def _progress(row: Row) -> Progress:
    return Progress(
        seq=row[0],
        due=moment(row[1]),
        tries=row[2],
        failing_since=moment_or_none(row[3]),
        failing_seq=row[4],
        missed_since=moment_or_none(row[5]),
        missed_due=moment_or_none(row[6]),
        missed_tries=row[7],
    )
