"""How a server ends: what runs gets its time, idle connections and slow peers take none of it (reliability SD1)."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

import uvicorn

_LONGEST: Final = 9.0
"""Seconds from the signal to the end, whatever still runs by then: `kill -9` is always safe (R1), and so is this."""
_FAREWELL: Final = 0.3
"""Seconds that a client has to say goodbye."""


class Server(uvicorn.Server):
    """uvicorn's server; `told` are called when the end begins, so that nobody takes up new work."""

    def __init__(self, config: uvicorn.Config, *told: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = told
        self._heard: set[int] = set()
        self._last = threading.Timer(_LONGEST, os._exit, (0,))
        self._last.daemon = True

    async def shutdown(self, sockets: Any = None) -> None:
        """Stop listening, let requests end."""
        self._last.start()
        for tell in self._told:
            tell()
        letting_go = asyncio.get_running_loop().create_task(self._let_go())
        try:
            await super().shutdown(sockets)
        finally:
            letting_go.cancel()

    def ended(self) -> None:
        """All is closed."""
        self._last.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The same signal a second time ends at once. (Ctrl+C in a terminal reaches a worker by two different ones.)"""
        if sig in self._captured_signals:
            os._exit(0)
        super().handle_exit(sig, frame)

    def handle_late(self, sig: int, _frame: FrameType | None) -> None:
        """The same, once no connection is left: the first signal is uvicorn's own, which raises what it got anew."""
        if sig in self._heard:
            os._exit(0)
        self._heard.add(sig)

    async def _let_go(self) -> None:
        """Drop connections without a request: over TLS they else wait for the client's own goodbye."""
        while True:
            await asyncio.sleep(_FAREWELL)
            for connection in list(self.server_state.connections):
                cycle: Any = getattr(connection, "cycle", None)
                transport: Any = getattr(connection, "transport", None)
                idle = cycle is None or cycle.response_complete
                if idle and transport is not None and not transport.get_write_buffer_size():
                    transport.abort()
