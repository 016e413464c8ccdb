"""A guest's reset as a sequence of requests: one call on readmit, PATCH, wait, POST elsewhere (lifecycle L18a)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from readmit.client.errors import ClientError, GraphError, PartlyDone, PutBack, Stopped
from readmit.client.graph import GraphClient

_WAITS: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between looks for a PATCH that is not readable yet."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A request that a reset consists of; `path` is below Graph's origin."""

    method: str
    path: str
    body: dict[str, Any]


def plan(
    user: Mapping[str, Any], body: Mapping[str, Any], *, keep_old: bool = False, patch_first: bool = False
) -> list[Planned]:
    """The requests of a reset, in order, without sending any.

    `user` has `id`, `mail`, `otherMails`; `body` is that of POST /invitations. An address that is on the guest
    already needs no PATCH: a reset leaves `mail` and `otherMails` alone then (lifecycle L18a).
    """
    post = Planned("POST", "/v1.0/invitations", dict(body))
    address = str(body["invitedUserEmailAddress"])
    if (keep_old or patch_first) and not _is_on(user, address):
        return [_patch(user, address, keep_old=keep_old), post]
    return [post]


def addresses(user: Mapping[str, Any], address: str, *, keep_old: bool) -> dict[str, Any]:
    """`mail` and `otherMails` once `address` is the guest's: in the place of the old one, or before it."""
    old = str(user.get("mail") or "").lower()
    others = [str(mail) for mail in user.get("otherMails") or ()]
    listed = old in {mail.lower() for mail in others}
    if keep_old:
        others = [address, *([str(user["mail"])] if old and not listed else []), *others]
    else:
        others = [address if mail.lower() == old else mail for mail in others] if listed else [address, *others]
    once: dict[str, str] = {}
    for mail in others:
        once.setdefault(mail.lower(), mail)
    return {"mail": address, "otherMails": list(once.values())}


def run(
    client: GraphClient, user: Mapping[str, Any], body: Mapping[str, Any], *, keep_old: bool = False
) -> dict[str, Any]:
    """Reset; the invitation that was made. Raises GraphError, PutBack, PartlyDone if only the address is written."""
    planned = plan(user, body, keep_old=keep_old, patch_first=client.endpoint.cloud)
    if len(planned) == 1:
        try:
            return client.invite(body)
        except GraphError as error:
            if not error.address_not_on_user:
                raise
        planned = [_patch(user, str(body["invitedUserEmailAddress"]), keep_old=keep_old), *planned]
    return _in_steps(client, user, planned[0], body)


def _in_steps(client: GraphClient, user: Mapping[str, Any], patch: Planned, body: Mapping[str, Any]) -> dict[str, Any]:
    client.call(patch.method, patch.path, patch.body)
    try:
        _await_readable(client, patch)
        return _invite(client, body)
    except ClientError as error:
        if isinstance(error, GraphError) and _is_final(error):
            _put_back(client, user, patch.path, error)
        done = f"{patch.body['mail']} is written on the guest, but the reset was not done; run the same command again."
        raise PartlyDone(done, error) from error


def _is_final(error: GraphError) -> bool:
    """The same request will be refused again: rights are missing, the domain is not accepted or the tenant's own."""
    return error.status in (400, 403) and not error.address_not_on_user


def _put_back(client: GraphClient, user: Mapping[str, Any], path: str, error: GraphError) -> None:
    """A guest whose reset is refused signs in by the old address: it must not be gone. Raises PutBack if it worked."""
    before = {"mail": user.get("mail"), "otherMails": list(user.get("otherMails") or ())}
    try:
        client.call("PATCH", path, before)
    except ClientError:
        return
    done = "The guest's addresses were put back as they were."
    if user.get("externalUserState") == "PendingAcceptance":
        done += " An invitation that was open has to be sent anew."
    raise PutBack(done, error) from error


def _await_readable(client: GraphClient, patch: Planned) -> None:
    wanted = str(patch.body["mail"]).lower()
    for pause in _WAITS:
        seen = client.call("GET", f"{patch.path}?$select=mail,otherMails")
        if _is_on(seen, wanted) and str(seen.get("mail")).lower() == wanted:
            return
        client.outside.sleep(pause)
    raise Stopped("The server does not show the new address yet.")


def _invite(client: GraphClient, body: Mapping[str, Any]) -> dict[str, Any]:
    """What one replica shows another may not know yet: E13 is waited out for a while."""
    for pause in _WAITS[:4]:
        try:
            return client.invite(body)
        except GraphError as error:
            if not error.address_not_on_user:
                raise
            client.outside.sleep(pause)
    return client.invite(body)


def _patch(user: Mapping[str, Any], address: str, *, keep_old: bool) -> Planned:
    return Planned("PATCH", f"/v1.0/users/{user['id']}", addresses(user, address, keep_old=keep_old))


def _is_on(user: Mapping[str, Any], address: str) -> bool:
    known = (user.get("mail"), *(user.get("otherMails") or ()))
    return address.lower() in {str(mail).lower() for mail in known if mail}
