"""The table of permissions and roles: one row for each kind of operation (graph G65, G66)."""

from __future__ import annotations

from typing import Final

from readmit.domain.directory import Access
from readmit.domain.permission import (
    APPLICATION_ADMINISTRATOR,
    AUTHENTICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    GLOBAL_READER,
    GROUPS_ADMINISTRATOR,
    HELPDESK_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    REPORTS_READER,
    RESET_ROLES,
    SECURITY_ADMINISTRATOR,
    SECURITY_OPERATOR,
    SECURITY_READER,
    UPDATE_ROLES,
    USER_ADMINISTRATOR,
)
from readmit.domain.subscription import OWN_READERS, READERS


def _any(*names: str) -> frozenset[str]:
    return frozenset(names)


_U: Final = "User.ReadWrite.All"
_DR: Final = "Directory.Read.All"
_DW: Final = "Directory.ReadWrite.All"
_GROUPS: Final = "Group.ReadWrite.All"
_APPS: Final = "Application.ReadWrite.All"
_ROLES: Final = "RoleManagement.ReadWrite.Directory"
_ASSIGN: Final = "AppRoleAssignment.ReadWrite.All"
_CONSENT: Final = "DelegatedPermissionGrant.ReadWrite.All"

USER_READ: Final = _any("User.ReadBasic.All", "User.Read.All", _U, _DR, _DW)
APP_ROLES: Final = _any(APPLICATION_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR)
GROUP_ROLES: Final = _any(GROUPS_ADMINISTRATOR, USER_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR)

READ_USER: Final = Access(USER_READ, own=_any("User.Read", "User.ReadWrite"), guests="single", me=True)
READ_USER_LINKS: Final = Access(USER_READ, own=_any("User.Read", "User.ReadWrite"))
LIST_USERS: Final = Access(USER_READ)
DELTA_USERS: Final = Access(_any("User.Read.All", _U, _DR, _DW))
"""Basic reading does not suffice (graph G65)."""
WATCH_USERS: Final = Access(READERS["user"], own=OWN_READERS)
"""Being told of changes: as for delta, and oneself; no guest (graph G59)."""
CREATE_USER: Final = Access(_any(_U, _DW), roles=UPDATE_ROLES)
UPDATE_USER: Final = Access(
    _any(_U, _DW, "User-Mail.ReadWrite.All"),
    own=_any("User.ReadWrite", _U, _DW),
    roles=UPDATE_ROLES | RESET_ROLES,
)
"""The flow looks at what is written: sensitive properties, own ones, identities (graph G68, G30)."""
WRITE_USER_LINKS: Final = Access(_any(_U, _DW), roles=UPDATE_ROLES)
REMOVE_USER: Final = Access(_any("User.DeleteRestore.All", _U), roles=_any(USER_ADMINISTRATOR))
READ_DELETED_USERS: Final = Access(_any("User.DeleteRestore.All", *USER_READ))
END_SESSIONS: Final = Access(
    _any("User.RevokeSessions.All", _U, _DW),
    own=_any("User.ReadWrite"),
    roles=_any(USER_ADMINISTRATOR, HELPDESK_ADMINISTRATOR, AUTHENTICATION_ADMINISTRATOR),
)
READ_MEMBERSHIPS: Final = Access(
    _any("User.Read.All", "GroupMember.Read.All", "Group.Read.All", _DR, _DW), own=_any("User.Read")
)

_GROUP_READ: Final = _any("GroupMember.Read.All", "Group.Read.All", _GROUPS, _DR, _DW)
READ_GROUP: Final = Access(_GROUP_READ, guests="single")
LIST_GROUPS: Final = Access(_GROUP_READ)
WATCH_GROUPS: Final = Access(READERS["group"])
SUBSCRIBE: Final = Access(WATCH_USERS.permissions | WATCH_USERS.own | WATCH_GROUPS.permissions)
"""The door asks for the rights over what is watched once it knows it (graph G59)."""
CREATE_GROUP: Final = Access(_any(_GROUPS), roles=GROUP_ROLES, owner=True)
"""Members too, if the policy allows: the flow decides (graph G66)."""
UPDATE_GROUP: Final = Access(_any(_GROUPS, _DW), roles=GROUP_ROLES, owner=True)
REMOVE_GROUP: Final = Access(_any(_GROUPS), roles=GROUP_ROLES, owner=True)
WRITE_MEMBERS: Final = Access(_any("GroupMember.ReadWrite.All", _GROUPS, _DW), roles=GROUP_ROLES, owner=True)
WRITE_OWNERS: Final = Access(_any(_GROUPS, _DW), roles=GROUP_ROLES, owner=True)

READ_APPS: Final = Access(_any("Application.Read.All", _APPS, _DR, _DW))
CREATE_APP: Final = Access(_any(_APPS), roles=APP_ROLES)
WRITE_APP: Final = Access(_any(_APPS), roles=APP_ROLES, owner=True)
READ_ASSIGNMENTS: Final = Access(_any(_ASSIGN, _DR), own=frozenset())
READ_APP_ASSIGNMENTS: Final = Access(_any(_ASSIGN, _DR, "Application.Read.All"))
WRITE_ASSIGNMENTS: Final = Access(_any(_ASSIGN), roles=APP_ROLES | _any(PRIVILEGED_ROLE_ADMINISTRATOR), owner=True)
READ_GRANTS: Final = Access(_any(_DR, _CONSENT))
WRITE_GRANTS: Final = Access(_any(_CONSENT), roles=APP_ROLES)

READ_ROLES: Final = Access(_any("RoleManagement.Read.Directory", _ROLES, _DR))
WRITE_ROLES: Final = Access(_any(_ROLES), roles=_any(PRIVILEGED_ROLE_ADMINISTRATOR))

READ_ORGANIZATION: Final = Access(_any("Organization.Read.All", _DR, "User.Read"), anybody=True)
READ_POLICIES: Final = Access(_any("Policy.Read.All"))
WRITE_AUTHORIZATION: Final = Access(_any("Policy.ReadWrite.Authorization"), roles=_any(PRIVILEGED_ROLE_ADMINISTRATOR))
WRITE_CROSS_TENANT: Final = Access(_any("Policy.ReadWrite.CrossTenantAccess"), roles=_any(SECURITY_ADMINISTRATOR))
WRITE_DOMAIN_LISTS: Final = Access(_any("Policy.ReadWrite.Authorization"), roles=_any(SECURITY_ADMINISTRATOR))
READ_PROVIDERS: Final = READ_POLICIES
WRITE_PROVIDERS: Final = Access(_any("Policy.ReadWrite.CrossTenantAccess"), roles=_any(SECURITY_ADMINISTRATOR))
"""Home identity providers: as for whom else a directory trusts (docs/decisions)."""
WRITE_ORGANIZATION: Final = Access(_any("Organization.ReadWrite.All"), roles=frozenset())
"""Of delegated callers, Global Administrators only."""
READ_DOMAINS: Final = Access(_any("Domain.Read.All", _DR))
READ_OBJECTS: Final = Access(_any(_DR, _DW))
READ_LOGS: Final = Access(
    _any("AuditLog.Read.All"),
    roles=_any(REPORTS_READER, SECURITY_READER, SECURITY_OPERATOR, SECURITY_ADMINISTRATOR, GLOBAL_READER),
)
EXPLAIN: Final = DELTA_USERS
"""Reading users beyond their basic properties; the door also asks for READ_LOGS."""
