"""Keys, and what is made with them: signed tokens, sealed secrets, keyed digests (security O6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID

from readmit.domain.authentication import Unauthenticated

ROTATE_EVERY: Final = timedelta(days=90)
PUBLISH_AHEAD: Final = timedelta(hours=24)
_CERTIFICATE: Final = timedelta(days=365)
_CACHE: Final = 20_000
_NONCE: Final = 12
_SKEW: Final = 60


class WrongMasterKey(ValueError):
    """What is to be opened was sealed under another master key."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key as the database holds it: sealed private part, public JWK, and from when it signs."""

    kid: str
    sealed: str
    public_jwk: Mapping[str, Any]
    created: datetime
    active: datetime
    retired: datetime | None = None


@dataclass(slots=True)
class _Loaded:
    private: rsa.RSAPrivateKey
    public: rsa.RSAPublicKey
    key: SigningKey


@dataclass(slots=True)
class Keyring:
    """The server's keys. `reload` is asked once for a key id that is unknown here."""

    master_key: bytes = field(repr=False)
    reload: Callable[[], None] = field(default=lambda: None, repr=False)
    _derived: dict[str, bytes] = field(default_factory=dict, repr=False)
    _keys: dict[str, _Loaded] = field(default_factory=dict, repr=False)
    _verified: OrderedDict[str, Mapping[str, Any]] = field(default_factory=OrderedDict, repr=False)

    # ------------------------------------------------------------- derived

    def key(self, purpose: str) -> bytes:
        """A 256-bit key for one purpose, derived from the master key by HKDF-SHA256."""
        found = self._derived.get(purpose)
        if found is None:
            found = HKDF(hashes.SHA256(), 32, salt=None, info=f"readmit {purpose}".encode()).derive(self.master_key)
            self._derived[purpose] = found
        return found

    def digest(self, purpose: str, data: str) -> str:
        """A keyed digest (HMAC-SHA256) in base64url."""
        return base64url(hmac.digest(self.key(purpose), data.encode(), hashlib.sha256))

    def seal(self, data: bytes, nonce: bytes) -> str:
        """AES-256-GCM under a derived key; `nonce` are 12 random bytes, once each."""
        return base64url(nonce + AESGCM(self.key("seal")).encrypt(nonce, data, b"readmit"))

    def unseal(self, sealed: str) -> bytes:
        """Raises WrongMasterKey when another one sealed it, or it was changed."""
        raw = from_base64url(sealed)
        try:
            return AESGCM(self.key("seal")).decrypt(raw[:_NONCE], raw[_NONCE:], b"readmit")
        except InvalidTag as error:
            raise WrongMasterKey("sealed under another master key") from error

    # ------------------------------------------------------------- signing

    def use(self, keys: Sequence[SigningKey]) -> None:
        """Take over the keys of the database. What is loaded already stays: opening a key takes 50 ms.

        Whoever sends a token with an invented key id has the keys looked at again.
        """
        self._keys = {key.kid: self._loaded(key) for key in keys}

    def _loaded(self, key: SigningKey) -> _Loaded:
        have = self._keys.get(key.kid)
        if have is not None and have.key.sealed == key.sealed:
            return have
        private = serialization.load_der_private_key(self.unseal(key.sealed), None)
        assert isinstance(private, rsa.RSAPrivateKey)
        return _Loaded(private, private.public_key(), key)

    def published(self) -> list[Mapping[str, Any]]:
        """The public keys of the JWKS."""
        return [entry.key.public_jwk for entry in self._keys.values()]

    def sign(self, claims: Mapping[str, Any], *, typ: str, now: datetime) -> str:
        """A JWT, RS256, by the newest key that is active.

        A clock that was ahead when the first key was made and is set right leaves none: then it is the oldest one.
        """
        active = [entry for entry in self._keys.values() if entry.key.active <= now]
        if active:
            entry = max(active, key=lambda loaded: loaded.key.active)
        else:
            entry = min(self._keys.values(), key=lambda loaded: loaded.key.active)
        kid = entry.key.kid
        header = {"typ": typ, "alg": "RS256", "kid": kid, "x5t": entry.key.public_jwk.get("x5t", kid)}
        signed = f"{_part(header)}.{_part(claims)}"
        signature = entry.private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{base64url(signature)}"

    def verify(self, token: str, now: datetime) -> Mapping[str, Any]:
        """The claims of one of our JWTs; `exp` is checked at every call, the signature once for each token.

        Raises Unauthenticated with the message of graph M20.
        """
        claims = self._verified.get(token)
        if claims is None:
            claims = self._checked(token)
            self._verified[token] = claims
            if len(self._verified) > _CACHE:
                self._verified.popitem(last=False)
        if claims["exp"] + _SKEW <= now.timestamp() or claims["nbf"] - _SKEW > now.timestamp():
            raise Unauthenticated("Lifetime validation failed, the token is expired.")
        return claims

    def verify_expired(self, token: str) -> Mapping[str, Any]:
        """The claims of one of our JWTs whatever its age: an `id_token_hint` (OpenID Connect RP-Initiated Logout)."""
        return self._checked(token)

    def _checked(self, token: str) -> Mapping[str, Any]:
        parts = token.split(".")
        if len(parts) != 3:
            raise Unauthenticated("IDX14100: JWT is not well formed, there are no dots (.).")
        try:
            header = _object(parts[0])
            entry = self._entry(header.get("kid"))
            # The algorithm is ours alone: `none`, HS256 and keys named by the token are never looked at.
            if header.get("alg") != "RS256" or entry is None or "crit" in header:
                raise Unauthenticated("Access token validation failure.")
            signed = f"{parts[0]}.{parts[1]}".encode()
            entry.public.verify(from_base64url(parts[2]), signed, padding.PKCS1v15(), hashes.SHA256())
            claims = _object(parts[1])
            return {**claims, "typ": header.get("typ"), "exp": int(claims["exp"]), "nbf": int(claims.get("nbf", 0))}
        except (ValueError, KeyError, TypeError, InvalidSignature) as error:
            raise Unauthenticated("Access token validation failure.") from error

    def _entry(self, kid: object) -> _Loaded | None:
        if not isinstance(kid, str):
            return None
        if kid not in self._keys:
            self.reload()
        return self._keys.get(kid)


