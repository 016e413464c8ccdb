"""The properties of users: columns of the table `users`, and where each operator works (graph G27, G28, G30)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from readmit.web.graph.odata.property import Collection, Kind, Level, Property, Resource, by_path, element, named
from readmit.web.graph.odata.property import members as parts

_ORG_DATA: Final = ("costCenter", "division")
_EXTENSION_ATTRIBUTES: Final = tuple(f"extensionAttribute{number}" for number in range(1, 16))
_SIGN_IN: Final = {
    "lastSignInDateTime": "interactive_at",
    "lastNonInteractiveSignInDateTime": "silent_at",
    "lastSuccessfulSignInDateTime": "success_at",
}
_NULL_TEXTS: Final = (
    "onPremisesDistinguishedName onPremisesDomainName onPremisesImmutableId onPremisesSamAccountName"
    " onPremisesSecurityIdentifier onPremisesUserPrincipalName preferredDataLocation securityIdentifier"
)
_PROXY: Final = "SELECT 'SMTP:' || {t}.mail AS value WHERE {t}.mail IS NOT NULL"


def _profile(names: str, eq: Level, sw: Level, cmp: Level, null: Level, *, kind: Kind = "text") -> Iterator[Property]:
    """Rare properties, kept as one JSON text."""
    for name in names.split():
        yield Property(name, "{t}.profile", kind, eq, sw, cmp, null, json=name)


def _inside(name: str, names: tuple[str, ...]) -> Iterator[Property]:
    for part in names:
        yield Property(f"{name}/{part}", "{t}.profile", "text", "A", null="A", json=f"{name}.{part}")


def _signed_in() -> Iterator[Property]:
    """The last attempts of a user, beside his row."""
    for name, column in _SIGN_IN.items():
        sql = f"(SELECT a.{column} FROM sign_in_activity a WHERE a.user_id = {{t}}.id)"  # noqa: S608 - constants
        yield Property(f"signInActivity/{name}", sql, "time", "D", cmp="D", alone=True)


_PROPERTIES: Final = by_path(
    Property("id", "{t}.id", "guid", "D"),
    Property("accountEnabled", "{t}.account_enabled", "flag", "D"),
    *_profile("ageGroup consentProvidedForMinor", "D", "", "", ""),
    Collection("assignedLicenses", members=parts(["skuId", "disabledPlans"], "guid"), count="A"),
    *(
        Collection(name, members=(Property("service", "{t}.value", "text", "A", json="service"), *extra))
        for name, extra in {
            "assignedPlans": (
                Property("servicePlanId", "{t}.value", "guid", "A", json="servicePlanId"),
                Property("capabilityStatus", "{t}.value", "text", "A", json="capabilityStatus"),
                Property("assignedDateTime", "{t}.value", "stamp", "A", cmp="A", json="assignedDateTime"),
            ),
            "provisionedPlans": (
                Property("capabilityStatus", "{t}.value", "text", "A", json="capabilityStatus"),
                Property("provisioningStatus", "{t}.value", "text", "A", json="provisioningStatus"),
            ),
        }.items()
    ),
    Collection("businessPhones", "{t}.profile", element("businessPhones", eq="A", sw="A"), json="businessPhones"),
    *_profile("companyName faxNumber postalCode streetAddress employeeType", "A", "A", "A", "A"),
    *_profile("city country state department employeeId usageLocation jobTitle", "D", "D", "D", "A"),
    Property("createdDateTime", "{t}.created_at", "time", "D", cmp="D", null="A"),
    Property("deletedDateTime", "{t}.deleted_at", "time", "D", cmp="D", null="A"),
    Property("creationType", "{t}.creation_type", "choice", "D", choices=("Invitation",)),
    Property("displayName", "{t}.display_name", "text", "D", "D", "D", "A"),
    Property("givenName", "{t}.given_name", "text", "D", "D", "D", "A"),
    Property("surname", "{t}.surname", "text", "D", "D", "D", "A"),
    *_profile("employeeHireDate", "A", "", "A", "A", kind="stamp"),
    *_inside("employeeOrgData", _ORG_DATA),
    *_inside("onPremisesExtensionAttributes", _EXTENSION_ATTRIBUTES),
    Property("employeeOrgData", "{t}.profile", null="A", json="employeeOrgData"),
    Property("onPremisesExtensionAttributes", "{t}.profile", null="A", json="onPremisesExtensionAttributes"),
    Property(
        "externalUserState",
        "{t}.external_state",
        "choice",
        "D",
        "D",
        null="A",
        choices=("PendingAcceptance", "Accepted"),
    ),
    Property("externalUserStateChangeDateTime", "{t}.external_state_changed_at", "time", "D", cmp="D", null="A"),
    Collection("identities"),
    Collection("imAddresses", "{t}.profile", element("imAddresses", sw="D"), json="imAddresses"),
    Property("isResourceAccount", "NULL", "flag", "D"),
    Property("mail", "{t}.mail", "address", "D", "D", "D", "A", "A", key="{t}.mail_key"),
    Property("mailNickname", "{t}.mail_nickname", "text", "D", "D", "D", "A"),
    *_profile("mobilePhone officeLocation", "A", "A", "A", "A"),
    Property("preferredLanguage", "{t}.preferred_language", "text", "A", "A", "A", "A"),
    *(Property(name, "NULL", "text", "D", null="A") for name in _NULL_TEXTS.split()),
    Property("onPremisesSyncEnabled", "NULL", "flag", "D", null="A"),
    Property("onPremisesLastSyncDateTime", "NULL", "time", "D", null="A"),
    Collection("otherMails", "{t}.other_mails", element("otherMails", "address", sw="D", cmp="D"), count="A"),
    Collection("proxyAddresses", _PROXY, element("proxyAddresses", "address", sw="D", cmp="D"), count="A"),
    *_profile("passwordPolicies", "", "", "", "A"),
    *_profile("showInAddressList", "A", "", "", "", kind="flag"),
    *_signed_in(),
    Property("userPrincipalName", "{t}.upn", "address", "D", "D", "D", ew="A", key="{t}.upn_key"),
    Property("userType", "{t}.user_type", "choice", "D", null="A", choices=("Guest", "Member")),
)
USER: Final = Resource(
    "user",
    "User",
    "users",
    _PROPERTIES,
    unfilterable=named(
        "signInActivity lastPasswordChangeDateTime signInSessionsValidFromDateTime refreshTokensValidFromDateTime"
        " passwordProfile aboutMe birthday hireDate interests mailboxSettings mySite pastProjects preferredName"
        " responsibilities schools skills authorizationInfo employeeLeaveDateTime isManagementRestricted"
        " legalAgeGroupClassification licenseAssignmentStates onPremisesProvisioningErrors serviceProvisioningErrors"
    ),
    sortable={
        "displayName": ("D", "fold({t}.display_name)"),
        "userPrincipalName": ("D", "{t}.upn_key"),
        "createdDateTime": ("A", "{t}.created_at"),
        "deletedDateTime": ("A", "coalesce({t}.deleted_at, -62135596800000000)"),
        "mail": ("A", "coalesce({t}.mail_key, '')"),
    },
    tokens=named("displayName"),
)
