"""What came over the wire as values: headers, parts of a URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes


def headers_of(scope: Mapping[str, Any]) -> tuple[Mapping[str, str], int, bool]:
    """Headers by lower-case name, their size in bytes, and whether Host came twice."""
    found: dict[str, str] = {}
    size = 0
    twice = False
    for raw_name, raw_value in scope["headers"]:
        size += len(raw_name) + len(raw_value)
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name not in found:
            found[name] = value
        elif name == "host":
            twice = True
        else:
            found[name] += f"; {value}" if name == "cookie" else f", {value}"
    return found, size, twice


def readable(raw: bytes) -> bool:
    """Whether part of a URL is ASCII, and UTF-8 once it is decoded: a letter that cannot be read is never guessed."""
    if b"%" not in raw or not raw.isascii():
        return raw.isascii()
    try:
        unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
