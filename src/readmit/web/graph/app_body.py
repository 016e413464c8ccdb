"""Reads the bodies of applications, service principals, secrets and assignments (graph G33 to G38)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from readmit.domain import redirect
from readmit.domain.errors import ReadOnly, WrongType
from readmit.flows.app_secrets import NewSecret
from readmit.web.graph.app_shape import APPLICATION, PRINCIPAL
from readmit.web.graph.body import Properties
from readmit.web.graph.key_body import read_keys
from readmit.web.graph.references import UUID
from readmit.web.graph.times import parsed

Reader = Callable[[Properties, str], Any]

_ROLE: Final = ("allowedMemberTypes", "displayName", "description", "id", "isEnabled", "origin", "value")
_SCOPE: Final = (
    "adminConsentDescription",
    "adminConsentDisplayName",
    "id",
    "isEnabled",
    "origin",
    "type",
    "userConsentDescription",
    "userConsentDisplayName",
    "value",
)
_WEB: Final = ("homePageUrl", "logoutUrl", "redirectUris", "implicitGrantSettings", "redirectUriSettings")
_API: Final = (
    "acceptMappedClaims",
    "knownClientApplications",
    "oauth2PermissionScopes",
    "preAuthorizedApplications",
    "requestedAccessTokenVersion",
)
_MEMBER_TYPES: Final = ("User", "Application")


def read_application(members: dict[str, Any], *, new: bool) -> dict[str, Any]:
    """Checked values of a body of POST or PATCH; `uniqueName` at creation only. Raises M3 to M6."""
    readers = {**_APPLICATION_READERS, "uniqueName": _text(128)} if new else _APPLICATION_READERS
    return _read(members, APPLICATION, readers, "Application")


def read_principal(members: dict[str, Any], *, new: bool) -> dict[str, Any]:
    """Checked values; `appId` at creation only."""
    readers = {**_PRINCIPAL_READERS, "appId": _guid} if new else _PRINCIPAL_READERS
    return _read(members, PRINCIPAL, readers, "ServicePrincipal")


def read_secret(members: dict[str, Any]) -> NewSecret:
    """The body of addPassword."""
    body = Properties(members, ("passwordCredential",), resource="PasswordCredential")
    names = ("displayName", "startDateTime", "endDateTime", "keyId", "secretText", "hint", "customKeyIdentifier")
    inner = body.inner("passwordCredential", names)
    if inner is None:
        return NewSecret()
    for name in ("keyId", "secretText", "hint"):
        if inner.raw(name) is not None:
            raise ReadOnly(name, "PasswordCredential")
    return NewSecret(
        inner.text("displayName", limit=120), _moment(inner, "startDateTime"), _moment(inner, "endDateTime")
    )


def read_key_id(members: dict[str, Any]) -> str:
    """The body of removePassword."""
    return _guid(Properties(members, ("keyId",), resource="PasswordCredential"), "keyId")


def needed_guid(body: Properties, name: str) -> str:
    """A GUID that must be there, in lower case."""
    return _guid(body, name)


def _read(members: dict[str, Any], known: dict[str, Any], readers: dict[str, Reader], resource: str) -> dict[str, Any]:
    body = Properties(members, known, resource=resource)
    for name in body:
        if name not in readers:
            raise ReadOnly(name, resource)
    return {name: readers[name](body, name) for name in body}


def _guid(body: Properties, name: str) -> str:
    text = body.needed_text(name)
    if not UUID.fullmatch(text):
        raise body.refuse_value(name)
    return text.lower()


def _moment(body: Properties, name: str) -> datetime | None:
    given = body.text(name)
    if given is None:
        return None
    try:
        return parsed(given)
    except ValueError as error:
        raise body.refuse_value(name) from error


def _text(limit: int) -> Reader:
    return lambda body, name: body.text(name, limit=limit, multiline=name in ("description", "notes")) or None


def _flag(body: Properties, name: str) -> bool | None:
    return body.flag(name, nullable=True)


def _needed_flag(body: Properties, name: str) -> bool | None:
    return body.flag(name)


def _texts(body: Properties, name: str) -> list[str]:
    return body.texts(name, limit=256) or []


def _uris(body: Properties, name: str) -> list[str]:
    """Redirect URIs that a browser can be sent to as they are, each once."""
    given = body.texts(name, limit=2048) or []
    if not all(redirect.usable(uri) for uri in given):
        raise body.refuse_value(name)
    if len(set(given)) != len(given):
        raise body.refuse_value(name)
    return given


def _platform(body: Properties, name: str) -> dict[str, Any] | None:
    inner = body.inner(name, ("redirectUris",))
    return None if inner is None else {"redirectUris": _uris(inner, "redirectUris") if "redirectUris" in inner else []}


def _web(body: Properties, name: str) -> dict[str, Any] | None:
    inner = body.inner(name, _WEB)
    if inner is None:
        return None
    values: dict[str, Any] = {}
    for member in inner:
        if member == "redirectUris":
            values[member] = _uris(inner, member)
        elif member in ("homePageUrl", "logoutUrl"):
            values[member] = inner.text(member, limit=2048)
        elif member == "implicitGrantSettings":
            flags = inner.inner(member, ("enableAccessTokenIssuance", "enableIdTokenIssuance"))
            values[member] = {flag: bool(flags.flag(flag, nullable=True)) for flag in flags} if flags else {}
    return values


def _api(body: Properties, name: str) -> dict[str, Any] | None:
    inner = body.inner(name, _API)
    if inner is None:
        return None
    values: dict[str, Any] = {}
    for member in inner:
        if member == "oauth2PermissionScopes":
            values[member] = [_scope(scope) for scope in inner.each(member, _SCOPE) or []]
        elif member == "requestedAccessTokenVersion":
            version = inner.raw(member)
            if version not in (None, 1, 2):
                raise inner.refuse_value(member)
            values[member] = version
        elif member == "knownClientApplications":
            values[member] = inner.texts(member) or []
        else:
            values[member] = inner.raw(member)
    return values


def _scope(scope: Properties) -> dict[str, Any]:
    whole = {name: scope.text(name, limit=1024) for name in _SCOPE if name not in ("id", "isEnabled", "origin")}
    enabled = scope.flag("isEnabled", nullable=True)
    return {**whole, "id": _guid(scope, "id"), "isEnabled": enabled is not False}


def _roles(body: Properties, name: str) -> list[dict[str, Any]]:
    roles = [_role(role) for role in body.each(name, _ROLE) or []]
    for key in ("id", "value"):
        found = [role[key] for role in roles if role[key] is not None]
        if len(set(found)) != len(found):
            raise body.refuse_value(name)
    return roles


def _role(role: Properties) -> dict[str, Any]:
    kinds = role.texts("allowedMemberTypes") or []
    if not kinds or not set(kinds) <= set(_MEMBER_TYPES):
        raise role.refuse_value("allowedMemberTypes")
    return {
        "allowedMemberTypes": kinds,
        "description": role.text("description", limit=1024),
        "displayName": role.needed_text("displayName", limit=256),
        "id": _guid(role, "id"),
        "isEnabled": role.flag("isEnabled", nullable=True) is not False,
        "origin": "Application",
        "value": role.text("value", limit=250),
    }


def _objects(body: Properties, name: str) -> list[dict[str, Any]]:
    """A list of complex values that readmit keeps and does not read."""
    value = body.raw(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise WrongType(name)
    return value


def _object(body: Properties, name: str) -> dict[str, Any] | None:
    value = body.raw(name)
    if value is not None and not isinstance(value, dict):
        raise WrongType(name)
    return value


_APPLICATION_READERS: Final[dict[str, Reader]] = {
    "displayName": _text(256),
    "description": _text(1024),
    "notes": _text(1024),
    "signInAudience": _text(64),
    "groupMembershipClaims": _text(256),
    "identifierUris": _texts,
    "tags": _texts,
    "appRoles": _roles,
    "api": _api,
    "web": _web,
    "spa": _platform,
    "publicClient": _platform,
    "requiredResourceAccess": _objects,
    "optionalClaims": _object,
    "keyCredentials": read_keys,
    "isFallbackPublicClient": _flag,
    "info": _object,
}
_PRINCIPAL_READERS: Final[dict[str, Reader]] = {
    "accountEnabled": _needed_flag,
    "appRoleAssignmentRequired": _needed_flag,
    "displayName": _text(256),
    "description": _text(1024),
    "notes": _text(1024),
    "homepage": _text(2048),
    "logoutUrl": _text(2048),
    "replyUrls": _uris,
    "tags": _texts,
    "alternativeNames": _texts,
    "preferredSingleSignOnMode": _text(32),
    "keyCredentials": read_keys,
}
