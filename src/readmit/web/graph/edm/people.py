"""Users, groups and the invitation as types (graph G26 to G32)."""

from __future__ import annotations

from typing import Final

from readmit.web.graph.edm.types import Structure, action, complex, entity, function

_MEMBERSHIPS: Final = {
    "checkMemberGroups": action("groupIds String*", "String*"),
    "checkMemberObjects": action("ids String*", "String*"),
    "getMemberGroups": action("securityEnabledOnly Boolean?", "String*"),
    "getMemberObjects": action("securityEnabledOnly Boolean?", "String*"),
}
_USER: Final = """
    accountEnabled Boolean?
    ageGroup String?
    assignedLicenses assignedLicense* r
    assignedPlans assignedPlan* r
    authorizationInfo authorizationInfo? r
    provisionedPlans provisionedPlan* r
    businessPhones String*
    city String?
    companyName String?
    consentProvidedForMinor String?
    country String?
    createdDateTime DateTimeOffset? r
    creationType String? r
    department String?
    displayName String?
    employeeHireDate DateTimeOffset?
    employeeId String?
    employeeLeaveDateTime DateTimeOffset? r
    employeeOrgData employeeOrgData?
    employeeType String?
    externalUserState String? r
    externalUserStateChangeDateTime DateTimeOffset? r v1.0
    externalUserStateChangeDateTime String? r beta
    faxNumber String?
    givenName String?
    identities objectIdentity*
    imAddresses String* r
    isManagementRestricted Boolean? r
    isResourceAccount Boolean? r
    jobTitle String?
    lastPasswordChangeDateTime DateTimeOffset? r
    legalAgeGroupClassification String? r
    licenseAssignmentStates licenseAssignmentState* r
    mail String?
    mailNickname String?
    mobilePhone String?
    officeLocation String?
    onPremisesDistinguishedName String? r
    onPremisesDomainName String? r
    onPremisesExtensionAttributes onPremisesExtensionAttributes?
    onPremisesImmutableId String? r
    onPremisesLastSyncDateTime DateTimeOffset? r
    onPremisesProvisioningErrors onPremisesProvisioningError* r
    onPremisesSamAccountName String? r
    onPremisesSecurityIdentifier String? r
    onPremisesSyncEnabled Boolean? r
    onPremisesUserPrincipalName String? r
    otherMails String*
    passwordPolicies String?
    passwordProfile passwordProfile?
    postalCode String?
    preferredDataLocation String? r
    preferredLanguage String?
    proxyAddresses String* r
    refreshTokensValidFromDateTime DateTimeOffset? r
    securityIdentifier String? r
    serviceProvisioningErrors serviceProvisioningError* r
    showInAddressList Boolean?
    signInActivity signInActivity? r
    signInSessionsValidFromDateTime DateTimeOffset? r
    state String?
    streetAddress String?
    surname String?
    usageLocation String?
    userPrincipalName String?
    userType String?
    aboutMe String? r
    birthday DateTimeOffset? r
    hireDate DateTimeOffset? r
    interests String* r
    mailboxSettings mailboxSettings? r
    mySite String? r
    pastProjects String* r
    preferredName String? r
    responsibilities String* r
    schools String* r
    skills String* r
"""
_USER_TO: Final = """
    memberOf directoryObject*
    transitiveMemberOf directoryObject*
    sponsors directoryObject*
    sponsorOf directoryObject*
    manager directoryObject?
    directReports directoryObject*
    ownedObjects directoryObject*
    createdObjects directoryObject*
    appRoleAssignments appRoleAssignment*
    oauth2PermissionGrants oAuth2PermissionGrant*
    licenseDetails licenseDetails*
    ownedDevices directoryObject*
    registeredDevices directoryObject*
    photo profilePhoto
    invitedBy directoryObject?
"""
_GROUP: Final = """
    classification String?
    createdDateTime DateTimeOffset? r
    description String?
    displayName String?
    groupTypes String*
    isAssignableToRole Boolean?
    mail String? r
    mailEnabled Boolean?
    mailNickname String?
    preferredLanguage String?
    proxyAddresses String* r
    renewedDateTime DateTimeOffset? r
    securityEnabled Boolean?
    theme String?
    uniqueName String?
    visibility String?
    expirationDateTime DateTimeOffset? r
    membershipRule String? r
    membershipRuleProcessingState String? r
    onPremisesDomainName String? r
    onPremisesLastSyncDateTime DateTimeOffset? r
    onPremisesNetBiosName String? r
    onPremisesSamAccountName String? r
    onPremisesSecurityIdentifier String? r
    onPremisesSyncEnabled Boolean? r
    onPremisesProvisioningErrors onPremisesProvisioningError* r
    preferredDataLocation String? r
    securityIdentifier String? r
    creationOptions String* r
    resourceBehaviorOptions String* r
    resourceProvisioningOptions String* r
"""
_GROUP_TO: Final = """
    members directoryObject*
    transitiveMembers directoryObject*
    owners directoryObject*
    memberOf directoryObject*
    transitiveMemberOf directoryObject*
    appRoleAssignments appRoleAssignment*
"""
_INVITATION: Final = """
    invitedUserEmailAddress String
    inviteRedirectUrl String
    invitedUserDisplayName String?
    invitedUserType String?
    sendInvitationMessage Boolean?
    resetRedemption Boolean?
    invitedUserMessageInfo invitedUserMessageInfo?
    inviteRedeemUrl String? r
    status String? r
"""
_EXTENSIONS: Final = "\n".join(f"extensionAttribute{number} String?" for number in range(1, 16))
_SIGN_INS: Final = "\n".join(
    f"last{kind}DateTime DateTimeOffset?\nlast{kind}RequestId String?"
    for kind in ("SignIn", "NonInteractiveSignIn", "SuccessfulSignIn")
)

