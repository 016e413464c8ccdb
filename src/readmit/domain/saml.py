"""SAML 2.0: what is pinned of a provider, and whom a believed assertion is about (security I9, lifecycle 6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from readmit.domain.provider import (
    Identity,
    Provider,
    Untrusted,
    binding_of,
    is_subject,
    key_spoken_for,
    names_of,
    plain,
)

PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_ADFS: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_MOST_ADDRESSES: Final = 20
_UNPRINTABLE: Final = re.compile(r"[^!-~]")

_MAIL: Final = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    f"{_ADFS}emailaddress",
    *("mail", "email", "emailAddress", "emailaddress", "EmailAddress"),
)
_NAMES: Final = {
    "name": (
        "urn:oid:2.16.840.1.113730.3.1.241",
        "http://schemas.microsoft.com/identity/claims/displayname",
        *("displayName", "displayname", "urn:oid:2.5.4.3", "cn"),
    ),
    "given_name": ("urn:oid:2.5.4.42", f"{_ADFS}givenname", "givenName", "givenname", "firstName", "given_name"),
    "family_name": ("urn:oid:2.5.4.4", f"{_ADFS}surname", "sn", "surname", "lastName", "family_name"),
}
"""Attribute names in use: object identifiers, ADFS and Entra claims, plain names. The first that is found counts."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is pinned of a provider when it is registered. Whatever a message says of keys counts for nothing."""

    entity_id: str
    sign_in_url: str
    """Its SingleSignOnService of the HTTP-Redirect binding."""
    certificates: tuple[str, ...]
    """The signing certificates: base64 of DER, without line breaks."""
    wants_signed_requests: bool = False


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a verified assertion says, read from its signed bytes."""

    id: str
    until: datetime
    """A minute after that it is refused for its age alone."""
    name_id: str
    name_id_format: str
    attributes: Mapping[str, tuple[str, ...]]
    authenticated: datetime
    """When the person signed in there: maybe long before he was asked for here."""
    multi_factor: bool = False


def identity_of(provider: Provider, assertion: Assertion) -> Identity:
    """The identity, and the addresses in domains that the provider is registered for. Raises Untrusted."""
    subject = _subject(provider, assertion)
    mails = list(_values(assertion.attributes, _MAIL))[:_MOST_ADDRESSES]
    keys = {key: None for mail in mails if (key := key_spoken_for(provider, mail)) is not None}
    claims = {claim: next(_values(assertion.attributes, names), "") for claim, names in _NAMES.items()}
    shown = plain(mails[0]) if mails and len(mails[0]) <= 254 else subject
    return Identity(binding_of(provider, subject), tuple(keys), shown, names_of(claims))


def _subject(provider: Provider, assertion: Assertion) -> str:
    """A persistent NameID, or the configured attribute: nothing that changes or is given to somebody else later."""
    if provider.subject_attribute is not None:
        values = assertion.attributes.get(provider.subject_attribute, ())
        if len(values) != 1 or not is_subject(values[0]):
            raise Untrusted(f"no single subjectAttribute {provider.subject_attribute!r}; sent: {_sent(assertion)}")
        return values[0]
    if assertion.name_id_format != PERSISTENT:
        kind = assertion.name_id_format.rpartition(":")[2][:32] or "unspecified"
        raise Untrusted(f"the NameID is {kind}, not persistent, and no subjectAttribute is configured")
    if not is_subject(assertion.name_id):
        raise Untrusted("no usable NameID")
    return assertion.name_id


def _sent(assertion: Assertion) -> str:
    """The names of the attributes that came, for an administrator who looks for the right one; no value."""
    names = [_UNPRINTABLE.sub("?", name)[:80] for name in list(assertion.attributes)[:12]]
    return ", ".join(names) or "no attributes"


def _values(attributes: Mapping[str, tuple[str, ...]], names: Iterable[str]) -> Iterator[str]:
    return (value for name in names for value in attributes.get(name, ()) if value)
