"""What a signed assertion says, and whether it says it to us, now, about our request (SAML 2.0 profiles 4.1.4.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from readmit.domain.provider import Untrusted
from readmit.domain.saml import Assertion, Metadata
from readmit.proofs.saml.request import Asked
from readmit.proofs.saml.xml import ASSERTION, Element, Malformed, local, name, text

SKEW: Final = timedelta(seconds=60)
_BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:\d\d)")
_CONDITIONS: Final = ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")
_CONTEXT: Final = "AuthnContextClassRef"
_MULTI_FACTOR: Final = (
    "https://refeds.org/profile/mfa",
    "http://schemas.microsoft.com/claims/multipleauthn",
)


def read(metadata: Metadata, asked: Asked, signed: Element, now: datetime) -> Assertion:
    """The assertion, if it is the provider's word to us about this request. Raises Untrusted."""
    try:
        if signed.get("Version") != "2.0":
            raise Untrusted("no SAML 2.0 assertion")
        if text(_one(signed, "Issuer")) != metadata.entity_id:
            raise Untrusted("the assertion's issuer is somebody else")
        if _time(signed, "IssueInstant") > now + SKEW:
            raise Untrusted("issued in the future; do the clocks agree?")
        until = max(_check_conditions(asked, signed, now), _check_confirmation(asked, signed, now))
        name_id = _name_id(metadata, asked, signed)
        statement = _statement(asked, signed, now)
        return Assertion(
            id=signed.get("ID", ""),
            until=until,
            name_id=text(name_id),
            name_id_format=name_id.get("Format", ""),
            attributes=_attributes(signed),
            authenticated=_time(statement, "AuthnInstant"),
            multi_factor=any(text(one) in _MULTI_FACTOR for one in statement.iter(name(ASSERTION, _CONTEXT))),
        )
    except Malformed as error:
        raise Untrusted(f"the assertion is not believed: {error}") from error


def _one(parent: Element, child: str) -> Element:
    found = parent.findall(name(ASSERTION, child))
    if len(found) != 1:
        raise Untrusted(f"{len(found)} elements {child} in the {local(parent)}")
    return found[0]


def _time(element: Element, attribute: str) -> datetime:
    """A time with its zone; a missing one is refused like a wrong one."""
    written = element.get(attribute, "")
    if not _TIME.fullmatch(written):
        raise Untrusted(f"no usable {attribute} in the {local(element)}")
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Untrusted(f"no usable {attribute} in the {local(element)}") from error


def _check_window(element: Element, now: datetime) -> None:
    """NotBefore and NotOnOrAfter, as far as they are there, within a minute."""
    what = local(element)
    if element.get("NotBefore") is not None and _time(element, "NotBefore") > now + SKEW:
        raise Untrusted(f"{what}: not valid yet; do the clocks agree?")
    if element.get("NotOnOrAfter") is not None and _time(element, "NotOnOrAfter") <= now - SKEW:
        raise Untrusted(f"{what}: no longer valid; do the clocks agree?")


def _check_conditions(asked: Asked, signed: Element, now: datetime) -> datetime:
    """For us, now; until when. A condition that is not understood cannot be met (core 2.5.1.1)."""
    conditions = _one(signed, "Conditions")
    _check_window(conditions, now)
    unknown = [child for child in conditions if child.tag not in {name(ASSERTION, known) for known in _CONDITIONS}]
    if unknown:
        raise Untrusted("a condition that is not understood")
    restrictions = conditions.findall(name(ASSERTION, "AudienceRestriction"))
    audiences = [
        {text(audience) for audience in restriction.findall(name(ASSERTION, "Audience"))}
        for restriction in restrictions
    ]
    if not audiences or any(asked.service not in those for those in audiences):
        raise Untrusted("the audience is somebody else")
    return _time(conditions, "NotOnOrAfter") if conditions.get("NotOnOrAfter") is not None else now


def _check_confirmation(asked: Asked, signed: Element, now: datetime) -> datetime:
    """One bearer confirmation that names our address and our request; until when it confirms."""
    bearers = [
        found
        for found in _one(signed, "Subject").findall(name(ASSERTION, "SubjectConfirmation"))
        if found.get("Method") == _BEARER
    ]
    if len(bearers) != 1:
        raise Untrusted(f"{len(bearers)} bearer confirmations")
    data = _one(bearers[0], "SubjectConfirmationData")
    if data.get("Recipient") != asked.consumer:
        raise Untrusted("the recipient is somebody else")
    if data.get("InResponseTo") != asked.id:
        raise Untrusted("the assertion answers no request, or another one")
    until = _time(data, "NotOnOrAfter")
    _check_window(data, now)
    return until


def _name_id(metadata: Metadata, asked: Asked, signed: Element) -> Element:
    """The NameID, in the name space of this provider and this service."""
    name_id = _one(_one(signed, "Subject"), "NameID")
    if name_id.get("NameQualifier", metadata.entity_id) != metadata.entity_id:
        raise Untrusted("the NameID is qualified by somebody else")
    if name_id.get("SPNameQualifier", asked.service) != asked.service:
        raise Untrusted("the NameID is meant for another service")
    return name_id


def _statement(asked: Asked, signed: Element, now: datetime) -> Element:
    """How the person signed in there; an ended session is no sign-in, and an old one none where it must be fresh."""
    statements = signed.findall(name(ASSERTION, "AuthnStatement"))
    if not statements:
        raise Untrusted("nobody signed in: no AuthnStatement")
    ended = statements[0].get("SessionNotOnOrAfter")
    if ended is not None and _time(statements[0], "SessionNotOnOrAfter") <= now - SKEW:
        raise Untrusted("the session at the provider is over")
    if asked.fresh is not None and _time(statements[0], "AuthnInstant") < asked.fresh - SKEW:
        raise Untrusted("the person did not sign in anew, as was asked")
    return statements[0]


def _attributes(signed: Element) -> Mapping[str, tuple[str, ...]]:
    """Values by attribute name. A value that is more than text is left out: it names nobody here."""
    found: dict[str, list[str]] = {}
    for statement in signed.findall(name(ASSERTION, "AttributeStatement")):
        for attribute in statement.findall(name(ASSERTION, "Attribute")):
            values = attribute.findall(name(ASSERTION, "AttributeValue"))
            found.setdefault(attribute.get("Name", ""), []).extend(text(value) for value in values if not len(value))
    return {key: tuple(values) for key, values in found.items()}
