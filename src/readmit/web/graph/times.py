"""Times on the wire: RFC 3339 in, Graph's form out (graph G18)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_RFC3339: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,7})\d*)?([Zz]|[+-]\d{2}:\d{2}))?", re.ASCII
)


def stamp(when: datetime | None) -> str | None:
    """`graph_time`, or None for None."""
    return None if when is None else graph_time(when)


def graph_time(when: datetime) -> str:
    """`2024-01-31T10:30:00Z`; sub-seconds as seven digits."""
    # Every time inside is UTC; `isoformat` takes a fifth of what `strftime` does.
    text = when.isoformat().removesuffix("+00:00")
    return f"{text}0Z" if when.microsecond else f"{text}Z"


def parsed(text: str) -> datetime:
    """A UTC time from any RFC 3339 text, or a date alone. Raises ValueError."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a time")
    day, time, fraction, zone = match.groups()
    if time is None:
        return datetime.fromisoformat(f"{day}T00:00:00+00:00")
    micro = (fraction or "").ljust(6, "0")[:6]
    offset = "+00:00" if zone in "Zz" else zone
    return datetime.fromisoformat(f"{day}T{time}.{micro}{offset}").astimezone(UTC)


def parsed_stamp(text: str) -> str:
    """The same time in Graph's form. Raises ValueError."""
    return graph_time(parsed(text))
