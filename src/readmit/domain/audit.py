"""Audit events, named after Graph's activities (lifecycle section 15, graph G40)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

INVITED_USERS = "Invited Users"
CORE_DIRECTORY = "Core Directory"
AUTHENTICATION_METHODS = "Authentication Methods"

INVITE = "Invite external user"
RESET = "Invite external user with reset invitation status"
CONVERT = "Invite internal user to B2B collaboration"
REDEEM = "Redeem external user invite"
LEAVE = "Delete external user"
MAIL = "Invitation Email"
ADD_PASSKEY = "User registered security info"
RENAME_PASSKEY = "User updated security info"
REMOVE_PASSKEY = "User deleted security info"
MAIL_NOT_WANTED = "Email not sent, user unsubscribed"
MAIL_BLOCKED = "Email unsubscribed"
MAIL_ALLOWED = "Email subscribed"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a user, an application or the system itself."""

    type: Literal["user", "app", "system"]
    id: str | None = None
    name: str | None = None
    upn: str | None = None
    source: str | None = None
    """The address that the request came from."""


SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True)
class Event:
    """One audit event. `details` holds no secret and no name; what names people goes into `names` (security J2).

    `names` maps the id of a subject to what is shown of it: displayName, userPrincipalName, addresses.
    """

    activity: str
    service: str = CORE_DIRECTORY
    category: str = "UserManagement"
    operation: str = "Update"
    result: Literal["success", "failure"] = "success"
    reason: str | None = None
    target_id: str | None = None
    target_type: str | None = "User"
    details: Mapping[str, object] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
