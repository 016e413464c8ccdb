"""How a user looks on the wire: every property of graph G27 and where its value comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from readmit.domain import directory
from readmit.domain.guest import Accepted, NeverInvited, User
from readmit.domain.tenant import Tenant
from readmit.storage.queries import NO_ACTIVITY, Activity
from readmit.web.graph.render import Item
from readmit.web.graph.times import stamp

DEFAULT: Final = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
"""What v1.0 returns without `$select`, in this order (graph G26)."""
BASIC: Final = frozenset({"id", "displayName", "givenName", "surname", "mail", "userPrincipalName"})
"""What `User.ReadBasic.All` and guests see; the rest is null (graph G65, G67)."""


class Shown(msgspec.Struct, frozen=True):
    """A user with what stands beside its row."""

    user: User
    tenant: Tenant
    password_changed: datetime | None = None
    activity: Activity = NO_ACTIVITY


Getter = Callable[[Shown], Any]


def _identities(shown: Shown) -> list[dict[str, str | None]]:
    """The federated entry first, then the host's (graph G30, lifecycle section 6)."""
    entries = [directory.host_entry(shown.user, shown.tenant)]
    redemption = shown.user.redemption
    if isinstance(redemption, Accepted):
        binding = redemption.binding
        entries.insert(
            0,
            {"signInType": "federated", "issuer": binding.shown_issuer, "issuerAssignedId": binding.assigned_id},
        )
    return entries


def _state_changed(shown: Shown) -> str | None:
    redemption = shown.user.redemption
    return None if isinstance(redemption, NeverInvited) else stamp(redemption.since)


def _activity(shown: Shown) -> dict[str, str | None]:
    activity = shown.activity
    last = {
        "lastSignIn": activity.interactive,
        "lastNonInteractiveSignIn": activity.silent,
        "lastSuccessfulSignIn": activity.success,
    }
    told: dict[str, str | None] = {}
    for name, attempted in last.items():
        told |= {f"{name}DateTime": stamp(attempted.at), f"{name}RequestId": attempted.id}
    return told


def _in_profile(name: str, empty: Any = None) -> Getter:
    return lambda shown: shown.user.profile.get(name, empty)


def _complex(name: str, members: Iterable[str]) -> Getter:
    blank = dict.fromkeys(members)

    def get(shown: Shown) -> Any:
        value: Any = shown.user.profile.get(name)
        return {**blank, **value} if isinstance(value, Mapping) else None

    return get


def _null(_shown: Shown) -> None:
    return None


def _empty(_shown: Shown) -> list[Any]:
    return []


ORG_DATA: Final = ("costCenter", "division")
EXTENSION_ATTRIBUTES: Final = tuple(f"extensionAttribute{number}" for number in range(1, 16))
_PROFILE: Final = (
    "ageGroup",
    "city",
    "companyName",
    "consentProvidedForMinor",
    "country",
    "department",
    "employeeHireDate",
    "employeeId",
    "employeeType",
    "faxNumber",
    "passwordPolicies",
    "postalCode",
    "showInAddressList",
    "state",
    "streetAddress",
    "usageLocation",
)
_NULLS: Final = (
    "employeeLeaveDateTime",
    "isManagementRestricted",
    "isResourceAccount",
    "legalAgeGroupClassification",
    "onPremisesDistinguishedName",
    "onPremisesDomainName",
    "onPremisesImmutableId",
    "onPremisesLastSyncDateTime",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled",
    "onPremisesUserPrincipalName",
    "passwordProfile",
    "preferredDataLocation",
    "securityIdentifier",
)
_EMPTY_LISTS: Final = ("licenseAssignmentStates", "onPremisesProvisioningErrors", "serviceProvisioningErrors")
SINGLE: Final[dict[str, Getter]] = {
    **dict.fromkeys(["aboutMe", "birthday", "hireDate", "mailboxSettings", "mySite", "preferredName"], _null),
    **dict.fromkeys(["interests", "pastProjects", "responsibilities", "schools", "skills"], _empty),
}
"""Only for a single user (graph G27, ret 1)."""

GETTERS: Final[dict[str, Getter]] = {
    "id": lambda shown: shown.user.id,
    "accountEnabled": lambda shown: shown.user.enabled,
    "assignedLicenses": _empty,
    "assignedPlans": _empty,
    "provisionedPlans": _empty,
    "businessPhones": _in_profile("businessPhones", ()),
    "createdDateTime": lambda shown: stamp(shown.user.created),
    "deletedDateTime": lambda shown: stamp(shown.user.deleted),
    "creationType": lambda shown: "Invitation" if shown.user.invited_user else None,
    "displayName": lambda shown: shown.user.display_name,
    "givenName": lambda shown: shown.user.given_name,
    "surname": lambda shown: shown.user.surname,
    "jobTitle": _in_profile("jobTitle"),
    "employeeOrgData": _complex("employeeOrgData", ORG_DATA),
    "onPremisesExtensionAttributes": _complex("onPremisesExtensionAttributes", EXTENSION_ATTRIBUTES),
    "externalUserState": lambda shown: shown.user.redemption_state,
    "externalUserStateChangeDateTime": _state_changed,
    "identities": _identities,
    "imAddresses": _empty,
    "lastPasswordChangeDateTime": lambda shown: stamp(shown.password_changed),
    "signInSessionsValidFromDateTime": lambda shown: stamp(shown.user.sessions_valid_from),
    "refreshTokensValidFromDateTime": lambda shown: stamp(shown.user.sessions_valid_from),
    "mail": lambda shown: shown.user.mail.given if shown.user.mail else None,
    "mailNickname": lambda shown: shown.user.mail_nickname,
    "mobilePhone": _in_profile("mobilePhone"),
    "officeLocation": _in_profile("officeLocation"),
    "preferredLanguage": lambda shown: shown.user.preferred_language,
    "otherMails": lambda shown: [mail.given for mail in shown.user.other_mails],
    "proxyAddresses": lambda shown: [f"SMTP:{shown.user.mail.given}"] if shown.user.mail else [],
    "userPrincipalName": lambda shown: shown.user.upn,
    "userType": lambda shown: shown.user.user_type,
    "signInActivity": _activity,
    **{name: _in_profile(name) for name in _PROFILE},
    **dict.fromkeys(_NULLS, _null),
    **dict.fromkeys(_EMPTY_LISTS, _empty),
    "authorizationInfo": lambda _shown: {"certificateUserIds": []},
}
BETA_DEFAULT: Final = tuple(name for name in GETTERS if name not in ("signInActivity", "passwordProfile"))


def user_item(shown: Shown, version: str, select: Iterable[str] | None = None, *, basic: bool = False) -> Item:
    """A user with the selected properties, or those of the version without `$select` (graph G26).

    `basic`: all but BASIC are null, or empty for lists.
    """
    names = select if select is not None else (BETA_DEFAULT if version == "beta" else DEFAULT)
    body = {name: get(shown) for name, get in _getters(tuple(names))}
    if basic:
        body = {name: value if name in BASIC else _blank(value) for name, value in body.items()}
    return Item("user", shown.user.id, body)


@lru_cache(maxsize=256)
def _getters(names: tuple[str, ...]) -> tuple[tuple[str, Getter], ...]:
    found = ((name, GETTERS.get(name) or SINGLE.get(name)) for name in dict.fromkeys(names))
    return tuple((name, get) for name, get in found if get is not None)


def _blank(value: Any) -> Any:
    return [] if isinstance(value, list | tuple) else None
