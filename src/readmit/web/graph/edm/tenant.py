"""The tenant, its policies and its logs as types (graph G40 to G46)."""

from __future__ import annotations

from typing import Final

from readmit.web.graph.edm.types import Structure, Type, action, complex, entity

_AUDIT: Final = """
    activityDateTime DateTimeOffset r
    activityDisplayName String r
    additionalDetails keyValue* r
    category String r
    correlationId String? r
    initiatedBy auditActivityInitiator r
    loggedByService String? r
    operationType String? r
    result String? r
    resultReason String? r
    targetResources targetResource* r
    userAgent String? r beta
"""
_SIGN_IN: Final = """
    appDisplayName String? r
    appId String? r
    clientAppUsed String? r
    correlationId String? r
    createdDateTime DateTimeOffset r
    crossTenantAccessType String? r
    homeTenantId String? r
    ipAddress String? r
    isInteractive Boolean? r
    resourceDisplayName String? r
    resourceTenantId String? r
    status signInStatus? r
    userDisplayName String? r
    userId String? r
    userPrincipalName String? r
    userType String? r
"""
_ORGANIZATION: Final = """
    assignedPlans assignedPlan* r
    businessPhones String* r
    countryLetterCode String? r
    createdDateTime DateTimeOffset? r
    displayName String? r
    preferredLanguage String?
    privacyProfile privacyProfile?
    technicalNotificationMails String*
    tenantType String? r
    verifiedDomains verifiedDomain* r
"""
_DOMAIN: Final = """
    authenticationType String r
    availabilityStatus String? r
    isAdminManaged Boolean r
    isDefault Boolean r
    isInitial Boolean r
    isRoot Boolean r
    isVerified Boolean r
    state domainState? r
    supportedServices String* r
"""
_AUTHORIZATION: Final = """
    allowEmailVerifiedUsersToJoinOrganization Boolean
    allowInvitesFrom String?
    allowUserConsentForRiskyApps Boolean?
    allowedToSignUpEmailBasedSubscriptions Boolean
    allowedToUseSSPR Boolean
    blockMsolPowerShell Boolean?
    defaultUserRolePermissions defaultUserRolePermissions
    description String?
    displayName String?
    guestUserRoleId Guid?
"""
_CROSS_TENANT: Final = """
    automaticUserConsentSettings inboundOutboundPolicyConfiguration?
    b2bCollaborationInbound crossTenantAccessPolicyB2BSetting?
    b2bCollaborationOutbound crossTenantAccessPolicyB2BSetting?
    b2bDirectConnectInbound crossTenantAccessPolicyB2BSetting?
    b2bDirectConnectOutbound crossTenantAccessPolicyB2BSetting?
    inboundTrust crossTenantAccessPolicyInboundTrust?
"""
_SUBSCRIPTION: Final = """
    applicationId String? r
    changeType String
    clientState String?
    creatorId String? r
    encryptionCertificate String?
    encryptionCertificateId String?
    expirationDateTime DateTimeOffset
    includeResourceData Boolean?
    latestSupportedTlsVersion String?
    lifecycleNotificationUrl String?
    notificationQueryOptions String?
    notificationUrl String
    notificationUrlAppId String?
    resource String
"""

