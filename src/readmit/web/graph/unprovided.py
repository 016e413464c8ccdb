"""What Graph knows and readmit does not provide (graph G3, G82)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from readmit.web.graph.shapes import GROUP
from readmit.web.graph.user_shape import GETTERS, SINGLE

_BELOW: Final[Mapping[str, str]] = {
    "": """
        admin administrativeUnits agreementAcceptances agreements appCatalogs applicationTemplates
        authenticationMethodConfigurations authenticationMethodsPolicy certificateBasedAuthConfiguration chats
        communications compliance connections contacts contracts dataPolicyOperations deviceAppManagement
        deviceManagement devices domainDnsRecords drive drives education employeeExperience external filterOperators
        functions groupLifecyclePolicies groupSettingTemplates groupSettings identity identityGovernance
        identityProtection identityProviders informationProtection permissionGrants places planner print privacy
        reports schemaExtensions scopedRoleMemberships search security shares sites solutions storage teams
        teamsTemplates teamwork tenantRelationships
        accessReviews networkAccess privilegedAccess riskDetections riskyUsers settings trustFramework
    """,
    "applications": "delta getAvailableExtensionProperties validateProperties",
    "applications/{id}": """
        addKey appManagementPolicies createdOnBehalfOf extensionProperties federatedIdentityCredentials
        homeRealmDiscoveryPolicies logo removeKey setVerifiedPublisher synchronization tokenIssuancePolicies
        tokenLifetimePolicies unsetVerifiedPublisher
    """,
    "auditLogs": """
        provisioning customSecurityAttributeAudits directoryProvisioning signInEventsAppSummary signInEventsSummary
        signUps
    """,
    "directory": """
        administrativeUnits attributeSets customSecurityAttributeDefinitions deviceLocalCredentials
        featureRolloutPolicies federationConfigurations onPremisesSynchronization publicKeyInfrastructure
        recommendations recovery remoteTenantGroups subscriptions
        externalUserProfiles inboundSharedUserProfiles outboundSharedUserProfiles pendingExternalUserProfiles
    """,
    "directory/deletedItems": "getAvailableExtensionProperties getByIds getUserOwnedObjects validateProperties",
    "directoryObjects": "delta getAvailableExtensionProperties validateProperties",
    "directoryRoles": "delta",
    "directoryRoles/{id}": "scopedMembers",
    "domains/{id}": """
        domainNameReferences federationConfiguration forceDelete promote rootDomain serviceConfigurationRecords
        verificationDnsRecords verify
    """,
    "groups": "getAvailableExtensionProperties validateProperties evaluateDynamicMembership",
    "groups/{id}": """
        acceptedSenders addFavorite assignLicense calendar calendarView checkGrantedPermissionsForApp conversations
        createdOnBehalfOf drive drives events extensions groupLifecyclePolicies membersWithLicenseErrors
        onPremisesSyncBehavior onenote permissionGrants photo photos planner rejectedSenders removeFavorite renew
        resetUnseenCount retryServiceProvisioning serviceProvisioningErrors settings sites subscribeByMail team
        threads unsubscribeByMail validateProperties
    """,
    "oauth2PermissionGrants": "delta",
    "organization/{id}": """
        branding certificateBasedAuthConfiguration extensions setMobileDeviceManagementAuthority
    """,
    "policies": """
        activityBasedTimeoutPolicies adminConsentRequestPolicy appManagementPolicies authenticationFlowsPolicy
        authenticationMethodsPolicy authenticationStrengthPolicies claimsMappingPolicies conditionalAccessPolicies
        defaultAppManagementPolicy deviceRegistrationPolicy featureRolloutPolicies federatedTokenValidationPolicy
        homeRealmDiscoveryPolicies identitySecurityDefaultsEnforcementPolicy ownerlessGroupPolicy
        permissionGrantPolicies roleManagementPolicies roleManagementPolicyAssignments tokenIssuancePolicies
        tokenLifetimePolicies
        accessReviewPolicy externalIdentitiesPolicy mobileDeviceManagementPolicies servicePrincipalCreationPolicies
    """,
    "policies/crossTenantAccessPolicy": "templates",
    "policies/crossTenantAccessPolicy/partners/{id}": "identitySynchronization",
    "roleManagement": "cloudPC defender deviceManagement enterpriseApps entitlementManagement exchange",
    "roleManagement/directory": """
        resourceNamespaces roleAssignmentScheduleInstances roleAssignmentScheduleRequests roleAssignmentSchedules
        roleEligibilityScheduleInstances roleEligibilityScheduleRequests roleEligibilitySchedules
        transitiveRoleAssignments
    """,
    "servicePrincipals": "delta getAvailableExtensionProperties validateProperties",
    "servicePrincipals/{id}": """
        addKey addTokenSigningCertificate appManagementPolicies claimsMappingPolicies createdObjects
        delegatedPermissionClassifications endpoints federatedIdentityCredentials homeRealmDiscoveryPolicies
        remoteDesktopSecurityConfiguration removeKey synchronization tokenIssuancePolicies tokenLifetimePolicies
    """,
    "subscriptions/{id}": "reauthorize",
    "users": "getAvailableExtensionProperties validatePassword validateProperties",
    "users/{id}": """
        activities adhocCalls agreementAcceptances assignLicense authentication calendar calendarGroups calendarView
        calendars changePassword chats cloudClipboard cloudPCs contactFolders contacts
        convertExternalToInternalMemberUser dataSecurityAndGovernance deviceManagementTroubleshootingEvents drive
        drives employeeExperience events exportDeviceAndAppManagementData exportPersonalData extensions
        findMeetingTimes followedSites getMailTips getManagedAppDiagnosticStatuses getManagedAppPolicies
        getManagedDevicesWithAppFailures inferenceClassification insights joinedTeams mailFolders mailboxSettings
        managedAppRegistrations managedDevices messages notes onPremisesSyncBehavior onenote onlineMeetings outlook
        people permissionGrants photos planner presence removeAllDevicesFromManagement reprocessLicenseAssignment
        retryServiceProvisioning scopedRoleMemberOf sendMail serviceProvisioningErrors settings solutions teamwork
        todo translateExchangeIds wipeManagedAppRegistrationsByDeviceTag
        devices informationProtection notifications profile security transitiveReports usageRights
    """,
}
"""Segments by what they stand below; in each block first those of v1.0, then what only beta has."""

_PROPERTIES: Final = (
    *(f"users/{{id}}/{name}" for name in (*GETTERS, *SINGLE)),
    *(f"groups/{{id}}/{name}" for name in GROUP),
)
"""One property by a path of its own, `/me/displayName`, `…/mail/$value`: read with `$select` instead."""

PATHS: Final = (
    *(f"{below}/{segment}".lstrip("/") for below, segments in _BELOW.items() for segment in segments.split()),
    *_PROPERTIES,
)
"""Known to Graph, not provided (graph G82): 501 for whatever stands below."""
