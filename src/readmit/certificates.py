"""The local certificate authority: HTTPS on the first start, trusted by one file (security H3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from readmit.domain.errors import OperatorError

T = TypeVar("T")

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
    """Have a CA for exactly these hosts and a leaf of it that is not about to end; a changed list makes a new CA.

    Raises OperatorError for a damaged CA.
    """
    ca_path, key_path, server_path = folder / "ca.pem", folder / "ca-key.pem", folder / "server.pem"
    names = tuple(dict.fromkeys((*ALWAYS, *hosts)))
    if ca_path.is_file() and key_path.is_file():
        ca, key = _read_ca(ca_path, key_path)
        if _permits(ca) == set(names) and ca.not_valid_after_utc > now + _LEAF_LIFETIME:
            if not _lasts(server_path, ca, now + _RENEW):
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


def _permits(ca: x509.Certificate) -> set[str]:
    """The names that a CA of ours may speak for."""
    permitted = ca.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or ()
    return {str(getattr(name.value, "network_address", name.value)) for name in permitted}


def _read_ca(ca_path: Path, key_path: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Certificate and key as they stand in the folder; raises OperatorError: what clients trust is not replaced."""
    ca, key = _or_damaged(ca_path, _load_ca), _or_damaged(key_path, _load_key)
    if key.public_key() != ca.public_key():
        raise _damaged(key_path)
    return ca, key


def _or_damaged(path: Path, load: Callable[[Path], T]) -> T:
    try:
        return load(path)
    except (ValueError, TypeError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> OperatorError:
    return OperatorError(
        f"{path} is damaged; restore ca.pem and ca-key.pem, or remove both for a new CA, which clients have to trust."
    )


def _load_ca(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(key)
    return key


def _lasts(server_path: Path, ca: x509.Certificate, until: datetime) -> bool:
    """Whether there is a readable server certificate of this CA that lasts; another one is made at no cost."""
    try:
        content = server_path.read_bytes()
        serialization.load_pem_private_key(content, None)
        leaf = x509.load_pem_x509_certificate(content)
    except (OSError, ValueError):
        return False
    return leaf.issuer == ca.subject and leaf.not_valid_after_utc >= until
