"""The schema's steps: what they keep, and that they say nothing (reliability MG1 to MG4, R13)."""

from __future__ import annotations

import fcntl
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from yoyo import get_backend, read_migrations

from readmit.domain.errors import OperatorError
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


def shape(path: Path) -> list[tuple[str, str]]:
    """Every table, index and trigger as it was made."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_an_upgrade_killed_at_one_statement_after_the_other_comes_through_in_the_end(tmp_path: Path) -> None:
    """Reliability R13, MG4: nobody has to clean up after a kill, and the schema is that of a database made at once."""
    killed, whole = tmp_path / "killed.db", tmp_path / "whole.db"
    program = Path(__file__).with_name("upgrading.py")
    done = subprocess.run([sys.executable, str(program), str(killed)], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    assert int(done.stdout) > 12
    schema.upgrade(whole)
    assert shape(killed) == shape(whole)
    assert schema.integrity(killed) == []


def test_a_lock_that_an_earlier_version_left_behind_keeps_nobody_out(tmp_path: Path) -> None:
    """A killed first start of it left a row in a table for its lock, and no table of readmit."""
    path = tmp_path / "readmit.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE yoyo_lock (locked INT DEFAULT 1, ctime TIMESTAMP, pid INT, PRIMARY KEY (locked))"
        )
        connection.execute("INSERT INTO yoyo_lock VALUES (1, '2026-01-01', 1)")
    assert schema.upgrade(path) == schema.known()


def test_two_processes_do_not_upgrade_at_once(tmp_path: Path) -> None:
    path = tmp_path / "readmit.db"
    with path.with_suffix(".upgrade").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = threading.Thread(target=schema.upgrade, args=(path,))
        second.start()
        with path.with_suffix(".upgrade").open("a") as third, pytest.raises(BlockingIOError):
            fcntl.flock(third, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert not path.exists()
    second.join()
    assert schema.check(path) == []


def test_a_step_that_fails_says_why_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "readmit.db"
    schema.upgrade(path)
    before, names = shape(path), schema.known()
    folder = tmp_path / "steps"
    folder.mkdir()
    for name in names:
        (folder / f"{name}.sql").write_text("SELECT 1")
    (folder / "9999_broken.sql").write_text("CREATE TABLE half (a INTEGER);\nALTER TABLE nowhere ADD COLUMN b INTEGER;")
    monkeypatch.setattr(schema, "_STEPS", folder)
    with pytest.raises(OperatorError) as refused:
        schema.upgrade(path)
    assert "no such table: nowhere" in refused.value.sentence
    assert shape(path) == before


def test_a_step_asks_neither_the_dns_nor_for_a_user_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's user may have no name, and a name server may take its time."""

    def asked(*_: object) -> str:
        raise AssertionError

    monkeypatch.setattr("socket.getfqdn", asked)
    monkeypatch.setattr("getpass.getuser", asked)
    assert schema.upgrade(tmp_path / "readmit.db") == schema.known()
