"""POST /invitations: the door, and the answer of graph G49."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from readmit.domain.directory import Access
from readmit.domain.errors import (
    Denied,
    InvalidValue,
    Malformed,
    NewUserOnly,
    NotFound,
    PropertyRefused,
    ReadmitError,
    Refused,
    ResetWithoutId,
    TooLong,
    TooManyCopies,
    UnsupportedQuery,
    WrongMediaType,
)
from readmit.domain.invitation import Request
from readmit.domain.permission import INVITE, Wanted
from readmit.flows import invite
from readmit.flows.invite import Asked, Invited
from readmit.flows.world import World
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph.body import object_of
from readmit.web.graph.invitation_body import request_of, wanted_of
from readmit.web.graph.odata import options
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.render import frame_of, graph_reply

_KEY_LIMIT: Final = 255
_NO_COPIES: Final[list[dict[str, Any]]] = [{"emailAddress": {"name": None, "address": None}}]


def create(world: World, call: Call) -> Step:
    """One operation on v1.0 and beta (lifecycle section 4)."""
    asked = _asked(world, call)

    def render(invited: Invited) -> Reply:
        if invited.invitation.send:
            world.wake_mailer()
        return graph_reply(call, 201, answer(world, call, invited))

    return Write(render, invite.invite, world, caller_of(call), asked)


_UNREAD: Final = (Malformed, PropertyRefused, TooLong, TooManyCopies, ResetWithoutId, UnsupportedQuery, WrongMediaType)


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
        reason=_reason(error),
        correlation_id=call.request_id,
    )


def _reason(error: Refused) -> str:
    """The refusal's name, and the right that was missing."""
    name = type(error).__name__
    return f"{name}: needs {error.needs}" if isinstance(error, Denied) and error.needs else name


def _asked(world: World, call: Call) -> Asked:
    """Flags first, whatever else the body says: rights are judged before values (graph G48)."""
    request: Request | Refused
    wanted = Wanted()
    try:
        members = object_of(call)
        wanted = wanted_of(members)
        request = request_of(world, call, members)
    except Refused as refusal:
        request = refusal
    key = call.headers.get("idempotency-key")
    if key is not None and (not key or len(key) > _KEY_LIMIT):
        request = InvalidValue("Idempotency-Key", "Invitation")
    if call.query:
        # Behind the flags, which decide on the right, and before whatever else the body says (graph G14, G48).
        try:
            options.refuse(call.query)
        except UnsupportedQuery as refusal:
            request = refusal
    return Asked(
        request=request,
        wanted=wanted,
        idempotency_key=key,
        body_hash=hashlib.sha256(call.body).hexdigest(),
        correlation_id=call.request_id,
    )


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
