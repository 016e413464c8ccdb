"""Applications, their service principals, roles and what is granted between them (graph G33 to G38)."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from readmit.domain.errors import InvalidValue, NotAReference, UnsupportedQuery
from readmit.domain.graph_permissions import GRAPH_APP_ID, PERMISSIONS

DEFAULT_ACCESS: Final = "00000000-0000-0000-0000-000000000000"
"""The app role of a resource that has none for that kind of principal (graph G36)."""

PrincipalType = Literal["User", "Group", "ServicePrincipal"]
ConsentType = Literal["AllPrincipals", "Principal"]


@dataclass(frozen=True, slots=True)
class Application:
    """An application object. Complex properties stand in `properties` by their Graph names."""

    id: str
    tenant_id: str
    app_id: str
    display_name: str
    created: datetime
    app_roles: tuple[Mapping[str, Any], ...] = ()
    web_redirect_uris: tuple[str, ...] = ()
    spa_redirect_uris: tuple[str, ...] = ()
    public_redirect_uris: tuple[str, ...] = ()
    identifier_uris: tuple[str, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    deleted: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServicePrincipal:
    """An application in a tenant. `epoch` is that of its app-only tokens (graph G77, `rm_gid`)."""

    id: str
    tenant_id: str
    app_id: str
    display_name: str
    created: datetime
    enabled: bool = True
    assignment_required: bool = False
    hidden: bool = False
    properties: Mapping[str, Any] = field(default_factory=dict)
    epoch: int = 1
    deleted: datetime | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """A client secret as it is kept; the text is shown once (graph G35, security N8)."""

    id: str
    application_id: str
    kind: Literal["sha256", "argon2"]
    hash: str = field(repr=False)
    hint: str | None
    display_name: str | None
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who has which app role of which service principal (graph G36)."""

    id: str
    tenant_id: str
    principal_id: str
    principal_type: PrincipalType
    resource_id: str
    app_role_id: str
    created: datetime


@dataclass(frozen=True, slots=True)
class PermissionGrant:
    """Delegated permissions of a client on a resource, for everybody or one user (graph G38)."""

    id: str
    tenant_id: str
    client_id: str
    resource_id: str
    consent_type: ConsentType
    principal_id: str | None
    scope: str


def assignment_id(principal_id: str, sixteen: bytes) -> str:
    """Graph G37: base64url of the principal's id in mixed-endian order and 16 random bytes, 43 characters."""
    return base64.urlsafe_b64encode(uuid.UUID(principal_id).bytes_le + sixteen).decode().rstrip("=")


def checked_assignment_id(given: str) -> str:
    """The id if it has the form of graph G37; raises UnsupportedQuery with that rule's text."""
    try:
        whole = base64.b64decode(f"{given}=".encode(), altchars=b"-_", validate=True) if len(given) == 43 else b""
    except (binascii.Error, ValueError):
        whole = b""
    if len(whole) != 32:
        raise UnsupportedQuery("Invalid resource identifier for EntitlementGrant.", "Request_BadRequest")
    return given


def check_role_fits(roles: Iterable[Mapping[str, Any]], role_id: str, principal_type: PrincipalType) -> None:
    """The role must be an enabled one of the resource for that kind of principal. Raises NotAReference (M18)."""
    wanted = "Application" if principal_type == "ServicePrincipal" else "User"
    fitting = {role["id"] for role in roles if role.get("isEnabled", True) and wanted in role["allowedMemberTypes"]}
    if role_id not in fitting and (role_id != DEFAULT_ACCESS or fitting):
        raise NotAReference


