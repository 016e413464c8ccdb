"""Durable resets per second over HTTP at 1, 8 and 64 connections, beside the raw rate of the same statements.

One run measures both on this machine: a server of its own process resets seeded guests over kept-alive connections
(token check, rules, audit, owed invitation), and the very statements of such resets, recorded once, are replayed with
plain sqlite3 on a copy of the same database, as many to a commit as there were connections.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readmit import app
from readmit.cli.serve import free_port
from readmit.domain.address import EmailAddress
from readmit.domain.guest import Accepted, User, mail_binding
from readmit.domain.invitation import Request
from readmit.domain.permission import Caller, Wanted
from readmit.flows import invite, keys, seed
from readmit.flows.invite import Asked
from readmit.flows.world import World
from readmit.settings import Settings, load
from readmit.storage import apps, users
from readmit.storage.transaction import Transaction

TENANT, CLIENT, SECRET = (
    "contoso.onmicrosoft.com",
    "0b000000-0000-4000-8000-0000000000a1",
    "bench-secret-of-some-length",
)
CONNECTIONS = (1, 8, 64)
SECONDS = 4.0
GUESTS = 3000


@dataclass
class Rates:
    """Resets per second."""

    connections: int
    http: float
    raw: float


def settings_of(folder: Path, port: int) -> Settings:
    return load({"data": folder, "port": port, "tls": False}, {})


def fill(folder: Path, port: int) -> list[str]:
    """A tenant with an application and accepted guests; their ids."""
    with app.opened(settings_of(folder, port)) as world:
        keys.ensure(world)
        application = seed.SeedApplication("Bench", CLIENT, SECRET, ("User.Invite.All", "User.ReadWrite.All"))
        seed.apply(world, (seed.SeedTenant("Contoso", TENANT, ("contoso.com",), applications=(application,)),))
        return world.database.write(_guests, world)


def _guests(tx: Transaction, world: World) -> list[str]:
    tenant_id = tx.one("SELECT id FROM tenants")[0]  # type: ignore[index]
    now, ids = world.now(), []
    for number in range(GUESTS):
        address = EmailAddress.parse(f"guest{number}@post.example")
        user = User(
            id=world.new_id(),
            tenant_id=tenant_id,
            upn=f"guest{number}_post.example#EXT#@{TENANT}",
            mail_nickname=f"guest{number}",
            display_name=f"Guest {number}",
            user_type="Guest",
            created=now,
            sessions_valid_from=now,
            mail=address,
            other_mails=(address,),
            redemption=Accepted(address, now, mail_binding(address), address),
            generation=1,
            invited_user=True,
        )
        users.insert(tx, user)
        ids.append(user.id)
    return ids


# ---------------------------------------------------------------------- raw


class Recorder(Transaction):
    """Writes down every statement of a flow."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.statements: list[tuple[str, dict[str, Any]]] = []

    def one(self, sql: str, parameters: Any = None) -> Any:
        self.statements.append((sql, dict(parameters or {})))
        return super().one(sql, parameters or {})

    def all(self, sql: str, parameters: Any = None) -> Any:
        self.statements.append((sql, dict(parameters or {})))
        return super().all(sql, parameters or {})

    def run(self, sql: str, parameters: Any = None) -> int:
        self.statements.append((sql, dict(parameters or {})))
        return super().run(sql, parameters or {})


def record(folder: Path, ids: list[str], port: int) -> list[list[tuple[str, dict[str, Any]]]]:
    """The statements of one reset for each guest, run on this copy of the database."""
    from readmit.storage.database import connect

    recorded = []
    with app.opened(settings_of(folder, port)) as world:
        connection = connect(world.database.path)
        tenant_id = world.database.read(lambda tx: tx.one("SELECT id FROM tenants"))[0]
        principal = world.database.read(apps.principal_by_app_id, tenant_id, CLIENT)
        assert principal is not None
        permissions = frozenset({"User.Invite.All", "User.ReadWrite.All"})
        caller = Caller(tenant_id, CLIENT, principal.id, "Bench", permissions)
        connection.execute("BEGIN IMMEDIATE")
        for number, guest_id in enumerate(ids):
            asked = Request(
                EmailAddress.parse(f"guest{number}@post.example"),
                "https://myapps.microsoft.com/",
                send=False,
                user_id=guest_id,
                reset=True,
            )
            recorder = Recorder(connection)
            invite.invite(recorder, world, caller, Asked(asked, Wanted(reset=True)))
            recorded.append(recorder.statements)
        connection.execute("COMMIT")
        connection.close()
    return recorded


