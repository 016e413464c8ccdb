"""How literals of a filter are read: times to the tick, letters without case as an address compares."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - the zone is taken off by arithmetic, which cannot overflow
_MICROSECOND: Final = timedelta(microseconds=1)
_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:([Zz])|([+-])(\d\d):(\d\d)))?", re.ASCII
)
TICKS: Final = 10
"""Ticks of 100 ns in a microsecond: Graph tells times with seven digits, rows hold six."""


def ticks(text: str) -> int:
    """Ticks of 100 ns since 1970 in UTC, of an RFC 3339 time or of the beginning of a date. Raises ValueError."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a time")
    year, month, day, hour, minute, second, fraction, _, sign, hours, minutes = match.groups()
    local = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001
    offset = (int(hours or 0) * 60 + int(minutes or 0)) * (-1 if sign == "-" else 1)
    if int(hours or 0) > 23 or int(minutes or 0) > 59:
        raise ValueError(f"{text!r} has no such zone")
    whole = (local - _EPOCH) // _MICROSECOND - offset * 60_000_000
    return whole * TICKS + int((fraction or "0")[:7].ljust(7, "0"))


def ascii_lower(text: str) -> str:
    """Lower-cases ASCII letters only, as addresses and UPNs compare (graph G52)."""
    return text.encode().lower().decode()
