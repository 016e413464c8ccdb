"""A bearer token that opens nothing, and why (graph M20, M21, G24)."""

from __future__ import annotations

from typing import Literal

from readmit.domain.errors import ReadmitError

EMPTY = "Access token is empty."
WRONG_AUDIENCE = "Access token validation failure. Invalid audience."
REVOKED = (
    "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
    "TokenIssuedBeforeRevocationTimestamp"
)


class Unauthenticated(ReadmitError):
    """401; `challenge` says which WWW-Authenticate goes with it."""

    def __init__(
        self,
        message: str = EMPTY,
        challenge: Literal["none", "invalid_token", "revoked"] = "invalid_token",
        claims_capable: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.challenge: Literal["none", "invalid_token", "revoked"] = challenge
        self.claims_capable = claims_capable
