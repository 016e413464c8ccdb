"""What Graph's throttling allows and what a request costs (graph G62, G63): numbers and arithmetic only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, Protocol

Kind = Literal["Read", "Write"]
Scope = Literal["Tenant_Application", "Application", "Tenant"]

OWN_NUMBERS: Final = ("resourceUnits", "writes", "invitations")
"""What a tenant may set instead of Graph's numbers: units per 10 s and app, writes per 150 s and app, invitations
per 5 s."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`amount` of a kind in each window of `seconds`. `only`: for paths of this first segment."""

    scope: Scope
    kind: Kind
    amount: int
    seconds: int
    only: str = ""
    requests: bool = False
    """It counts requests, whatever they cost."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a request takes of one counter's running window, and up to where it may. An amount of 0 always fits."""

    key: tuple[str, ...]
    window: int
    amount: int
    ceiling: float

    def fits(self, after: int) -> bool:
        """Whether the window may hold `after`."""
        return not self.amount or after <= self.ceiling


class Windows(Protocol):
    """Amounts used in the running window of each counter."""

    def take(self, uses: Sequence[Use]) -> list[int]:
        """Count all of it, or nothing where one use goes over its ceiling; what each window holds then, or would."""
        ...


class OwnWindows:
    """Those of one process. Bounded: all is dropped before it grows large."""

    _MOST: Final = 20_000

    def __init__(self) -> None:
        self._used: dict[tuple[str, ...], tuple[int, int]] = {}

    def take(self, uses: Sequence[Use]) -> list[int]:
        """See Windows."""
        after = [self._used_in(use) + use.amount for use in uses]
        if all(map(Use.fits, uses, after)):
            if len(self._used) >= self._MOST:
                self._used = {}
            self._used.update({use.key: (use.window, then) for use, then in zip(uses, after, strict=True)})
        return after

    def _used_in(self, use: Use) -> int:
        window, used = self._used.get(use.key, (use.window, 0))
        return used if window == use.window else 0


_APPLICATION: Final = (
    Limit("Application", "Read", 150_000, 20),
    Limit("Application", "Write", 70_000, 300),
    Limit("Tenant", "Write", 18_000, 300),
    Limit("Tenant_Application", "Read", 5, 10, only="auditlogs", requests=True),
)
_INVITATIONS: Final = 150
_WRITES: Final = 3_000


def published(users: int) -> tuple[Limit, ...]:
    """Microsoft's published limits for a tenant with so many users."""
    units = 3_500 if users < 50 else 5_000 if users <= 500 else 8_000
    return _limits(units, _WRITES, _INVITATIONS)


def own(numbers: Mapping[str, int]) -> tuple[Limit, ...]:
    """A tenant's own numbers; what it does not name is as for the largest of Graph's tenants."""
    units, writes, invitations = (
        numbers.get(name, default) for name, default in zip(OWN_NUMBERS, (8_000, _WRITES, _INVITATIONS), strict=True)
    )
    return _limits(units, writes, invitations)


def _limits(units: int, writes: int, invitations: int) -> tuple[Limit, ...]:
    return (
        Limit("Tenant_Application", "Read", units, 10),
        Limit("Tenant_Application", "Write", writes, 150),
        Limit("Tenant", "Write", invitations, 5, only="invitations"),
        *_APPLICATION,
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """Resource units and writes of one request; `area` is the first segment of its path, in lower case."""

    units: int
    writes: int
    area: str


_LISTED: Final = {"users": 2, "applications": 2}
_ENDS: Final = {
    "memberof": 2,
    "transitivememberof": 2,
    "ownedobjects": 2,
    "getmembergroups": 2,
    "getmemberobjects": 2,
    "oauth2permissiongrants": 2,
    "approleassignments": 2,
    "approleassignedto": 2,
    "members": 3,
    "getbyids": 3,
    "checkmembergroups": 4,
    "checkmemberobjects": 4,
    "transitivemembers": 5,
}
_READING_POSTS: Final = frozenset(
    {"getbyids", "checkmembergroups", "checkmemberobjects", "getmembergroups", "getmemberobjects"}
)


@lru_cache(maxsize=4096)
def cost(method: str, pattern: str, *, selects: bool, expands: bool, top: int | None) -> Cost:
    """The cost of a request to a route such as `/users/{id}/memberOf` (G63)."""
    segments = [part.lower() for part in pattern.split("/") if part and part[0] not in "{$" and "." not in part]
    area, last = segments[0] if segments else "", segments[-1] if segments else ""
    if method not in ("GET", "HEAD") and last not in _READING_POSTS:
        return Cost(1, 1, area)
    base = _LISTED.get(last, 0) if "{" not in pattern else 0
    base = max(base or _ENDS.get(last, 1), 1)
    change = (1 if expands else 0) - (1 if selects else 0) - (1 if top is not None and top < 20 else 0)
    return Cost(max(1, base + change), 0, area)
