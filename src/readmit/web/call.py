"""What a door gets and gives: one request as plain values, and the step that answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qsl

import msgspec

from readmit.domain.errors import ReadmitError
from readmit.domain.permission import Caller

_MOST_FIELDS = 200
"""What stands further back is not read."""
P = ParamSpec("P")
T = TypeVar("T")


class Call(msgspec.Struct, frozen=True):
    """One HTTP request. `headers` have lower-case names; `origin` is the own origin it addressed (graph G8)."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    origin: str
    client_ip: str
    request_id: str
    parameters: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What the path's placeholders matched, decoded."""
    caller: Caller | None = None
    """The verified holder of the access token, at Graph doors."""

    @property
    def cookies(self) -> dict[str, str]:
        """The request's cookies, the first of each name."""
        found: dict[str, str] = {}
        for part in self.headers.get("cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name:
                found.setdefault(name, value)
        return found

    def query_values(self) -> dict[str, str]:
        """Query parameters, the first of each name."""
        return _first(self.query)

    def form(self) -> dict[str, str]:
        """Fields of an `application/x-www-form-urlencoded` body, the first of each name."""
        return _first(self.body.decode("utf-8", "replace"))


def _first(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    read = "&".join(text.split("&", _MOST_FIELDS)[:_MOST_FIELDS])
    for name, value in parse_qsl(read, keep_blank_values=True):
        values.setdefault(name, value)
    return values


class Reply(msgspec.Struct, frozen=True):
    """A whole answer. `headers` may repeat a name (Set-Cookie)."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def with_headers(self, *headers: tuple[str, str]) -> Reply:
        return Reply(self.status, self.body, (*self.headers, *headers))


class Write:
    """Run `flow(tx, *arguments)` as one transaction, then render its result."""

    __slots__ = ("arguments", "flow", "named", "render")

    def __init__(self, render: Callable[[Any], Step], flow: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        self.render = render
        self.flow = flow
        self.arguments = arguments
        self.named = named


class Work:
    """Run and render `function(*arguments)` on a worker thread: lists, searches, what takes several transactions."""

    __slots__ = ("arguments", "function", "named", "render")

    def __init__(
        self, render: Callable[[Any], Step], function: Callable[..., Any], *arguments: Any, **named: Any
    ) -> None:
        self.render = render
        self.function = function
        self.arguments = arguments
        self.named = named

    def done(self) -> Step:
        """The work and what it is rendered as: a page of a thousand takes as long to write as to read."""
        return self.render(self.function(*self.arguments, **self.named))


class Apart(Work):
    """Work that waits for somebody else, for seconds if need be, on threads apart: whatever is slow there, lists go on.

    A provider that is asked, a receiver that proves itself, passwords, of which few are hashed at a time.
    """

    __slots__ = ()


class Calls:
    """Run whole requests, each as if it had come alone and all at once, then render their replies in this order.

    A call that comes with an error is not run: its surface answers the error.
    """

    __slots__ = ("calls", "render")

    def __init__(
        self, render: Callable[[Sequence[Reply]], Step], calls: Sequence[tuple[Call, ReadmitError | None]]
    ) -> None:
        self.render = render
        self.calls = calls


Step = Reply | Write | Work | Calls
"""Point reads by key run inline in the door (`world.database.read`); everything else is a step."""
