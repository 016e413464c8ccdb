"""A small OpenID relying party: sends a browser to a provider and believes its answer only when all of it fits.

OpenID Connect Core 1.0 sections 3.1.2 to 3.1.3 (code flow), RFC 7636 (S256), RFC 9207 (`iss`); security I1 to I4, T22.
It knows nothing of guests: a provider's registration goes in, verified claims come out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeGuard
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from readmit.domain.provider import Provider, Untrusted
from readmit.proofs.discovery import (
    ALGORITHMS,
    Inspection,
    Metadata,
    ProviderDown,
    fetch_document,
    fetch_json,
    fetch_metadata,
    inspect,
)
from readmit.proofs.fetch import Fetcher
from readmit.proofs.key_set import KeySet
from readmit.proofs.token_request import exchange

__all__ = ["ALGORITHMS", "Asked", "Inspection", "Metadata", "ProviderDown", "RelyingParty"]

_SKEW: Final = timedelta(seconds=60)
_METADATA_LIFE: Final = timedelta(hours=1)
_RETRY_AFTER: Final = timedelta(seconds=5)
_LONGEST_TOKEN: Final = 16_384


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a provider, remembered until its answer (security I2). `verifier` is PKCE's."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


@dataclass(slots=True)
class _Known:
    """What was fetched of a provider, and when."""

    metadata: Metadata
    fetched: datetime
    keys: KeySet


_Place = tuple[str, str]


class RelyingParty:
    """Asks providers; from any thread. Keeps their metadata for an hour."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._known: dict[_Place, _Known] = {}
        self._failed: dict[_Place, tuple[datetime, ProviderDown]] = {}
        self._locks: dict[_Place, threading.Lock] = {}

    # ---------------------------------------------------------------- discovery

    def origin(self, provider: Provider, now: datetime) -> str:
        """The origin that a browser is sent to; the issuer's where the provider does not answer."""
        try:
            url = self._of(provider, now).metadata.authorization_endpoint
        except ProviderDown:
            url = provider.issuer
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}"

    def _of(self, provider: Provider, now: datetime) -> _Known:
        """The discovery document: asked once by whoever comes first, and not again for a moment if that failed."""
        place = (provider.id, provider.issuer)
        with self._locks.setdefault(place, threading.Lock()):
            known = self._known.get(place)
            if known is not None and known.fetched + _METADATA_LIFE > now >= known.fetched:
                return known
            failed = self._failed.get(place)
            if failed is not None and failed[0] + _RETRY_AFTER > now >= failed[0]:
                raise ProviderDown(f"a moment ago: {failed[1]}")
            try:
                metadata = fetch_metadata(self._fetcher, provider)
            except ProviderDown as down:
                self._failed[place] = (now, down)
                raise
            keys = KeySet(partial(fetch_json, self._fetcher, provider, metadata.jwks_uri))
            found = self._known[place] = _Known(metadata, now, keys)
            return found

    def inspect(self, provider: Provider) -> Inspection:
        """What is wrong with a provider, asked afresh; what was known of it is forgotten, a failure too."""
        place = (provider.id, provider.issuer)
        self._known.pop(place, None)
        self._failed.pop(place, None)
        return inspect(self._fetcher, provider)

    def document(self, url: str, *, private: bool) -> bytes:
        """What stands at a URL of a provider, such as a SAML provider's metadata. Raises ProviderDown."""
        return fetch_document(self._fetcher, url, private=private)

    # ------------------------------------------------------------------- asking

    def authorization_url(
        self,
        provider: Provider,
        asked: Asked,
        now: datetime,
        *,
        login_hint: str | None = None,
        max_age: int | None = None,
    ) -> str:
        """Where the browser goes; `max_age` in seconds, 0 asks for a new sign-in there. Raises ProviderDown."""
        endpoint = self._of(provider, now).metadata.authorization_endpoint
        query = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": asked.redirect_uri,
            "scope": " ".join(provider.scopes),
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": _challenge(asked.verifier),
            "code_challenge_method": "S256",
        }
        if login_hint:
            query["login_hint"] = login_hint
        if max_age is not None:
            query["max_age"] = str(max_age)
        if max_age == 0:
            query["prompt"] = "login"
        joint = "&" if urlsplit(endpoint).query else "?"
        return f"{endpoint}{joint}{urlencode(query, quote_via=quote)}"

    # ---------------------------------------------------------------- the answer

    def redeem(
        self, provider: Provider, secret: str | None, asked: Asked, answer: Mapping[str, str], now: datetime
    ) -> dict[str, Any]:
        """The verified claims behind an authorization response. Raises ProviderDown, Untrusted."""
        known = self._of(provider, now)
        _check_issuer(provider, known.metadata, answer)
        tokens = self._exchange(provider, known.metadata, secret, asked, answer.get("code", ""))
        token = tokens.get("id_token")
        if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
            raise Untrusted("no ID token")
        claims = self._verified(known, token, now)
        _check_claims(provider, claims, asked.nonce, now)
        return self._with_userinfo(provider, known.metadata, tokens.get("access_token"), claims)

    def _exchange(
        self, provider: Provider, metadata: Metadata, secret: str | None, asked: Asked, code: str
    ) -> dict[str, Any]:
        if not code or len(code) > 4096:
            raise Untrusted("no code")
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asked.redirect_uri,
            "code_verifier": asked.verifier,
        }
        return exchange(self._fetcher, provider, metadata, secret=secret, grant=grant)

    def _with_userinfo(
        self, provider: Provider, metadata: Metadata, access_token: object, claims: dict[str, Any]
    ) -> dict[str, Any]:
        """Claims of userinfo where the ID token has no address; of the same subject only (Core 5.3.2)."""
        if "email" in claims or metadata.userinfo_endpoint is None or not isinstance(access_token, str):
            return claims
        if not access_token.isascii() or any(c.isspace() for c in access_token):
            raise Untrusted("no usable access token")
        found = fetch_json(
            self._fetcher, provider, metadata.userinfo_endpoint, {"authorization": f"Bearer {access_token}"}
        )
        if found.get("sub") != claims.get("sub"):
            raise Untrusted("userinfo is about somebody else")
        return {**found, **claims}

    # -------------------------------------------------------------- signatures

    def _verified(self, known: _Known, token: str, now: datetime) -> dict[str, Any]:
        """The claims of an ID token, signed by a key of the provider's JWKS. Raises ProviderDown, Untrusted."""
        from joserfc import jws
        from joserfc.errors import JoseError

        try:
            header = msgspec.json.decode(_from_base64url(token.split(".")[0]))
            if not isinstance(header, dict) or header.get("alg") not in ALGORITHMS or "crit" in header:
                raise Untrusted("an algorithm that is not accepted")
            key = known.keys.key_for(header, now)
            algorithms = [header["alg"]]
            claims = msgspec.json.decode(jws.deserialize_compact(token, key, algorithms=algorithms).payload)
        except (JoseError, ValueError, msgspec.DecodeError, IndexError) as error:
            raise Untrusted(f"the signature does not fit ({type(error).__name__})") from error
        if not isinstance(claims, dict):
            raise Untrusted("claims are no object")
        return claims


def _check_issuer(provider: Provider, metadata: Metadata, answer: Mapping[str, str]) -> None:
    """RFC 9207: an announced `iss` must be there, and any `iss` must be the provider's (mix-up, T22)."""
    given = answer.get("iss")
    if (given is None and metadata.announces_iss) or (given is not None and given != provider.issuer):
        raise Untrusted("the response's iss is not the provider's")


def _check_claims(provider: Provider, claims: Mapping[str, Any], nonce: str, now: datetime) -> None:
    if claims.get("iss") != provider.issuer:
        raise Untrusted("iss is not the provider's")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if provider.client_id not in audiences:
        raise Untrusted("aud is somebody else")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != provider.client_id:
        raise Untrusted("azp is somebody else")
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise Untrusted("nonce is not the one that was asked")
    skew, moment = _SKEW.total_seconds(), now.timestamp()
    expires, issued = claims.get("exp"), claims.get("iat")
    if not _is_time(expires) or expires + skew <= moment:
        raise Untrusted("expired")
    if not _is_time(issued) or issued - skew > moment:
        raise Untrusted("issued in the future")
    if "nbf" in claims and (not _is_time(claims["nbf"]) or claims["nbf"] - skew > moment):
        raise Untrusted("not valid yet")


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
