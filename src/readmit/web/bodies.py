"""Bodies on their way: within their bounds and their time (reliability section 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

LIMIT: Final = 1024 * 1024
"""Bytes of a request's body."""
BATCH_LIMIT: Final = 4 * LIMIT
_BATCH: Final = "/$batch"
_AT_ONCE: Final = 512
"""Requests whose body is on its way at a time: each holds memory."""
_SECONDS: Final = 20.0
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Bodies:
    """The bodies that are waited for. Waiting is no work: whoever sends slowly, or nothing, keeps nobody else out."""

    def __init__(self, at_once: int = _AT_ONCE, seconds: float = _SECONDS) -> None:
        self._at_once = at_once
        self._seconds = seconds
        self._arriving = 0

    async def of(self, receive: Receive, path: str, headers: Mapping[str, str]) -> bytes | int:
        """The whole body, or the status that refuses one: 408 too late, 413 too large, 503 too many on their way.

        400 where the client has gone: what it did not ask to the end is not done.
        """
        if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
            return b""
        if self._arriving >= self._at_once:
            return 503
        self._arriving += 1
        try:
            async with asyncio.timeout(self._seconds):
                return await _whole(receive, BATCH_LIMIT if path.lower().rstrip("/").endswith(_BATCH) else LIMIT)
        except TimeoutError:
            return 408
        finally:
            self._arriving -= 1


async def _whole(receive: Receive, limit: int) -> bytes | int:
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body", False):
        return body if len(body) <= limit else 413
    parts, size = [body], len(body)
    while message.get("more_body", False):
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            return 413
        parts.append(part)
    return b"".join(parts) if message["type"] == "http.request" else 400
