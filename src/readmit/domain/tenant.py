"""A tenant: an organisation with its domains and the settings that govern its guests."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, Literal, get_args

from readmit.domain.address import EmailAddress, InvalidAddress, checked_domain
from readmit.domain.cross_tenant import NO_TRUST, OPEN, Inbound, InboundTrust, InvalidPolicy
from readmit.domain.provider import Category
from readmit.domain.throttling import OWN_NUMBERS

AllowInvitesFrom = Literal["none", "adminsAndGuestInviters", "adminsGuestInvitersAndAllMembers", "everyone"]
NewAddressOnReset = Literal["adopt", "refuse"]
Fallback = Literal["defaultConfiguredIdp", "emailOneTimePasscode", "microsoftAccount"]
GuestStrength = Literal["single", "multi"]

GUEST_ROLES: Final = {
    "member": "a0b1b346-4d3e-4e8b-98f8-753987be4970",
    "limited": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
    "restricted": "2af84b1e-32c8-42b7-82bc-daa82404023b",
}
"""Names of the guest permission levels in a seed, and their `guestUserRoleId` (lifecycle L46)."""


class InvalidSetting(ValueError):
    """A tenant setting that is unknown or has a value it cannot have."""


@dataclass(frozen=True, slots=True)
class TenantSettings:
    """Every tenant setting by the name that specs, seed and API use; the defaults are those of the specs."""

    allowInvitesFrom: AllowInvitesFrom = "everyone"
    guestRole: Literal["member", "limited", "restricted"] = "limited"
    allowedDomains: tuple[str, ...] = ()
    blockedDomains: tuple[str, ...] = ()
    domainListsName: str | None = None
    """What the policy that holds the two lists is called, where somebody called it anything (graph G45)."""
    domainListsDescription: str | None = None
    maxCcRecipients: int = 1
    newAddressOnReset: NewAddressOnReset | None = None
    updateNamesAtRedemption: bool = True
    allowOtherAccount: bool = False
    invitationLifetimeDays: int | None = None
    emailOneTimePasscode: bool = True
    passcodeMinutes: int = 10
    passkeyDays: int = 30
    """How long after a code a passkey stands for one; 0: never (lifecycle L30)."""
    guestStrength: GuestStrength = "single"
    """`multi`: a guest needs a passkey, or the MFA of his provider, beside a code or a password (security C7)."""
    guestRefreshHours: int | None = None
    """None is 24, under `--emulate entra` 2,160 (lifecycle L24)."""
    allowPasswordGrant: bool = False
    """For tests only: applications may ask members for their password themselves (security O7)."""
    primaryIdentityProviderPrecedenceOrder: tuple[Category, ...] = get_args(Category)
    """Which kind of home is asked first at a redemption; one that is left out is not asked (lifecycle L21)."""
    fallbackIdentityProvider: Fallback = "defaultConfiguredIdp"
    b2bCollaborationInbound: Inbound = OPEN
    """Whose people may come in, where no partner's setting says otherwise (graph G45)."""
    inboundTrust: InboundTrust = NO_TRUST
    guestsMayLeave: bool = True
    privateWebhooks: bool = False
    """Webhooks may lead to private and loopback addresses: for development (security I1)."""
    allowedToReadOtherUsers: bool = True
    allowedToCreateSecurityGroups: bool = True
    technicalNotificationMails: tuple[str, ...] = ()
    """Who is told of technical matters of the organisation (graph G43)."""
    throttle: Literal["off", "graph"] | dict[str, int] | None = None
    """Graph's limits, own numbers, or none; None is `off`, under `--emulate entra` `graph` (graph G62)."""

    @staticmethod
    def parse(given: dict[str, Any]) -> TenantSettings:
        """Check and take over the settings of a seed or an API body; raises InvalidSetting."""
        known = {field.name for field in fields(TenantSettings)}
        for name in given:
            if name not in known:
                raise InvalidSetting(f"unknown setting '{name}'")
        checked: dict[str, Any] = {name: _checked(name, value) for name, value in given.items()}
        return TenantSettings(**checked)._consistent()

    def _consistent(self) -> TenantSettings:
        if self.allowedDomains and self.blockedDomains:
            raise InvalidSetting("allowedDomains and blockedDomains exclude each other (lifecycle L37)")
        if len("".join(self.allowedDomains + self.blockedDomains)) > 25_000:
            raise InvalidSetting("a domain list has at most 25,000 characters (lifecycle L37)")
        return self