def check_entitlements(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> None:
    """An enabled role or scope is disabled before it is changed away (graph G35)."""
    kept = {entry["id"] for entry in after}
    for entry in before:
        if entry.get("isEnabled", True) and entry["id"] not in kept:
            raise UnsupportedQuery(
                "Permission (scope or role) cannot be deleted or updated unless disabled first.",
                "CannotDeleteOrUpdateEnabledEntitlement",
            )


_GRAPH_ROLES: Final = tuple(
    {
        "allowedMemberTypes": ["Application"],
        "description": permission.name,
        "displayName": permission.name,
        "id": permission.role_id,
        "isEnabled": True,
        "origin": "Application",
        "value": permission.name,
    }
    for permission in PERMISSIONS
    if permission.role_id is not None
)
_GRAPH_SCOPES: Final = tuple(
    {
        "adminConsentDescription": permission.name,
        "adminConsentDisplayName": permission.name,
        "id": permission.scope_id,
        "isEnabled": True,
        "type": "User" if permission.role_id is None else "Admin",
        "userConsentDescription": None,
        "userConsentDisplayName": None,
        "value": permission.name,
    }
    for permission in PERMISSIONS
)


def app_roles_of(principal: ServicePrincipal, application: Application | None) -> tuple[Mapping[str, Any], ...]:
    """The roles that can be granted on a service principal (graph G34, G80)."""
    if principal.app_id == GRAPH_APP_ID:
        return _GRAPH_ROLES
    return application.app_roles if application is not None else ()


def scopes_of(principal: ServicePrincipal, application: Application | None) -> tuple[Mapping[str, Any], ...]:
    """The delegated permissions that a service principal offers."""
    if principal.app_id == GRAPH_APP_ID:
        return _GRAPH_SCOPES
    return tuple(application.properties.get("api", {}).get("oauth2PermissionScopes", ())) if application else ()


# ------------------------------------------------------------ what may change

_AUDIENCES: Final = ("AzureADMyOrg", "AzureADMultipleOrgs")
_URI_COLUMNS: Final = {"web": "web_redirect_uris", "spa": "spa_redirect_uris", "publicClient": "public_redirect_uris"}
_MERGED: Final = ("api", "web")
"""Complex properties of which a PATCH writes the members that it names."""


def usable_in(application: Application, tenant_id: str) -> bool:
    """Whether a tenant may have a service principal of it."""
    return application.tenant_id == tenant_id or application.properties.get("signInAudience") == "AzureADMultipleOrgs"


def changed_application(before: Application, values: Mapping[str, Any]) -> Application:
    """The application with checked values written over. Raises InvalidValue (M6), UnsupportedQuery (graph G35)."""
    audience = values.get("signInAudience")
    if audience is not None and audience not in _AUDIENCES:
        raise InvalidValue("signInAudience", "Application")
    fields: dict[str, Any] = {}
    properties = dict(before.properties)
    for name, value in values.items():
        if name == "displayName":
            fields["display_name"] = value
        elif name == "identifierUris":
            fields["identifier_uris"] = tuple(value or ())
        elif name == "appRoles":
            fields["app_roles"] = tuple(value or ())
        elif name == "keyCredentials":
            properties[name] = merged_keys(before.properties, value or (), "Application")
        else:
            rest = _take_uris(name, value, fields)
            if rest is not None:
                properties[name] = {**properties.get(name, {}), **rest} if name in _MERGED else rest
            elif value is None:
                properties.pop(name, None)
    after = replace(before, **fields, properties=properties)
    if not after.display_name:
        raise InvalidValue("displayName", "Application")
    check_entitlements(before.app_roles, after.app_roles)
    check_entitlements(_scopes(before), _scopes(after))
    return after


def _take_uris(name: str, value: Any, fields: dict[str, Any]) -> Any:
    """Put the redirect URIs of a platform where they are looked up; what is left of the value."""
    if name not in _URI_COLUMNS or value is None:
        return value
    if "redirectUris" in value:
        fields[_URI_COLUMNS[name]] = tuple(value["redirectUris"] or ())
    rest = {member: inner for member, inner in value.items() if member != "redirectUris"}
    return rest if name in _MERGED else None


def _scopes(application: Application) -> tuple[Mapping[str, Any], ...]:
    return tuple(application.properties.get("api", {}).get("oauth2PermissionScopes", ()))


def changed_principal(before: ServicePrincipal, values: Mapping[str, Any]) -> ServicePrincipal:
    """The service principal with checked values written over. Raises InvalidValue (M6)."""
    fields: dict[str, Any] = {}
    properties = dict(before.properties)
    columns = {
        "displayName": "display_name",
        "accountEnabled": "enabled",
        "appRoleAssignmentRequired": "assignment_required",
    }
    for name, value in values.items():
        if name in columns:
            if value is None:
                raise InvalidValue(name, "ServicePrincipal")
            fields[columns[name]] = value
        elif name == "keyCredentials":
            properties[name] = merged_keys(before.properties, value or (), "ServicePrincipal")
        elif value is None:
            properties.pop(name, None)
        else:
            properties[name] = value
    return replace(before, **fields, properties=properties)


def merged_keys(
    properties: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]], resource: str
) -> list[Mapping[str, Any]]:
    """The new list of keyCredentials; an entry without its key is the one that is there. Raises InvalidValue (M6)."""
    there = {key["keyId"]: key for key in properties.get("keyCredentials", ())}
    merged = [key if key.get("key") else there.get(key["keyId"]) for key in wanted]
    kept = [key for key in merged if key is not None]
    if len(kept) != len(merged) or len({key["keyId"] for key in kept}) != len(kept):
        raise InvalidValue("keyCredentials", resource)
    return kept


def lost_a_key(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a keyCredential went: the tokens that it brought end (graph G77)."""
    left = {key["keyId"] for key in after.get("keyCredentials", ())}
    return any(key["keyId"] not in left for key in before.get("keyCredentials", ()))
