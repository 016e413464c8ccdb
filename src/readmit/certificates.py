"""The local certificate authority: HTTPS on the first start, trusted by one file (security H3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ALWAYS: Final = (
    "localhost",
    "127.0.0.1",
    "::1",
    "graph.microsoft.com",
    "login.microsoftonline.com",
    "invitations.microsoft.com",
    "myapps.microsoft.com",
    "myapplications.microsoft.com",
)
_CA_LIFETIME: Final = timedelta(days=3650)
_LEAF_LIFETIME: Final = timedelta(days=397)
_RENEW: Final = timedelta(days=30)
_BACK: Final = timedelta(minutes=5)

Writer = Callable[[Path, bytes], None]
"""Replaces a file that only its owner reads."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """`ca` is the certificate to trust; `server` holds key and chain; `new_ca` asks for a word to the operator."""

    ca: Path
    server: Path
    new_ca: bool


def ensure(folder: Path, hosts: Sequence[str], now: datetime, write_secret: Writer) -> Certificates:
    """Have a CA for exactly these hosts and a leaf of it that is not about to end; a changed list makes a new CA."""
    ca_path, key_path, server_path = folder / "ca.pem", folder / "ca-key.pem", folder / "server.pem"
    names = tuple(dict.fromkeys((*ALWAYS, *hosts)))
    if all(path.is_file() for path in (ca_path, key_path, server_path)):
        leaf = x509.load_pem_x509_certificate(server_path.read_bytes())
        ca = x509.load_pem_x509_certificate(ca_path.read_bytes())
        if _names(leaf) == set(names) and ca.not_valid_after_utc > now + _LEAF_LIFETIME:
            if leaf.not_valid_after_utc < now + _RENEW:
                key = serialization.load_pem_private_key(key_path.read_bytes(), None)
                assert isinstance(key, ec.EllipticCurvePrivateKey)
                write_secret(server_path, _leaf(ca, key, names, now))
            return Certificates(ca_path, server_path, new_ca=False)
    ca, key = _make_ca(names, now)
    write_secret(key_path, _pem_key(key))
    write_secret(ca_path, ca.public_bytes(serialization.Encoding.PEM))
    ca_path.chmod(0o644)
    write_secret(server_path, _leaf(ca, key, names, now))
    return Certificates(ca_path, server_path, new_ca=True)


def trust_lines(ca: Path) -> str:
    """The lines that make curl, Python, Node and browsers trust the CA; nothing is changed by printing them."""
    path = ca.resolve()
    return "\n".join(
        (
            "# curl",
            f"export CURL_CA_BUNDLE={path}",
            "# Python (ssl, httpx, requests)",
            f"export SSL_CERT_FILE={path}",
            f"export REQUESTS_CA_BUNDLE={path}",
            "# Node",
            f"export NODE_EXTRA_CA_CERTS={path}",
            "# Firefox and Chromium: import this file as an authority for websites in the certificate settings",
            f"#   {path}",
        )
    )


def _make_ca(names: Sequence[str], now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"readmit local CA {now:%Y-%m-%d %H:%M}")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACK)
        .not_valid_after(now + _CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .add_extension(x509.NameConstraints(_permitted(names), None), critical=True)
        .add_extension(identifier, critical=False)
    )
    return builder.sign(key, hashes.SHA256()), key


def _permitted(names: Sequence[str]) -> list[x509.GeneralName]:
    permitted: list[x509.GeneralName] = []
    for name in names:
        network = _network(name)
        permitted.append(x509.IPAddress(network) if network else x509.DNSName(name))
    return permitted


def _network(name: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(name)
    except ValueError:
        return None


def _leaf(ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, names: Sequence[str], now: datetime) -> bytes:
    """Chain and key of a fresh server certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    alternative = [x509.IPAddress(ip_address(name)) if _network(name) else x509.DNSName(name) for name in names]
    authority = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "readmit")]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACK)
        .not_valid_after(now + _LEAF_LIFETIME)
        .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    chain = leaf.public_bytes(serialization.Encoding.PEM) + ca.public_bytes(serialization.Encoding.PEM)
    return chain + _pem_key(key)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _names(leaf: x509.Certificate) -> set[str]:
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    dns = found.get_values_for_type(x509.DNSName)
    return {*dns, *(str(address) for address in found.get_values_for_type(x509.IPAddress))}
