"""Passkeys (Web Authentication Level 3): what a browser is asked, and whether its answer holds.

The relying party is the host of the public URL, and only there are passkeys made and used: a browser that reached the
server under another name is not asked. User verification is always required, attestation is not wanted.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from readmit.domain.passkey import CHALLENGE_LIFETIME, Passkey

LONGEST_ANSWER: Final = 64 * 1024
_LONGEST_ID: Final = 1023
"""Bytes of a credential id (Web Authentication, section 4)."""
_ALGORITHMS: Final = (-7, -8, -257)
"""ES256, EdDSA, RS256 (COSE), the most wanted first."""
_MILLISECONDS: Final = int(CHALLENGE_LIFETIME.total_seconds() * 1000)


class NotProved(Exception):
    """An answer that proves nothing; the reason is for the log."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The party that passkeys are made for: `id` is a host name, `origin` the only page that may use them."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a passkey is made for, as his devices show him."""

    user_id: str
    name: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Used:
    """A passkey was used."""

    count: int
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey was made; ids and keys in base64url."""

    credential_id: str
    public_key: str
    count: int
    aaguid: str
    transports: tuple[str, ...]
    backup_eligible: bool
    backed_up: bool
    discoverable: bool | None


def relying_party(public_url: str) -> RelyingParty | None:
    """None where browsers have no passkeys: at an IP address, and without TLS anywhere but at localhost."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if not host or _is_ip(host) or (parts.scheme != "https" and host != "localhost"):
        return None
    return RelyingParty(host, f"{parts.scheme}://{parts.netloc}".lower())


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


# ------------------------------------------------------------------- questions


def request(party: RelyingParty, challenge: str, allowed: Iterable[Passkey] = ()) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON. Without a list any discoverable passkey answers, and nothing is told."""
    return {
        "challenge": challenge,
        "timeout": _MILLISECONDS,
        "rpId": party.id,
        "allowCredentials": [_descriptor(passkey) for passkey in allowed],
        "userVerification": "required",
    }


def creation(
    party: RelyingParty, challenge: str, holder: Holder, *, organisation: str, known: Iterable[Passkey]
) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON. The device that holds a `known` one makes no second."""
    return {
        "rp": {"id": party.id, "name": organisation},
        "user": {"id": handle(holder.user_id), "name": holder.name, "displayName": holder.display_name},
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in _ALGORITHMS],
        "timeout": _MILLISECONDS,
        "excludeCredentials": [_descriptor(passkey) for passkey in known],
        "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
        "attestation": "none",
        "extensions": {"credProps": True},
    }


def _descriptor(passkey: Passkey) -> dict[str, Any]:
    return {"type": "public-key", "id": passkey.credential_id, "transports": list(passkey.transports)}


def handle(user_id: str) -> str:
    """The user handle that a device keeps with a passkey: the object's id, which names nobody."""
    return _text(user_id.encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --------------------------------------------------------------------- answers


def credential_of(answer: str) -> str:
    """The id of the passkey that an answer comes from, in its one spelling. Raises NotProved."""
    try:
        return _text(_bytes(str(_object(answer)["rawId"])))
    except (KeyError, ValueError, binascii.Error) as error:
        raise NotProved("the answer names no passkey") from error


def check_use(party: RelyingParty, challenge: str, passkey: Passkey, answer: str) -> Used:
    """Section 7.2, steps 5 to 21; the counter is compared by the caller. Raises NotProved."""
    from webauthn import verify_authentication_response

    given = _object(answer)
    shown = given.get("response")
    said = shown.get("userHandle") if isinstance(shown, dict) else None
    if said not in (None, "", handle(passkey.user_id)):
        raise NotProved("the passkey was made for somebody else")
    verified = _verified(
        verify_authentication_response,
        credential=given,
        expected_challenge=_bytes(challenge),
        expected_rp_id=party.id,
        expected_origin=party.origin,
        credential_public_key=_bytes(passkey.public_key),
        credential_current_sign_count=0,
        require_user_verification=True,
    )
    eligible = verified.credential_device_type == "multi_device"
    if eligible != passkey.backup_eligible:
        raise NotProved("a passkey that could not leave its device now can, or the other way round")
    return Used(verified.new_sign_count, verified.credential_backed_up)


def check_new(party: RelyingParty, challenge: str, answer: str) -> Made:
    """Section 7.1. Raises NotProved."""
    from webauthn import verify_registration_response
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    given = _object(answer)
    verified = _verified(
        verify_registration_response,
        credential=given,
        expected_challenge=_bytes(challenge),
        expected_rp_id=party.id,
        expected_origin=party.origin,
        require_user_verification=True,
        supported_pub_key_algs=[COSEAlgorithmIdentifier(algorithm) for algorithm in _ALGORITHMS],
    )
    if len(verified.credential_id) > _LONGEST_ID:
        raise NotProved("the id of the passkey is too long")
    return Made(
        credential_id=_text(verified.credential_id),
        public_key=_text(verified.credential_public_key),
        count=verified.sign_count,
        aaguid=verified.aaguid,
        transports=_transports(given),
        backup_eligible=verified.credential_device_type == "multi_device",
        backed_up=verified.credential_backed_up,
        discoverable=_discoverable(given),
    )


def _object(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST_ANSWER:
        raise NotProved("the answer is too long")
    try:
        given = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise NotProved("the answer is no JSON") from error
    if not isinstance(given, dict):
        raise NotProved("the answer is no object")
    return given


def _verified(check: Callable[..., Any], **arguments: Any) -> Any:
    """What the library cannot read is refused (security V6); it raises errors of many kinds for what strangers send."""
    try:
        return check(**arguments)
    except Exception as error:
        raise NotProved(f"{type(error).__name__}: {error}"[:200]) from error


def _transports(given: dict[str, Any]) -> tuple[str, ...]:
    """Where the device is reached, for the next time it is asked."""
    shown = given.get("response")
    told = shown.get("transports") if isinstance(shown, dict) else None
    if not isinstance(told, list):
        return ()
    return tuple(one for one in told if isinstance(one, str) and one.isascii() and 0 < len(one) <= 32)[:8]


def _discoverable(given: dict[str, Any]) -> bool | None:
    """What the browser says of the made passkey (credProps, section 10.1.3)."""
    results = given.get("clientExtensionResults")
    properties = results.get("credProps") if isinstance(results, dict) else None
    told = properties.get("rk") if isinstance(properties, dict) else None
    return told if isinstance(told, bool) else None
