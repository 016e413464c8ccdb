"""Known refusals as "what, why, what next"; Graph's words, code and request id stay beside it (experience CL6)."""

from __future__ import annotations

import re
from typing import Final

from readmit.client.errors import ClientError, GraphError, PartlyDone, PutBack, SignInError, Stopped, Unreachable

_GRAPH: Final = (
    (  # E14
        r"Generic authorization exception\.",
        "this caller may invite, not reset. Needs User.ReadWrite.All and, delegated, Helpdesk Administrator; for a "
        "guest who holds a directory role, Global Administrator",
    ),
    (  # E15
        r"Guest invitations not allowed",
        "allowInvitesFrom keeps this caller from inviting. Ask an administrator for the role Guest Inviter, or for a "
        "wider setting",
    ),
    (  # E16, M19
        r"Insufficient privileges",
        "the application lacks a permission. Have an administrator consent to User.Read.All to read guests, "
        "User.Invite.All to invite, User.ReadWrite.All to reset, AppRoleAssignment.ReadWrite.All to assign apps, "
        "Policy.ReadWrite.Authorization for policies, Policy.ReadWrite.CrossTenantAccess for identity providers",
    ),
    (  # E13
        r"The email you.re using to invite",
        "the address is not on the guest, and this server does not take it over by itself. PATCH it onto mail or "
        "otherMails, then reset",
    ),
    (  # E20, M14
        r"same value for property proxyAddresses",
        "another user holds this address. Take it from there or choose another one",
    ),
    (  # E7
        r"verified domain of this directory",
        "the address is of this organisation itself, whose people are members. Invite an address of another one",
    ),
    (  # E9 before E8, whose text it begins with
        r"object ID: (\S+?),? but the account is blocked",
        "the address is that of {0}, who is blocked. Unblock the account (accountEnabled), or reset it if a guest's",
    ),
    (  # E8
        r"already exists in the directory as object ID: (\S+?)\.",
        "the address is that of {0}, a user of this organisation. Give the access to that user",
    ),
    (  # E17
        r"not allowed by the policies|blocked by cross-tenant access",
        "this organisation does not accept guests of that domain. An administrator changes the list of domains or the "
        "cross-tenant access settings",
    ),
    (  # E12
        r"reset for external users only",
        "this user is a member, not a guest; there is no redemption to reset. Name a guest",
    ),
    (  # E11, M10
        r"Resource '(.*?)' does not exist",
        "nobody here has the id, UPN or address {0}. See `readmit guest list`",
    ),
    (  # E22
        r"No identity provider is available",
        "nobody could prove that address here. Allow mailed passcodes, or add a provider for its domain",
    ),
    (  # E21
        r"Group email address is not supported",
        "the address is a group's. Invite a person",
    ),
)
"""A pattern of Graph's message (lifecycle section 17, graph G23, G48) and its advice; `{0}` is the first group."""

_BY_STATUS: Final = {
    401: "the server does not accept the token any more. Run the command again, or `readmit login` anew",
    429: "the server takes no more requests for now. Run the command again later",
    503: "the server is overloaded or its database is away; whether it was done is unknown. Running it again is safe",
}

_SIGN_IN: Final = {
    "7000215": "the client secret is wrong. Run `readmit login` with the present one",
    "7000222": "the client secret is expired. Make a new one and run `readmit login` with it",
    "700016": "that tenant does not know the application. Check --client-id and --tenant",
    "7000112": "the application is disabled. An administrator enables it",
    "90002": "that server has no such tenant. Check --tenant",
    "50049": "that server is not the one that was meant. Check --server",
}
"""By Microsoft's number (graph G79)."""


def explain(error: ClientError) -> str:
    """One sentence for a terminal: what, why, what next."""
    if isinstance(error, PartlyDone):
        return f"{error.done} {explain(error.cause)}"
    if isinstance(error, PutBack):
        return f"{explain(error.cause)} {error.done}"
    if isinstance(error, Stopped):
        return error.sentence
    if isinstance(error, Unreachable):
        return _unreachable(error)
    if isinstance(error, SignInError):
        return _sign_in(error)
    return _graph(error) if isinstance(error, GraphError) else str(error)


def _unreachable(error: Unreachable) -> str:
    reason = error.reason
    if "Hostname mismatch" in reason or "IP address mismatch" in reason:
        return f"The certificate of {error.server} is for another name; use the server's public URL."
    if "CERTIFICATE_VERIFY_FAILED" in reason and error.ca:
        return (
            f"Another server answers at {error.server} than the one whose CA is {error.ca}: start that one again, or "
            "name the other's CA by `readmit login --ca FILE` or READMIT_CA_FILE."
        )
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return (
            f"The certificate of {error.server} is not trusted here; `readmit trust` prints what changes that, "
            "and `readmit login --ca FILE` or READMIT_CA_FILE names its CA."
        )
    if "WRONG_VERSION_NUMBER" in reason or "record layer failure" in reason:
        return f"{error.server} does not speak TLS; check the port, or write http:// for a server with --no-tls."
    if error.server.startswith("http:") and "disconnected" in reason:
        return f"{error.server} hangs up on plain HTTP; write https:// for a server with TLS."
    return f"{error.server} does not answer ({reason}); is `readmit serve` running there, and is the address right?"


def _sign_in(error: SignInError) -> str:
    # What follows the first sentence changes with every answer: trace id, correlation id, time.
    words = error.description.partition(" Trace ID")[0].strip()
    number = re.match(r"AADSTS(\d+)", words)
    advice = _SIGN_IN.get(number.group(1)) if number else None
    if advice is None:
        return f"The sign-in was refused: {error.error}: {words or 'no reason given'}"
    return f"The sign-in was refused: {advice}. [{error.error}: {words}]"


def _graph(error: GraphError) -> str:
    advice = _advice(error)
    kept = [error.message] if advice else []
    kept += [str(detail["message"]) for detail in error.details if detail.get("message")]
    if error.request_id:
        kept.append(f"request {error.request_id}")
    head = f"{error.status} {error.code}: {advice}." if advice else f"{error.status} {error.code}: {error.message}"
    if error.retry_after is not None:
        head += f" The server asks to wait {error.retry_after:.0f} s."
    return f"{head} [{' · '.join(kept)}]" if kept else head


def _advice(error: GraphError) -> str | None:
    for pattern, advice in _GRAPH:
        found = re.search(pattern, error.message)
        if found is not None:
            return advice.format(*found.groups())
    return _BY_STATUS.get(error.status)
