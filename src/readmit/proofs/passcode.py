"""Mailed one-time passcodes: 8 digits made from a nonce and a key outside the database (security C1, C2)."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

DIGITS = 8
_SEPARATORS = re.compile(r"[\s\-‐-―]+")


def code(key: bytes, nonce: str) -> str:
    """The code of a row: the same each time it is rendered, so that a repeated mail carries the same (C1)."""
    digest = hmac.digest(key, nonce.encode(), hashlib.sha256)
    return f"{int.from_bytes(digest, 'big') % 10**DIGITS:0{DIGITS}d}"


def stored(key: bytes, salt: str, typed: str) -> str:
    """What the database keeps of a code (C2)."""
    return hmac.digest(key, f"{salt}:{typed}".encode(), hashlib.sha256).hex()


def matches(key: bytes, salt: str, expected: str, typed: str) -> bool:
    """Whether the typed code is the one that was mailed."""
    return hmac.compare_digest(stored(key, salt, normalise(typed)), expected)


def normalise(typed: str) -> str:
    """Spaces, hyphens and full-width digits are accepted (experience, WCAG 3.3.8)."""
    text = _SEPARATORS.sub("", typed)[:64]
    return "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text)
