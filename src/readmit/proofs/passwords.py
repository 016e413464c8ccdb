"""Passwords: Argon2id, one hash per core at a time (security N8)."""

from __future__ import annotations

import hmac
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MINIMUM = 8
MAXIMUM = 128


class Passwords:
    """Hashes and verifies. An unknown user costs the same as a wrong password (security V7, T28)."""

    def __init__(self, *, time_cost: int = 2, memory_cost: int = 19456) -> None:
        """Cost as OWASP's minimum for Argon2id: 19 MiB, two passes; tests may ask for less."""
        self._cost = (time_cost, memory_cost)
        self._gate = threading.BoundedSemaphore(os.cpu_count() or 1)
        self._made: PasswordHasher | None = None
        self._decoy: str | None = None

    def hash(self, password: str) -> str:
        """The Argon2id hash in PHC form."""
        with self._gate:
            return self._hasher().hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether `password` made `stored`; always one run of Argon2id, also for None."""
        from argon2.exceptions import InvalidHashError, VerificationError

        hasher = self._hasher()
        if self._decoy is None:
            self._decoy = self.hash("nobody has this password")
        with self._gate:
            try:
                return hasher.verify(stored or self._decoy, password) and stored is not None
            except (VerificationError, InvalidHashError):
                return False

    def _hasher(self) -> PasswordHasher:
        if self._made is None:
            from argon2 import PasswordHasher

            time_cost, memory_cost = self._cost
            self._made = PasswordHasher(time_cost=time_cost, memory_cost=memory_cost, parallelism=1)
        return self._made


class Secrets:
    """Client secrets that a person chose: Argon2id once, then for the process a keyed digest (security N8)."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._known: dict[str, str] = {}

    def matches(self, stored: str, given: str, digest: str) -> bool:
        """`digest` is a keyed digest of `given`; only a secret that was right once is remembered by it."""
        known = self._known.get(stored)
        if known is not None and hmac.compare_digest(known, digest):
            return True
        if not self._passwords.matches(stored, given):
            return False
        self._known[stored] = digest
        return True
