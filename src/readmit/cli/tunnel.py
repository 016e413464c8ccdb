"""The proxy behind `readmit proxy`: leads Microsoft's hosts to the local server and refuses everything else.

Two ways in: CONNECT, through which the client speaks TLS with the server itself; and a request in absolute form, which
some clients send even for https (axios does), and which this side then sends on over TLS that it checks.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_HEAD: Final = 64 * 1024
_HEAD_SECONDS: Final = 30.0
_PIECE: Final = 64 * 1024
_REASONS: Final = {400: "Bad Request", 403: "Forbidden", 431: "Request Header Fields Too Large", 502: "Bad Gateway"}


class Refusal(Exception):
    """Why a request goes nowhere: a status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Tunnel:
    """Which hosts lead where. `trust` verifies the server for requests in absolute form."""

    hosts: frozenset[str]
    server: tuple[str, int]
    trust: ssl.SSLContext

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client, to its end."""
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await _head(reader)
            if head:
                await self._lead(head, reader, writer)
        except Refusal as refusal:
            with suppress(OSError):
                writer.write(_refused(refusal))
                await writer.drain()
        except (OSError, TimeoutError):
            pass
        except asyncio.CancelledError:
            # The proxy ends, and with it this task: as a cancelled one, asyncio would print a traceback for each.
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _lead(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, rest = _request_line(head)
        if method == "CONNECT":
            host, _, asked = target.rpartition(":")
            self._check(host, asked)
            inward = await self._reach(None, None)
            writer.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        else:
            try:
                parts = urlsplit(target)
                port = parts.port or 443
            except ValueError as error:
                raise Refusal(400, "This is no HTTP request.") from error
            self._check(parts.hostname or "", str(port), parts.scheme)
            inward = await self._reach(self.trust, parts.hostname)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            inward[1].write(f"{method} {path} HTTP/1.1\r\n".encode("latin-1") + _without_proxy(rest))
        try:
            await _both(_copy(reader, inward[1]), _copy(inward[0], writer))
        finally:
            inward[1].close()
            with suppress(OSError):
                await inward[1].wait_closed()

    def _check(self, host: str, port: str, scheme: str = "https") -> None:
        name = host.lower().rstrip(".")
        if name not in self.hosts or port != "443" or scheme not in ("https", "http"):
            known = ", ".join(sorted(self.hosts))
            raise Refusal(403, f"readmit proxy leads to {known} on port 443 only, not to {host[:200]}:{port[:10]}.")

    async def _reach(
        self, context: ssl.SSLContext | None, name: str | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.open_connection(*self.server, ssl=context, server_hostname=name)
        except (OSError, ssl.SSLError) as error:
            where = f"{self.server[0]}:{self.server[1]}"
            raise Refusal(502, f"The readmit server at {where} does not answer; start readmit serve.") from error


async def _head(reader: asyncio.StreamReader) -> bytes:
    """The request's head with its empty line; empty when the client left."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as left:
        if left.partial:
            raise Refusal(400, "This is no HTTP request.") from left
        return b""
    except asyncio.LimitOverrunError as error:
        raise Refusal(431, "The request's head is larger than 64 KB.") from error


def _request_line(head: bytes) -> tuple[str, str, bytes]:
    line, _, rest = head.partition(b"\r\n")
    parts = line.decode("latin-1").split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise Refusal(400, "This is no HTTP request.")
    method, target = parts[0], parts[1]
    if method != "CONNECT" and "://" not in target:
        raise Refusal(400, "This is a proxy: name it in HTTPS_PROXY, it has no pages.")
    return method, target, rest


def _without_proxy(fields: bytes) -> bytes:
    """The header fields that go on: none of the hop's own, and one request to a connection."""
    kept = [line for line in fields.split(b"\r\n") if line and not line.lower().startswith((b"proxy-", b"connection:"))]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""])


async def _both(first: Awaitable[None], second: Awaitable[None]) -> None:
    """Both directions until both have ended: a half-closed connection still carries the other half."""
    await asyncio.gather(first, second)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    except OSError:
        writer.close()
        return
    with suppress(OSError, NotImplementedError):
        if writer.can_write_eof():
            writer.write_eof()


def _refused(refusal: Refusal) -> bytes:
    body = f"{refusal.sentence}\n".encode()
    head = (
        f"HTTP/1.1 {refusal.status} {_REASONS[refusal.status]}\r\ncontent-type: text/plain; charset=utf-8\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
