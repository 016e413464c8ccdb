"""What can go wrong between a command and a server, and what to do about it (experience CL6)."""

from __future__ import annotations

from typing import Any, Final


class ClientError(Exception):
    """A request that was not carried out."""


class Unreachable(ClientError):
    """No answer at all: `reason` is the system's."""

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(reason)
        self.server = server
        self.reason = reason


class SignInError(ClientError):
    """The token endpoint refused: `error` and `description` of RFC 6749 5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


class GraphError(ClientError):
    """Graph's error envelope."""

    def __init__(self, status: int, code: str, message: str, *, request_id: str = "", details: Any = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        self.details: list[dict[str, Any]] = details or []

    @property
    def address_not_on_user(self) -> bool:
        """E13: the address has to stand on the user first."""
        return self.message.startswith("The email you") and "match any emails" in self.message


_ADVICE: Final = (
    (
        "Generic authorization exception.",
        "the caller may invite, not reset. Needs User.ReadWrite.All, and for a person Helpdesk Administrator or User "
        "Administrator; a guest with a directory role is reset by a Global Administrator alone",
    ),
    ("Guest invitations not allowed", "allowInvitesFrom excludes the caller; an administrator widens it"),
    ("Insufficient privileges", "the token lacks a permission: User.Invite.All to invite, User.ReadWrite.All to reset"),
    ("The email you", "the address is not on the guest; give it with --to, or PATCH it onto the guest first"),
    ("Another object with the same value for property proxyAddresses", "another user holds the address"),
    ("verified domain of this directory", "an address of the own organisation is no guest; make it a member instead"),
    ("already exists in the directory as object ID", "the address is a member's, or a blocked guest's"),
    ("not allowed by the policies of this directory", "the domain list refuses it; an administrator changes the list"),
    ("The redemption status can be reset for external users only", "this user is a member, not a guest"),
    ("does not exist or one of its queried", "nobody here has this id, UPN or address"),
)


def explain(error: ClientError) -> str:
    """One sentence: what, why, what next; Graph's code and request id stay in it."""
    if isinstance(error, Unreachable):
        return _unreachable(error)
    if isinstance(error, SignInError):
        return f"The server refused the sign-in ({error.error}): {error.description.split(' Trace ID')[0]}"
    if isinstance(error, GraphError):
        return _graph(error)
    return str(error)


def _unreachable(error: Unreachable) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in error.reason:
        return (
            f"The certificate of {error.server} is not trusted; `readmit trust` prints what makes it so, or give --ca."
        )
    return f"{error.server} does not answer ({error.reason}); is `readmit serve` running there?"


def _graph(error: GraphError) -> str:
    why = next((advice for text, advice in _ADVICE if text in error.message), "")
    owner = next((detail.get("message", "") for detail in error.details), "")
    parts = [f"{error.status} {error.code}: {error.message}"]
    parts += [part for part in (why, owner) if part]
    told = " – ".join(parts)
    return f"{told} (request {error.request_id})" if error.request_id else told