TYPES: Final[tuple[Structure, ...]] = (
    entity("organization", _ORGANIZATION, base="directoryObject"),
    entity("domain", _DOMAIN, base="entity"),
    entity("subscribedSku", base="entity"),
    entity("directoryAudit", _AUDIT, base="entity"),
    entity("signIn", _SIGN_IN, base="entity"),
    entity("subscription", _SUBSCRIPTION, base="entity"),
    entity("authorizationPolicy", _AUTHORIZATION, base="entity"),
    entity(
        "crossTenantAccessPolicy",
        "allowedCloudEndpoints String*\ndescription String?\ndisplayName String?",
        base="entity",
        to="default crossTenantAccessPolicyConfigurationDefault\npartners crossTenantAccessPolicyConfigurationPartner*",
    ),
    entity(
        "crossTenantAccessPolicyConfigurationDefault",
        _CROSS_TENANT
        + "isServiceDefault Boolean? r"
        + "\ninvitationRedemptionIdentityProviderConfiguration"
        + " defaultInvitationRedemptionIdentityProviderConfiguration?\ntenantRestrictions Untyped?",
        base="entity",
        operations={"resetToSystemDefault": action()},
    ),
    entity(
        "crossTenantAccessPolicyConfigurationPartner",
        _CROSS_TENANT
        + "isInMultiTenantOrganization Boolean? r\nisServiceProvider Boolean?\ntenantId String"
        + "\ntenantRestrictions Untyped?",
        key="tenantId",
    ),
    entity(
        "b2bManagementPolicy",
        "definition String*\ndeletedDateTime DateTimeOffset? r\ndescription String?\ndisplayName String?"
        "\nisOrganizationDefault Boolean?",
        base="entity",
    ),
    entity("directory", base="entity", to="deletedItems directoryObject*"),
    entity("auditLogRoot", base="entity", to="directoryAudits directoryAudit*\nsignIns signIn*"),
    entity(
        "policyRoot",
        base="entity",
        to="authorizationPolicy authorizationPolicy\ncrossTenantAccessPolicy crossTenantAccessPolicy"
        "\nb2bManagementPolicies b2bManagementPolicy*",
    ),
    complex("auditActivityInitiator", "app appIdentity?\nuser auditUserIdentity?"),
    complex(
        "appIdentity",
        "appId String?\ndisplayName String?\nservicePrincipalId String?\nservicePrincipalName String?",
    ),
    complex(
        "auditUserIdentity",
        "displayName String?\nhomeTenantId String?\nid String?\nipAddress String?\nuserPrincipalName String?"
        "\nuserType String?",
    ),
    complex(
        "targetResource",
        "displayName String?\ngroupType String?\nid String?\nmodifiedProperties modifiedProperty*\ntype String?"
        "\nuserPrincipalName String?",
    ),
    complex("modifiedProperty", "displayName String?\nnewValue String?\noldValue String?"),
    complex("keyValue", "key String?\nvalue String?"),
    complex("signInStatus", "additionalDetails String?\nerrorCode Int32?\nfailureReason String?"),
    complex("privacyProfile", "contactEmail String?\nstatementUrl String?"),
    complex(
        "verifiedDomain",
        "capabilities String?\nisDefault Boolean?\nisInitial Boolean?\nname String?\ntype String?",
    ),
    complex("domainState", open=True),
    complex("defaultUserRolePermissions", open=True),
    complex("inboundOutboundPolicyConfiguration", "inboundAllowed Boolean?\noutboundAllowed Boolean?"),
    complex(
        "crossTenantAccessPolicyB2BSetting",
        "applications crossTenantAccessPolicyTargetConfiguration?"
        "\nusersAndGroups crossTenantAccessPolicyTargetConfiguration?",
    ),
    complex("crossTenantAccessPolicyTargetConfiguration", "accessType String?\ntargets crossTenantAccessPolicyTarget*"),
    complex("crossTenantAccessPolicyTarget", "target String?\ntargetType String?"),
    complex(
        "crossTenantAccessPolicyInboundTrust",
        "isCompliantDeviceAccepted Boolean?\nisHybridAzureADJoinedDeviceAccepted Boolean?\nisMfaAccepted Boolean?",
    ),
    complex(
        "defaultInvitationRedemptionIdentityProviderConfiguration",
        "fallbackIdentityProvider String?\nprimaryIdentityProviderPrecedenceOrder String*",
    ),
)
SETS: Final = {
    "users": "user*",
    "me": "user",
    "groups": "group*",
    "invitations": "invitation*",
    "applications": "application*",
    "servicePrincipals": "servicePrincipal*",
    "oauth2PermissionGrants": "oAuth2PermissionGrant*",
    "directoryRoles": "directoryRole*",
    "directoryRoleTemplates": "directoryRoleTemplate*",
    "directoryObjects": "directoryObject*",
    "directory": "directory",
    "roleManagement": "roleManagement",
    "organization": "organization*",
    "domains": "domain*",
    "subscribedSkus": "subscribedSku*",
    "subscriptions": "subscription*",
    "auditLogs": "auditLogRoot",
    "policies": "policyRoot",
}
"""What stands behind the version in a path: sets (`*`), and singletons."""
CONTAINER: Final = {name: Type.parse(text) for name, text in SETS.items()}
