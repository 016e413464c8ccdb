"""The properties of audit events, sign-ins and what is assigned, and where each operator works (graph G39, G42)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from readmit.domain.sign_in_log import PORTALS
from readmit.web.graph.odata.catalogue_directory import ids
from readmit.web.graph.odata.property import Collection, Kind, Level, Property, Resource, by_path, members, named


def _actor(type: str, **members: str) -> Iterator[Property]:
    """The one who acted; what names him stands beside the event (security J2)."""
    for name, sql in members.items():
        kind: Kind = "guid" if name in ("id", "appId") else "address" if name == "userPrincipalName" else "text"
        starts: Level = "D" if name == "userPrincipalName" else ""
        path = f"initiatedBy/{type}/{name}"
        yield Property(path, f"CASE WHEN {{t}}.actor_type = '{type}' THEN {sql} END", kind, "D", starts)


def _name_of(column: str, name: str) -> str:
    return (
        f"(SELECT json_extract(n.body, '$.{name}') FROM audit_names n"  # noqa: S608 - constants
        f" WHERE n.event_id = {{t}}.id AND n.subject_id = {column})"
    )


_ACTOR_NAME: Final = _name_of("{t}.actor_id", "displayName")
_TARGETS: Final = (
    "SELECT json_object('id', {t}.target_id, 'displayName', "
    + _name_of("{t}.target_id", "displayName")
    + ", 'userPrincipalName', "
    + _name_of("{t}.target_id", "userPrincipalName")
    + ") AS value WHERE {t}.target_id IS NOT NULL"
)
DIRECTORY_AUDIT: Final = Resource(
    "directoryAudit",
    "DirectoryAudit",
    "audit_events",
    by_path(
        Property("id", "{t}.id", "text", "D"),
        Property("correlationId", "{t}.correlation_id", "guid", "D"),
        Property("loggedByService", "{t}.service", "text", "D"),
        Property("category", "{t}.category", "text", "D"),
        Property("result", "{t}.result", "choice", "D", choices=("success", "failure")),
        Property("activityDateTime", "{t}.at", "time", "D", cmp="D"),
        Property("activityDisplayName", "{t}.activity", "text", "D", "D"),
        *_actor(
            "user",
            id="{t}.actor_id",
            displayName=_ACTOR_NAME,
            userPrincipalName=_name_of("{t}.actor_id", "userPrincipalName"),
        ),
        *_actor(
            "app",
            appId="(SELECT s.app_id FROM service_principals s WHERE s.id = {t}.actor_id)",
            displayName=_ACTOR_NAME,
        ),
        Collection(
            "targetResources",
            _TARGETS,
            members=(
                *members(["id"], "guid"),
                *members(["displayName"], sw=["displayName"]),
                *members(["userPrincipalName"], "address", sw=["userPrincipalName"]),
            ),
        ),
    ),
    unfilterable=named("resultReason operationType initiatedBy additionalDetails userAgent"),
    sortable={"activityDateTime": ("D", "{t}.at")},
    order=(("activityDateTime", True),),
)
_PORTAL: Final = " ".join(f"WHEN '{id}' THEN '{name}'" for id, name in PORTALS.items())


def _of_user(name: str, column: str, kind: Kind = "text") -> Property:
    """The user as he is now: the log keeps his id only (security J2)."""
    return Property(name, _user(column), kind, "D", "D", null="D")


def _user(column: str) -> str:
    return f"(SELECT x.{column} FROM users x WHERE x.id = {{t}}.user_id)"  # noqa: S608 - constants


def _name_of_app(column: str) -> str:
    return (
        f"(SELECT s.display_name FROM service_principals s WHERE s.app_id = {{t}}.{column}"  # noqa: S608 - constants
        " AND s.tenant_id = {t}.resource_tenant_id)"
    )


SIGN_IN: Final = Resource(
    "signIn",
    "SignIn",
    "sign_in_events",
    by_path(
        *ids(
            id="id",
            userId="user_id",
            appId="app_id",
            correlationId="correlation_id",
            homeTenantId="home_tenant_id",
            resourceTenantId="resource_tenant_id",
        ),
        Property("createdDateTime", "{t}.at", "time", "D", cmp="D"),
        _of_user("userPrincipalName", "upn", "address"),
        _of_user("userDisplayName", "display_name"),
        Property("userType", _user("user_type"), "choice", "D", choices=("Guest", "Member")),
        Property("appDisplayName", f"CASE {{t}}.app_id {_PORTAL} ELSE {_name_of_app('app_id')} END", "text", "D", "D"),
        Property("resourceDisplayName", f"coalesce({_name_of_app('resource')}, {{t}}.resource)", "text", "D", "D"),
        Property("ipAddress", "{t}.ip", "text", "D", "D"),
        Property("isInteractive", "{t}.interactive", "flag", "D"),
        Property(
            "crossTenantAccessType",
            "CASE {t}.cross_tenant WHEN 1 THEN 'b2bCollaboration' ELSE 'none' END",
            "choice",
            "D",
            choices=("b2bCollaboration", "none"),
        ),
        Property("status/errorCode", "{t}.error", "number", "D", cmp="D"),
    ),
    unfilterable=named("clientAppUsed status"),
    sortable={"createdDateTime": ("D", "{t}.at")},
    order=(("createdDateTime", True),),
)
APP_ROLE_ASSIGNMENT: Final = Resource(
    "appRoleAssignment",
    "AppRoleAssignment",
    "app_role_assignments",
    by_path(
        # Its id is case-sensitive (graph G37); the others are GUIDs.
        *ids(appRoleId="app_role_id", principalId="principal_id", resourceId="resource_id"),
        Property("id", "{t}.id", "exact", "D"),
        Property("principalType", "{t}.principal_type", "choice", "D", choices=("User", "Group", "ServicePrincipal")),
        Property(
            "principalDisplayName",
            "coalesce((SELECT x.display_name FROM users x WHERE x.id = {t}.principal_id),"
            " (SELECT x.display_name FROM groups x WHERE x.id = {t}.principal_id),"
            " (SELECT x.display_name FROM service_principals x WHERE x.id = {t}.principal_id))",
            "text",
            "D",
            "D",
        ),
    ),
    unfilterable=named("createdDateTime creationTimestamp deletedDateTime resourceDisplayName"),
)
GRANT: Final = Resource(
    "oAuth2PermissionGrant",
    "OAuth2PermissionGrant",
    "permission_grants",
    by_path(
        Property("id", "{t}.id", "exact", "D"),
        *ids(clientId="client_id", principalId="principal_id", resourceId="resource_id"),
        Property("consentType", "{t}.consent_type", "choice", "D", choices=("AllPrincipals", "Principal")),
    ),
    unfilterable=named("scope"),
)
ROLE_ASSIGNMENT: Final = Resource(
    "unifiedRoleAssignment",
    "UnifiedRoleAssignment",
    "role_assignments",
    by_path(
        Property("id", "{t}.id", "exact", "D"),
        *ids(principalId="principal_id", roleDefinitionId="role_id"),
    ),
    unfilterable=named("directoryScopeId"),
)
