"""Reads per second over HTTP at 10,000 and at 1,000,000 guests, beside an empty handler of the same stack.

One run measures all of it on this machine: a server of its own process answers over 16 kept-alive connections; the
empty handler runs under the same uvicorn. A filter's parse is timed in this process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import timeit
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from readmit import app
from readmit.cli.serve import free_port
from readmit.flows import keys, seed
from readmit.storage.database import connect
from readmit.web.graph.odata.parse import parse
from resets import CLIENT, TENANT, Connection, settings_of, start, token

SECONDS = 3.0
CONNECTIONS = 16
ADVANCED = "consistencylevel: eventual\r\n"
EMPTY = """
import sys, uvicorn
async def answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})
uvicorn.run(answer, host="127.0.0.1", port=int(sys.argv[1]), lifespan="off", access_log=False, log_level="error")
"""
PARSED = "userType eq 'Guest' and externalUserState eq 'PendingAcceptance'"


def fill(folder: Path, port: int, guests: int) -> None:
    """A tenant with an application and this many guests, every tenth of them pending."""
    with app.opened(settings_of(folder, port)) as world:
        keys.ensure(world)
        rights = ("User.Invite.All", "User.ReadWrite.All")
        application = seed.SeedApplication("Bench", CLIENT, "bench-secret-of-some-length", rights)
        seed.apply(world, (seed.SeedTenant("Contoso", TENANT, ("contoso.com",), applications=(application,)),))
        path = world.database.path
    connection = connect(path)
    tenant_id = connection.execute("SELECT id FROM tenants").fetchone()[0]
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    # The log of changes is for those who follow it: a filled database has none to tell.
    connection.execute("DROP TRIGGER users_added")
    connection.executemany(_USER, ((_row(tenant_id, number)) for number in range(guests)))
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.close()


_USER = """
INSERT INTO users (id, tenant_id, upn, upn_key, mail, mail_key, other_mails, mail_nickname, display_name, user_type,
  creation_type, created_at, external_state, external_state_changed_at, invited_address, invited_key, redeemed_address,
  redeemed_key, binding_kind, binding_issuer, binding_subject, binding_issuer_shown, binding_assigned_id, generation,
  epoch, sessions_valid_from)
