"""Reads JSON bodies of Graph requests by graph G12, G13 and M1 to M7, before any rule sees a value."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from readmit.domain.errors import InvalidValue, Malformed, MissingValue, UnknownProperty, WrongMediaType, WrongType
from readmit.web.call import Call

_LIMIT: Final = 1024 * 1024
"""Bytes of a body after decompression (reliability section 7)."""
_DEPTH: Final = 32
_BOM: Final = b"\xef\xbb\xbf"
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_BREAKS: Final = re.compile("[\t\n\r]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def object_of(call: Call, *, limit: int = _LIMIT) -> dict[str, Any]:
    """The JSON object of the body, without its `@odata.*` members but `@odata.id` and `*@odata.bind`.

    Raises WrongMediaType (M2), Malformed (M1) for what is no object, repeats a member name in any case or nests
    deeper than 32.
    """
    _check_media_type(call.headers.get("content-type", ""))
    try:
        text = _plain(call, limit).decode("utf-8")
        value = json.loads(text, object_pairs_hook=_members, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if not isinstance(value, dict) or (_nests(text) and _too_deep(value)) or ("\\u" in text and _has_surrogate(value)):
        raise Malformed
    return value


def optional_object_of(call: Call) -> dict[str, Any]:
    """`object_of`, but no body at all is an empty object."""
    return object_of(call) if call.body else {}


def _check_media_type(content_type: str) -> None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in ("", "application/json", "application/x-www-form-urlencoded") and not kind.endswith("+json"):
        raise WrongMediaType


def _plain(call: Call, limit: int) -> bytes:
    body = call.body
    encoding = call.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "gzip":
        body = _unzipped(body, limit)
    elif encoding != "identity":
        raise Malformed
    return body.removeprefix(_BOM)


def _unzipped(body: bytes, limit: int) -> bytes:
    """The unpacked body; reads no more than the limit, however small the packed one is."""
    reader = zlib.decompressobj(wbits=31)
    try:
        plain = reader.decompress(body, limit)
    except zlib.error as error:
        raise Malformed from error
    if not reader.eof or reader.unused_data:
        raise Malformed
    return plain


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # msgspec keeps the last of repeated members silently; the stdlib's hook is the place that sees them all (G13).
    kept = {name: value for name, value in pairs if not _is_annotation(name)}
    if len({name.lower() for name, _ in pairs}) != len(pairs):
        raise ValueError("a member name is repeated")
    return kept


def _is_annotation(name: str) -> bool:
    lowered = name.lower()
    return "@odata." in lowered and lowered != "@odata.id" and not lowered.endswith("@odata.bind")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _nests(text: str) -> bool:
    """Whether there are brackets enough to be too deep."""
    return text.count("{") + text.count("[") > _DEPTH


def _too_deep(value: Any, allowed: int = _DEPTH) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return allowed == 0 or any(_too_deep(item, allowed - 1) for item in inner)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _has_surrogate(value: Any) -> bool:
    return any(_SURROGATES.search(text) for text in _strings(value))


class Properties:
    """The members of a body under their canonical names, whatever case the caller wrote (graph G12).

    Every accessor names the property by its path in its error: M3 wrong type, M6 value not allowed, M7 missing.
    """

    def __init__(
        self, members: dict[str, Any], known: Iterable[str], *, resource: str = "User", path: str = ""
    ) -> None:
        """Raises UnknownProperty (M4) for a member that is not in `known`."""
        canonical = {name.lower(): name for name in known}
        self._values: dict[str, Any] = {}
        self._resource = resource
        self._path = path
        for name, value in members.items():
            found = canonical.get(name.lower())
            if found is None:
                raise UnknownProperty(self._named(name), resource)
            self._values[found] = value

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def raw(self, name: str) -> Any:
        """The value as it was parsed, None if absent."""
        return self._values.get(name)

    def text(
        self, name: str, *, limit: int | None = None, nullable: bool = True, multiline: bool = False
    ) -> str | None:
        """A string without control characters (M6), at most `limit` characters; newline and tab if `multiline`."""
        value = self._values.get(name)
        if value is None:
            self._refuse_null(name, nullable)
            return None
        return self._checked_text(name, value, limit=limit, multiline=multiline)

    def needed_text(self, name: str, *, limit: int | None = None) -> str:
        """A string that must be there and not be empty (M7)."""
        value = self._values.get(name)
        if value is None or value == "":
            raise MissingValue(self._named(name), self._resource)
        return self._checked_text(name, value, limit=limit, multiline=False)

    def flag(self, name: str, *, nullable: bool = False) -> bool | None:
        """A Boolean; None if absent, or null where `nullable`."""
        value = self._values.get(name)
        if value is None:
            self._refuse_null(name, nullable)
            return None
        if not isinstance(value, bool):
            raise WrongType(self._named(name), self._resource)
        return value

    def texts(self, name: str, *, limit: int | None = None) -> list[str] | None:
        """A list of strings; None if absent."""
        value = self._values.get(name)
        if value is None:
            self._refuse_null(name, False)
            return None
        if not isinstance(value, list):
            raise WrongType(self._named(name), self._resource)
        return [self._checked_text(name, item, limit=limit, multiline=False) for item in value]

    def inner(self, name: str, known: Iterable[str], *, nullable: bool = True) -> Properties | None:
        """A complex value; None if absent or null."""
        value = self._values.get(name)
        if value is None:
            self._refuse_null(name, nullable)
            return None
        return self._nested(name, value, known)

    def each(self, name: str, known: Iterable[str]) -> list[Properties] | None:
        """A list of complex values; None if absent or null."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise WrongType(self._named(name), self._resource)
        names = tuple(known)
        return [self._nested(name, item, names) for item in value]

    def refuse_value(self, name: str, why: str = "") -> InvalidValue:
        """M6 for this property; raise it."""
        return InvalidValue(self._named(name), self._resource, why)

    def _nested(self, name: str, value: Any, known: Iterable[str]) -> Properties:
        if not isinstance(value, dict):
            raise WrongType(self._named(name), self._resource)
        return Properties(value, known, resource=self._resource, path=f"{self._named(name)}.")

    def _refuse_null(self, name: str, nullable: bool) -> None:
        if name in self._values and not nullable:
            raise WrongType(self._named(name), self._resource)

    def _checked_text(self, name: str, value: Any, *, limit: int | None, multiline: bool) -> str:
        if not isinstance(value, str):
            raise WrongType(self._named(name), self._resource)
        if _CONTROLS.search(value) or (not multiline and _BREAKS.search(value)):
            raise self.refuse_value(name, "control characters and line breaks are not accepted")
        if limit is not None and len(value) > limit:
            raise self.refuse_value(name, f"at most {limit} characters")
        return value

    def _named(self, name: str) -> str:
        return f"{self._path}{name}"
