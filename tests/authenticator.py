"""A small real authenticator in software: P-256 keys, attestation `none`, everything a browser would send."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "https://localhost:8443"
_PRESENT, _VERIFIED, _ELIGIBLE, _BACKED_UP, _ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(encoded: str) -> bytes:
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


@dataclass
class Credential:
    """One passkey in the authenticator."""

    id: bytes
    rp: str
    user_handle: str
    key: ec.EllipticCurvePrivateKey
    count: int = 0


@dataclass
class Authenticator:
    """`counts`: whether it has a signature counter; `verifies`: whether it checks who holds it."""

    counts: bool = True
    verifies: bool = True
    synced: bool = False
    origin: str = ORIGIN
    credentials: list[Credential] = field(default_factory=list)

    def create(self, options: dict[str, Any], **changes: Any) -> str:
        """`navigator.credentials.create`, as JSON. `changes` of the answer: challenge, origin, rp, type, rk."""
        known = {entry["id"] for entry in options["excludeCredentials"]}
        assert not any(text(one.id) in known for one in self.credentials), "InvalidStateError"
        number = len(self.credentials)
        made = Credential(
            hashlib.sha256(f"{options['challenge']}{number}{id(self)}".encode()).digest(),
            options["rp"]["id"],
            options["user"]["id"],
            ec.generate_private_key(ec.SECP256R1()),
        )
        self.credentials.append(made)
        attested = bytes(16) + struct.pack(">H", len(made.id)) + made.id + _cose(made.key)
        data = self._data(changes.get("rp", made.rp), made, _ATTESTED) + attested
        client = self._client(changes.get("type", "webauthn.create"), options, changes)
        response = {
            "clientDataJSON": text(client),
            "attestationObject": text(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal"],
        }
        return self._answer(made, response, {"credProps": {"rk": changes.get("rk", True)}})

    def get(self, options: dict[str, Any], **changes: Any) -> str:
        """`navigator.credentials.get`, as JSON. `changes` of the answer: challenge, origin, rp, type, handle."""
        allowed = {entry["id"] for entry in options["allowCredentials"]}
        found = [one for one in self.credentials if one.rp == options["rpId"]]
        chosen = next(one for one in reversed(found) if not allowed or text(one.id) in allowed)
        chosen.count += 1
        data = self._data(changes.get("rp", chosen.rp), chosen, 0)
        client = self._client(changes.get("type", "webauthn.get"), options, changes)
        signature = chosen.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(signature),
            "userHandle": changes.get("handle", chosen.user_handle),
        }
        return self._answer(chosen, response, {})

    def _data(self, rp: str, credential: Credential, more: int) -> bytes:
        flags = _PRESENT | more
        flags |= _VERIFIED if self.verifies else 0
        flags |= (_ELIGIBLE | _BACKED_UP) if self.synced else 0
        count = credential.count if self.counts else 0
        return hashlib.sha256(rp.encode()).digest() + bytes([flags]) + struct.pack(">I", count)

    def _client(self, kind: str, options: dict[str, Any], changes: dict[str, Any]) -> bytes:
        challenge, origin = changes.get("challenge", options["challenge"]), changes.get("origin", self.origin)
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def _answer(self, credential: Credential, response: dict[str, Any], extensions: dict[str, Any]) -> str:
        return json.dumps(
            {
                "id": text(credential.id),
                "rawId": text(credential.id),
                "type": "public-key",
                "response": response,
                "clientExtensionResults": extensions,
            }
        )


def _cose(key: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = key.public_key().public_numbers()
    x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
    return bytes(cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y}))
