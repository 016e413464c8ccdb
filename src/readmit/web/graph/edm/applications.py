"""Applications, service principals, and what is granted to whom, as types (graph G33 to G38)."""

from __future__ import annotations

from typing import Final

from readmit.web.graph.edm.types import Structure, action, complex, entity

_PASSWORDS: Final = {
    "addPassword": action("passwordCredential passwordCredential?", returns="passwordCredential"),
    "removePassword": action("keyId Guid"),
}
_APPLICATION: Final = """
    appId String? r
    createdDateTime DateTimeOffset? r
    displayName String?
    description String?
    groupMembershipClaims String?
    identifierUris String*
    isFallbackPublicClient Boolean?
    notes String?
    optionalClaims optionalClaims?
    publisherDomain String? r
    signInAudience String?
    tags String*
    uniqueName String?
    api apiApplication?
    appRoles appRole*
    info informationalUrl?
    keyCredentials keyCredential*
    passwordCredentials passwordCredential* r
    publicClient publicClientApplication?
    requiredResourceAccess requiredResourceAccess*
    spa spaApplication?
    web webApplication?
"""
_PRINCIPAL: Final = """
    accountEnabled Boolean?
    alternativeNames String*
    appDisplayName String? r
    appId String?
    appOwnerOrganizationId Guid? r
    appRoleAssignmentRequired Boolean
    createdDateTime DateTimeOffset? r
    description String?
    displayName String?
    homepage String?
    logoutUrl String?
    notes String?
    preferredSingleSignOnMode String?
    replyUrls String*
    servicePrincipalNames String* r
    servicePrincipalType String? r
    signInAudience String? r
    tags String*
    appRoles appRole* r
    info informationalUrl? r
    keyCredentials keyCredential*
    oauth2PermissionScopes permissionScope* r v1.0
    publishedPermissionScopes permissionScope* r beta
    passwordCredentials passwordCredential* r
    verifiedPublisher verifiedPublisher? r
"""
_PRINCIPAL_TO: Final = """
    appRoleAssignedTo appRoleAssignment*
    appRoleAssignments appRoleAssignment*
    owners directoryObject*
    memberOf directoryObject*
    transitiveMemberOf directoryObject*
    ownedObjects directoryObject*
    oauth2PermissionGrants oAuth2PermissionGrant*
"""
_ASSIGNMENT: Final = """
    appRoleId Guid
    createdDateTime DateTimeOffset? r v1.0
    creationTimestamp DateTimeOffset? r beta
    principalDisplayName String? r
    principalId Guid?
    principalType String? r
    resourceDisplayName String? r
    resourceId Guid?
"""
_GRANT: Final = """
    clientId String
    consentType String?
    principalId String?
    resourceId String
    scope String?
"""
_SCOPE: Final = """
    id Guid
    adminConsentDescription String?
    adminConsentDisplayName String?
    isEnabled Boolean
    origin String?
    type String?
    userConsentDescription String?
    userConsentDisplayName String?
    value String?
"""
_ROLE: Final = """
    id Guid
    allowedMemberTypes String*
    description String?
    displayName String?
    isEnabled Boolean
    origin String?
    value String?
"""
_CREDENTIAL: Final = """
    customKeyIdentifier Binary?
    displayName String?
    endDateTime DateTimeOffset?
    hint String?
    keyId Guid?
    secretText String?
    startDateTime DateTimeOffset?
"""
_API: Final = """
    acceptMappedClaims Boolean?
    knownClientApplications Guid*
    oauth2PermissionScopes permissionScope*
    preAuthorizedApplications preAuthorizedApplication*
    requestedAccessTokenVersion Int32?
"""
_DEFINITION: Final = """
    description String? r
    displayName String? r
    isBuiltIn Boolean? r
    isEnabled Boolean? r
    resourceScopes String* r
    rolePermissions unifiedRolePermission* r
    templateId String? r
    version String? r
"""

TYPES: Final[tuple[Structure, ...]] = (
    entity("application", _APPLICATION, base="directoryObject", to="owners directoryObject*", operations=_PASSWORDS),
    entity("servicePrincipal", _PRINCIPAL, base="directoryObject", to=_PRINCIPAL_TO, operations=_PASSWORDS),
    entity("appRoleAssignment", _ASSIGNMENT, base="directoryObject"),
    entity("oAuth2PermissionGrant", _GRANT, base="entity"),
    entity(
        "directoryRole",
        "description String? r\ndisplayName String? r\nroleTemplateId String?",
        base="directoryObject",
        to="members directoryObject*",
    ),
    entity("directoryRoleTemplate", "description String? r\ndisplayName String? r", base="directoryObject"),
    entity("unifiedRoleDefinition", _DEFINITION, base="entity"),
    entity(
        "unifiedRoleAssignment",
        "directoryScopeId String?\nprincipalId String?\nroleDefinitionId String?",
        base="entity",
        to="principal directoryObject?\nroleDefinition unifiedRoleDefinition?",
    ),
    entity(
        "rbacApplication",
        base="entity",
        to="roleDefinitions unifiedRoleDefinition*\nroleAssignments unifiedRoleAssignment*",
    ),
    entity("roleManagement", base="entity", to="directory rbacApplication"),
    complex("unifiedRolePermission", open=True),
    complex("appRole", _ROLE),
    complex("permissionScope", _SCOPE),
    complex("passwordCredential", _CREDENTIAL),
    complex("keyCredential", open=True),
    complex("apiApplication", _API),
    complex("preAuthorizedApplication", open=True),
    complex("requiredResourceAccess", open=True),
    complex("optionalClaims", open=True),
    complex("informationalUrl", open=True),
    complex("publicClientApplication", "redirectUris String*"),
    complex("spaApplication", "redirectUris String*"),
    complex(
        "webApplication",
        "homePageUrl String?\nimplicitGrantSettings implicitGrantSettings?\nlogoutUrl String?\nredirectUris String*",
    ),
    complex("implicitGrantSettings", "enableAccessTokenIssuance Boolean?\nenableIdTokenIssuance Boolean?"),
    complex("verifiedPublisher", "addedDateTime DateTimeOffset?\ndisplayName String?\nverifiedPublisherId String?"),
)
