"""The body of POST /invitations as a request: types, values and limits in the order of graph G48."""

from __future__ import annotations

from typing import Any, Final

from readmit.domain import redirect
from readmit.domain.address import EmailAddress, InvalidAddress
from readmit.domain.errors import InvalidValue, MissingValue, ResetWithoutId, TooLong, TooManyCopies, WrongType
from readmit.domain.invitation import Request
from readmit.domain.mail import Recipient
from readmit.domain.permission import Wanted
from readmit.flows.world import World
from readmit.storage import queries_tenants
from readmit.web.call import Call
from readmit.web.graph.body import Properties
from readmit.web.graph.operations import caller_of
from readmit.web.graph.references import reference_ids
from readmit.web.languages import is_language_tag

_PROPERTIES: Final = (
    "invitedUserEmailAddress",
    "inviteRedirectUrl",
    "sendInvitationMessage",
    "invitedUserMessageInfo",
    "invitedUser",
    "resetRedemption",
    "invitedUserDisplayName",
    "invitedUserType",
    "invitedUserSponsors",
    "invitedUserSponsors@odata.bind",
    "id",
    "inviteRedeemUrl",
    "status",
)
_TEXT_LIMIT: Final = 5000
_NAME_LIMIT: Final = 256
_MOST_SPONSORS: Final = 5


def wanted_of(members: dict[str, Any]) -> Wanted:
    """What rights the flags ask for, whatever else the body says (graph G48)."""
    lowered = {name.lower(): value for name, value in members.items()}
    return Wanted(
        reset=lowered.get("resetredemption") is True,
        member=str(lowered.get("invitedusertype", "")).lower() == "member",
    )


def request_of(world: World, call: Call, members: dict[str, Any]) -> Request:
    """The request; raises the first refusal in the order of graph G48.

    Types, what is missing, values, lengths and numbers, then what belongs together.
    """
    body = Properties(members, _PROPERTIES, resource="Invitation")
    flags = (body.flag("sendInvitationMessage", nullable=True), body.flag("resetRedemption", nullable=True))
    user_id = _user_id(body)
    info = body.inner("invitedUserMessageInfo", ("messageLanguage", "customizedMessageBody", "ccRecipients"))
    _check_types(body, info)
    for needed in ("invitedUserEmailAddress", "inviteRedirectUrl"):
        if not body.raw(needed):
            raise MissingValue(needed, "Invitation")
    address, url, user_type = _address(body), _url(body), _user_type(body)
    name = body.text("invitedUserDisplayName", limit=_NAME_LIMIT)
    sponsors = _sponsors(body)
    language, text, copies = _message(world, call, info)
    reset = bool(flags[1])
    if reset and user_id is None:
        raise ResetWithoutId
    return Request(
        address=address,
        redirect_url=url,
        send=bool(flags[0]),
        language=language,
        custom_message=text,
        cc=copies,
        user_id=user_id,
        reset=reset,
        display_name=name or None,
        user_type=user_type,
        sponsors=sponsors,
    )


_TEXTS: Final = ("invitedUserEmailAddress", "inviteRedirectUrl", "invitedUserDisplayName", "invitedUserType")


def _check_types(body: Properties, info: Properties | None) -> None:
    """M3 and M4 come before any value is looked at."""
    for name in _TEXTS:
        _check_text(body, name, name)
    sponsors = body.raw("invitedUserSponsors@odata.bind") or body.raw("invitedUserSponsors")
    if sponsors is not None and not isinstance(sponsors, list):
        raise WrongType("invitedUserSponsors", "Invitation")
    if info is None:
        return
    for name in ("messageLanguage", "customizedMessageBody"):
        _check_text(info, name, f"invitedUserMessageInfo.{name}")
    for entry in info.each("ccRecipients", ("emailAddress",)) or ():
        email = entry.inner("emailAddress", ("name", "address"))
        for name in ("name", "address") if email else ():
            assert email is not None
            _check_text(email, name, f"invitedUserMessageInfo.ccRecipients.emailAddress.{name}")


def _check_text(body: Properties, name: str, path: str) -> None:
    value = body.raw(name)
    if value is not None and not isinstance(value, str):
        raise WrongType(path, "Invitation")


def _user_id(body: Properties) -> str | None:
    """`invitedUser.id`; its other members are ignored (lifecycle L13)."""
    value = body.raw("invitedUser")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise WrongType("invitedUser", "Invitation")
    found = {name.lower(): inner for name, inner in value.items()}.get("id")
    if found is None or found == "":
        return None
    if not isinstance(found, str):
        raise WrongType("invitedUser.id", "Invitation")
    return found


def _sponsors(body: Properties) -> tuple[str, ...] | None:
    value = body.raw("invitedUserSponsors@odata.bind") or body.raw("invitedUserSponsors")
    if value is None:
        return None
    if len(value) > _MOST_SPONSORS:
        raise InvalidValue("invitedUserSponsors", "Invitation", f"at most {_MOST_SPONSORS}")
    return reference_ids("invitedUserSponsors", value)


def _address(body: Properties) -> EmailAddress:
    try:
        return EmailAddress.parse(str(body.raw("invitedUserEmailAddress")))
    except InvalidAddress as error:
        raise InvalidValue("invitedUserEmailAddress", "Invitation") from error


def _url(body: Properties) -> str:
    try:
        return redirect.parse(str(body.raw("inviteRedirectUrl"))).url
    except redirect.InvalidRedirect as error:
        raise InvalidValue("inviteRedirectUrl", "Invitation") from error


def _user_type(body: Properties) -> Any:
    given = body.text("invitedUserType")
    if given is None:
        return None
    for known in ("Guest", "Member"):
        if given.lower() == known.lower():
            return known
    raise InvalidValue("invitedUserType", "Invitation", "Guest or Member")


def _message(world: World, call: Call, info: Properties | None) -> tuple[str | None, str | None, tuple[Recipient, ...]]:
    if info is None:
        return None, None, ()
    language = info.text("messageLanguage", limit=35) or None
    if language is not None and not is_language_tag(language):
        raise info.refuse_value("messageLanguage", "a language tag such as de or pt-BR is needed")
    text = info.text("customizedMessageBody", multiline=True) or None
    copies = _copies(info)
    if text is not None and len(text) > _TEXT_LIMIT:
        raise TooLong("customizedMessageBody", _TEXT_LIMIT)
    tenant = world.database.read(queries_tenants.named, caller_of(call).tenant_id)
    limit = tenant.settings.maxCcRecipients if tenant else 1
    if len(copies) > limit:
        raise TooManyCopies(limit)
    return language, text, copies


def _copies(info: Properties) -> tuple[Recipient, ...]:
    """Copies of the mail; one empty entry, as Graph answers it, stands for none (graph G49)."""
    found: list[Recipient] = []
    for entry in info.each("ccRecipients", ("emailAddress",)) or ():
        email = entry.inner("emailAddress", ("name", "address"))
        given = email.text("address") if email else None
        if email is None or not given:
            continue
        try:
            address = EmailAddress.parse(given)
        except InvalidAddress as error:
            raise email.refuse_value("address") from error
        found.append(Recipient(address.given, email.text("name", limit=_NAME_LIMIT)))
    return tuple(found)
