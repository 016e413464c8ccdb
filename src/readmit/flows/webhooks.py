"""Talking to an application's receiver: proving that it wants the notices, and handing them over (graph G59)."""

from __future__ import annotations

import threading
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from readmit.domain.errors import Unavailable
from readmit.proofs.fetch import Fetcher, FetchRefused

_AT_ONCE: Final = 2
"""Creations that wait for a receiver at a time: a slow one must not hold every thread that reads lists."""


class Webhooks:
    """Receivers reached by security I1: https, public addresses, no redirects, 5 s, 64 KB."""

    def __init__(self, fetcher: Fetcher | None = None) -> None:
        self._fetcher = fetcher if fetcher is not None else Fetcher()
        self._proving = threading.BoundedSemaphore(_AT_ONCE)

    def proves(self, url: str, token: str, *, private: bool) -> bool:
        """Whether the receiver repeats the token as plain text. Raises Unavailable while others wait for theirs."""
        if not self._proving.acquire(blocking=False):
            raise Unavailable
        try:
            mark = "&" if urlsplit(url).query else "?"
            asked = f"{url}{mark}validationToken={quote(token, safe='')}"
            headers = {"content-type": "text/plain; charset=utf-8", "content-length": "0"}
            answer = self._fetcher.post(asked, b"", headers=headers, private=private)
        except FetchRefused:
            return False
        finally:
            self._proving.release()
        plain = answer.content_type.partition(";")[0].strip().lower() == "text/plain"
        return answer.status == 200 and plain and answer.body == token.encode()

    def tell(self, url: str, notices: list[dict[str, Any]], *, private: bool) -> str | None:
        """Hand notices over: None when the receiver has them (any 2xx), else why not."""
        headers = {"content-type": "application/json; charset=utf-8"}
        try:
            answer = self._fetcher.post(url, msgspec.json.encode({"value": notices}), headers=headers, private=private)
        except FetchRefused as refused:
            return str(refused)
        return None if 200 <= answer.status < 300 else f"answered {answer.status}"
