"""R11: several processes on one database keep every promise and every limit (reliability section 4)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from killable import SEED, Server

WORKERS = 3
THREADS = 8
RESETS = 120


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path, "--workers", str(WORKERS))
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()


def _invitation(address: str, **more: Any) -> dict[str, Any]:
    return {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com", **more}


def _children(server: Server) -> list[int]:
    """The processes that answer, by the kernel's word."""
    assert server.process is not None
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        if int(parent) == server.process.pid and "spawn_main" in command:
            found.append(int(folder.name))
    return found


def _told(server: Server, line: str) -> None:
    """Wait until the server has said so."""
    import time

    for _ in range(600):
        if line in (server.folder / "server.log").read_text():
            return
        time.sleep(0.05)
    raise AssertionError((server.folder / "server.log").read_text())


def _alone(server: Server, token: str, body: dict[str, Any]) -> httpx2.Response:
    """On a connection of its own, so that any process may take it."""
    with httpx2.Client() as client:
        return server.invite(client, token, body)


def test_R11_resets_through_several_processes_are_counted_once_each_and_read_at_once(server: Server) -> None:
    """Reads follow writes in every process (graph G2); no generation is lost or given twice (lifecycle L5)."""
    token = server.token()
    guest = _alone(server, token, _invitation("guest@post.example")).json()["invitedUser"]["id"]
    headers = {"authorization": f"Bearer {token}"}

    def reset(number: int) -> str:
        address = f"guest{number}@post.example"
        body = _invitation(address, invitedUser={"id": guest}, resetRedemption=True)
        answer = _alone(server, token, body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def create_and_read(number: int) -> bool:
        made = _alone(server, token, _invitation(f"other{number}@post.example")).json()["invitedUser"]["id"]
        return httpx2.get(f"{server.base}/v1.0/users/{made}", headers=headers).status_code == 200

    with ThreadPoolExecutor(THREADS) as pool:
        invitations = list(pool.map(reset, range(RESETS)))
        assert all(pool.map(create_and_read, range(RESETS)))
    assert len(set(invitations)) == RESETS
    assert server.rows("SELECT generation, epoch FROM users WHERE id = ?", guest) == [(RESETS + 1, RESETS + 1)]
    assert server.rows("SELECT COUNT(DISTINCT generation) FROM invitations WHERE user_id = ?", guest) == [(RESETS + 1,)]


def test_R11_a_limit_of_throttling_holds_for_all_processes_together(tmp_path: Path) -> None:
    """Graph G62: shared by all processes on one database. A window may end in between, so twice the limit at most."""
    settings = "    settings: {throttle: {writes: 3}}\n"
    seed = SEED.replace("    domains: [contoso.com]\n", f"    domains: [contoso.com]\n{settings}")
    server = Server(tmp_path, "--workers", str(WORKERS), seed=seed)
    server.start()
    try:
        token = server.token()
        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(
                pool.map(lambda number: _alone(server, token, _invitation(f"g{number}@post.example")), range(40))
            )
        accepted = [answer for answer in answers if answer.status_code == 201]
        assert 3 <= len(accepted) <= 6
        assert {answer.status_code for answer in answers} == {201, 429}
    finally:
        server.kill()


def test_R11_a_process_that_dies_is_replaced_and_the_others_go_on(server: Server) -> None:
    _told(server, f"Workers   {WORKERS}")
    token = server.token()
    before = _children(server)
    os.kill(before[0], signal.SIGKILL)
    _told(server, "A worker ended with -9; another one takes its place.")
    assert _alone(server, token, _invitation("late@post.example")).status_code == 201
    after = _children(server)
    assert len(after) == len(before) == WORKERS
    assert before[0] not in after


def test_R11_a_replacement_that_dies_before_it_answers_takes_nobody_with_it(server: Server) -> None:
    _told(server, f"Workers   {WORKERS}")
    first = set(_children(server))
    os.kill(min(first), signal.SIGKILL)
    while not (new := set(_children(server)) - first):
        pass
    os.kill(new.pop(), signal.SIGKILL)
    _told(server, "A worker ended with -9; another one takes its place.\nA worker ended with -9; another")
    assert _alone(server, server.token(), _invitation("late@post.example")).status_code == 201
    assert server.stop() == 0


@pytest.mark.parametrize("options", [(), ("--workers", "2")])
def test_R15_a_terminal_that_closes_ends_a_server_as_sigterm_does(tmp_path: Path, options: tuple[str, ...]) -> None:
    server = Server(tmp_path, *options)
    server.start()
    _told(server, "  Mail      kept")
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)
    assert server.process.wait(12) == 0
    assert "Traceback" not in server.log()


def test_R15_sigterm_ends_all_of_them_within_ten_seconds_and_with_exit_code_0(server: Server) -> None:
    _told(server, f"Workers   {WORKERS}")
    children = _children(server)
    assert server.stop() == 0
    assert [child for child in children if Path(f"/proc/{child}").exists()] == []


def test_R1_no_process_outlives_a_server_that_was_killed(server: Server) -> None:
    _told(server, f"Workers   {WORKERS}")
    children = _children(server)
    server.kill()
    for child in children:
        _ended(child)
    server.start()


def _ended(process: int) -> None:
    """Wait for the end of a process that is no child of ours."""
    import select

    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], 15)[0], f"{process} lives on"
    finally:
        os.close(handle)
