"""The log of changes to users and groups, in the order of commits (graph G58); triggers write it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from readmit.storage.columns import micros
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Change:
    """One entry. `columns`: what changed, empty for everything; with a member it is his membership that changed."""

    seq: int
    object_id: str
    columns: tuple[str, ...]
    member_id: str | None
    member_type: str | None


@dataclass(frozen=True, slots=True)
class Membership:
    """A member of a group, as delta tells of him."""

    group_id: str
    member_id: str
    member_type: str


def head(tx: Transaction) -> int:
    """The number of the newest change."""
    row = tx.one("SELECT MAX(seq) FROM changes")
    return int(row[0] or 0) if row else 0


def holds(tx: Transaction, seq: int) -> bool:
    """Whether the log has everything behind this number: not where it was swept, nor where an older copy is back."""
    row = tx.one("SELECT COALESCE(MIN(seq), 1), COALESCE(MAX(seq), 0) FROM changes")
    return row is not None and row[0] - 1 <= seq <= row[1]


def since(tx: Transaction, tenant_id: str, kind: str, seq: int, *, ids: Sequence[str] = (), limit: int) -> list[Change]:
    """At most `limit` changes behind `seq`, oldest first; of these objects only, if any are named."""
    parameters: dict[str, Any] = {"tenant": tenant_id, "kind": kind, "seq": seq, "limit": limit}
    sql = (
        "SELECT seq, object_id, columns, member_id, member_type FROM changes"
        f" WHERE tenant_id = :tenant AND kind = :kind AND seq > :seq{_among('object_id', ids, parameters)}"
        " ORDER BY seq LIMIT :limit"
    )
    return [Change(row[0], row[1], tuple(row[2].split()), row[3], row[4]) for row in tx.all(sql, parameters)]


def deleted(tx: Transaction, kind: str, ids: Sequence[str]) -> set[str]:
    """Which of these are in deleted items: they can come back."""
    return _with_ids(tx, kind, ids, "deleted_at IS NOT NULL")


def existing(tx: Transaction, kind: str, ids: Sequence[str]) -> set[str]:
    """Which of these are not purged."""
    return _with_ids(tx, kind, ids, "TRUE")


def _with_ids(tx: Transaction, kind: str, ids: Sequence[str], condition: str) -> set[str]:
    if not ids:
        return set()
    parameters: dict[str, Any] = {}
    where = _among("id", ids, parameters)
    return {row[0] for row in tx.all(f"SELECT id FROM {kind}s WHERE {condition}{where}", parameters)}


_MEMBERS: Final = """
SELECT m.group_id, m.member_id, m.member_type FROM group_members m
  LEFT JOIN users u ON u.id = m.member_id AND u.deleted_at IS NULL
  LEFT JOIN groups g ON g.id = m.member_id AND g.deleted_at IS NULL
  LEFT JOIN service_principals s ON s.id = m.member_id AND s.deleted_at IS NULL
 WHERE COALESCE(u.id, g.id, s.id) IS NOT NULL AND m.group_id = :group
"""


def members(tx: Transaction, group_id: str, after: str, limit: int) -> list[Membership]:
    """At most `limit` live members of a group, in the order of their ids."""
    sql = f"{_MEMBERS} AND m.member_id > :after ORDER BY m.member_id LIMIT :limit"
    return [Membership(*row) for row in tx.all(sql, {"group": group_id, "after": after, "limit": limit})]


def is_member(tx: Transaction, group_id: str, member_id: str) -> bool:
    """Whether he is a live member now."""
    return tx.one(f"{_MEMBERS} AND m.member_id = :member", {"group": group_id, "member": member_id}) is not None


def _among(column: str, ids: Sequence[str], parameters: dict[str, Any]) -> str:
    if not ids:
        return ""
    names = []
    for number, id in enumerate(ids):
        parameters[f"i{number}"] = id
        names.append(f":i{number}")
    return f" AND {column} IN ({', '.join(names)})"


# ------------------------------------------------------------------------ ageing


def mark(tx: Transaction, now: datetime, every: timedelta) -> None:
    """Remember how far the log is now, if the last mark is so old."""
    row = tx.one("SELECT MAX(at) FROM change_marks")
    if row is None or row[0] is None or row[0] <= micros(now - every):
        sql = "INSERT INTO change_marks (seq, at) VALUES (:seq, :at) ON CONFLICT (seq) DO UPDATE SET at = :at"
        tx.run(sql, {"seq": head(tx), "at": micros(now)})


def old(tx: Transaction, before: datetime) -> int | None:
    """The number up to which the log is older than that, if anything is."""
    row = tx.one("SELECT MAX(seq) FROM change_marks WHERE at < :before", {"before": micros(before)})
    return None if row is None else row[0]


def forget(tx: Transaction, seq: int) -> int:
    """Delete what every living token has behind it; the newest row stays, so that numbers only rise."""
    gone = tx.run("DELETE FROM changes WHERE seq <= :seq AND seq < (SELECT MAX(seq) FROM changes)", {"seq": seq})
    tx.run("DELETE FROM change_marks WHERE seq < :seq", {"seq": seq})
    return gone
