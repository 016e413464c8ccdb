"""The local CA and its certificates as token clients want them (graph G9)."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from readmit import certificates

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def keep(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def test_G9_the_ca_says_critically_that_it_is_one(tmp_path: Path) -> None:
    """Python 3.13 verifies strictly: critical basicConstraints, and keyCertSign."""
    made = certificates.ensure(tmp_path, ["localhost"], NOW, keep)
    ca = x509.load_pem_x509_certificate(made.ca.read_bytes())
    constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = ca.extensions.get_extension_for_class(x509.KeyUsage)
    assert (constraints.critical, constraints.value.ca) == (True, True)
    assert (usage.critical, usage.value.key_cert_sign) == (True, True)
    leaf = x509.load_pem_x509_certificates(made.server.read_bytes())[0]
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert leaf.issuer == ca.subject


def test_G9_a_strict_client_accepts_the_chain(tmp_path: Path) -> None:
    """A whole handshake in memory, by the strictest check that this Python has."""
    made = certificates.ensure(tmp_path, ["localhost"], datetime.now(UTC), keep)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(made.server)
    theirs = ssl.create_default_context(cafile=made.ca)
    theirs.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = theirs.wrap_bio(to_client, to_server, server_hostname="localhost")
    server = ours.wrap_bio(to_server, to_client, server_side=True)
    left = [client, server]
    for _ in range(10):
        for side in list(left):
            try:
                side.do_handshake()
                left.remove(side)
            except ssl.SSLWantReadError:
                pass
    assert left == []
    assert ("subject", ((("commonName", "readmit"),),)) in (client.getpeercert() or {}).items()
