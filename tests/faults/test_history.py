"""R18: sixteen clients on few guests, with kills; what they saw is checked as a history (reliability section 4).

The history is kept in Jepsen's form: one JSON object for each invocation and each answer. `info` means unknown.
"""

from __future__ import annotations

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from killable import SEED, Server

from readmit.cli.walker import Walker

GUESTS, CLIENTS, PASSWORD = 8, 16, "a-password-of-the-tests"
FREQUENT = ("reset", *["redeem"] * 5, *["read"] * 4)
HOME = """  - displayName: Fabrikam
    initialDomain: fabrikam.onmicrosoft.com
    domains: [fabrikam.com]
    users:
""" + "".join(
    f"      - {{userPrincipalName: guest{number}@fabrikam.com, password: {PASSWORD}}}\n" for number in range(GUESTS)
)


class History:
    """What was asked and what was answered, in the order of this machine's clock."""

    def __init__(self, path: Path) -> None:
        self.entries: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._path = path

    def note(self, process: int, type: str, f: str, guest: int, value: Any = None) -> None:
        with self._lock:
            now = time.monotonic_ns()
            self.entries.append({"process": process, "type": type, "f": f, "key": guest, "value": value, "time": now})

    def pairs(self, f: str, guest: int) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Each invocation with its answer; what was never answered is left out."""
        open_ones: dict[int, dict[str, Any]] = {}
        found = []
        for entry in self.entries:
            if entry["f"] != f or entry["key"] != guest:
                continue
            if entry["type"] == "invoke":
                open_ones[entry["process"]] = entry
            else:
                found.append((open_ones.pop(entry["process"]), entry))
        return found

    def write(self) -> None:
        self._path.write_text("".join(json.dumps(entry) + "\n" for entry in self.entries), encoding="utf-8")


class Clients:
    """They reset, redeem by the newest link they know of, and read, until enough was done."""

    def __init__(self, server: Server, history: History, ids: list[str], operations: int) -> None:
        self.server, self.history, self.ids, self.operations = server, history, ids, operations
        self.token = server.token()
        self.links: list[str] = [""] * len(ids)
        self.up, self.done = threading.Event(), 0
        self.up.set()

    def work(self, process: int) -> None:
        chance = random.Random(process)
        with httpx2.Client() as client:
            while self.done < self.operations:
                assert self.up.wait(30)
                client.cookies.clear()
                self._one(process, client, chance.choice(FREQUENT), chance.randrange(len(self.ids)))

    def _one(self, process: int, client: httpx2.Client, f: str, guest: int) -> None:
        self.history.note(process, "invoke", f, guest)
        try:
            value = getattr(self, f)(client, guest)
        except httpx2.HTTPError:
            self.history.note(process, "info", f, guest)
            time.sleep(0.05)
        else:
            self.history.note(process, "ok" if value is not None else "fail", f, guest, value)
            self.done += 1

    def reset(self, client: httpx2.Client, guest: int) -> Any:
        body = {
            "invitedUserEmailAddress": f"guest{guest}@fabrikam.com",
            "inviteRedirectUrl": "https://myapps.microsoft.com",
            "invitedUser": {"id": self.ids[guest]},
            "resetRedemption": True,
        }
        answer = self.server.invite(client, self.token, body)
        assert answer.status_code == 201, answer.text
        self.links[guest] = answer.json()["inviteRedeemUrl"]
        return answer.json()["id"]

    def redeem(self, client: httpx2.Client, guest: int) -> Any:
        link = self.links[guest]
        if not link:
            return None
        walker = Walker(client, self.server.base)
        walker.open(link)
        for values in ({}, {"password": PASSWORD}, {"decision": "accept"}):
            if walker.page.form is None or walker.page.status >= 400:
                return None
            walker.submit(values)
        return True if "/myapps" in walker.page.url else None

    def read(self, _client: httpx2.Client, guest: int) -> Any:
        return self.server.rows("SELECT generation, epoch FROM users WHERE id = ?", self.ids[guest])[0]


def test_R18_what_sixteen_clients_saw_over_kills_is_one_history(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    operations, kills = (10_000, 40) if request.config.getoption("--faults") else (1_000, 5)
    server = Server(tmp_path, seed=SEED + HOME)
    server.start()
    try:
        history = History(tmp_path / "history.jsonl")
        clients = Clients(server, history, [_guest(server, number) for number in range(GUESTS)], operations)
        with ThreadPoolExecutor(CLIENTS) as pool:
            running = [pool.submit(clients.work, process) for process in range(CLIENTS)]
            for kill in range(1, kills + 1):
                while clients.done < kill * operations // (kills + 1) and not any(each.done() for each in running):
                    time.sleep(0.01)
                clients.up.clear()
                server.kill()
                server.start()
                clients.up.set()
            for each in running:
                each.result()
        history.write()
        assert {entry["type"] for entry in history.entries} >= {"invoke", "ok", "info"}
        for guest in range(GUESTS):
            check_history(history, guest)
            check_redemptions(server, clients.ids[guest])
        assert sum(entry["f"] == "redeem" and entry["type"] == "ok" for entry in history.entries) > kills
    finally:
        server.kill()


def _guest(server: Server, number: int) -> str:
    body = {
        "invitedUserEmailAddress": f"guest{number}@fabrikam.com",
        "inviteRedirectUrl": "https://myapps.microsoft.com",
    }
    with httpx2.Client() as client:
        return str(server.invite(client, server.token(), body).json()["invitedUser"]["id"])


def check_history(history: History, guest: int) -> None:
    """Counters only rise, and every read sees the resets that were acknowledged before it began, and no others."""
    resets, reads = history.pairs("reset", guest), history.pairs("read", guest)
    acknowledged = sorted(answer["time"] for _, answer in resets if answer["type"] == "ok")
    asked = sorted(entry["time"] for entry in history.entries if _invokes(entry, "reset", guest))
    assert acknowledged
    latest = (0, 0)
    for begun, answer in sorted((pair for pair in reads if pair[1]["type"] == "ok"), key=lambda pair: pair[1]["time"]):
        generation, epoch = answer["value"]
        seen = sum(moment < begun["time"] for moment in acknowledged)
        possible = sum(moment < answer["time"] for moment in asked)
        assert seen <= generation - 1 <= possible, (guest, answer)
        before = [other["value"] for _, other in reads if other["type"] == "ok" and other["time"] < begun["time"]]
        latest = max(before, default=latest)
        assert (generation, epoch) >= tuple(latest), "a counter fell"


def _invokes(entry: dict[str, Any], f: str, guest: int) -> bool:
    return entry["type"] == "invoke" and entry["f"] == f and entry["key"] == guest


def check_redemptions(server: Server, user_id: str) -> None:
    """At most one for a generation, none left open under an old one, and each in the audit log."""
    rows = server.rows("SELECT generation, ended_at IS NULL FROM redemptions WHERE user_id = ?", user_id)
    assert len({row[0] for row in rows}) == len(rows)
    (current, state) = server.rows("SELECT generation, external_state FROM users WHERE id = ?", user_id)[0]
    assert [row[0] for row in rows if row[1]] == ([current] if state == "Accepted" else [])
    told = server.rows(
        "SELECT COUNT(*) FROM audit_events WHERE activity = 'Redeem external user invite' AND result = 'success'"
        " AND target_id = ?",
        user_id,
    )
    assert told == [(len(rows),)]
