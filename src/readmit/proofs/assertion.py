"""Client assertions: a JWT signed by a certificate that the application registered (RFC 7523, graph G72).

Tolerant where Microsoft's libraries differ: thumbprints in `x5t`, `x5t#S256` or `kid`, with or without padding, in
base64url or hexadecimal; ES256 signatures raw or DER; times as integers or fractions.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

SKEW: Final = timedelta(minutes=5)
LONGEST_LIFE: Final = timedelta(hours=24)
_LONGEST: Final = 16_384
_RAW_ES256: Final = 64


class AssertionRefused(Exception):
    """Why an assertion is no proof: `reason` is `key`, `time`, `audience` or `form`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidCertificate(ValueError):
    """A key that is no usable X.509 certificate."""


@dataclass(frozen=True, slots=True)
class Asserted:
    """What is remembered of a good assertion: its `jti`, and until when it could be brought again."""

    jti: str
    until: datetime


def certificate(text: str) -> x509.Certificate:
    """A certificate from PEM or base64 DER, with an RSA key of 2048 bits or more, or one on P-256."""
    try:
        if "-----BEGIN" in text:
            found = x509.load_pem_x509_certificate(text.encode())
        else:
            found = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
        key = found.public_key()
    except (ValueError, binascii.Error) as error:
        raise InvalidCertificate("this is no X.509 certificate, neither PEM nor base64 DER") from error
    strong = isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048
    if not strong and not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)):
        raise InvalidCertificate("a certificate needs an RSA key of 2048 bits or more, or a key on P-256")
    return found


def key_credential(found: x509.Certificate, *, key_id: str, display_name: str | None = None) -> dict[str, Any]:
    """Graph's keyCredential of a certificate; `key` is its base64 DER, `customKeyIdentifier` its SHA-1 (graph G35)."""
    der = found.public_bytes(serialization.Encoding.DER)
    subject = found.subject.rfc4514_string()
    return {
        "customKeyIdentifier": base64.b64encode(hashlib.sha1(der, usedforsecurity=False).digest()).decode(),
        "displayName": display_name or subject[:256],
        "endDateTime": _stamp(found.not_valid_after_utc),
        "key": base64.b64encode(der).decode(),
        "keyId": key_id,
        "startDateTime": _stamp(found.not_valid_before_utc),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def _stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def verify(
    text: str, keys: Sequence[Mapping[str, Any]], *, client_id: str, audiences: Collection[str], now: datetime
) -> Asserted:
    """What a client's assertion proves. `keys` are its keyCredentials. Raises AssertionRefused."""
    header, claims, signed, signature = _parts(text)
    _verify_signature(header, signed, signature, _registered(keys, header, now))
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise AssertionRefused("form")
    given = claims.get("aud")
    named = {one for one in (given if isinstance(given, list) else [given]) if isinstance(one, str)}
    if not named & set(audiences):
        raise AssertionRefused("audience")
    until = _check_times(claims, now)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 256:
        raise AssertionRefused("form")
    return Asserted(jti, until + SKEW)


def _parts(text: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    pieces = text.split(".")
    if len(pieces) != 3 or len(text) > _LONGEST or not text.isascii():
        raise AssertionRefused("form")
    try:
        header, claims = (json.loads(_decoded(piece)) for piece in pieces[:2])
        signature = _decoded(pieces[2])
    except (ValueError, RecursionError) as error:
        raise AssertionRefused("form") from error
    if not isinstance(header, dict) or not isinstance(claims, dict) or "crit" in header:
        raise AssertionRefused("form")
    return header, claims, f"{pieces[0]}.{pieces[1]}".encode(), signature


def _decoded(text: str) -> bytes:
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)


def _registered(keys: Sequence[Mapping[str, Any]], header: Mapping[str, Any], now: datetime) -> x509.Certificate:
    """The registered certificate that the header names; never one that the token brings along (`x5c`, `jwk`)."""
    wanted = {name: header[name] for name in ("x5t#S256", "x5t", "kid") if isinstance(header.get(name), str)}
    for key in keys:
        try:
            found = certificate(str(key.get("key", "")))
        except InvalidCertificate:
            continue
        if _ended(key, now) or not _named(found, wanted):
            continue
        return found
    raise AssertionRefused("key")


def _ended(key: Mapping[str, Any], now: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(key["endDateTime"])) <= now
    except (KeyError, ValueError):
        return False


def _named(found: x509.Certificate, wanted: Mapping[str, str]) -> bool:
    der = found.public_bytes(serialization.Encoding.DER)
    sha1, sha256 = hashlib.sha1(der, usedforsecurity=False).digest(), hashlib.sha256(der).digest()
    prints = {"x5t": (sha1,), "x5t#S256": (sha256,), "kid": (sha1, sha256)}
    return any(_is_print(text, prints[name]) for name, text in wanted.items())


def _is_print(text: str, digests: Collection[bytes]) -> bool:
    if any(text.replace(":", "").lower() == digest.hex() for digest in digests):
        return True
    try:
        return _decoded(text) in digests
    except ValueError:
        return False


def _verify_signature(header: Mapping[str, Any], signed: bytes, signature: bytes, found: x509.Certificate) -> None:
    """RS256, PS256 or ES256 by the key's own kind; `none` and shared secrets do not exist here."""
    key, algorithm = found.public_key(), header.get("alg")
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm == "RS256":
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, rsa.RSAPublicKey) and algorithm == "PS256":
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
            key.verify(signature, signed, pss, hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm == "ES256":
            key.verify(_der(signature), signed, ec.ECDSA(hashes.SHA256()))
        else:
            raise AssertionRefused("key")
    except InvalidSignature as error:
        raise AssertionRefused("key") from error


def _der(signature: bytes) -> bytes:
    if len(signature) != _RAW_ES256:
        return signature
    half = _RAW_ES256 // 2
    return utils.encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))


def _check_times(claims: Mapping[str, Any], now: datetime) -> datetime:
    """Until when it is good: at most a day ahead, so that what is remembered stays bounded."""
    until = _time(claims.get("exp"))
    begins = [_time(claims[name]) for name in ("nbf", "iat") if name in claims]
    early = any(begin is None or begin > now + SKEW for begin in begins)
    if until is None or early or not now - SKEW < until <= now + LONGEST_LIFE + SKEW:
        raise AssertionRefused("time")
    return until


def _time(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**40:
        return None
    return datetime.fromtimestamp(value, UTC)
