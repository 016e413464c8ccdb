"""The signing keys that a provider publishes: asked for once, and anew when a token names one that is not known.

RFC 7517; security I3: a key comes from the provider's JWKS alone, and the keys are asked for anew at most once in 5
minutes. The first time does not count: a provider may renew its keys whenever it likes.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from readmit.domain.provider import Untrusted
from readmit.proofs.discovery import ProviderDown

_ANEW_AFTER: Final = timedelta(minutes=5)
_LEAST_RSA: Final = 2048


class KeySet:
    """The keys of one provider; `ask` fetches its JWKS. From any thread."""

    def __init__(self, ask: Callable[[], Mapping[str, Any]]) -> None:
        self._ask = ask
        self._keys: list[dict[str, Any]] | None = None
        self._asked_anew: datetime | None = None

    def key_for(self, header: Mapping[str, Any], now: datetime) -> Any:
        """The one key that fits a token's `alg` and `kid`; `jku`, `jwk` and `x5u` are never looked at.

        Raises Untrusted, ProviderDown.
        """
        from joserfc.jwk import import_key

        key = _fitting(self._known(), header) or _fitting(self._anew(now), header)
        if key is None:
            raise Untrusted("no key of the provider fits")
        return import_key({name: value for name, value in key.items() if name != "key_ops"})

    def _known(self) -> list[dict[str, Any]]:
        if self._keys is None:
            self._keys = self._fetch()
        return self._keys

    def _anew(self, now: datetime) -> list[dict[str, Any]]:
        asked = self._asked_anew
        if asked is None or not asked <= now < asked + _ANEW_AFTER:
            self._keys, self._asked_anew = self._fetch(), now
        return self._known()

    def _fetch(self) -> list[dict[str, Any]]:
        keys = self._ask().get("keys")
        if not isinstance(keys, list):
            raise ProviderDown("the provider's keys are no JWKS")
        return [key for key in keys if isinstance(key, dict)]


def _fitting(keys: list[dict[str, Any]], header: Mapping[str, Any]) -> dict[str, Any] | None:
    """The only one that fits; among several a token without `kid` does not say which."""
    fitting = [key for key in keys if _fits(key, header)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(key: Mapping[str, Any], header: Mapping[str, Any]) -> bool:
    kinds = {"R": "RSA", "P": "RSA"} | {"ES": "EC", "Ed": "OKP"}
    alg = header["alg"]
    kind = kinds.get(alg[:2]) or kinds[alg[:1]]
    if key.get("kty") != kind or key.get("use", "sig") != "sig" or key.get("alg", alg) != alg:
        return False
    if kind == "RSA" and not _is_strong(key.get("n")):
        return False
    return "kid" not in header or key.get("kid") == header["kid"]


def _is_strong(modulus: object) -> bool:
    """RSA from 2048 bits on (RFC 7518 section 3.3); a shorter key is anybody's in time."""
    try:
        raw = base64.urlsafe_b64decode(f"{modulus}===") if isinstance(modulus, str) else b""
    except ValueError:
        return False
    return int.from_bytes(raw, "big").bit_length() >= _LEAST_RSA