_CHOICES: Final[dict[str, tuple[object, ...]]] = {
    "allowInvitesFrom": get_args(AllowInvitesFrom),
    "guestRole": tuple(GUEST_ROLES),
    "newAddressOnReset": get_args(NewAddressOnReset),
    "guestStrength": get_args(GuestStrength),
    "fallbackIdentityProvider": get_args(Fallback),
}
_MOST_ADDRESSES: Final = 50
LONGEST_TEXTS: Final = {"domainListsName": 256, "domainListsDescription": 1024}
"""Free texts and how many characters they have at most."""
_RANGES: Final = {
    "maxCcRecipients": range(0, 21),
    "passcodeMinutes": range(1, 31),
    "passkeyDays": range(0, 366),
    "guestRefreshHours": range(1, 2161),
    "invitationLifetimeDays": range(1, 3651),
}


def _checked(name: str, value: object) -> object:
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise InvalidSetting(f"'{name}' is one of {', '.join(map(str, _CHOICES[name]))}, not {value!r}")
        return value
    if name == "throttle":
        return _checked_throttle(value)
    if name in _RANGES:
        return _checked_number(name, value)
    if name in ("allowedDomains", "blockedDomains"):
        return _checked_domains(name, value)
    if name in _PARSED:
        return _parsed(name, value)
    if name in LONGEST_TEXTS:
        return _checked_text(name, value)
    if name == "technicalNotificationMails":
        return _checked_addresses(name, value)
    if name == "primaryIdentityProviderPrecedenceOrder":
        return _checked_order(name, value)
    if not isinstance(value, bool):
        raise InvalidSetting(f"'{name}' is true or false, not {value!r}")
    return value


def _checked_number(name: str, value: object) -> object:
    if name == "invitationLifetimeDays" and value is None:
        return None
    allowed = _RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        raise InvalidSetting(f"'{name}' is a whole number from {allowed.start} to {allowed.stop - 1}, not {value!r}")
    return value


def _checked_text(name: str, value: object) -> object:
    if value is None or (isinstance(value, str) and len(value) <= LONGEST_TEXTS[name]):
        return value or None
    raise InvalidSetting(f"'{name}' is a text of at most {LONGEST_TEXTS[name]} characters, not {value!r}")


def _checked_throttle(value: object) -> object:
    if value in ("off", "graph"):
        return value
    if isinstance(value, dict) and value and set(value) <= set(OWN_NUMBERS):
        numbers = list(value.values())
        if all(isinstance(number, int) and not isinstance(number, bool) and number > 0 for number in numbers):
            return dict(value)
    known = ", ".join(OWN_NUMBERS)
    raise InvalidSetting(f"'throttle' is off, graph, or a mapping of {known} to whole numbers, not {value!r}")


_PARSED: Final[dict[str, type[Inbound] | type[InboundTrust]]] = {
    "b2bCollaborationInbound": Inbound,
    "inboundTrust": InboundTrust,
}


def _parsed(name: str, value: object) -> object:
    kind = _PARSED[name]
    if isinstance(value, kind):
        return value
    if not isinstance(value, dict):
        raise InvalidSetting(f"'{name}' is a mapping as in Graph")
    try:
        parsed = kind.parse(value)
    except InvalidPolicy as error:
        raise InvalidSetting(f"'{name}' {error}") from error
    return parsed.over(OPEN) if isinstance(parsed, Inbound) else parsed


def _checked_order(name: str, value: Any) -> tuple[str, ...]:
    known = get_args(Category)
    is_list = isinstance(value, list | tuple)
    if is_list and value and all(item in known for item in value) and len(set(value)) == len(value):
        return tuple(value)
    raise InvalidSetting(f"'{name}' is a list of some of {', '.join(known)}, each once")


def _checked_addresses(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > _MOST_ADDRESSES:
        raise InvalidSetting(f"'{name}' is a list of at most {_MOST_ADDRESSES} addresses")
    try:
        return tuple(dict.fromkeys(EmailAddress.parse(str(item)).given for item in value))
    except InvalidAddress as error:
        raise InvalidSetting(f"'{name}': {error}") from error


def _checked_domains(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise InvalidSetting(f"'{name}' is a list of domain names")
    try:
        return tuple(checked_domain(item) for item in value)
    except InvalidAddress as error:
        raise InvalidSetting(f"'{name}': {error}") from error


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organisation on this server; `domains` are its verified domains as A-labels, the initial one included."""

    id: str
    display_name: str
    initial_domain: str
    domains: frozenset[str]
    default_domain: str
    preferred_language: str | None
    privacy_url: str | None
    salt: str
    settings: TenantSettings
    privacy_contact: str | None = None
    """The address that guests write to about their data."""

    def verified(self, address: EmailAddress) -> bool:
        return address.domain in self.domains

    def accepts_domain(self, address: EmailAddress) -> bool:
        """The allow or block list, by exact domain (lifecycle L37)."""
        if self.settings.allowedDomains:
            return address.domain in self.settings.allowedDomains
        return address.domain not in self.settings.blockedDomains

    @property
    def codes_allowed(self) -> bool:
        """Whether a mailed passcode may stand in where no provider applies (lifecycle L21, L22)."""
        return self.settings.emailOneTimePasscode
