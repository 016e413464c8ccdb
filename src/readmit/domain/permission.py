"""Who is calling and what he may do (graph G65 to G68, lifecycle section 11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from readmit.domain.errors import GenericAuthorization, GuestInvitationsNotAllowed, InsufficientPrivileges
from readmit.domain.guest import User
from readmit.domain.tenant import TenantSettings

GLOBAL_ADMINISTRATOR: Final = "62e90394-69f5-4237-9190-012177145e10"
GLOBAL_READER: Final = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
USER_ADMINISTRATOR: Final = "fe930be7-5e62-47db-91af-98c3a49a38b1"
GROUPS_ADMINISTRATOR: Final = "fdd7a751-b60b-444a-984c-02652fe8fa1c"
HELPDESK_ADMINISTRATOR: Final = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
GUEST_INVITER: Final = "95e79109-95c0-4d8e-aee3-d01accf2d47b"
DIRECTORY_WRITERS: Final = "9360feb5-f418-4baa-8175-e2a00bac4301"
DIRECTORY_READERS: Final = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
PRIVILEGED_ROLE_ADMINISTRATOR: Final = "e8611ab8-c189-46e8-94e1-60213ab1f814"
PRIVILEGED_AUTHENTICATION_ADMINISTRATOR: Final = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
AUTHENTICATION_ADMINISTRATOR: Final = "c4e39bd9-1100-46d3-8c65-fb160da0071f"
APPLICATION_ADMINISTRATOR: Final = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
CLOUD_APPLICATION_ADMINISTRATOR: Final = "158c047a-c907-4556-b7ef-446551a6b5f7"
SECURITY_ADMINISTRATOR: Final = "194ae4cb-b126-40b2-bd5b-6091b380977d"
SECURITY_READER: Final = "5d6b6bb7-de71-4623-b4af-96380a352509"
SECURITY_OPERATOR: Final = "5f2222b1-57c3-48ba-8ad5-d4759f1fde6f"
REPORTS_READER: Final = "4a5d8f65-41da-4de4-8968-e035b65339cf"

DIRECTORY_ROLES: Final = {
    GLOBAL_ADMINISTRATOR: "Global Administrator",
    GLOBAL_READER: "Global Reader",
    USER_ADMINISTRATOR: "User Administrator",
    GROUPS_ADMINISTRATOR: "Groups Administrator",
    HELPDESK_ADMINISTRATOR: "Helpdesk Administrator",
    GUEST_INVITER: "Guest Inviter",
    DIRECTORY_WRITERS: "Directory Writers",
    DIRECTORY_READERS: "Directory Readers",
    PRIVILEGED_ROLE_ADMINISTRATOR: "Privileged Role Administrator",
    PRIVILEGED_AUTHENTICATION_ADMINISTRATOR: "Privileged Authentication Administrator",
    AUTHENTICATION_ADMINISTRATOR: "Authentication Administrator",
    APPLICATION_ADMINISTRATOR: "Application Administrator",
    CLOUD_APPLICATION_ADMINISTRATOR: "Cloud Application Administrator",
    SECURITY_ADMINISTRATOR: "Security Administrator",
    SECURITY_READER: "Security Reader",
    SECURITY_OPERATOR: "Security Operator",
    REPORTS_READER: "Reports Reader",
}
"""Role template ids and names (graph G81)."""

INVITE: Final = frozenset({"User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"})
RESET: Final = frozenset({"User.ReadWrite.All", "Directory.ReadWrite.All"})
RESET_ROLES: Final = frozenset({HELPDESK_ADMINISTRATOR, USER_ADMINISTRATOR, GLOBAL_ADMINISTRATOR})
MEMBER_ROLES: Final = frozenset({USER_ADMINISTRATOR, GLOBAL_ADMINISTRATOR})
UPDATE_ROLES: Final = frozenset({USER_ADMINISTRATOR, DIRECTORY_WRITERS, GLOBAL_ADMINISTRATOR})
INVITER_ROLES: Final = frozenset({GLOBAL_ADMINISTRATOR, USER_ADMINISTRATOR, GUEST_INVITER})
CONSENT_ROLES: Final = frozenset({GLOBAL_ADMINISTRATOR, APPLICATION_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR})
"""Who consents to delegated permissions for everybody (graph G66)."""
PRIVILEGED: Final = frozenset({GLOBAL_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR})
"""Who may write the sensitive properties of a privileged user (graph G68)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of a verified access token.

    `permissions` come from the token (`scp` or `roles`), `roles` are the directory roles held at call time, by the
    user of a delegated token or else by the service principal (graph G66: never from the token).
    """

    tenant_id: str
    app_id: str
    service_principal_id: str
    app_name: str
    permissions: frozenset[str]
    roles: frozenset[str] = frozenset()
    user: User | None = None
    source: str | None = None
    """The address that the request came from, for the audit log."""

    @property
    def id(self) -> str:
        return self.user.id if self.user else self.service_principal_id

    @property
    def is_guest(self) -> bool:
        return self.user is not None and self.user.user_type == "Guest"

    def allowed(self, permissions: frozenset[str]) -> bool:
        return not self.permissions.isdisjoint(permissions)

    def holds(self, roles: frozenset[str]) -> bool:
        return not self.roles.isdisjoint(roles)


def require(caller: Caller, permissions: frozenset[str], roles: frozenset[str] | None = None) -> None:
    """One permission of the row suffices; a delegated caller needs one of `roles` too (graph G65, G66), else M19."""
    if not caller.allowed(permissions):
        raise InsufficientPrivileges(one_permission(permissions))
    if roles is not None and caller.user is not None and not caller.holds(roles | {GLOBAL_ADMINISTRATOR}):
        raise InsufficientPrivileges(one_role(roles | {GLOBAL_ADMINISTRATOR}))


def one_permission(permissions: Iterable[str]) -> str:
    """What a caller without any of these permissions needs."""
    return f"the permission {' or '.join(sorted(permissions))}"


def one_role(roles: Iterable[str]) -> str:
    """What a caller without any of these directory roles needs."""
    return f"the role {' or '.join(sorted(DIRECTORY_ROLES.get(role, role) for role in roles))}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an invitation request asks for, as far as rights go: read before anything else of the body (graph G48)."""

    reset: bool = False
    member: bool = False

    @property
    def strong(self) -> bool:
        return self.reset or self.member


