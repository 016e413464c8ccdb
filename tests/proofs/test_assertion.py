"""What a client assertion must be to prove a client (graph G72, RFC 7523)."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID

from readmit.proofs import assertion
from readmit.proofs.assertion import AssertionRefused, InvalidCertificate
from world import START

CLIENT = "00000000-0000-4000-8000-0000000000a1"
AUDIENCE = "https://localhost:8443/contoso.com/oauth2/v2.0/token"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def made(kind: str, name: str = "first") -> tuple[Key, x509.Certificate]:
    """A key and its certificate, made once."""
    return _made(kind, name)


@cache
def _made(kind: str, name: str) -> tuple[Key, x509.Certificate]:
    key: Key = rsa.generate_private_key(65537, int(kind)) if kind.isdigit() else ec.generate_private_key(_CURVES[kind])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(START - timedelta(days=1))
        .not_valid_after(START + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return key, built


_CURVES: dict[str, Any] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}


def der(found: x509.Certificate) -> bytes:
    return found.public_bytes(serialization.Encoding.DER)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def thumb(found: x509.Certificate) -> str:
    return base64.urlsafe_b64encode(hashlib.sha1(der(found)).digest()).decode()


def sign(key: Key, algorithm: str, signed: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        if algorithm == "PS256":
            return key.sign(signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        return key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(signed, ec.ECDSA(hashes.SHA256()))


def token(
    kind: str = "2048",
    algorithm: str = "RS256",
    *,
    header: dict[str, Any] | None = None,
    claims: dict[str, Any] | None = None,
    signature: Callable[[bytes], bytes] = lambda made: made,
    signer: str = "first",
) -> str:
    now = START.timestamp()
    key, _ = made(kind, signer)
    head = {"alg": algorithm, "typ": "JWT", "x5t": thumb(made(kind)[1]), **(header or {})}
    body = {"iss": CLIENT, "sub": CLIENT, "aud": AUDIENCE, "exp": now + 600, "nbf": now, "jti": str(uuid.uuid4())}
    body |= claims or {}
    head = {name: value for name, value in head.items() if value is not None}
    body = {name: value for name, value in body.items() if value is not None}
    signed = f"{part(head)}.{part(body)}".encode()
    made_signature = base64.urlsafe_b64encode(signature(sign(key, algorithm, signed))).decode()
    return f"{signed.decode()}.{made_signature}"


def verified(text: str, kind: str = "2048", **changed: Any) -> assertion.Asserted:
    keys = [assertion.key_credential(made(kind)[1], key_id="1") | changed]
    return assertion.verify(text, keys, client_id=CLIENT, audiences=(AUDIENCE,), now=START)


def raw(signature: bytes) -> bytes:
    r, s = utils.decode_dss_signature(signature)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def test_every_accepted_algorithm_and_form_of_signature() -> None:
    assert verified(token())
    assert verified(token(algorithm="PS256"))
    assert verified(token("P-256", "ES256"), "P-256")
    assert verified(token("P-256", "ES256", signature=raw), "P-256")


def test_every_accepted_name_of_the_certificate() -> None:
    found = made("2048")[1]
    sha1, sha256 = hashlib.sha1(der(found)), hashlib.sha256(der(found))
    plain = thumb(found).rstrip("=")
    for header in (
        {"x5t": plain},
        {"x5t": plain + "="},
        {"x5t": sha1.hexdigest().upper()},
        {"x5t": None, "kid": sha1.hexdigest().upper()},
        {"x5t": None, "kid": plain},
        {"x5t": None, "x5t#S256": base64.urlsafe_b64encode(sha256.digest()).decode()},
        {"x5t": None, "kid": sha256.hexdigest()},
    ):
        assert verified(token(header=header)), header


def test_times_may_be_fractions_and_clocks_five_minutes_apart() -> None:
    now = START.timestamp()
    assert verified(token(claims={"exp": now + 600.5, "nbf": now + 0.25, "iat": now - 0.75}))
    assert verified(token(claims={"exp": now - 299}))
    assert verified(token(claims={"nbf": now + 300, "iat": now + 300}))
    assert verified(token(claims={"aud": ["https://other.example", AUDIENCE]}))


NOW = START.timestamp()
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"claims": {"iss": "x"}}, "form"),
    "another subject": ({"claims": {"sub": "x"}}, "form"),
    "another audience": ({"claims": {"aud": "https://evil.example"}}, "audience"),
    "no audience": ({"claims": {"aud": None}}, "audience"),
    "expired": ({"claims": {"exp": NOW - 301}}, "time"),
    "no expiry": ({"claims": {"exp": None}}, "time"),
    "expiry as text": ({"claims": {"exp": str(NOW + 600)}}, "time"),
    "expiry for years": ({"claims": {"exp": NOW + 10**8}}, "time"),
    "not yet": ({"claims": {"nbf": NOW + 301}}, "time"),
    "from the future": ({"claims": {"iat": NOW + 301}}, "time"),
    "true for a time": ({"claims": {"exp": True}}, "time"),
    "no jti": ({"claims": {"jti": None}}, "form"),
    "a long jti": ({"claims": {"jti": "x" * 257}}, "form"),
    "an unknown certificate": ({"header": {"x5t": "AAAA"}}, "key"),
    "no name of a certificate": ({"header": {"x5t": None}}, "key"),
    "another key under a known name": ({"signer": "second"}, "key"),
    "none": ({"header": {"alg": "none"}}, "key"),
    "HS256": ({"header": {"alg": "HS256"}}, "key"),
    "ES256 with an RSA key": ({"header": {"alg": "ES256"}}, "key"),
    "crit": ({"header": {"crit": ["exp"]}}, "form"),
    "a broken signature": ({"signature": lambda made: made[:-1] + bytes([made[-1] ^ 1])}, "key"),
}


@pytest.mark.parametrize("lie", REFUSED)
def test_what_does_not_fit_proves_nothing(lie: str) -> None:
    options, reason = REFUSED[lie]
    with pytest.raises(AssertionRefused) as refused:
        verified(token(**options))
    assert refused.value.reason == reason


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "x" * 20_000, "W10.W10.AA", "e30.e30"])
def test_what_is_no_token_proves_nothing(text: str) -> None:
    with pytest.raises(AssertionRefused):
        verified(text)


def test_a_key_that_ended_proves_nothing_and_a_broken_one_is_passed_over() -> None:
    with pytest.raises(AssertionRefused):
        verified(token(), endDateTime="2026-01-31T10:29:59Z")
    assert verified(token(), endDateTime="nonsense")
    keys = [{"key": "nonsense"}, assertion.key_credential(made("2048")[1], key_id="1")]
    assert assertion.verify(token(), keys, client_id=CLIENT, audiences=(AUDIENCE,), now=START)


def test_a_certificate_is_PEM_or_DER_with_a_key_that_is_strong_enough() -> None:
    found = made("2048")[1]
    pem = found.public_bytes(serialization.Encoding.PEM).decode()
    assert assertion.certificate(pem) == found == assertion.certificate(base64.b64encode(der(found)).decode())
    for text in (pem[:-100], "nonsense", "", base64.b64encode(b"x" * 100).decode()):
        with pytest.raises(InvalidCertificate):
            assertion.certificate(text)
    for kind in ("1024", "P-384"):
        with pytest.raises(InvalidCertificate, match="2048"):
            assertion.certificate(base64.b64encode(der(made(kind)[1])).decode())
