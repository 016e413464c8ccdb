"""All that one tenant keeps about a person, for the person himself (experience DP1).

Times are datetimes. Other people stand in it by id alone, and so do groups where the tenant's guests read none
(lifecycle L46). No secret, no hash and no address of anybody else is in it: a reset hands the object on, and what was
recorded of who had it before is not told to who has it now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from readmit.domain.guest import Accepted, NeverInvited, User
from readmit.domain.permission import DIRECTORY_ROLES
from readmit.storage import queries_history, sponsors
from readmit.storage.columns import from_json, micros, moment, moment_or_none
from readmit.storage.transaction import Row, Transaction

_Row = dict[str, Any]
_Known = dict[str, Any]
"""The user's id, and since when invitations and records are his, as parameters."""


def everything(tx: Transaction, user: User, *, group_names: bool) -> _Row:
    """One tree by the names of Graph where it has some; lists oldest first.

    `recordsSince` is when he redeemed a guest that somebody else may have been; None where nobody was.
    """
    before = queries_history.handed_over(tx, user)
    known = {
        "user": user.id,
        "invited": micros(before.ended) if before else 0,
        "since": micros(before.redeemed) if before else 0,
    }
    return {
        "recordsSince": before.redeemed if before else None,
        "user": _object(user),
        "identity": _identity(user),
        "sponsors": sponsors.of(tx, user.id),
        **{name: read(tx, known) for name, read in _LISTS.items()},
        "groups": _groups(tx, user.id, names=group_names),
        "redemptions": queries_history.redemptions(tx, user.tenant_id, user.id, before.redeemed if before else None)
        or [],
    }


def _object(user: User) -> _Row:
    return {
        "id": user.id,
        "tenantId": user.tenant_id,
        "userPrincipalName": user.upn,
        "displayName": user.display_name,
        "givenName": user.given_name,
        "surname": user.surname,
        "mail": user.mail.given if user.mail else None,
        "otherMails": [address.given for address in user.other_mails],
        "userType": user.user_type,
        "accountEnabled": user.enabled,
        "preferredLanguage": user.preferred_language,
        "createdDateTime": user.created,
        "externalUserState": user.redemption_state,
        "externalUserStateChangeDateTime": None if isinstance(user.redemption, NeverInvited) else user.redemption.since,
        **user.profile,
    }


def _identity(user: User) -> _Row | None:
    """What redeemed, and under which address."""
    redemption = user.redemption
    if not isinstance(redemption, Accepted):
        return None
    binding = redemption.binding
    return {"issuer": binding.issuer, "subject": binding.subject, "address": redemption.redeemed.given}


def _groups(tx: Transaction, user_id: str, *, names: bool) -> list[_Row]:
    rows = tx.all(
        "SELECT g.id, g.display_name FROM group_members m JOIN groups g ON g.id = m.group_id AND g.deleted_at IS NULL"
        " WHERE m.member_id = :user ORDER BY g.id",
        {"user": user_id},
    )
    return [{"id": row[0], **({"displayName": row[1]} if names else {})} for row in rows]


def _events(tx: Transaction, known: _Known) -> list[_Row]:
    """What was done to him, by himself too, with the names of his own that stand beside the event."""
    rows = tx.all(
        "SELECT e.at, e.activity, e.result, e.actor_type, e.actor_id, e.details, n.body"
        " FROM audit_events e LEFT JOIN audit_names n ON n.event_id = e.id AND n.subject_id = :user"
        " WHERE e.target_id = :user AND e.at >= :since ORDER BY e.at, e.id",
        known,
    )
    return [
        {
            "activityDateTime": moment(row[0]),
            "activityDisplayName": row[1],
            "result": row[2],
            "initiatedBy": {"type": row[3], "id": row[4]},
            "details": from_json(row[5]),
            "about": _about(row),
        }
        for row in rows
    ]


def _about(row: Row) -> _Row | None:
    """The names beside an event; whose account was refused may be anybody's."""
    names: _Row | None = from_json(row[6]) if row[6] else None
    if names is None or row[2] == "success":
        return names
    return {name: value for name, value in names.items() if name != "account"}


@dataclass(frozen=True, slots=True)
class _List:
    """Rows of a statement as objects: each column's name, and what makes a value of it."""

    sql: str
    columns: dict[str, Callable[[Any], Any]]

    def __call__(self, tx: Transaction, known: _Known) -> list[_Row]:
        rows = tx.all(self.sql, known)
        made = self.columns.items()
        return [{name: make(value) for (name, make), value in zip(made, row, strict=True)} for row in rows]


