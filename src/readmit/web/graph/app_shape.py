"""How applications and service principals look on the wire (graph G33 to G35)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from readmit.domain import application as rules
from readmit.domain.application import Secret
from readmit.storage.queries_apps import ApplicationRow, PrincipalRow
from readmit.web.graph.render import Item
from readmit.web.graph.times import stamp


def secret_shape(secret: Secret, text: str | None = None) -> dict[str, Any]:
    """A passwordCredential; `text` only in the answer of addPassword (graph G35)."""
    return {
        "customKeyIdentifier": None,
        "displayName": secret.display_name,
        "endDateTime": stamp(secret.ends),
        "hint": secret.hint,
        "keyId": secret.id,
        "secretText": text,
        "startDateTime": stamp(secret.starts),
    }


def _stored(name: str, empty: Any = None) -> Callable[[ApplicationRow], Any]:
    return lambda shown: shown.application.properties.get(name, empty)


def _key_shapes(keys: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Keys without their value, which is written only."""
    return [{**key, "key": None} for key in keys]


def _api(shown: ApplicationRow) -> dict[str, Any]:
    stored: Mapping[str, Any] = shown.application.properties.get("api", {})
    return {
        "acceptMappedClaims": stored.get("acceptMappedClaims"),
        "knownClientApplications": stored.get("knownClientApplications", []),
        "requestedAccessTokenVersion": stored.get("requestedAccessTokenVersion"),
        "oauth2PermissionScopes": stored.get("oauth2PermissionScopes", []),
        "preAuthorizedApplications": stored.get("preAuthorizedApplications", []),
    }


def _web(shown: ApplicationRow) -> dict[str, Any]:
    stored: Mapping[str, Any] = shown.application.properties.get("web", {})
    implicit: Mapping[str, Any] = stored.get("implicitGrantSettings", {})
    return {
        "homePageUrl": stored.get("homePageUrl"),
        "logoutUrl": stored.get("logoutUrl"),
        "redirectUris": shown.application.web_redirect_uris,
        "implicitGrantSettings": {
            "enableAccessTokenIssuance": bool(implicit.get("enableAccessTokenIssuance")),
            "enableIdTokenIssuance": bool(implicit.get("enableIdTokenIssuance")),
        },
    }


_INFO: Final = {
    "logoUrl": None,
    "marketingUrl": None,
    "privacyStatementUrl": None,
    "supportUrl": None,
    "termsOfServiceUrl": None,
}

APPLICATION: Final[dict[str, Callable[[ApplicationRow], Any]]] = {
    "id": lambda shown: shown.application.id,
    "deletedDateTime": lambda shown: stamp(shown.application.deleted),
    "appId": lambda shown: shown.application.app_id,
    "createdDateTime": lambda shown: stamp(shown.application.created),
    "displayName": lambda shown: shown.application.display_name,
    "description": _stored("description"),
    "groupMembershipClaims": _stored("groupMembershipClaims"),
    "identifierUris": lambda shown: shown.application.identifier_uris,
    "isFallbackPublicClient": _stored("isFallbackPublicClient"),
    "notes": _stored("notes"),
    "optionalClaims": _stored("optionalClaims"),
    "publisherDomain": lambda _shown: None,
    "signInAudience": _stored("signInAudience", "AzureADMyOrg"),
    "tags": _stored("tags", ()),
    "uniqueName": _stored("uniqueName"),
    "api": _api,
    "appRoles": lambda shown: shown.application.app_roles,
    "info": lambda shown: {**_INFO, **shown.application.properties.get("info", {})},
    "keyCredentials": lambda shown: _key_shapes(shown.application.properties.get("keyCredentials", ())),
    "passwordCredentials": lambda shown: [secret_shape(secret) for secret in shown.secrets],
    "publicClient": lambda shown: {"redirectUris": shown.application.public_redirect_uris},
    "requiredResourceAccess": _stored("requiredResourceAccess", ()),
    "spa": lambda shown: {"redirectUris": shown.application.spa_redirect_uris},
    "web": _web,
}


def _of_principal(name: str, empty: Any = None) -> Callable[[PrincipalRow], Any]:
    return lambda shown: shown.principal.properties.get(name, empty)


def _names(shown: PrincipalRow) -> list[str]:
    uris = shown.application.identifier_uris if shown.application else ()
    return [shown.principal.app_id, *uris]


PRINCIPAL: Final[dict[str, Callable[[PrincipalRow], Any]]] = {
    "id": lambda shown: shown.principal.id,
    "deletedDateTime": lambda shown: stamp(shown.principal.deleted),
    "accountEnabled": lambda shown: shown.principal.enabled,
    "alternativeNames": _of_principal("alternativeNames", ()),
    "appDisplayName": lambda shown: (
        shown.application.display_name if shown.application else shown.principal.display_name
    ),
    "appId": lambda shown: shown.principal.app_id,
    "appOwnerOrganizationId": lambda shown: shown.application.tenant_id if shown.application else None,
    "appRoleAssignmentRequired": lambda shown: shown.principal.assignment_required,
    "createdDateTime": lambda shown: stamp(shown.principal.created),
    "description": _of_principal("description"),
    "displayName": lambda shown: shown.principal.display_name,
    "homepage": _of_principal("homepage"),
    "logoutUrl": _of_principal("logoutUrl"),
    "notes": _of_principal("notes"),
    "preferredSingleSignOnMode": _of_principal("preferredSingleSignOnMode"),
    "replyUrls": _of_principal("replyUrls", ()),
    "servicePrincipalNames": _names,
    "servicePrincipalType": lambda _shown: "Application",
    "signInAudience": lambda shown: (
        shown.application.properties.get("signInAudience", "AzureADMyOrg") if shown.application else None
    ),
    "tags": _of_principal("tags", ()),
    "appRoles": lambda shown: rules.app_roles_of(shown.principal, shown.application),
    "info": lambda _shown: dict(_INFO),
    "keyCredentials": lambda shown: _key_shapes(shown.principal.properties.get("keyCredentials", ())),
    "oauth2PermissionScopes": lambda shown: rules.scopes_of(shown.principal, shown.application),
    "passwordCredentials": lambda _shown: [],
    "verifiedPublisher": lambda _shown: {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
}
_BETA_NAMES: Final = {"oauth2PermissionScopes": "publishedPermissionScopes"}
"""Beta's own spelling (graph G6)."""


def application_item(shown: ApplicationRow, publisher_domain: str, select: Iterable[str] | None = None) -> Item:
    """An application with the selected properties, or all; its publisher is the tenant, by default domain."""
    names = select if select is not None else APPLICATION
    body = {name: APPLICATION[name](shown) for name in names if name in APPLICATION}
    if "publisherDomain" in body:
        body["publisherDomain"] = publisher_domain
    return Item("application", shown.application.id, body)


def principal_item(shown: PrincipalRow, version: str, select: Iterable[str] | None = None) -> Item:
    """A service principal with the selected properties, or all."""
    names = select if select is not None else PRINCIPAL
    spelled = _BETA_NAMES if version == "beta" else {}
    canonical = {beta: name for name, beta in spelled.items()}
    known = [name for name in names if canonical.get(name, name) in PRINCIPAL]
    body = {spelled.get(name, name): PRINCIPAL[canonical.get(name, name)](shown) for name in known}
    return Item("servicePrincipal", shown.principal.id, body)
