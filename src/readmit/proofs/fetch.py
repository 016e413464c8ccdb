"""Fetching from addresses that an administrator registered: guarded against reaching inside (security I1, T32).

https only, no redirects, no proxies of the environment; the name is resolved once, every address must be public, and
the connection goes to one that was checked. At most 64 KB and 5 seconds in all.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    import httpcore2

_SECONDS: Final = 5.0
_BYTES: Final = 64 * 1024


class FetchRefused(Exception):
    """Why nothing was fetched; for the log, not for the person at the browser."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The whole answer."""

    status: int
    content_type: str
    body: bytes


class Fetcher:
    """One request at a time on a connection of its own; from any thread."""

    def __init__(
        self, context: ssl.SSLContext | None = None, *, extra_ca: Path | None = None, seconds: float = _SECONDS
    ) -> None:
        self._context = context
        self._extra_ca = extra_ca
        self._seconds = seconds

    def _trust(self) -> ssl.SSLContext:
        """The system's authorities (or those of `SSL_CERT_FILE`) and the further ones; loaded at the first use."""
        if self._context is None:
            import ssl

            context = ssl.create_default_context()
            if self._extra_ca is not None:
                context.load_verify_locations(self._extra_ca)
            self._context = context
        return self._context

    def get(self, url: str, *, private: bool = False, headers: Mapping[str, str] | None = None) -> Fetched:
        """GET. Raises FetchRefused."""
        return self._request("GET", url, b"", headers or {}, private=private)

    def post(self, url: str, body: bytes, *, private: bool = False, headers: Mapping[str, str]) -> Fetched:
        """POST. Raises FetchRefused."""
        return self._request("POST", url, body, headers, private=private)

    def _request(self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> Fetched:
        import httpcore2

        from readmit.proofs.guarded_network import Guarded

        _check_url(url, private=private)
        until = time.monotonic() + self._seconds
        sent: dict[bytes | str, bytes | str] = {"host": urlsplit(url).netloc, "accept": "application/json"}
        sent.update(headers.items())
        try:
            with (
                httpcore2.ConnectionPool(
                    ssl_context=self._trust(),
                    network_backend=Guarded(private=private, until=until),
                    max_connections=1,
                ) as pool,
                pool.stream(
                    method, url, headers=sent, content=body or None, extensions={"timeout": {"connect": self._seconds}}
                ) as response,
            ):
                return Fetched(response.status, _type_of(response), _read(response))
        except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            raise FetchRefused(f"{urlsplit(url).hostname} did not answer ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "its certificate is not trusted here; --extra-ca-certs names further authorities"
    return type(error).__name__


def _check_url(url: str, *, private: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and private and parts.hostname in ("localhost", "127.0.0.1", "::1"):
        return
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise FetchRefused("only https URLs are fetched")


def _type_of(response: httpcore2.Response) -> str:
    for name, value in response.headers:
        if name.lower() == b"content-type":
            return str(value.decode("latin-1"))
    return ""


def _read(response: httpcore2.Response) -> bytes:
    parts, size = [], 0
    for part in response.iter_stream():
        size += len(part)
        if size > _BYTES:
            raise FetchRefused("the answer is larger than 64 KB")
        parts.append(part)
    return b"".join(parts)
