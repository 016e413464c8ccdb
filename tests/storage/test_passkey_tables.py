"""Passkeys and challenges in their tables: what comes back, what is refused, what goes with what."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from rooms import NOW, TENANT

from readmit.domain.passkey import Challenge, Passkey
from readmit.storage import passkeys
from readmit.storage.database import Database

KEY = Passkey(
    id="k",
    tenant_id=TENANT,
    user_id="a",
    credential_id="AA",
    public_key="BB",
    sign_count=3,
    aaguid="0",
    transports=("usb", "nfc"),
    backup_eligible=True,
    backed_up=False,
    discoverable=None,
    created=NOW,
    name="Key",
    used=NOW,
    code_proved=NOW,
)


@pytest.mark.parametrize(
    "made", [KEY, replace(KEY, discoverable=True, used=None, code_proved=None), replace(KEY, discoverable=False)]
)
def test_a_passkey_comes_back_as_it_was_written(database: Database, made: Passkey) -> None:
    assert database.write(passkeys.insert, made)
    assert database.read(passkeys.of_user, "a") == (made,)
    assert database.read(passkeys.by_credential, TENANT, "AA") == made


def test_a_credential_is_one_users_on_the_whole_server(database: Database) -> None:
    database.write(passkeys.insert, KEY)
    assert not database.write(passkeys.insert, replace(KEY, id="other", user_id="b"))
    assert database.read(passkeys.of_user, "b") == ()


def test_another_tenant_does_not_know_it(database: Database) -> None:
    database.write(passkeys.insert, KEY)
    assert database.read(passkeys.by_credential, "another", "AA") is None


def test_the_counter_is_compared_and_set(database: Database) -> None:
    database.write(passkeys.insert, KEY)
    assert database.write(passkeys.used, KEY, count=4, backed_up=True, now=NOW)
    assert not database.write(passkeys.used, KEY, count=5, backed_up=True, now=NOW), "it was used since it was read"
    (after,) = database.read(passkeys.of_user, "a")
    assert (after.sign_count, after.backed_up) == (4, True)


def test_a_code_moves_the_time_forward_only(database: Database) -> None:
    database.write(passkeys.insert, KEY)
    for at, kept in ((NOW - timedelta(days=1), NOW), (NOW + timedelta(days=1), NOW + timedelta(days=1))):
        database.write(passkeys.code_proved, "a", at)
        assert database.read(passkeys.of_user, "a")[0].code_proved == kept


@pytest.mark.parametrize(
    "lie",
    [
        "sign_count = -1",
        "backup_eligible = 2",
        "backed_up = NULL",
        "discoverable = 2",
        "user_id = 'nobody'",
        "tenant_id = 'nowhere'",
    ],
)
def test_a_row_that_the_domain_cannot_say_is_refused(database: Database, lie: str) -> None:
    database.write(passkeys.insert, KEY)
    with pytest.raises(sqlite3.IntegrityError):
        database.write(lambda tx: tx.run(f"UPDATE passkeys SET {lie}"))


def _flow(database: Database, passkey: str | None = None) -> None:
    sql = (
        "INSERT INTO flows (id, browser_hash, csrf, kind, tenant_id, target, created_at, expires_at, passkey)"
        " VALUES ('f', 'b', 'c', 'sign_in', :tenant, '{}', 0, 0, :passkey)"
    )
    database.write(lambda tx: tx.run(sql, {"tenant": TENANT, "passkey": passkey}))


def test_a_wish_is_one_of_three(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        _flow(database, "steal")


def test_a_flow_has_one_challenge_which_is_answered_once_and_goes_with_it(database: Database) -> None:
    _flow(database, "use")
    first, second = Challenge("f", "one", "use", NOW), Challenge("f", "two", "add", NOW + timedelta(minutes=5))
    database.write(passkeys.ask, first)
    database.write(passkeys.ask, second)
    assert database.read(passkeys.asked, "f") == second
    assert database.write(passkeys.answered, "f") == second
    assert database.write(passkeys.answered, "f") is None
    database.write(passkeys.ask, first)
    with pytest.raises(sqlite3.IntegrityError):
        database.write(lambda tx: tx.run("UPDATE passkey_challenges SET purpose = 'both'"))
    database.write(lambda tx: tx.run("DELETE FROM flows"))
    assert database.read(passkeys.asked, "f") is None


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("SELECT 1 FROM passkeys WHERE user_id = 'a'", "passkeys_user"),
        ("SELECT 1 FROM passkeys WHERE credential_id = 'AA' AND tenant_id = 't'", "sqlite_autoindex_passkeys"),
    ],
)
def test_passkeys_are_found_by_index(database: Database, sql: str, index: str) -> None:
    plan = database.read(lambda tx: tx.all(f"EXPLAIN QUERY PLAN {sql}"))
    assert any(index in row[3] for row in plan)
