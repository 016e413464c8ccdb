"""The users' table: members and guests, their addresses and what binds them."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from readmit.domain.address import key_of
from readmit.domain.errors import AddressTaken, UpnTaken
from readmit.domain.guest import Binding, User
from readmit.storage.columns import micros, micros_or_none, moment_or_none
from readmit.storage.transaction import Transaction
from readmit.storage.user_rows import COLUMNS, row_of, user_of

_BY_ID: Final = f"SELECT {COLUMNS} FROM users WHERE id = :id AND tenant_id = :tenant"
_INSERT: Final = """
INSERT INTO users (id, tenant_id, upn, upn_key, mail, mail_key, other_mails, mail_nickname, display_name, given_name,
  surname, user_type, creation_type, converted, account_enabled, preferred_language, profile, created_at, deleted_at,
  external_state, external_state_changed_at, invited_address, invited_key, redeemed_address, redeemed_key,
  binding_kind, binding_issuer, binding_subject, binding_issuer_shown, binding_assigned_id, generation, epoch,
  sessions_valid_from)
VALUES (:id, :tenant, :upn, :upn_key, :mail, :mail_key, :other_mails, :nickname, :name, :given_name,
  :surname, :user_type, :creation_type, :converted, :enabled, :language, :profile, :created, :deleted,
  :state, :changed, :invited, :invited_key, :redeemed, :redeemed_key,
  :kind, :issuer, :subject, :shown, :assigned, :generation, :epoch, :valid_from)
"""
_UPDATE: Final = """
UPDATE users SET upn = :upn, upn_key = :upn_key, mail = :mail, mail_key = :mail_key, other_mails = :other_mails,
  mail_nickname = :nickname, display_name = :name, given_name = :given_name, surname = :surname,
  user_type = :user_type, creation_type = :creation_type, converted = :converted, account_enabled = :enabled,
  preferred_language = :language, profile = :profile, deleted_at = :deleted,
  external_state = :state, external_state_changed_at = :changed,
  invited_address = :invited, invited_key = :invited_key, redeemed_address = :redeemed, redeemed_key = :redeemed_key,
  binding_kind = :kind, binding_issuer = :issuer, binding_subject = :subject, binding_issuer_shown = :shown,
  binding_assigned_id = :assigned, generation = :generation, epoch = :epoch, sessions_valid_from = :valid_from
WHERE id = :id AND tenant_id = :tenant AND generation = :was_generation AND epoch = :was_epoch
"""


def get(tx: Transaction, tenant_id: str, user_id: str) -> User | None:
    """A user by object id, deleted ones too; ids compare without case (graph G5)."""
    row = tx.one(_BY_ID, {"id": user_id.lower(), "tenant": tenant_id})
    return user_of(row) if row else None


def live(tx: Transaction, tenant_id: str, user_id: str) -> User | None:
    """A user by object id, unless deleted."""
    user = get(tx, tenant_id, user_id)
    return user if user is not None and user.deleted is None else None


def by_upn(tx: Transaction, tenant_id: str, upn: str) -> User | None:
    """A live user by UPN, ASCII letters in any case."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM users WHERE upn_key = :key AND tenant_id = :tenant AND deleted_at IS NULL",
        {"key": upn.lower() if upn.isascii() else upn, "tenant": tenant_id},
    )
    return user_of(row) if row else None


def by_address(tx: Transaction, tenant_id: str, key: str) -> User | None:
    """The live user who holds this match key as UPN, mail or other mail (lifecycle L3)."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM users WHERE id ="
        " (SELECT user_id FROM user_addresses WHERE address_key = :key AND tenant_id = :tenant)",
        {"key": key, "tenant": tenant_id},
    )
    return user_of(row) if row else None


def by_binding(tx: Transaction, tenant_id: str, binding: Binding) -> User | None:
    """The live guest whom this identity has redeemed."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM users WHERE binding_subject = :subject AND binding_issuer = :issuer"
        " AND binding_kind = :kind AND tenant_id = :tenant AND binding_issuer IS NOT NULL AND deleted_at IS NULL",
        {"subject": binding.subject, "issuer": binding.issuer, "kind": binding.kind, "tenant": tenant_id},
    )
    return user_of(row) if row else None