VALUES (?, ?, ?, ?, ?, ?, '[]', ?, ?, 'Guest', 'Invitation', 1, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 1, 1)
"""


def guest_id(number: int) -> str:
    """The id of a guest: spread like random ones, the same in every run."""
    return str(uuid.UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128, version=4))


def address(number: int) -> str:
    return f"guest{number}@post.example"


def _row(tenant_id: str, number: int) -> tuple[Any, ...]:
    mail, upn = address(number), f"guest{number}_post.example#EXT#@{TENANT}"
    bound = (None,) * 7 if number % 10 == 0 else (mail, mail, "mail", "mail", mail, "mail", mail)
    state = "PendingAcceptance" if number % 10 == 0 else "Accepted"
    id, nickname, name = guest_id(number), upn.rpartition("@")[0], f"Guest {number}"
    return (id, tenant_id, upn, upn.lower(), mail, mail, nickname, name, state, mail, mail, *bound)


# ------------------------------------------------------------------- asking


async def rate(port: int, paths: Iterator[str], headers: str, *, body: bytes = b"", method: str = "GET") -> float:
    """Answers of 200 per second."""
    until = time.perf_counter() + SECONDS
    done = 0

    async def work() -> None:
        nonlocal done
        connection = Reading(port)
        while time.perf_counter() < until:
            status, answer = await connection.ask(method, next(paths), body, headers)
            if status != 200:
                raise RuntimeError(answer.decode())
            done += 1

    begun = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return done / (time.perf_counter() - begun)


class Reading(Connection):
    """A connection that asks by any method."""

    async def ask(self, method: str, path: str, body: bytes, headers: str) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: localhost:{self._port}\r\n{headers}content-length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return int(answer.split(b" ", 2)[1]), await reader.readexactly(length)


def every(guests: int, path: str) -> Iterator[str]:
    """A path for one guest after the other, far apart."""
    number = 7
    while True:
        number = (number + 7919) % guests
        yield path.format(
            id=guest_id(number), mail=address(number), upn=f"guest{number}_post.example%23EXT%23@{TENANT}"
        )


def same(path: str) -> Iterator[str]:
    while True:
        yield path


async def deep(port: int, headers: str, path: str, depth: int) -> str:
    """The path of the page at this depth; the first has depth 1."""
    connection = Reading(port)
    for _ in range(depth - 1):
        _, answer = await connection.ask("GET", path, b"", headers)
        link = json.loads(answer).get("@odata.nextLink")
        if link is None:
            break
        path = link.split(str(port), 1)[1]
    return path


def batch(guests: int) -> bytes:
    found = every(guests, "/users/{id}")
    requests = [{"id": str(number), "method": "GET", "url": next(found)} for number in range(20)]
    return json.dumps({"requests": requests}).encode()


def measure(guests: int) -> dict[str, float]:
    """Figures at one size; the deepest page of 100 is the 100th of 10,000 guests, the 10,000th of 1,000,000."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name) / "data", free_port()
        fill(folder, port, guests)
        server = start(folder, port)
        try:
            bearer = f"authorization: Bearer {asyncio.run(token(port))}\r\n"
            page = "/v1.0/users?$select=id,displayName,mail&$top=100"
            pending = f"/v1.0/users?$filter={PARSED.replace(' ', '%20')}&$select=id&$top=100"
            json_type = "content-type: application/json\r\n"
            last = asyncio.run(deep(port, bearer, page, guests // 100))
            large = "/v1.0/users?$select=id&$top=999"
            found = {
                "GET by id": asyncio.run(rate(port, every(guests, "/v1.0/users/{id}"), bearer)),
                "GET by UPN": asyncio.run(rate(port, every(guests, "/v1.0/users/{upn}"), bearer)),
                "filter by mail": asyncio.run(
                    rate(port, every(guests, "/v1.0/users?$filter=mail%20eq%20'{mail}'"), bearer)
                ),
                "filter Guest and Pending, page of 100": asyncio.run(rate(port, same(pending), bearer)),
                "page of 100, the first": asyncio.run(rate(port, same(page), bearer)),
                "page of 100, the deepest": asyncio.run(rate(port, same(last), bearer)),
                "page of 999": asyncio.run(rate(port, same(large), bearer)),
                "$batch of 20": asyncio.run(
                    rate(port, same("/v1.0/$batch"), bearer + json_type, body=batch(guests), method="POST")
                ),
                "token grant": asyncio.run(_grants(port)),
            }
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=15)
        return found


async def _grants(port: int) -> float:
    form = f"grant_type=client_credentials&client_id={CLIENT}&client_secret=bench-secret-of-some-length"
    form += "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
    headers = "content-type: application/x-www-form-urlencoded\r\n"
    return await rate(port, same(f"/{TENANT}/oauth2/v2.0/token"), headers, body=form.encode(), method="POST")


@contextmanager
def empty_handler() -> Iterator[int]:
    """The same stack without anything in it."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", EMPTY, str(port)])
    try:
        for _ in range(200):
            try:
                asyncio.run(Reading(port).ask("GET", "/", b"", ""))
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=15)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 1_000_000])
    sizes = parser.parse_args().sizes
    parsing = min(timeit.repeat(lambda: parse(PARSED), number=2000, repeat=5)) / 2000
    print(f"SQLite {sqlite3.sqlite_version}; {CONNECTIONS} connections, {SECONDS:.0f} s for each figure")
    print(f"a filter of two comparisons is parsed in {parsing * 1e6:.1f} µs")
    with empty_handler() as port:
        nothing = asyncio.run(rate(port, same("/"), ""))
    print(f"empty handler: {nothing:.0f}/s")
    figures = {size: measure(size) for size in sizes}
    print(f"{'':<40}" + "".join(f"{f'{size:,}':>14}" for size in sizes) + f"{'of empty':>10}{'kept':>7}")
    for name in figures[sizes[0]]:
        rates = [figures[size][name] for size in sizes]
        row = "".join(f"{value:>12.0f}/s" for value in rates)
        print(f"{name:<40}{row}{rates[0] / nothing:>10.2f}{rates[-1] / rates[0]:>7.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
