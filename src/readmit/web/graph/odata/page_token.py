"""Page tokens: where the next page begins, authenticated and bound to its request (graph G55)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote

from readmit.web.graph.odata import refusals

LIFE: Final = timedelta(hours=1)
_MAC: Final = 16
_LONGEST: Final = 7168
"""What fits into a URL: fifty ids and every property of a delta query make some 5,000 characters."""
_ADVANCED_MARK: Final = b"A"
_DEFAULT_MARK: Final = b"D"


@dataclass(frozen=True, slots=True)
class Bound:
    """What a token belongs to: tenant id, path, options in canonical form, mode."""

    tenant: str
    path: str
    options: tuple[tuple[str, str], ...]
    mode: str


def make(key: bytes, now: datetime, bound: Bound, position: Sequence[str | int], *, life: timedelta = LIFE) -> str:
    """base64url of a truncated HMAC-SHA256, the mode and compact JSON.

    `position`: values of `order.keys` of the last row.
    """
    told = [_milliseconds(now + life), *position]
    payload = (_ADVANCED_MARK if bound.mode == "advanced" else _DEFAULT_MARK) + _compact(told)
    return _encoded(_mac(key, bound, payload) + payload)


def read(key: bytes, now: datetime, bound: Bound, token: str) -> tuple[str | int, ...]:
    """The position that `make` was given for this request, within its life. Raises UnsupportedQuery (Q11)."""
    raw = _decoded(token)
    mac, payload = raw[:_MAC], raw[_MAC:]
    if not hmac.compare_digest(mac, _mac(key, bound, payload)):
        raise refusals.page_token()
    until, *position = json.loads(payload[1:])
    if _milliseconds(now) > until:
        raise refusals.page_token()
    return tuple(position)


def claims_advanced(token: str) -> bool:
    """What a token says of its mode, unproved: it decides only which refusal a page without its header gets (Q11)."""
    return _decoded(token)[_MAC : _MAC + 1] == _ADVANCED_MARK


def _milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def _mac(key: bytes, bound: Bound, payload: bytes) -> bytes:
    path = [unquote(part).lower() for part in bound.path.split("/") if part]
    subject = _compact([bound.tenant, path, sorted(bound.options), bound.mode])
    # The length keeps what is bound and what is told apart.
    message = len(subject).to_bytes(4, "big") + subject + payload
    return hmac.new(key, message, hashlib.sha256).digest()[:_MAC]


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(token: str) -> bytes:
    """Only the one spelling that `_encoded` makes."""
    if len(token) > _LONGEST:
        raise refusals.page_token()
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise refusals.page_token() from error
    if _encoded(raw) != token:
        raise refusals.page_token()
    return raw
