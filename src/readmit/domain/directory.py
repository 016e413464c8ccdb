"""The rules of the directory: who may do what to an object, what a PATCH makes of a user (graph G27, G65 to G68)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from readmit.domain.errors import InsufficientPrivileges, InvalidValue
from readmit.domain.guest import Pending, User
from readmit.domain.permission import (
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED,
    UPDATE_ROLES,
    Caller,
    may_reset,
    one_permission,
    one_role,
    reset_needs,
)
from readmit.domain.tenant import Tenant, TenantSettings

USERS_WRITE: Final = frozenset({"User.ReadWrite.All", "Directory.ReadWrite.All"})
MAIL_WRITE: Final = frozenset({"User-Mail.ReadWrite.All"})
OWN_WRITE: Final = frozenset({"User.ReadWrite"})
READ_BASIC: Final = "User.ReadBasic.All"

MAIL_PROPERTIES: Final = frozenset({"mail", "otherMails"})
SENSITIVE: Final = frozenset(
    {
        "accountEnabled",
        "businessPhones",
        "mobilePhone",
        "mail",
        "otherMails",
        "passwordProfile",
        "userType",
        "identities",
    }
)
"""Z of graph G27, and identities (G68)."""
OWN: Final = frozenset({"businessPhones", "mobilePhone", "preferredLanguage"})
"""What users may write on themselves (graph G27, s)."""
_COLUMNS: Final = {
    "mail": "mail",
    "otherMails": "other_mails",
    "mailNickname": "mail_nickname",
    "displayName": "display_name",
    "givenName": "given_name",
    "surname": "surname",
    "preferredLanguage": "preferred_language",
    "accountEnabled": "enabled",
    "userType": "user_type",
    "userPrincipalName": "upn",
}
"""Graph's properties that are fields of User; the others stand in `User.profile`."""

GuestReach = Literal["nobody", "single"]


@dataclass(frozen=True, slots=True)
class Access:
    """What an operation demands of its caller, from the table of routes; what is not listed is denied (security D3)."""

    permissions: frozenset[str]
    own: frozenset[str] = frozenset()
    """Permissions that suffice for a user who addresses himself."""
    roles: frozenset[str] | None = None
    """Roles, one of which a delegated caller needs; None: the rule for reading (graph G66)."""
    owner: bool = False
    """Owners may too: the flow, which knows them, decides for delegated callers."""
    guests: GuestReach = "nobody"
    """What a guest of the default permission level may read with it (graph G67)."""
    me: bool = False
    """Restricted guests may, on themselves (graph G67)."""
    anybody: bool = False
    """Reading that needs no role, of no guest either: the tenant's own name."""


def check_access(caller: Caller, access: Access, settings: TenantSettings | None, *, oneself: bool = False) -> None:
    """Graph G65 to G67, default deny; `settings` matter to delegated callers only. Raises InsufficientPrivileges."""
    enough = access.permissions | access.own if oneself else access.permissions
    if not caller.allowed(enough):
        raise InsufficientPrivileges(one_permission(enough))
    if caller.user is None or caller.holds(frozenset({GLOBAL_ADMINISTRATOR})):
        return
    if access.roles is not None:
        allowed = access.owner or caller.holds(access.roles) or (oneself and caller.allowed(access.own))
    elif settings is None:
        allowed = False
    elif _restricted(caller, settings):
        allowed = oneself and access.me
    else:
        allowed = oneself or access.anybody or _may_read(caller, access, settings)
    if not allowed:
        roles = (access.roles or frozenset()) | {GLOBAL_ADMINISTRATOR}
        raise InsufficientPrivileges(one_role(roles) if access.roles is not None else "a wider permission level")


def _may_read(caller: Caller, access: Access, settings: TenantSettings) -> bool:
    if caller.roles:
        return True
    if caller.is_guest and settings.guestRole == "limited":
        return access.guests == "single"
    return settings.allowedToReadOtherUsers


def _restricted(caller: Caller, settings: TenantSettings) -> bool:
    return caller.is_guest and not caller.roles and settings.guestRole == "restricted"


def limited_guest(caller: Caller, settings: TenantSettings) -> bool:
    """Whether this caller sees basic properties and non-hidden groups only (graph G67)."""
    return caller.is_guest and not caller.roles and settings.guestRole != "member"


def sees_basics_only(caller: Caller, settings: TenantSettings | None, full: frozenset[str]) -> bool:
    """Whether a user's other properties are null to this caller (graph G65 `User.ReadBasic.All`, G67)."""
    if not caller.allowed(full - {READ_BASIC}):
        return True
    return settings is not None and limited_guest(caller, settings)


