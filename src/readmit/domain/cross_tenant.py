"""Cross-tenant access: which organisations' people may come in as guests, and what is believed of them (graph G45).

Fields have Graph's names: seed, API and database write them alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

AccessType = Literal["allowed", "blocked"]
TargetType = Literal["user", "group", "application"]
ALL_USERS: Final = "AllUsers"
ALL_APPLICATIONS: Final = "AllApplications"
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MOST: Final = 500


class InvalidPolicy(ValueError):
    """A value that a cross-tenant setting cannot have; `where` is its path below the setting."""

    def __init__(self, where: str, text: str) -> None:
        super().__init__(f"{where}: {text}")
        self.where = where


class NotHere(InvalidPolicy):
    """Known to Graph, not provided here (M12)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a rule means: `AllUsers`, `AllApplications`, or the id of a user or group in the other organisation."""

    target: str
    targetType: TargetType


@dataclass(frozen=True, slots=True)
class Rule:
    """Only these, or all but these."""

    accessType: AccessType
    targets: tuple[Target, ...]


EVERYBODY: Final = Rule("allowed", (Target(ALL_USERS, "user"),))
EVERYTHING: Final = Rule("allowed", (Target(ALL_APPLICATIONS, "application"),))


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody of another organisation, as far as it is known; of groups only what is on this server is."""

    tenant_id: str
    user_id: str | None = None
    group_ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """Who may come in, and to what. A half that is None is that of the default."""

    usersAndGroups: Rule | None = None
    applications: Rule | None = None

    @staticmethod
    def parse(given: Mapping[str, Any]) -> Inbound:
        """From plain values by Graph's names. Raises InvalidPolicy, NotHere for single applications."""
        _check_names(given, "", ("usersAndGroups", "applications"))
        people = _rule(given.get("usersAndGroups"), "usersAndGroups", ("user", "group"))
        applications = _rule(given.get("applications"), "applications", ("application",))
        if applications is not None and applications.targets != EVERYTHING.targets:
            raise NotHere("applications.targets", "single applications are not provided; AllApplications is")
        return Inbound(people, applications)

    def over(self, default: Inbound) -> Inbound:
        """This with the halves of the default where it says nothing."""
        people, applications = self.usersAndGroups, self.applications
        return Inbound(
            default.usersAndGroups if people is None else people,
            default.applications if applications is None else applications,
        )

    def admits(self, visitor: Visitor) -> bool | None:
        """Whether the visitor may come in; None while too little is known of him to say."""
        people, applications = self.usersAndGroups or EVERYBODY, self.applications or EVERYTHING
        if applications.accessType == "blocked":
            return False
        meant = _means(people, visitor)
        return meant if people.accessType == "allowed" or meant is None else not meant


OPEN: Final = Inbound(EVERYBODY, EVERYTHING)
"""The service's default: whoever is invited may come."""


def _means(rule: Rule, visitor: Visitor) -> bool | None:
    """Whether a rule's targets name the visitor; None while it cannot be said."""
    ids = {target.target for target in rule.targets}
    if ALL_USERS in ids or visitor.user_id in ids:
        return True
    if visitor.user_id is None:
        return None
    groups = {target.target for target in rule.targets if target.targetType == "group"}
    if not groups:
        return False
    return None if visitor.group_ids is None else not groups.isdisjoint(visitor.group_ids)


def _rule(given: Any, where: str, types: tuple[TargetType, ...]) -> Rule | None:
    if given is None:
        return None
    _check_names(given, where, ("accessType", "targets"))
    access = given.get("accessType")
    if access not in get_args(AccessType):
        raise InvalidPolicy(f"{where}.accessType", "allowed or blocked")
    targets = given.get("targets")
    if not isinstance(targets, list | tuple) or not 0 < len(targets) <= _MOST:
        raise InvalidPolicy(f"{where}.targets", f"a list of 1 to {_MOST} targets")
    found = tuple(dict.fromkeys(_target(one, f"{where}.targets", types) for one in targets))
    return Rule(access, found)


def _target(given: Any, where: str, types: tuple[TargetType, ...]) -> Target:
    _check_names(given, where, ("target", "targetType"))
    target, kind = given.get("target"), given.get("targetType")
    if kind not in types:
        raise InvalidPolicy(f"{where}.targetType", f"one of {', '.join(types)}")
    everything = {"user": ALL_USERS, "application": ALL_APPLICATIONS}.get(kind)
    if isinstance(target, str):
        if everything is not None and target.lower() == everything.lower():
            return Target(everything, kind)
        if _UUID.fullmatch(target) or kind == "application":
            return Target(target.lower(), kind)
    raise InvalidPolicy(f"{where}.target", "AllUsers, AllApplications or an id")


@dataclass(frozen=True, slots=True)
class InboundTrust:
    """Which claims of another organisation are believed."""

    isMfaAccepted: bool = False
    isCompliantDeviceAccepted: bool = False
    isHybridAzureADJoinedDeviceAccepted: bool = False

    @staticmethod
    def parse(given: Mapping[str, Any]) -> InboundTrust:
        """From plain values by Graph's names. Raises InvalidPolicy."""
        return InboundTrust(**_flags(given, TRUST))


NO_TRUST: Final = InboundTrust()
TRUST: Final = ("isMfaAccepted", "isCompliantDeviceAccepted", "isHybridAzureADJoinedDeviceAccepted")


@dataclass(frozen=True, slots=True)
class UserConsent:
    """Whether people of the two organisations are spared the consent page; both sides have to say so."""

    inboundAllowed: bool = False
    outboundAllowed: bool = False

    @staticmethod
    def parse(given: Mapping[str, Any]) -> UserConsent:
        """From plain values by Graph's names. Raises InvalidPolicy."""
        return UserConsent(**_flags(given, CONSENT))


CONSENT: Final = ("inboundAllowed", "outboundAllowed")


@dataclass(frozen=True, slots=True)
class Partner:
    """What is different for one organisation; what is None is as by default."""

    tenantId: str
    b2bCollaborationInbound: Inbound | None = None
    inboundTrust: InboundTrust | None = None
    automaticUserConsentSettings: UserConsent | None = None


def _flags(given: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, bool]:
    _check_names(given, "", names)
    found = {name: value for name, value in given.items() if value is not None}
    for name, value in found.items():
        if not isinstance(value, bool):
            raise InvalidPolicy(name, "true or false")
    return found


def _check_names(given: Any, where: str, known: tuple[str, ...]) -> None:
    if not isinstance(given, Mapping):
        raise InvalidPolicy(where, "a mapping")
    for name in given:
        if name not in known:
            raise InvalidPolicy(f"{where}.{name}".lstrip("."), f"unknown; one of {', '.join(known)}")
