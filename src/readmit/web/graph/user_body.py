"""Reads the body of POST and PATCH of a user: every writable property of graph G27 with its type and limit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from readmit.domain.address import EmailAddress, InvalidAddress
from readmit.domain.errors import InvalidValue, MissingValue, NotProvided, ReadOnly
from readmit.web.graph.body import Properties
from readmit.web.graph.odata.select import UNPROVIDED
from readmit.web.graph.times import parsed_stamp
from readmit.web.graph.user_shape import EXTENSION_ATTRIBUTES, GETTERS, ORG_DATA, SINGLE

_OTHER_MAILS: Final = 250
"""Addresses per user (reliability section 7)."""
_PASSWORD: Final = (8, 128)
_LIMITS: Final = {
    "companyName": 64,
    "faxNumber": 64,
    "postalCode": 40,
    "streetAddress": 1024,
    "employeeType": 256,
    "city": 128,
    "country": 128,
    "state": 128,
    "department": 64,
    "employeeId": 16,
    "usageLocation": 2,
    "displayName": 256,
    "givenName": 64,
    "surname": 64,
    "jobTitle": 128,
    "mailNickname": 64,
    "mobilePhone": 64,
    "officeLocation": 128,
    "preferredLanguage": 35,
    "passwordPolicies": 256,
    "ageGroup": 64,
    "consentProvidedForMinor": 64,
}
_ENUMS: Final = {
    "userType": ("Guest", "Member"),
    "ageGroup": ("Minor", "NotAdult", "Adult"),
    "consentProvidedForMinor": ("Granted", "Denied", "NotRequired"),
}
_UNWRITTEN: Final = ("authorizationInfo", "employeeLeaveDateTime")
"""What Graph writes by permissions of their own, which readmit has not (M12)."""
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}")

Reader = Callable[[Properties, str], Any]


@dataclass(frozen=True, slots=True)
class UserBody:
    """What the body asks for; `password` is plain text on its way to be hashed."""

    values: dict[str, Any]
    identities: tuple[dict[str, str | None], ...] | None
    password: str | None


def read_user(members: dict[str, Any]) -> UserBody:
    """Raises UnknownProperty (M4), ReadOnly (M5), NotProvided (M12), WrongType (M3), InvalidValue (M6)."""
    body = Properties(members, (*GETTERS, *SINGLE, *UNPROVIDED))
    for name in body:
        if name in SINGLE or name in UNPROVIDED or name in _UNWRITTEN:
            raise NotProvided
        if name not in _READERS and name not in ("identities", "passwordProfile"):
            raise ReadOnly(name)
    values = {name: _READERS[name](body, name) for name in body if name in _READERS}
    return UserBody(values, _identities(body), _password(body))


def _text(body: Properties, name: str) -> str | None:
    value = body.text(name, limit=_LIMITS.get(name, 256)) or None
    if value is not None and name in _ENUMS:
        found = next((choice for choice in _ENUMS[name] if choice.lower() == value.lower()), None)
        if found is None:
            raise body.refuse_value(name)
        return found
    return value


def _language(body: Properties, name: str) -> str | None:
    value = _text(body, name)
    if value is not None and not _LANGUAGE.fullmatch(value):
        raise body.refuse_value(name)
    return value


def _usage_location(body: Properties, name: str) -> str | None:
    value = _text(body, name)
    if value is not None and not _COUNTRY.fullmatch(value):
        raise body.refuse_value(name)
    return value


def _nullable_flag(body: Properties, name: str) -> bool | None:
    return body.flag(name, nullable=True)


def _address(name: str, given: str) -> EmailAddress:
    try:
        return EmailAddress.parse(given)
    except InvalidAddress as error:
        raise InvalidValue(name) from error


def _mail(body: Properties, name: str) -> EmailAddress | None:
    given = body.text(name) or None
    return _address(name, given) if given is not None else None


def _other_mails(body: Properties, name: str) -> tuple[EmailAddress, ...]:
    given = body.texts(name) or []
    if len(given) > _OTHER_MAILS:
        raise body.refuse_value(name)
    found = {address.key: address for address in (_address(name, mail) for mail in given)}
    if len(found) != len(given):
        raise body.refuse_value(name)
    return tuple(found.values())


def _phones(body: Properties, name: str) -> list[str] | None:
    given = body.texts(name, limit=64) or []
    if len(given) > 1:
        raise body.refuse_value(name)
    return given or None


def _upn(body: Properties, name: str) -> str:
    given = body.text(name, nullable=False) or ""
    _address(name, given)
    return given


def _members(names: tuple[str, ...]) -> Reader:
    def read(body: Properties, name: str) -> dict[str, str] | None:
        inner = body.inner(name, names)
        if inner is None:
            return None
        return {member: value for member in inner if (value := inner.text(member, limit=1024)) is not None}

    return read


def _moment(body: Properties, name: str) -> str | None:
    given = body.text(name) or None
    if given is None:
        return None
    try:
        return parsed_stamp(given)
    except ValueError as error:
        raise InvalidValue(name) from error


_READERS: Final[dict[str, Reader]] = {
    **dict.fromkeys(_LIMITS, _text),
    "preferredLanguage": _language,
    "usageLocation": _usage_location,
    "userType": _text,
    "accountEnabled": _nullable_flag,
    "showInAddressList": _nullable_flag,
    "mail": _mail,
    "otherMails": _other_mails,
    "businessPhones": _phones,
    "userPrincipalName": _upn,
    "employeeHireDate": _moment,
    "employeeOrgData": _members(ORG_DATA),
    "onPremisesExtensionAttributes": _members(EXTENSION_ATTRIBUTES),
}


def _identities(body: Properties) -> tuple[dict[str, str | None], ...] | None:
    names = ("signInType", "issuer", "issuerAssignedId")
    entries = body.each("identities", names)
    if entries is None:
        if "identities" in body:
            raise body.refuse_value("identities")
        return None
    return tuple({name: entry.text(name) for name in names} for entry in entries)


def _password(body: Properties) -> str | None:
    profile = body.inner(
        "passwordProfile",
        ("password", "forceChangePasswordNextSignIn", "forceChangePasswordNextSignInWithMfa"),
    )
    if profile is None:
        return None
    for name in ("forceChangePasswordNextSignIn", "forceChangePasswordNextSignInWithMfa"):
        profile.flag(name, nullable=True)
    password = profile.text("password")
    if password is None:
        raise MissingValue("passwordProfile.password")
    shortest, longest = _PASSWORD
    if not shortest <= len(password) <= longest:
        raise InvalidValue("passwordProfile.password")
    return password
