"""A provider's metadata as its administrator hands it over: what is pinned of it (SAML 2.0 metadata, security I9)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from readmit.domain import redirect
from readmit.domain.provider import InvalidProvider
from readmit.domain.saml import Metadata
from readmit.proofs.saml.xml import ASSERTION, METADATA, PROTOCOL, SIGNATURE, Element, Malformed, name, parse, text

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_LEAST_RSA: Final = 2048
_CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
_MOST_CERTIFICATES: Final = 10
_LONGEST_URL: Final = 2000


def read(raw: bytes) -> Metadata:
    """What to pin of a metadata document. Raises InvalidProvider in words for the administrator."""
    try:
        entity = _entity(parse(raw))
        role = _role(entity)
        return Metadata(
            entity_id=entity.get("entityID", ""),
            sign_in_url=_sign_in_url(role),
            certificates=tuple(dict.fromkeys(_certificates(role))),
            wants_signed_requests=role.get("WantAuthnRequestsSigned") in ("true", "1"),
        )
    except Malformed as error:
        raise InvalidProvider(f"this metadata cannot be read: {error}") from error


def warnings(metadata: Metadata, now: datetime) -> list[str]:
    """What an administrator should know of metadata that is accepted."""
    found = []
    for encoded in metadata.certificates:
        ends, begins = certificate(encoded).not_valid_after_utc, certificate(encoded).not_valid_before_utc
        if ends <= now:
            found.append(
                f"A signing certificate of {metadata.entity_id} expired on {ends:%Y-%m-%d}; its signatures still count."
            )
        if begins > now:
            found.append(f"A signing certificate of {metadata.entity_id} is valid from {begins:%Y-%m-%d} only.")
    return found


def certificate(encoded: str) -> Certificate:
    """A pinned certificate."""
    from cryptography import x509

    return x509.load_der_x509_certificate(base64.b64decode(encoded))


def _entity(root: Element) -> Element:
    if root.tag == name(METADATA, "EntityDescriptor"):
        return root
    if root.tag == name(ASSERTION, "Assertion") or root.tag == name(PROTOCOL, "Response"):
        raise InvalidProvider("this is a SAML message, not a provider's metadata")
    if root.tag != name(METADATA, "EntitiesDescriptor"):
        raise InvalidProvider("this is no SAML 2.0 metadata: the root is no EntityDescriptor")
    every = [
        entity
        for entity in root.iter(name(METADATA, "EntityDescriptor"))
        if entity.find(name(METADATA, "IDPSSODescriptor")) is not None
    ]
    if len(every) != 1:
        raise InvalidProvider(f"the metadata describes {len(every)} identity providers; give the file of one")
    return every[0]


def _role(entity: Element) -> Element:
    roles = [
        role
        for role in entity.findall(name(METADATA, "IDPSSODescriptor"))
        if PROTOCOL in role.get("protocolSupportEnumeration", "").split()
    ]
    if len(roles) != 1:
        raise InvalidProvider("the metadata describes no SAML 2.0 identity provider (IDPSSODescriptor)")
    return roles[0]


def _sign_in_url(role: Element) -> str:
    for service in role.findall(name(METADATA, "SingleSignOnService")):
        url = str(service.get("Location", ""))
        if service.get("Binding") != REDIRECT or not 0 < len(url) <= _LONGEST_URL:
            continue
        if not url.lower().startswith(("https://", "http://")) or not redirect.usable(url):
            raise InvalidProvider("the SingleSignOnService of the metadata is at no http or https address")
        return url
    raise InvalidProvider("the metadata has no SingleSignOnService with the HTTP-Redirect binding")


def _certificates(role: Element) -> Iterator[str]:
    found = 0
    for key in role.findall(name(METADATA, "KeyDescriptor")):
        if key.get("use", "signing") != "signing":
            continue
        for element in key.iter(name(SIGNATURE, "X509Certificate")):
            found += 1
            yield _checked("".join(text(element).split()))
    if not found:
        raise InvalidProvider("the metadata has no signing certificate")
    if found > _MOST_CERTIFICATES:
        raise InvalidProvider(f"the metadata has more than {_MOST_CERTIFICATES} signing certificates")


def _checked(encoded: str) -> str:
    """A certificate whose key can make a signature that counts: RSA from 2048 bits, or ECDSA."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509 import InvalidVersion

    try:
        base64.b64decode(encoded, validate=True)
        found = certificate(encoded)
        key, _ = found.public_key(), (found.not_valid_before_utc, found.not_valid_after_utc)
    except (ValueError, UnsupportedAlgorithm, InvalidVersion) as error:
        raise InvalidProvider("a signing certificate in the metadata cannot be read") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA:
        return encoded
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return encoded
    raise InvalidProvider("a signing certificate in the metadata has a weak or unknown key: RSA 2048 or more, or ECDSA")
