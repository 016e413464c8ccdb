"""Asking a SAML provider: an AuthnRequest in a URL (HTTP-Redirect binding, SAML 2.0 bindings section 3.4)."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from readmit.domain.saml import PERSISTENT
from readmit.proofs.saml.xml import ASSERTION, PROTOCOL, name

POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, remembered until its answer. `id` is what the answer must name as InResponseTo."""

    id: str
    state: str
    """Comes back as RelayState."""
    service: str
    """Our entity id, which the answer must name as its audience."""
    consumer: str
    """Where the answer is posted to."""
    fresh: datetime | None = None
    """The moment of asking, where the person must sign in there anew, whatever session the provider has."""
    again: bool = False
    """Whether the provider is to ask who it is, though an older sign-in would do."""


def sign_in_url(
    asked: Asked,
    destination: str,
    now: datetime,
    *,
    persistent: bool,
    login_hint: str | None = None,
    key: bytes | None = None,
) -> str:
    """Where the browser goes. `persistent`: ask for a lasting NameID; `key` (PKCS 8) signs the request."""
    compressor = zlib.compressobj(wbits=-15)
    deflated = compressor.compress(_request(asked, destination, now, persistent=persistent)) + compressor.flush()
    query = {"SAMLRequest": base64.b64encode(deflated).decode(), "RelayState": asked.state}
    if key is not None:
        query["SigAlg"] = _RSA_SHA256
        query["Signature"] = _signature(urlencode(query, quote_via=quote, safe=""), key)
    if login_hint:
        query["login_hint"] = login_hint
    joint = "&" if urlsplit(destination).query else "?"
    return f"{destination}{joint}{urlencode(query, quote_via=quote, safe='')}"


def _request(asked: Asked, destination: str, now: datetime, *, persistent: bool) -> bytes:
    from lxml import etree

    root = etree.Element(
        name(PROTOCOL, "AuthnRequest"),
        {
            "ID": asked.id,
            "Version": "2.0",
            "IssueInstant": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "Destination": destination,
            "ProtocolBinding": POST,
            "AssertionConsumerServiceURL": asked.consumer,
        },
        nsmap={"samlp": PROTOCOL, "saml": ASSERTION},
    )
    etree.SubElement(root, name(ASSERTION, "Issuer")).text = asked.service
    if asked.fresh is not None or asked.again:
        root.set("ForceAuthn", "true")
    if persistent:
        etree.SubElement(root, name(PROTOCOL, "NameIDPolicy"), {"Format": PERSISTENT, "AllowCreate": "true"})
    return bytes(etree.tostring(root))


def _signature(query: str, key: bytes) -> str:
    """Over the query as it is sent (bindings 3.4.4.1)."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    private = serialization.load_der_private_key(key, None)
    assert isinstance(private, rsa.RSAPrivateKey)
    return base64.b64encode(private.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
