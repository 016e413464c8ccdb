"""Connections that send no whole head end: real sockets against a real server of a trivial application."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
import uvicorn

from readmit.cli import corked, timely

Work = Callable[[int], Awaitable[Any]]
WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def application(scope: Any, receive: Any, send: Any) -> None:
    body = b"ok" if scope["path"] == "/" else b"x" * 16_000_000
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body})


def served(work: Work) -> Any:
    """What `work` finds at the port of a server."""

    async def run() -> Any:
        config = uvicorn.Config(
            application, http=timely.TimelyHttp, port=0, lifespan="off", access_log=False, log_config=None
        )
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        try:
            return await work(server.servers[0].sockets[0].getsockname()[1])
        finally:
            await server.shutdown()

    return asyncio.run(run())


async def said(port: int, *parts: bytes) -> bytes:
    """All that the server says until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("part", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"G"])
def test_a_connection_without_a_whole_head_ends(part: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timely, "SECONDS", 0.05)
    assert served(lambda port: said(port, part)) == b""


def test_so_does_one_that_stops_in_the_middle_of_its_second_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one is answered, and ends uvicorn's own watch."""
    monkeypatch.setattr(timely, "SECONDS", 0.05)
    answer = served(lambda port: said(port, WHOLE + WHOLE[:-3]))
    assert answer.count(b"200 OK") == 1


def test_G9_a_connection_is_kept_for_longer_than_clients_keep_theirs() -> None:
    """httpx 5 seconds, aiohttp 15: a request on a connection that the server ends meanwhile is lost."""
    theirs = httpx2.Limits().keepalive_expiry
    assert theirs is not None
    assert max(theirs, 15) < timely.IDLE


def test_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timely, "IDLE", 0.05)
    assert served(lambda port: said(port, WHOLE)).count(b"200 OK") == 1


@pytest.mark.parametrize("rest", [b"123", b"1234567890"])
def test_so_does_one_that_was_answered_before_its_body_was_there(rest: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the rest of it stays away or nothing follows it: uvicorn itself would wait for ever."""
    monkeypatch.setattr(timely, "SECONDS", 0.05)

    async def ask(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
        answer = await reader.readuntil(b"ok")
        writer.write(rest)
        answer += await reader.read()
        writer.close()
        return answer

    assert served(ask).count(b"200 OK") == 1


def test_a_head_that_never_ends_is_not_kept() -> None:
    assert served(lambda port: said(port, b"GET / HTTP/1.1\r\nx: ", b"y" * 20 * timely.BYTES)) == b""


def test_many_whole_requests_at_once_are_no_long_head() -> None:
    """What comes before the first byte of the last one is not counted with it."""
    last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    number = 2 * timely.BYTES // len(WHOLE)
    assert served(lambda port: said(port, WHOLE * number + last)).count(b"200 OK") == number + 1


@pytest.mark.parametrize("ending", [b"", b"Connection: close\r\n"])
def test_a_client_that_reads_nothing_loses_its_connection(ending: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reliability section 7: it keeps neither what this process may have open nor the memory of its answers."""
    monkeypatch.setattr(corked, "SECONDS", 0.05)

    async def ask(port: int) -> None:
        loop = asyncio.get_running_loop()
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", port))
        await loop.sock_sendall(client, b"GET /large HTTP/1.1\r\nHost: x\r\n" + ending + b"\r\n")
        await gone.wait()
        client.close()

    gone, lost = asyncio.Event(), timely.TimelyHttp.connection_lost

    def told(protocol: timely.TimelyHttp, error: Exception | None) -> None:
        gone.set()
        lost(protocol, error)

    monkeypatch.setattr(timely.TimelyHttp, "connection_lost", told)
    served(ask)


def test_whole_requests_are_answered_one_after_the_other() -> None:
    answer = served(lambda port: said(port, WHOLE, WHOLE + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    assert answer.count(b"200 OK") == 3