def raw_rate(database: Path, recorded: list[list[tuple[str, dict[str, Any]]]], group: int) -> float:
    """Replay with plain sqlite3, `group` resets to a durable commit."""
    from readmit.storage.database import connect

    connection = connect(database)
    done, begun = 0, time.perf_counter()
    while done + group <= len(recorded) and time.perf_counter() - begun < SECONDS:
        connection.execute("BEGIN IMMEDIATE")
        for statements in recorded[done : done + group]:
            connection.execute("SAVEPOINT flow")
            for sql, parameters in statements:
                connection.execute(sql, parameters).fetchall()
            connection.execute("RELEASE flow")
        connection.execute("COMMIT")
        done += group
    rate = done / (time.perf_counter() - begun)
    connection.close()
    return rate


# --------------------------------------------------------------------- http


async def token(port: int) -> str:
    form = f"grant_type=client_credentials&client_id={CLIENT}&client_secret={SECRET}"
    form += "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
    body = await Connection(port).post(
        f"/{TENANT}/oauth2/v2.0/token", form.encode(), "content-type: application/x-www-form-urlencoded\r\n"
    )
    return str(json.loads(body[1])["access_token"])


class Connection:
    """A kept-alive connection that speaks just enough HTTP to cost the server's core nothing."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes, headers: str) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        head = f"POST {path} HTTP/1.1\r\nhost: localhost:{self._port}\r\n{headers}content-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return int(answer.split(b" ", 2)[1]), await reader.readexactly(length)


async def http_rate(port: int, ids: list[str], connections: int) -> float:
    """Resets over `connections` connections for some seconds; every answer must be a 201."""
    headers = f"authorization: Bearer {await token(port)}\r\ncontent-type: application/json\r\n"
    until = time.perf_counter() + SECONDS
    next_guest = iter(range(10**9))
    done = 0

    async def work() -> None:
        nonlocal done
        connection = Connection(port)
        while time.perf_counter() < until:
            number = next(next_guest) % len(ids)
            body = (
                f'{{"invitedUserEmailAddress":"guest{number}@post.example","inviteRedirectUrl":'
                f'"https://myapps.microsoft.com","invitedUser":{{"id":"{ids[number]}"}},"resetRedemption":true}}'
            )
            status, answer = await connection.post("/v1.0/invitations", body.encode(), headers)
            if status != 201:
                raise RuntimeError(answer.decode())
            done += 1

    begun = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(connections)))
    return done / (time.perf_counter() - begun)


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "readmit", "serve", "--data", str(folder), "--port", str(port), "--no-tls"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    async def ready() -> None:
        for _ in range(200):
            try:
                await token(port)
            except (OSError, KeyError, IndexError):
                await asyncio.sleep(0.05)
            else:
                return
        raise RuntimeError("the server did not start")

    asyncio.run(ready())
    return server


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        base, port = Path(name) / "base", free_port()
        ids = fill(base, port)
        for other in ("record", "served", *(f"raw{count}" for count in CONNECTIONS)):
            shutil.copytree(base, Path(name) / other)
        recorded = record(Path(name) / "record", ids, port)
        print(f"{len(recorded[0])} statements in a reset; {len(ids)} guests; {SECONDS:.0f} s for each figure")
        server = start(Path(name) / "served", port)
        rates = []
        try:
            for connections in CONNECTIONS:
                http = asyncio.run(http_rate(port, ids, connections))
                raw = raw_rate(Path(name) / f"raw{connections}" / "readmit.db", recorded, connections)
                rates.append(Rates(connections, http, raw))
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=15)
        print(f"{'connections':>11} {'http/s':>9} {'raw/s':>9} {'ratio':>6}")
        for rate in rates:
            print(f"{rate.connections:>11} {rate.http:>9.0f} {rate.raw:>9.0f} {rate.http / rate.raw:>6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