def new_signing_key(keyring: Keyring, *, nonce: bytes, created: datetime, active: datetime) -> SigningKey:
    """A fresh RSA-2048 key (about 100 ms); `kid` is its RFC 7638 thumbprint."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = private.public_key().public_numbers()
    n = base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big"))
    e = base64url(numbers.e.to_bytes(3, "big"))
    thumbprint = hashlib.sha256(f'{{"e":"{e}","kty":"RSA","n":"{n}"}}'.encode()).digest()
    kid = base64url(thumbprint)
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = _certificate(private, serial=int.from_bytes(thumbprint[:16], "big"), created=created)
    jwk = {
        "kty": "RSA",
        "use": "sig",
        "kid": kid,
        "x5t": base64url(hashlib.sha1(certificate, usedforsecurity=False).digest()),
        "n": n,
        "e": e,
        "x5c": [base64.b64encode(certificate).decode()],
        "alg": "RS256",
    }
    return SigningKey(kid, keyring.seal(der, nonce), jwk, created, active)


def _certificate(private: rsa.RSAPrivateKey, *, serial: int, created: datetime) -> bytes:
    """A self-signed certificate around the public key, for clients that read keys as certificates (graph G69)."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "readmit token signing")])
    builder = x509.CertificateBuilder(name, name, private.public_key(), serial, created, created + _CERTIFICATE)
    return builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def base64url(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Raises ValueError for what is no base64url."""
    if not text.isascii() or any(c in text for c in "+/ \n\r\t"):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _part(value: Mapping[str, Any]) -> str:
    return base64url(msgspec.json.encode(value))


def _object(part: str) -> dict[str, Any]:
    value = msgspec.json.decode(from_base64url(part))
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value
