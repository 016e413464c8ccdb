"""How Python values stand in a row: times in microseconds UTC, lists and trees as JSON text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder().decode


def micros(when: datetime) -> int:
    """Microseconds since 1970; a naive time is refused (reliability DB4)."""
    if when.tzinfo is None:
        raise ValueError("a time without a zone")
    return (when - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


def micros_or_none(when: datetime | None) -> int | None:
    return None if when is None else micros(when)


def moment_or_none(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


def to_json(value: Any) -> str:
    return _encode(value).decode()


def from_json(text: str) -> Any:
    return _decode(text)
