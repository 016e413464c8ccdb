"""The tables of the sign-in log: one row for each attempt, and the last attempts of every user (graph G28)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from readmit.domain.sign_in_log import Attempt
from readmit.storage.columns import micros
from readmit.storage.transaction import Transaction

_INSERT: Final = """
INSERT INTO sign_in_events (id, tenant_id, at, kind, interactive, user_id, app_id, resource, ip, error, reason, page,
  correlation_id, resource_tenant_id, home_tenant_id, issuer, cross_tenant, address_hash)
VALUES (:id, :tenant, :at, :kind, :interactive, :user, :app, :resource, :ip, :error, :reason, :page,
  :correlation, :resource_tenant, :home_tenant, :issuer, :cross, :address)
"""
# Attempts of one user are written one after the other, so that the newest row is the last one.
_REMEMBER: Final = """
INSERT INTO sign_in_activity (user_id, interactive_at, interactive_id, silent_at, silent_id, success_at, success_id)
SELECT u.id, :interactive_at, :interactive_id, :silent_at, :silent_id, :success_at, :success_id
FROM users u WHERE u.id = :user
ON CONFLICT (user_id) DO UPDATE SET
  interactive_at = COALESCE(excluded.interactive_at, sign_in_activity.interactive_at),
  interactive_id = COALESCE(excluded.interactive_id, sign_in_activity.interactive_id),
  silent_at = COALESCE(excluded.silent_at, sign_in_activity.silent_at),
  silent_id = COALESCE(excluded.silent_id, sign_in_activity.silent_id),
  success_at = COALESCE(excluded.success_at, sign_in_activity.success_at),
  success_id = COALESCE(excluded.success_id, sign_in_activity.success_id)
"""


def append(tx: Transaction, attempt: Attempt, now: datetime) -> None:
    """Write one attempt down, and remember it as the user's last of its kind."""
    at, failure = micros(now), attempt.failure
    tx.run(
        _INSERT,
        {
            "id": attempt.id,
            "tenant": attempt.tenant_id,
            "at": at,
            "kind": attempt.kind,
            "interactive": int(attempt.interactive),
            "user": attempt.user_id,
            "app": attempt.app_id,
            "resource": attempt.resource,
            "ip": attempt.ip,
            "error": failure.number if failure else 0,
            "reason": failure.reason if failure else None,
            "page": failure.page.value if failure and failure.page else None,
            "correlation": attempt.correlation_id,
            "resource_tenant": attempt.resource_tenant_id,
            "home_tenant": attempt.home_tenant_id,
            "issuer": attempt.issuer,
            "cross": int(attempt.cross_tenant),
            "address": attempt.address_hash,
        },
    )
    _remember(tx, attempt, at)


def _remember(tx: Transaction, attempt: Attempt, at: int) -> None:
    # An attempt as nobody remembers nothing by the same statement (security V7).
    last: dict[str, str | int | None] = {"user": attempt.user_id or ""}
    kinds = {"interactive": attempt.interactive, "silent": not attempt.interactive, "success": attempt.failure is None}
    for kind, meant in kinds.items():
        last |= {f"{kind}_at": at if meant else None, f"{kind}_id": attempt.id if meant else None}
    tx.run(_REMEMBER, last)


def forget(tx: Transaction, before: datetime, limit: int) -> int:
    """Retention: delete attempts before a moment, at most so many; how many it were."""
    sql = "DELETE FROM sign_in_events WHERE id IN (SELECT id FROM sign_in_events WHERE at < :before LIMIT :limit)"
    return tx.run(sql, {"before": micros(before), "limit": limit})