TYPES: Final[tuple[Structure, ...]] = (
    entity("entity", "id String r"),
    entity(
        "directoryObject",
        "deletedDateTime DateTimeOffset? r",
        base="entity",
        operations={
            **_MEMBERSHIPS,
            "restore": action(
                "newUserPrincipalName String?\nautoReconcileProxyConflict Boolean?", returns="directoryObject"
            ),
            "getByIds": action("ids String*\ntypes String*", "directoryObject*", collection=True),
        },
    ),
    entity(
        "user",
        _USER,
        base="directoryObject",
        to=_USER_TO,
        operations={
            "revokeSignInSessions": action(returns="Boolean"),
            "invalidateAllRefreshTokens": action(returns="Boolean"),
            "delta": function("user*"),
        },
    ),
    entity("group", _GROUP, base="directoryObject", to=_GROUP_TO, operations={"delta": function("group*")}),
    entity("invitation", _INVITATION, base="entity", to="invitedUser user\ninvitedUserSponsors directoryObject*"),
    entity("licenseDetails", base="entity"),
    entity("profilePhoto", base="entity"),
    complex(
        "invitedUserMessageInfo", "messageLanguage String?\ncustomizedMessageBody String?\nccRecipients recipient*"
    ),
    complex("recipient", "emailAddress emailAddress?"),
    complex("emailAddress", "name String?\naddress String?"),
    complex("employeeOrgData", "costCenter String?\ndivision String?"),
    complex("onPremisesExtensionAttributes", _EXTENSIONS),
    complex("objectIdentity", "signInType String?\nissuer String?\nissuerAssignedId String?"),
    complex(
        "passwordProfile",
        "password String?\nforceChangePasswordNextSignIn Boolean?\nforceChangePasswordNextSignInWithMfa Boolean?",
    ),
    complex("signInActivity", _SIGN_INS),
    complex("mailboxSettings", open=True),
    complex("assignedLicense", "skuId Guid?\ndisabledPlans Guid*"),
    complex(
        "assignedPlan",
        "assignedDateTime DateTimeOffset?\ncapabilityStatus String?\nservice String?\nservicePlanId Guid?",
    ),
    complex("provisionedPlan", "capabilityStatus String?\nprovisioningStatus String?\nservice String?"),
    complex("onPremisesProvisioningError", open=True),
    complex("serviceProvisioningError", open=True),
    complex("licenseAssignmentState", open=True),
    complex("authorizationInfo", "certificateUserIds String*"),
)
