"""The HTTP protocol of the server: head and body of an answer leave in one write, and clients have to fetch it.

uvicorn writes them one after the other. Each write is a system call that wakes the client, who then has a head and
waits for the rest. And it waits for ever for a client that reads nothing, with the connection and the answer.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SECONDS: Final = 20.0
"""In which a client reads something of an answer that waits (reliability section 7)."""


class Corked:
    """A transport that keeps what is written for the next write of the same turn of the loop, or its end."""

    __slots__ = ("_held", "_loop", "_transport", "_unread")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""
        self._unread: asyncio.TimerHandle | None = None

    def write(self, data: bytes) -> None:
        """Two writes leave as one at once; a single one leaves when the turn ends."""
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held + data)
        else:
            self._held = data
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """What is held goes out first."""
        self._flush()
        self._transport.close()
        self.watch()

    def watch(self) -> None:
        """From now on something of what waits is read, time and again, or the connection ends."""
        if self._unread is None:
            self._look(None)

    def unwatch(self) -> None:
        """The connection is gone."""
        if self._unread is not None:
            self._unread.cancel()

    def _look(self, left: int | None) -> None:
        """`left` is what waited at the last look."""
        waiting = self._transport.get_write_buffer_size()
        self._unread = None
        if waiting and waiting == left:
            self._transport.abort()
        elif waiting:
            self._unread = self._loop.call_later(SECONDS, self._look, waiting)

    def _flush(self) -> None:
        held, self._held = self._held, b""
        # A client may have gone within the turn.
        if held and not self._transport.is_closing():
            self._transport.write(held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class CorkedHttp(HttpToolsProtocol):
    """uvicorn's protocol over a corked transport."""

    _corked: Corked

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        self._corked = Corked(transport, self.loop)
        super().connection_made(self._corked)  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._corked.unwatch()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """More of an answer waits than the client fetches."""
        super().pause_writing()
        self._corked.watch()
