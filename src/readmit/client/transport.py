"""One request over HTTPS until it is answered: waits that the server asks for, broken connections, no redirects."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from readmit.client.errors import Stopped, Unreachable

if TYPE_CHECKING:
    import httpx2

_MOST_WAITS: Final = 5
_LONGEST_WAIT: Final = 300.0
_MOST_CONNECTIONS: Final = 4
_TIMEOUT: Final = 35.0
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Outside:
    """What a client needs of the world: `sleep` and `clock` in seconds (`clock` from any start), fresh ids."""

    sleep: Callable[[float], None]
    new_id: Callable[[], str]
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `repeatable`: doing it twice does no more than once, so that it may be sent again."""

    method: str
    url: str
    repeatable: bool
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None


class Transport:
    """Connections to one server and its token service; `ca` is a file of certificates, None the system's store."""

    def __init__(self, server: str, ca: str | None, outside: Outside) -> None:
        import ssl

        import httpx2

        try:
            context = ssl.create_default_context(cafile=ca)
        except OSError as error:
            raise Stopped(f"The CA file {ca} cannot be used ({error.strerror or error}); name another one.") from error
        self._outside = outside
        self._ca = ca
        self._answered = False
        # A proxy of the environment leads away from this machine, never to it.
        direct = (urlsplit(server).hostname or "") in _LOOPBACK
        self._http: httpx2.Client = httpx2.Client(
            verify=context, timeout=_TIMEOUT, follow_redirects=False, trust_env=not direct
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def exchange(self, ask: Ask) -> httpx2.Response:
        """The answer, whatever its status, after at most five waits. Raises Unreachable."""
        for attempt in range(_MOST_WAITS + 1):
            answer = self._send(ask)
            wait = _wait(answer, ask, attempt)
            if wait is None or attempt == _MOST_WAITS or wait > _LONGEST_WAIT:
                return answer
            self._outside.sleep(wait)
        raise AssertionError("the last attempt returns")

    def _send(self, ask: Ask) -> httpx2.Response:
        """One exchange; a connection that broke is made anew where sending twice does no harm."""
        import httpx2

        for attempt in range(1, _MOST_CONNECTIONS + 1):
            try:
                answer = self._http.request(ask.method, ask.url, headers=ask.headers, json=ask.json, data=ask.form)
            except httpx2.HTTPError as error:
                reason = str(error) or type(error).__name__
                if attempt == _MOST_CONNECTIONS or not self._worth_repeating(error, ask):
                    raise Unreachable(origin(ask.url), reason, self._ca) from error
                self._outside.sleep(0.2 * 2**attempt)
            except httpx2.InvalidURL as error:
                raise Stopped(f"{ask.url!r} is no address of a server: {error}.") from error
            else:
                self._answered = True
                return answer
        raise AssertionError("the last attempt returns or raises")

    def _worth_repeating(self, error: httpx2.HTTPError, ask: Ask) -> bool:
        import httpx2

        if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
            # Nothing was sent. A server that never answered is rather a wrong address than a restart.
            return self._answered and "CERTIFICATE" not in str(error)
        return ask.repeatable and isinstance(error, httpx2.TransportError)


def origin(url: str) -> str:
    """Scheme, host and port of a URL, the port left out where it is the scheme's own (RFC 6454 4). Raises Stopped."""
    try:
        parts = urlsplit(url)
        port = parts.port if parts.port != {"https": 443, "http": 80}.get(parts.scheme) else None
    except ValueError as error:
        raise Stopped(f"{url!r} is no address of a server: {error}.") from error
    host = (parts.hostname or "").lower()
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


def retry_after(answer: httpx2.Response) -> float | None:
    """Seconds of `Retry-After`, a date counted from the answer's own `Date` (RFC 9110 10.2.3)."""
    from email.utils import parsedate_to_datetime

    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(answer.headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)


def _wait(answer: httpx2.Response, ask: Ask, attempt: int) -> float | None:
    """Seconds until it is worth asking again; None if it is not.

    A 429 had no effect (graph G64); after a 503 the outcome is unknown (M24).
    """
    if answer.status_code == 429 or (answer.status_code == 503 and ask.repeatable):
        asked = retry_after(answer)
        return float(2**attempt) if asked is None else asked
    return None
