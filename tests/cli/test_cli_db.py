"""`readmit db` needs the data folder alone, and says what it found to people and machines."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing

import pytest


@pytest.fixture
def made(readmit, home):
    """A data folder with a fresh database."""
    assert readmit("db", "upgrade", "--data", home / "data").code == 0
    return home / "data"


def test_an_upgrade_names_its_steps_and_a_second_one_has_none(readmit, home):
    first = readmit("db", "upgrade", "--data", home / "data", "--json").json["done"]
    assert first[0] == "0001_directory"
    assert readmit("db", "upgrade", "--data", home / "data", "--json").json == {"done": []}
    assert readmit("db", "upgrade", "--data", home / "data").out == "no change\n"
    assert stat.S_IMODE((home / "data" / "readmit.db").stat().st_mode) == 0o600


def test_a_whole_database_is_ok(readmit, made):
    assert readmit("db", "check", "--data", made).out == "ok\n"
    assert readmit("db", "check", "--data", made, "--json").json == {"missing": [], "problems": []}


def test_a_schema_that_is_behind_is_1_and_names_the_way(readmit, made):
    with closing(sqlite3.connect(made / "readmit.db")) as connection, connection:
        connection.execute("DELETE FROM _yoyo_migration WHERE migration_id = '0001_directory'")
    done = readmit("db", "check", "--data", made, "--json")
    assert (done.code, done.json["missing"]) == (1, ["0001_directory"])
    assert done.err == "The schema lacks 0001_directory; run `readmit db upgrade`.\n"


def test_a_row_that_refers_to_nothing_is_found(readmit, made):
    with closing(sqlite3.connect(made / "readmit.db")) as connection, connection:
        connection.execute("INSERT INTO domains (name, tenant_id, is_default) VALUES ('x.example', 'nobody', 0)")
    done = readmit("db", "check", "--data", made, "--json")
    assert done.code == 1
    assert done.json["problems"] == ["a row of domains refers to nothing"]


@pytest.mark.parametrize("command", ["check", "upgrade"])
def test_a_database_that_became_empty_is_told(readmit, made, command):
    (made / "master.key").write_bytes(bytes(32))
    (made / "readmit.db").write_bytes(b"")
    done = readmit("db", command, "--data", made)
    assert (done.code, done.out) == (1, "")
    assert "is empty, though a server has been here; restore a backup" in done.err


def test_a_folder_without_a_database_is_told(readmit, home):
    done = readmit("db", "check", "--data", home / "none")
    assert (done.code, done.out) == (1, "")
    assert "start `readmit serve` there" in done.err
