"""What can go wrong between a command and a server.

    ClientError
    ├── Unreachable      no answer at all
    ├── Stopped          the client goes no further: a redirect, a foreign link, one address of two users
    ├── SignInError      the token endpoint refused (RFC 6749 5.2)
    ├── GraphError       Graph's error envelope (graph G22)
    ├── PutBack          refused after a step that was undone again
    └── PartlyDone       refused after a step that stays done

`advice.explain` makes each a sentence for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class ClientError(Exception):
    """A request that was not carried out."""


class Unreachable(ClientError):
    """No answer at all: `server` is an origin, `reason` the system's words, `ca` the file of what was trusted."""

    def __init__(self, server: str, reason: str, ca: str | None = None) -> None:
        super().__init__(f"{server}: {reason}")
        self.server = server
        self.reason = reason
        self.ca = ca


class Stopped(ClientError):
    """The client itself goes no further; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class SignInError(ClientError):
    """The token endpoint refused: `error` and `description` of RFC 6749 5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


class GraphError(ClientError):
    """Graph's error envelope; `retry_after` in seconds, where the server named a wait too long to sit out."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        request_id: str = "",
        details: Sequence[Mapping[str, Any]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        self.details = tuple(details)
        self.retry_after = retry_after

    @property
    def address_not_on_user(self) -> bool:
        """E13: the address has to stand on the user first (lifecycle section 17; the apostrophes are U+2019)."""
        return self.status == 400 and self.message.startswith("The email you") and "match any emails" in self.message


class PutBack(ClientError):
    """`cause` came after a step that was undone; `done` is a sentence that says so."""

    def __init__(self, done: str, cause: ClientError) -> None:
        super().__init__(f"{cause} {done}")
        self.done = done
        self.cause = cause


class PartlyDone(ClientError):
    """`cause` came after a step that stays; `done` is a sentence that names the step."""

    def __init__(self, done: str, cause: ClientError) -> None:
        super().__init__(f"{done} {cause}")
        self.done = done
        self.cause = cause
