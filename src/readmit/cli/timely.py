"""The head of a request comes whole, soon, and within bounds, or its connection ends (reliability section 7).

uvicorn waits for it for ever: connections that send nothing, or a letter now and then, would use up what this process
may have open, and a head that never ends its memory. Bodies have their own time in `web/http.py`.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from readmit.cli.corked import CorkedHttp

SECONDS: Final = 20.0
"""From the connection, or from the first byte of a further request."""
IDLE: Final = 20
"""Seconds for which a connection stays open behind an answer: longer than clients keep theirs for the next request.

httpx, and with it the Graph SDK, keeps one for 5 seconds, uvicorn too: who asked again after just these met the end.
"""
BYTES: Final = 64 * 1024
"""Twice what a head may hold: what is a little too long still hears so."""


class TimelyHttp(CorkedHttp):
    """The protocol of the server, which does not wait for ever."""

    _late: asyncio.TimerHandle | None = None
    _begun = False
    _here = False
    """The head that is on its way begins in the bytes at hand."""
    _held = 0

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.timeout_keep_alive = IDLE

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there, and has yet to ask."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._unwatch()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._begun = self._here = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._begun, self._held = False, 0
        self._unwatch()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Some of it came."""
        super().data_received(data)
        if not self._begun:
            if self.cycle is not None and self.cycle.response_complete:
                # The rest of a body that was refused has ended uvicorn's own watch over an idle connection.
                self._watch()
            return
        # What stands before its first byte belongs to other requests.
        self._held += 0 if self._here else len(data)
        self._here = False
        if self._held > BYTES:
            self.transport.close()
        else:
            self._watch()

    def _watch(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(SECONDS, self._ended)

    def _unwatch(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _ended(self) -> None:
        self._late = None
        if self.cycle is not None and not self.cycle.response_complete:
            # An answer is still being made for the request before: that one is not cut off.
            self._watch()
        else:
            self.transport.close()
