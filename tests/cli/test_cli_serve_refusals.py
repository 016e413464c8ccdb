"""What keeps a server from starting is one sentence that says what to do, and nothing is lost by the attempt."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from readmit import certificates, data_folder
from readmit.cli import server
from readmit.cli.failures import sentence_of
from readmit.cli.serve import free_port
from readmit.domain.errors import OperatorError, Unavailable
from readmit.settings import Settings

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(data=home / "served", public_url="https://localhost")


@pytest.fixture
def served(settings: Settings) -> Path:
    """A data folder in which a server has been."""
    with server.opened(settings) as (world, _):
        server.prepare(world)
    return settings.data


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture
def refusal(settings: Settings) -> Callable[[], str]:
    """The sentence with which a start on that folder ends."""

    def start() -> str:
        with pytest.raises((OperatorError, Unavailable)) as raised, server.opened(settings) as (world, _):
            server.prepare(world)
        sentence, code = sentence_of(raised.value)
        assert code == 1
        return sentence

    return start


def test_a_taken_port_is_told(readmit, taken):
    assert readmit("serve", "--port", taken).err.splitlines()[-1] == (
        f"The address 127.0.0.1:{taken} cannot be used (Address already in use); choose another one with --port or "
        "--host."
    )


def test_a_server_that_never_listened_is_not_announced_to_the_commands(readmit, home, taken):
    """They would ask whoever listens there instead, with this folder's credentials."""
    assert readmit("serve", "--data", home / "fresh", "--port", taken).code == 1
    assert list((home / "fresh").iterdir()) == [home / "fresh" / "lock"]


def test_an_address_that_is_taken_while_the_server_gets_ready_is_told(home, taken):
    """Two may be bound; only one of them listens."""
    settings = Settings(data=home, port=free_port())
    with server.bind(settings) as first, server.bind(settings) as second:
        server.listen(first, settings)
        with pytest.raises(OperatorError, match="cannot be used"):
            server.listen(second, settings)


@pytest.mark.parametrize(
    ("given", "reached"),
    [
        ({}, "https://localhost:8443"),
        ({"host": "0.0.0.0"}, "https://localhost:8443"),
        ({"tls": False, "port": 80}, "http://localhost:80"),
        ({"host": "192.0.2.1"}, "https://guests.example"),
    ],
)
def test_commands_beside_a_server_reach_it_without_the_proxy_of_its_public_url(home, given, reached):
    settings = Settings(data=home / "public", public_url="https://guests.example", **given)
    with server.opened(settings) as (world, _):
        server.publish(world, server.prepare(world))
    assert json.loads((settings.data / "client-credentials.json").read_text())["server"] == reached


def test_a_file_in_the_place_of_the_folder_is_told(readmit, home):
    (home / "file").write_text("")
    done = readmit("serve", "--data", home / "file")
    assert done.err.splitlines()[-1] == (
        f"The data folder {home / 'file'} cannot be written (it is a file); choose another one with --data."
    )


def test_a_lost_master_key_is_not_replaced(refusal, served):
    """A fresh one would open nothing that the database holds, and would stand where the old one belongs."""
    (served / "master.key").unlink()
    path = served / "master.key"
    assert refusal() == f"{path} is missing, and the database is sealed under it; restore it from a backup."
    assert not path.exists()


def test_a_database_that_became_empty_is_not_filled_anew(refusal, served):
    """SQLite takes an empty file for a fresh one; every guest would be gone without a word."""
    path = served / "readmit.db"
    path.write_bytes(b"")
    assert refusal() == (
        f"The database {path} is empty, though a server has been here; restore a backup, or remove the file for a "
        "fresh start."
    )
    assert path.stat().st_size == 0


def test_a_wrong_master_key_is_told(refusal, served):
    data_folder.write_secret(served / "master.key", bytes(32))
    assert refusal().startswith("master.key is not the one that this database is sealed under; restore both")


def test_a_database_with_a_damaged_page_is_told(refusal, served):
    """The page of the tenants is gone; all that is read before them is whole."""
    path = served / "readmit.db"
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'tenants'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    damaged = "The database is damaged (database disk image is malformed)"
    assert refusal() == f"{damaged}; restore a backup, or move the file away."


@pytest.mark.parametrize("name", ["ca.pem", "ca-key.pem"])
def test_a_damaged_ca_is_told_and_kept(refusal, served, name):
    """Clients trust it: another one in its place is the operator's decision."""
    (served / name).write_text("damaged")
    sentence = f"{served / name} is damaged; restore ca.pem and ca-key.pem, or remove both for a new CA,"
    assert refusal().startswith(sentence)
    assert (served / name).read_text() == "damaged"


def test_a_key_of_another_ca_is_told(refusal, served, tmp_path):
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    certificates.ensure(stranger, (), NOW, data_folder.write_secret)
    (served / "ca-key.pem").write_bytes((stranger / "ca-key.pem").read_bytes())
    assert refusal().startswith(f"{served / 'ca-key.pem'} is damaged;")


@pytest.mark.parametrize("content", [b"damaged", None])
def test_security_H3_a_damaged_server_certificate_is_made_anew_by_the_same_ca(tmp_path, content):
    first = certificates.ensure(tmp_path, ("guests.example",), NOW, data_folder.write_secret)
    ca = first.ca.read_bytes()
    first.server.write_bytes(content) if content else first.server.unlink()
    again = certificates.ensure(tmp_path, ("guests.example",), NOW, data_folder.write_secret)
    assert (again.new_ca, again.ca.read_bytes()) == (False, ca)
    leaf = x509.load_pem_x509_certificate(again.server.read_bytes())
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(ca))


def test_security_H3_the_server_certificate_is_renewed_a_month_ahead_and_the_ca_follows_the_hosts(tmp_path):
    first = certificates.ensure(tmp_path, ("guests.example",), NOW, data_folder.write_secret)
    ca, leaf = first.ca.read_bytes(), first.server.read_bytes()
    certificates.ensure(tmp_path, ("guests.example",), NOW + timedelta(days=367), data_folder.write_secret)
    assert first.server.read_bytes() == leaf
    certificates.ensure(tmp_path, ("guests.example",), NOW + timedelta(days=368), data_folder.write_secret)
    assert first.server.read_bytes() != leaf
    assert first.ca.read_bytes() == ca
    assert certificates.ensure(tmp_path, ("other.example",), NOW, data_folder.write_secret).new_ca
    assert first.ca.read_bytes() != ca
