"""The same from what Microsoft's cloud tells: the user as Graph shows him, and the newest sign-ins (L50)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from readmit.domain import refusals
from readmit.domain.refusals import NEW_ADDRESS, command

_RESET: Final = frozenset({50020, 90072, 16003, 500211, 50034, 50177, 50178, 51004})
"""Numbers for which a reset is the answer there (lifecycle L50)."""
_POLICY: Final = 500213
_MENDED_IN_POLICIES: Final = (
    "the cross-tenant access settings of either organisation refuse it; an administrator allows it"
)


def explanation(
    asked: str, user: Mapping[str, Any] | None, attempts: Sequence[Mapping[str, Any]] | None
) -> dict[str, Any]:
    """The form of readmit's own answer. `attempts`: newest first, None where the log cannot be read."""
    successes = [one for one in attempts or () if _number(one) == 0]
    newest = attempts[0] if attempts else None
    refusal = newest if newest is not None and _number(newest) else None
    findings = list(_findings(asked, user, newest, readable=attempts is not None))
    return {
        "asked": asked,
        "user": _shown(user) if user is not None else None,
        "blocked": any(one["blocks"] for one in findings),
        "findings": findings,
        "lastSuccess": _attempt(successes[0]) if successes else None,
        "lastRefusal": _attempt(refusal) if refusal is not None else None,
    }


def _findings(
    asked: str, user: Mapping[str, Any] | None, newest: Mapping[str, Any] | None, *, readable: bool
) -> Iterator[dict[str, Any]]:
    if user is None:
        line = command("guest", "invite", asked) if "@" in asked else None
        yield _finding("unknown", f"Nobody there has the id, UPN or address {asked}.", line)
        return
    if user.get("accountEnabled") is False:
        yield _finding("disabled", "The guest is disabled.", command("guest", "enable", str(user["id"])))
    elif user.get("externalUserState") == "PendingAcceptance":
        since = user.get("externalUserStateChangeDateTime") or "an unknown time"
        sentence = f"The guest is invited and has not redeemed since {since}."
        yield _finding("neverRedeemed", sentence, command("guest", "invite", _address(user)))
    elif user.get("externalUserState") is None and user.get("userType") != "Guest":
        yield _finding("member", f"{user.get('userPrincipalName')} is a member of the organisation, not a guest.", None)
        return
    elif newest is not None and _blocks(_number(newest)):
        yield _of_refusal(user, newest)
        return
    else:
        yield _finding("fine", _fine(newest, readable=readable), None, blocks=False)
    if newest is not None and _number(newest):
        yield _noted(newest)


def _blocks(number: int) -> bool:
    """Whether the next try fails as well, as far as the number tells."""
    meant = refusals.meaning(number, None)
    return number in _RESET or number == _POLICY or (number != 0 and not meant.note and not meant.standing)


def _of_refusal(user: Mapping[str, Any], newest: Mapping[str, Any]) -> dict[str, Any]:
    number, guest, at = _number(newest), str(user["id"]), newest.get("createdDateTime")
    if number in _RESET:
        why = "another account came than the one that redeemed, or that one is gone"
        return _finding("wrongIdentity", f"At the last try, {at}, {why} (AADSTS{number}).", command("reset", guest))
    if number == _POLICY:
        return _finding("domainNotAccepted", f"At the last try, {at}, {_MENDED_IN_POLICIES} (AADSTS{number}).", None)
    meant = refusals.meaning(number, None)
    named = {"application": newest.get("appDisplayName") or "APPLICATION", "provider": "PROVIDER"}
    line = meant.line(guest=guest, came=NEW_ADDRESS, address=NEW_ADDRESS, **named)
    return _finding(meant.code, f"At the last try, {at}, {meant.why} (AADSTS{number}).", line)


def _noted(newest: Mapping[str, Any]) -> dict[str, Any]:
    number = _number(newest)
    meant = refusals.meaning(number, None)
    told = (newest.get("status") or {}).get("failureReason")
    advised = f"; {meant.advice}" if meant.advice else ""
    why = f"{meant.why}{advised}" if meant.code != "refused" else str(told or meant.why).rstrip(".")
    where = f" at {newest['appDisplayName']}" if newest.get("appDisplayName") else ""
    sentence = f"The last refusal was AADSTS{number}{where} on {newest.get('createdDateTime')}: {why}."
    return _finding("lastRefusal", sentence, None, blocks=False)


def _fine(newest: Mapping[str, Any] | None, *, readable: bool) -> str:
    if not readable:
        return "Nothing on the user stands in the way; what the sign-in log says cannot be read."
    if newest is None:
        return "Nothing on the user stands in the way, and the sign-in log has no attempt of this guest."
    if _number(newest):
        return "Nothing on the user stands in the way."
    where = f" to {newest['appDisplayName']}" if newest.get("appDisplayName") else ""
    return f"Nothing stands in the way; the last sign-in{where} went well on {newest.get('createdDateTime')}."


def _finding(code: str, sentence: str, line: str | None, *, blocks: bool = True) -> dict[str, Any]:
    return {"code": code, "blocks": blocks, "sentence": sentence, "command": line}


def _number(one: Mapping[str, Any]) -> int:
    found = (one.get("status") or {}).get("errorCode")
    return found if isinstance(found, int) else 0


def _address(user: Mapping[str, Any]) -> str:
    return str(user.get("mail") or next(iter(user.get("otherMails") or ()), NEW_ADDRESS))


def _shown(user: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "userPrincipalName", "displayName", "mail", "externalUserState", "accountEnabled")
    return {name: user.get(name) for name in names} | {"deletedDateTime": None}


def _attempt(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "dateTime": one.get("createdDateTime"),
        "errorCode": _number(one),
        "page": None,
        "appDisplayName": one.get("appDisplayName"),
        "identityProvider": None,
    }