def check_invitation_rights(caller: Caller, wanted: Wanted, settings: TenantSettings) -> None:
    """E16, E15, E14 in the order of graph G48."""
    if not caller.allowed(RESET if wanted.strong else INVITE):
        raise InsufficientPrivileges(one_permission(RESET if wanted.strong else INVITE))
    if not _admitted(caller, wanted, settings):
        raise GuestInvitationsNotAllowed(f"allowInvitesFrom wider than {settings.allowInvitesFrom}")
    if caller.user is None:
        return
    if wanted.reset and not caller.holds(RESET_ROLES):
        raise GenericAuthorization(one_role(RESET_ROLES))
    if wanted.member and not caller.holds(MEMBER_ROLES):
        raise GenericAuthorization(one_role(MEMBER_ROLES))


def _admitted(caller: Caller, wanted: Wanted, settings: TenantSettings) -> bool:
    """`allowInvitesFrom` (lifecycle L34, L35, graph G66)."""
    value = settings.allowInvitesFrom
    if value == "none":
        return False
    if wanted.reset or value == "everyone":
        return True
    if caller.user is None:
        return value != "adminsAndGuestInviters" or "User.Invite.All" in caller.permissions
    if caller.holds(INVITER_ROLES):
        return True
    return value == "adminsGuestInvitersAndAllMembers" and not caller.is_guest


def may_reset(caller: Caller, *, target_privileged: bool) -> bool:
    """The rights of a reset over one target (lifecycle section 11, L36)."""
    if not caller.allowed(RESET):
        return False
    if caller.user is None:
        return not target_privileged
    return caller.holds(frozenset({GLOBAL_ADMINISTRATOR}) if target_privileged else RESET_ROLES)


def reset_needs(caller: Caller, *, target_privileged: bool) -> str:
    """What a caller needs whom `may_reset` refuses."""
    if not caller.allowed(RESET):
        return one_permission(RESET)
    if not target_privileged:
        return one_role(RESET_ROLES)
    return f"a person with {one_role([GLOBAL_ADMINISTRATOR])}: the target holds a directory role, or owns what has one"


def may_adopt(caller: Caller) -> bool:
    """Adopting writes `mail`: the right to update that user is needed too (lifecycle L18a)."""
    return caller.user is None or caller.holds(UPDATE_ROLES)
