"""What an administrator hands to a SAML provider about this server: its metadata, and the key that signs requests."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Final

from readmit.domain.saml import PERSISTENT
from readmit.proofs.saml.request import POST
from readmit.proofs.saml.xml import METADATA, PROTOCOL, SIGNATURE, name

_LIFETIME: Final = timedelta(days=3650)


def new_key(now: datetime) -> tuple[bytes, str]:
    """A fresh RSA-2048 key (PKCS 8; about 100 ms) and its self-signed certificate (base64 of DER)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "readmit SAML requests")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _LIFETIME)
        .sign(private, hashes.SHA256())
    )
    key = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key, base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def metadata(service: str, consumer: str, certificate: str, *, signs: bool, persistent: bool) -> bytes:
    """Our metadata for one provider: entity id, where answers are posted, and that assertions must be signed."""
    from lxml import etree

    entity = etree.Element(
        name(METADATA, "EntityDescriptor"), {"entityID": service}, nsmap={"md": METADATA, "ds": SIGNATURE}
    )
    role = etree.SubElement(
        entity,
        name(METADATA, "SPSSODescriptor"),
        {
            "AuthnRequestsSigned": "true" if signs else "false",
            "WantAssertionsSigned": "true",
            "protocolSupportEnumeration": PROTOCOL,
        },
    )
    descriptor = etree.SubElement(role, name(METADATA, "KeyDescriptor"), {"use": "signing"})
    info = etree.SubElement(descriptor, name(SIGNATURE, "KeyInfo"))
    data = etree.SubElement(info, name(SIGNATURE, "X509Data"))
    etree.SubElement(data, name(SIGNATURE, "X509Certificate")).text = certificate
    if persistent:
        etree.SubElement(role, name(METADATA, "NameIDFormat")).text = PERSISTENT
    etree.SubElement(
        role,
        name(METADATA, "AssertionConsumerService"),
        {"Binding": POST, "Location": consumer, "index": "0", "isDefault": "true"},
    )
    return bytes(etree.tostring(entity, xml_declaration=True, encoding="UTF-8", pretty_print=True))