def check_update(caller: Caller, target: User, names: frozenset[str], *, target_privileged: bool) -> None:
    """Who may PATCH these properties of this user (graph G65, G66, G68). Raises InsufficientPrivileges."""
    oneself = caller.user is not None and caller.user.id == target.id
    if oneself and names <= OWN and caller.allowed(OWN_WRITE | USERS_WRITE):
        return
    enough = USERS_WRITE | MAIL_WRITE if names <= MAIL_PROPERTIES else USERS_WRITE
    if not caller.allowed(enough):
        raise InsufficientPrivileges(one_permission(enough))
    if "identities" in names:
        check_unbinding(caller, target_privileged=target_privileged)
    if caller.user is not None and names - {"identities"} and not caller.holds(UPDATE_ROLES):
        raise InsufficientPrivileges(one_role(UPDATE_ROLES))
    if target_privileged and names & SENSITIVE:
        check_privileged_target(caller)


def check_unbinding(caller: Caller, *, target_privileged: bool) -> None:
    """PATCH of `identities` takes the rights of a reset (graph G30, security G4)."""
    if not may_reset(caller, target_privileged=target_privileged):
        raise InsufficientPrivileges(reset_needs(caller, target_privileged=target_privileged))


def check_privileged_target(caller: Caller) -> None:
    """Sensitive writes on, and removal of, who lifecycle L36 shields (graph G68); app-only as its principal's roles."""
    if not caller.holds(PRIVILEGED):
        raise InsufficientPrivileges(one_role(PRIVILEGED))


def patched(user: User, changes: Mapping[str, Any], tenant: Tenant) -> User:
    """The user with checked values written over: addresses are EmailAddress, times text. Raises InvalidValue (M6).

    `identities` and `passwordProfile` are not properties of the row: flows deal with them.
    """
    if user.external:
        for name in ("userPrincipalName", "mailNickname"):
            if name in changes:
                raise InvalidValue(name)
    upn = changes.get("userPrincipalName")
    if upn is not None and upn.rpartition("@")[2].lower() not in tenant.domains:
        raise InvalidValue("userPrincipalName")
    fields = {_COLUMNS[name]: value for name, value in changes.items() if name in _COLUMNS}
    profile = {name: value for name, value in changes.items() if name not in _COLUMNS}
    merged = {**user.profile, **profile}
    kept = {name: value for name, value in merged.items() if value is not None}
    return replace(user, **fields, profile=kept) if fields or kept != user.profile else user


def loses_invitation(before: User, after: User) -> bool:
    """Whether the address that redeems has gone off a Pending guest: his invitation ends for good (lifecycle S9)."""
    redemption = before.redemption
    return isinstance(redemption, Pending) and before.holds(redemption.invited) and not after.holds(redemption.invited)


def host_entry(user: User, tenant: Tenant) -> dict[str, str | None]:
    """The entry of `identities` that every user has (lifecycle section 6)."""
    return {
        "signInType": "userPrincipalName",
        "issuer": tenant.initial_domain,
        "issuerAssignedId": user.upn,
    }


def access_ended(user: User, now: datetime) -> User:
    """The user after disabling or revoking: what was issued before is void (lifecycle S11)."""
    return replace(user, epoch=user.epoch + 1, sessions_valid_from=now)


def deleted(user: User, now: datetime) -> User:
    """The user in deleted items; links and access are void (lifecycle S12). Internal users have no generation."""
    generation = user.generation + 1 if user.generation else 0
    return replace(access_ended(user, now), generation=generation, deleted=now)


def without_keys(user: User, keys: frozenset[str]) -> User:
    """The user without clashing addresses (lifecycle L8, `autoReconcileProxyConflict`)."""
    mail = user.mail if user.mail is not None and user.mail.key not in keys else None
    return replace(user, mail=mail, other_mails=tuple(kept for kept in user.other_mails if kept.key not in keys))


def changed_names(before: User, after: User) -> dict[str, list[object]]:
    """Old and new values of what a PATCH changed, for the audit event; addresses are given as text."""
    changed: dict[str, list[object]] = {}
    for name, column in _COLUMNS.items():
        old, new = _shown(getattr(before, column)), _shown(getattr(after, column))
        if old != new:
            changed[name] = [old, new]
    for name in before.profile.keys() | after.profile.keys():
        if before.profile.get(name) != after.profile.get(name):
            changed[name] = [before.profile.get(name), after.profile.get(name)]
    return changed


def _shown(value: Any) -> object:
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return value if value is None or isinstance(value, bool) else str(value)