def _as_it_is(value: Any) -> Any:
    return value


_LISTS: Final[dict[str, Callable[[Transaction, _Known], list[_Row]]]] = {
    "appRoleAssignments": _List(
        "SELECT r.id, s.display_name, r.app_role_id, r.created_at FROM app_role_assignments r"
        " JOIN service_principals s ON s.id = r.resource_id WHERE r.principal_id = :user ORDER BY r.created_at, r.id",
        {"id": _as_it_is, "resourceDisplayName": _as_it_is, "appRoleId": _as_it_is, "createdDateTime": moment},
    ),
    "directoryRoles": _List(
        "SELECT role_id, role_id FROM role_assignments WHERE principal_id = :user ORDER BY role_id",
        {"id": _as_it_is, "displayName": DIRECTORY_ROLES.get},
    ),
    "invitations": _List(
        "SELECT id, address, created_at, expires_at, cancelled_at, kind, redirect_url, language, custom_message"
        " FROM invitations WHERE user_id = :user AND created_at >= :invited ORDER BY created_at, id",
        {
            "id": _as_it_is,
            "invitedUserEmailAddress": _as_it_is,
            "createdDateTime": moment,
            "expiresDateTime": moment_or_none,
            "cancelledDateTime": moment_or_none,
            "kind": _as_it_is,
            "inviteRedirectUrl": _as_it_is,
            "messageLanguage": _as_it_is,
            "customizedMessageBody": _as_it_is,
        },
    ),
    "mails": _List(
        "SELECT kind, state, language, created_at, finished_at FROM outbox"
        " WHERE user_id = :user AND created_at >= :invited ORDER BY created_at, id",
        {
            "kind": _as_it_is,
            "state": _as_it_is,
            "language": _as_it_is,
            "createdDateTime": moment,
            "finishedDateTime": moment_or_none,
        },
    ),
    # Addresses of his that want no invitations of the tenant.
    "invitationMailBlocks": _List(
        "SELECT b.address_key, b.created_at FROM user_addresses a JOIN mail_blocks b ON b.tenant_id = a.tenant_id"
        " AND b.address_key = a.address_key WHERE a.user_id = :user ORDER BY b.created_at, b.address_key",
        {"address": _as_it_is, "createdDateTime": moment},
    ),
    "passkeys": _List(
        "SELECT id, name, created_at, used_at, backed_up FROM passkeys WHERE user_id = :user ORDER BY created_at, id",
        {
            "id": _as_it_is,
            "displayName": _as_it_is,
            "createdDateTime": moment,
            "lastUsedDateTime": moment_or_none,
            "synchronised": bool,
        },
    ),
    "consents": _List(
        "SELECT s.display_name, p.scope, p.given_by FROM permission_grants p JOIN service_principals s"
        " ON s.id = p.client_id WHERE p.principal_id = :user ORDER BY s.display_name, p.id",
        {"application": _as_it_is, "scope": _as_it_is, "givenBy": _as_it_is},
    ),
    "sessions": _List(
        "SELECT signed_in_at, seen_at, amr, ip, browser, platform FROM sign_ins WHERE user_id = :user"
        " ORDER BY signed_in_at, session_id",
        {
            "signedInDateTime": moment,
            "lastUsedDateTime": moment,
            "proof": from_json,
            "ipAddress": _as_it_is,
            "browser": _as_it_is,
            "operatingSystem": _as_it_is,
        },
    ),
    "applicationsWithAccess": _List(
        "SELECT client_id, scope, created_at, expires_at FROM grants WHERE user_id = :user ORDER BY created_at, id",
        {"appId": _as_it_is, "scope": _as_it_is, "createdDateTime": moment, "expiresDateTime": moment},
    ),
    "signIns": _List(
        "SELECT at, kind, ip, app_id, error, reason FROM sign_in_events WHERE user_id = :user AND at >= :since"
        " ORDER BY at, id",
        {
            "createdDateTime": moment,
            "kind": _as_it_is,
            "ipAddress": _as_it_is,
            "appId": _as_it_is,
            "errorCode": _as_it_is,
            "failureReason": _as_it_is,
        },
    ),
    "auditEvents": _events,
}
"""The lists of the file, by name."""
