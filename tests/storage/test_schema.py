"""The schema's steps: what they keep, and that they say nothing (reliability MG1 to MG3)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from yoyo import get_backend, read_migrations

from readmit.storage import schema


def test_an_upgrade_prints_nothing_among_the_results_of_a_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema.upgrade(tmp_path / "readmit.db")
    assert capsys.readouterr().out == ""


def test_mail_that_is_owed_survives_the_step_that_adds_notices_of_passkeys(tmp_path: Path) -> None:
    path = tmp_path / "readmit.db"
    backend = get_backend(f"sqlite:///{path}")
    steps = read_migrations(str(Path(schema.__file__).parent / "migrations"))
    backend.apply_migrations(backend.to_apply(steps.filter(lambda step: step.id < "0022")))
    backend.connection.close()
    columns = "id, tenant_id, kind, address_key, state, due_at, created_at"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"INSERT INTO outbox ({columns}) VALUES ('m', 't', 'passcode', 'a@b', 'queued', 7, 1)")
    schema.upgrade(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(f"SELECT {columns} FROM outbox").fetchall() == [
            ("m", "t", "passcode", "a@b", "queued", 7, 1)
        ]
        connection.execute(f"INSERT INTO outbox ({columns}) VALUES ('n', 't', 'passkey_added', 'a@b', 'queued', 7, 1)")
