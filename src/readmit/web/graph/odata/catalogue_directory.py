"""The properties of groups, applications and service principals, and where each operator works (graph G39)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from readmit.web.graph.odata.property import Collection, Level, Property, Resource, by_path, element, named

_OWNERS: Final = Collection("owners", "SELECT owner_id AS value FROM owners WHERE object_id = {t}.id", count="A")
_NAME: Final = Property("displayName", "{t}.display_name", "text", "D", "D")
_ORDER: Final[dict[str, tuple[Level, str]]] = {
    "displayName": ("D", "fold({t}.display_name)"),
    "createdDateTime": ("A", "{t}.created_at"),
    "deletedDateTime": ("A", "coalesce({t}.deleted_at, -62135596800000000)"),
}


def _stored(names: str, eq: Level, sw: Level = "") -> Iterator[Property]:
    """Texts in the JSON column `properties`."""
    for name in names.split():
        yield Property(name, "{t}.properties", "text", eq, sw, json=name)


def ids(**columns: str) -> Iterator[Property]:
    """Columns with GUIDs."""
    for name, column in columns.items():
        yield Property(name, f"{{t}}.{column}", "guid", "D")


_PROXY: Final = "SELECT 'SMTP:' || {t}.mail AS value WHERE {t}.mail IS NOT NULL"
GROUP: Final = Resource(
    "group",
    "Group",
    "groups",
    by_path(
        Property("id", "{t}.id", "guid", "D"),
        _NAME,
        Property("mail", "{t}.mail", "address", "D", "D", key="{t}.mail_key"),
        Property("mailNickname", "{t}.mail_nickname", "text", "D", "D"),
        Property("uniqueName", "{t}.unique_name", "text", "D", "D"),
        Property("mailEnabled", "{t}.mail_enabled", "flag", "D"),
        Property("securityEnabled", "{t}.security_enabled", "flag", "D"),
        Property("isAssignableToRole", "{t}.is_assignable_to_role", "flag", "D"),
        Property("onPremisesSyncEnabled", "NULL", "flag", "D"),
        Collection("groupTypes", "{t}.group_types", element("groupTypes")),
        Collection("proxyAddresses", _PROXY, element("proxyAddresses", "address", sw="D")),
        Property("createdDateTime", "{t}.created_at", "time", "A"),
        Property("description", "{t}.description", "text", "A", "A"),
        _OWNERS,
    ),
    unfilterable=named(
        "classification deletedDateTime expirationDateTime membershipRule membershipRuleProcessingState"
        " onPremisesDomainName onPremisesLastSyncDateTime onPremisesNetBiosName onPremisesSamAccountName"
        " onPremisesSecurityIdentifier onPremisesProvisioningErrors preferredDataLocation preferredLanguage"
        " renewedDateTime securityIdentifier theme visibility creationOptions resourceBehaviorOptions"
        " resourceProvisioningOptions"
    ),
    sortable={**_ORDER, "mail": ("A", "coalesce({t}.mail_key, '')")},
    tokens=named("displayName description"),
)
_REDIRECTS: Final = {
    "web": "{t}.web_redirect_uris",
    "spa": "{t}.spa_redirect_uris",
    "publicClient": "{t}.public_redirect_uris",
}
APPLICATION: Final = Resource(
    "application",
    "Application",
    "applications",
    by_path(
        *ids(id="id", appId="app_id"),
        _NAME,
        Property("createdDateTime", "{t}.created_at", "time", "D", cmp="D"),
        Property(
            "publisherDomain",
            "(SELECT d.name FROM domains d WHERE d.tenant_id = {t}.tenant_id AND d.is_default = 1)",
            "address",
            "D",
            "D",
        ),
        Property(
            "signInAudience",
            "coalesce(json_extract({t}.properties, '$.signInAudience'), 'AzureADMyOrg')",
            "choice",
            "D",
            choices=("AzureADMyOrg", "AzureADMultipleOrgs"),
        ),
        *_stored("uniqueName", "D", "D"),
        Collection("identifierUris", "{t}.identifier_uris", element("identifierUris", sw="D")),
        Collection("tags", "{t}.properties", element("tags", sw="D"), json="tags"),
        *_stored("description notes", "A"),
        *(
            Collection(f"{name}/redirectUris", column, element("redirectUris", eq="A"))
            for name, column in _REDIRECTS.items()
        ),
        _OWNERS,
    ),
    unfilterable=named(
        "deletedDateTime groupMembershipClaims isFallbackPublicClient optionalClaims api appRoles info keyCredentials"
        " passwordCredentials publicClient requiredResourceAccess spa web"
    ),
    sortable=_ORDER,
    tokens=named("displayName description"),
)
_NAMES: Final = (
    "SELECT {t}.app_id AS value UNION ALL SELECT n.value FROM applications a, json_each(a.identifier_uris) n"
    " WHERE a.app_id = {t}.app_id AND a.deleted_at IS NULL"
)
SERVICE_PRINCIPAL: Final = Resource(
    "servicePrincipal",
    "ServicePrincipal",
    "service_principals",
    by_path(
        *ids(id="id", appId="app_id"),
        _NAME,
        Property("accountEnabled", "{t}.account_enabled", "flag", "D"),
        Property("servicePrincipalType", "'Application'", "choice", "D", choices=("Application",)),
        *_stored("preferredSingleSignOnMode", "D"),
        Collection("servicePrincipalNames", _NAMES, element("servicePrincipalNames", sw="D")),
        Collection("alternativeNames", "{t}.properties", element("alternativeNames", sw="D"), json="alternativeNames"),
        Collection("tags", "{t}.properties", element("tags", sw="D"), json="tags"),
        Property(
            "appOwnerOrganizationId",
            "(SELECT a.tenant_id FROM applications a WHERE a.app_id = {t}.app_id AND a.deleted_at IS NULL"
            " ORDER BY a.created_at LIMIT 1)",
            "guid",
            "A",
        ),
        Property("appRoleAssignmentRequired", "{t}.assignment_required", "flag", "A"),
        *_stored("description notes", "A"),
    ),
    unfilterable=named(
        "deletedDateTime appDisplayName createdDateTime homepage logoutUrl replyUrls signInAudience appRoles info"
        " keyCredentials oauth2PermissionScopes publishedPermissionScopes passwordCredentials verifiedPublisher"
    ),
    sortable=_ORDER,
    tokens=named("displayName description"),
)