def by_account(tx: Transaction, tenant_id: str, key: str) -> User | None:
    """The live internal user whose UPN or mail, never another mail, has this match key (lifecycle L3)."""
    user = by_address(tx, tenant_id, key)
    if user is None or user.external or user.user_type != "Member":
        return None
    mail_key = user.mail.key if user.mail else None
    return user if key in (key_of(user.upn), mail_key) else None


def upn_is_free(tx: Transaction, tenant_id: str, upn: str) -> bool:
    """Whether no live user has this UPN, in any case."""
    return by_upn(tx, tenant_id, upn) is None


def insert(tx: Transaction, user: User) -> None:
    """A new user with his addresses; raises UpnTaken, AddressTaken."""
    try:
        tx.run(_INSERT, row_of(user))
    except sqlite3.IntegrityError as error:
        raise UpnTaken from error
    _write_addresses(tx, user, user.held_keys)


def update(tx: Transaction, user: User, before: User) -> bool:
    """Compare-and-set on the generation and epoch that `before` was read with; False if somebody was faster (DB2)."""
    row = row_of(user)
    row["was_generation"] = before.generation
    row["was_epoch"] = before.epoch
    if tx.run(_UPDATE, row) != 1:
        return False
    held = frozenset() if user.deleted else user.held_keys
    had = frozenset() if before.deleted else before.held_keys
    if held != had:
        for key in had - held:
            tx.run(
                "DELETE FROM user_addresses WHERE address_key = :key AND tenant_id = :tenant AND user_id = :user",
                {"key": key, "tenant": user.tenant_id, "user": user.id},
            )
        _write_addresses(tx, user, held - had)
    return True


def delete(tx: Transaction, user: User) -> None:
    """Purge: the row and everything that hangs on it."""
    parameters = {"id": user.id}
    for statement in (
        "DELETE FROM group_members WHERE member_id = :id",
        "DELETE FROM owners WHERE owner_id = :id",
        "DELETE FROM sponsors WHERE sponsor_id = :id",
        "DELETE FROM creators WHERE object_id = :id",
        "DELETE FROM role_assignments WHERE principal_id = :id",
        "DELETE FROM app_role_assignments WHERE principal_id = :id",
        "DELETE FROM permission_grants WHERE principal_id = :id",
        "DELETE FROM grants WHERE user_id = :id",
        "DELETE FROM sign_ins WHERE user_id = :id",
        "DELETE FROM flows WHERE user_id = :id",
        "DELETE FROM users WHERE id = :id",
    ):
        tx.run(statement, parameters)


def _write_addresses(tx: Transaction, user: User, keys: frozenset[str]) -> None:
    for key in keys:
        owner = tx.one(
            "SELECT user_id FROM user_addresses WHERE address_key = :key AND tenant_id = :tenant",
            {"key": key, "tenant": user.tenant_id},
        )
        if owner is not None:
            raise AddressTaken(_property_of(user, key), owner[0])
        tx.run(
            "INSERT INTO user_addresses (address_key, tenant_id, user_id) VALUES (:key, :tenant, :user)",
            {"key": key, "tenant": user.tenant_id, "user": user.id},
        )


def _property_of(user: User, key: str) -> str:
    if user.mail is not None and user.mail.key == key:
        return "mail"
    return "otherMails" if any(mail.key == key for mail in user.other_mails) else "userPrincipalName"


# ------------------------------------------------------------- passwords


def set_password(
    tx: Transaction, user_id: str, password_hash: str | None, *, now: datetime, expires: datetime | None = None
) -> None:
    """Store an Argon2id hash; `expires` marks a one-time password (security D1)."""
    tx.run(
        "UPDATE users SET password_hash = :hash, password_expires_at = :expires, password_changed_at = :now"
        " WHERE id = :id",
        {"hash": password_hash, "expires": micros_or_none(expires), "now": micros(now), "id": user_id},
    )


def password(tx: Transaction, user_id: str) -> tuple[str | None, datetime | None]:
    """The Argon2id hash, and when it expires if it is a one-time password."""
    row = tx.one("SELECT password_hash, password_expires_at FROM users WHERE id = :id", {"id": user_id})
    return (None, None) if row is None else (row[0], moment_or_none(row[1]))
