"""R1: `kill -9` under load loses nothing acknowledged and leaves nothing half done (reliability section 4)."""

from __future__ import annotations

import signal
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from killable import Server

GUESTS = 12


@dataclass
class Acknowledged:
    """Invitations whose whole 201 was read, by guest."""

    invitations: list[tuple[str, str]] = field(default_factory=list)

    def note(self, user_id: str, invitation_id: str) -> None:
        self.invitations.append((user_id, invitation_id))


def test_R1_no_acknowledged_reset_is_lost_by_kill_9(server: Server, request: pytest.FixtureRequest) -> None:
    """Each reset was read whole by the client, so it must be in the database, with its audit event and owed mail."""
    kills = 300 if request.config.getoption("--faults") else 50
    token = server.token()
    with httpx2.Client() as client:
        ids = [_guest(server, client, token, number) for number in range(GUESTS)]
    noted = Acknowledged()
    for _ in range(kills):
        before = len(noted.invitations)
        _reset_until_killed(server, token, ids, noted, at_least=before + 3)
        server.start()
    _check_whole(server, noted)
    assert len(noted.invitations) >= kills * 3


def _guest(server: Server, client: httpx2.Client, token: str, number: int) -> str:
    body = {
        "invitedUserEmailAddress": f"guest{number}@post.example",
        "inviteRedirectUrl": "https://myapps.microsoft.com",
    }
    return str(server.invite(client, token, body).json()["invitedUser"]["id"])


def _reset_until_killed(server: Server, token: str, ids: list[str], noted: Acknowledged, *, at_least: int) -> None:
    """Four clients reset until the server dies; it dies once enough was acknowledged, in the midst of more."""
    enough = threading.Event()

    def work(first: int) -> None:
        number = first
        with httpx2.Client() as client:
            while True:
                number += 1
                guest = number % GUESTS
                body = {
                    "invitedUserEmailAddress": f"guest{guest}@post.example",
                    "inviteRedirectUrl": "https://myapps.microsoft.com",
                    "invitedUser": {"id": ids[guest]},
                    "resetRedemption": True,
                    "sendInvitationMessage": True,
                }
                try:
                    answer = server.invite(client, token, body)
                except httpx2.HTTPError:
                    return
                assert answer.status_code == 201, answer.text
                noted.note(ids[guest], answer.json()["id"])
                if len(noted.invitations) >= at_least:
                    enough.set()

    workers = [threading.Thread(target=work, args=(number * 3,)) for number in range(4)]
    for worker in workers:
        worker.start()
    assert enough.wait(timeout=30)
    server.kill()
    for worker in workers:
        worker.join()


def _check_whole(server: Server, noted: Acknowledged) -> None:
    assert server.rows("PRAGMA integrity_check") == [("ok",)]
    assert server.rows("PRAGMA foreign_key_check") == []
    kept = {row[0] for row in server.rows("SELECT id FROM invitations")}
    lost = [entry for entry in noted.invitations if entry[1] not in kept]
    assert lost == []
    resets = server.rows("SELECT COUNT(*) FROM invitations WHERE kind = 'reset'")[0][0]
    reset = "Invite external user with reset invitation status"
    assert server.rows("SELECT COUNT(*) FROM audit_events WHERE activity = ?", reset)[0][0] == resets
    assert server.rows("SELECT COUNT(*) FROM outbox WHERE kind = 'reset'")[0][0] == resets
    generations = dict(server.rows("SELECT id, generation FROM users WHERE external_state IS NOT NULL"))
    for user_id, generation in generations.items():
        made = server.rows("SELECT COUNT(*) FROM invitations WHERE user_id = ?", user_id)[0][0]
        assert generation == made, "each reset raised the generation exactly once"


def test_R15_sigterm_ends_within_ten_seconds_and_with_exit_code_0(server: Server) -> None:
    assert server.stop() == 0


def test_SD1_an_idle_connection_over_tls_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """A client that keeps its connection, and does not look at it, never says goodbye."""
    server = Server(tmp_path, tls=True)
    server.start()
    with httpx2.Client(verify=server.trust()) as client:
        assert client.get(f"{server.base}/health/live").status_code == 200
        assert server.stop() == 0
    assert "graceful shutdown exceeded" not in server.log()


def test_SD1_a_second_signal_ends_at_once(server: Server) -> None:
    """The request that never ends would else get its eight seconds, and the log would say so."""
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(b"POST /v1.0/invitations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        _until_refused(server)
        assert server.stop() == 0
    assert "graceful shutdown exceeded" not in server.log()


def _until_refused(server: Server) -> None:
    """The first signal: nobody new is let in."""
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    while True:
        try:
            socket.create_connection(("localhost", server.port)).close()
        except ConnectionRefusedError:
            return


def test_a_token_from_before_a_crash_works_after_it(server: Server) -> None:
    """Reliability section 1: keys and grants are durable."""
    token = server.token()
    server.kill()
    server.start()
    body = {"invitedUserEmailAddress": "late@post.example", "inviteRedirectUrl": "https://myapps.microsoft.com"}
    with httpx2.Client() as client:
        assert server.invite(client, token, body).status_code == 201


def test_DB6_a_second_server_on_one_folder_is_refused_in_one_sentence(server: Server, tmp_path: Path) -> None:
    second = Server(tmp_path)
    with pytest.raises(AssertionError, match="Another server works on"):
        second.start()
