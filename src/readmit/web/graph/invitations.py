"""POST /invitations: the body's wire form, and the answer of graph G49."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from readmit.domain import redirect
from readmit.domain.address import EmailAddress, InvalidAddress
from readmit.domain.directory import Access
from readmit.domain.errors import (
    InvalidValue,
    Malformed,
    MissingValue,
    NewUserOnly,
    NotFound,
    PropertyRefused,
    ReadmitError,
    Refused,
    ResetWithoutId,
    TooLong,
    TooManyCopies,
    WrongMediaType,
    WrongType,
)
from readmit.domain.invitation import Request
from readmit.domain.mail import Recipient
from readmit.domain.permission import INVITE, Wanted
from readmit.flows import invite
from readmit.flows.invite import Asked, Invited
from readmit.flows.world import World
from readmit.storage import queries_tenants
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph.body import Properties, object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.references import reference
from readmit.web.graph.render import frame_of, graph_reply
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
_KEY_LIMIT: Final = 255
_MOST_SPONSORS: Final = 5
_NO_COPIES: Final[list[dict[str, Any]]] = [{"emailAddress": {"name": None, "address": None}}]


def create(world: World, call: Call) -> Step:
    """One operation on v1.0 and beta (lifecycle section 4)."""
    asked = _asked(world, call)

    def render(invited: Invited) -> Reply:
        if invited.invitation.send:
            world.wake_mailer()
        return graph_reply(call, 201, answer(world, call, invited))

    return Write(render, invite.invite, world, caller_of(call), asked)


_UNREAD: Final = (Malformed, PropertyRefused, TooLong, TooManyCopies, ResetWithoutId, WrongMediaType)


def refusal(world: World, call: Call, error: ReadmitError) -> Write | None:
    """The audit event of a refused invitation; None for what could not be read (lifecycle L49)."""
    if not isinstance(error, Refused) or (isinstance(error, _UNREAD) and not isinstance(error, NewUserOnly)):
        return None
    asked = _asked(world, call)
    target = asked.request.user_id if isinstance(asked.request, Request) else None
    return Write(
        lambda _: Reply(),
        invite.refused,
        world,
        caller_of(call),
        reset=asked.wanted.reset,
        target_id=target,
        reason=type(error).__name__,
        correlation_id=call.request_id,
    )


def _asked(world: World, call: Call) -> Asked:
    """Flags first, whatever else the body says: rights are judged before values (graph G48)."""
    request: Request | Refused
    wanted = Wanted()
    try:
        members = object_of(call)
        wanted = _wanted(members)
        request = _request(world, call, members)
    except Refused as refusal:
        request = refusal
    key = call.headers.get("idempotency-key")
    if key is not None and (not key or len(key) > _KEY_LIMIT):
        request = InvalidValue("Idempotency-Key", "Invitation")
    return Asked(
        request=request,
        wanted=wanted,
        idempotency_key=key,
        body_hash=hashlib.sha256(call.body).hexdigest(),
        correlation_id=call.request_id,
    )


def _wanted(members: dict[str, Any]) -> Wanted:
    lowered = {name.lower(): value for name, value in members.items()}
    return Wanted(
        reset=lowered.get("resetredemption") is True,
        member=str(lowered.get("invitedusertype", "")).lower() == "member",
    )


def _request(world: World, call: Call, members: dict[str, Any]) -> Request:
    """In the order of graph G48: types, what is missing, values, lengths and numbers, then what belongs together."""
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
    found = [item.get("@odata.id") if isinstance(item, dict) else item for item in value]
    if len(found) > _MOST_SPONSORS:
        raise InvalidValue("invitedUserSponsors", "Invitation")
    return tuple(dict.fromkeys(reference(item, "invitedUserSponsors") for item in found))


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
    raise InvalidValue("invitedUserType", "Invitation")


def _message(world: World, call: Call, info: Properties | None) -> tuple[str | None, str | None, tuple[Recipient, ...]]:
    if info is None:
        return None, None, ()
    language = info.text("messageLanguage", limit=35) or None
    if language is not None and not is_language_tag(language):
        raise info.refuse_value("messageLanguage")
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


def answer(world: World, call: Call, invited: Invited) -> dict[str, Any]:
    """The invitation of graph G49; its link is readable this once (security L4)."""
    frame, made = frame_of(call), invited.invitation
    copies = [{"emailAddress": {"name": copy.name, "address": copy.address}} for copy in made.cc]
    head = {} if frame.level == "none" else {"@odata.context": frame.context("invitations/$entity")}
    return head | {
        "id": made.id,
        "inviteRedeemUrl": invite.redeem_url(world, made.tenant_id, made.id, invited.ticket),
        "invitedUserDisplayName": made.greeting,
        "invitedUserType": invited.user.user_type,
        "invitedUserEmailAddress": made.address.given,
        "sendInvitationMessage": made.send,
        "resetRedemption": made.kind == "reset",
        "inviteRedirectUrl": made.redirect_url,
        "status": invited.status,
        "invitedUserMessageInfo": {
            "messageLanguage": made.language,
            "customizedMessageBody": made.custom_message,
            "ccRecipients": copies or _NO_COPIES,
        },
        "invitedUser": {"id": invited.user.id, "userPrincipalName": invited.user.upn},
    }


class Unreadable(NotFound):
    """Graph gives nothing back of an invitation: 404 `UnknownError` (graph section 7)."""


def unreadable(world: World, call: Call) -> Step:
    """Any other method, and `/invitations/{id}`."""
    raise Unreadable(call.path)


_ACCESS = Access(INVITE, anybody=True)
OPERATIONS = (
    Operation("POST", "/invitations", create, _ACCESS, checked_by_flow=True),
    *(
        Operation(method, "/invitations", unreadable, _ACCESS, checked_by_flow=True)
        for method in ("GET", "PATCH", "PUT", "DELETE")
    ),
    *(
        Operation(method, "/invitations/{id}", unreadable, _ACCESS, checked_by_flow=True)
        for method in ("GET", "POST", "PATCH", "PUT", "DELETE")
    ),
)
