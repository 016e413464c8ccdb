"""Reads references to other objects: `@odata.id` in a body, and the ids that a bind names (graph G12)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from readmit.domain.errors import InvalidIdentifier, InvalidValue, MissingValue, UnsupportedQuery, WrongType
from readmit.web.call import Call
from readmit.web.graph.body import object_of

UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_REFERENCE: Final = re.compile(
    r"(?:https?://[^/?#]+)?(?:/+(?:[^/?#]+/+)*?|)"
    r"(?P<kind>directoryObjects|users|groups|servicePrincipals)"
    r"(?:/+|\(')(?P<id>[0-9a-f-]{36})(?:'\))?(?:/+[A-Za-z.]+)?/*",
    re.IGNORECASE,
)
_END: Final = (
    "An unexpected 'EndOfInput' node was found when reading from the JSON reader. A 'StartObject' node was expected."
)
_MOST: Final = 20
"""References in one bind (graph G46)."""


def checked_id(given: str) -> str:
    """The id in lower case. Raises InvalidIdentifier (M11)."""
    if not UUID.fullmatch(given):
        raise InvalidIdentifier(given)
    return given.lower()


def reference(given: object, name: str = "@odata.id") -> str:
    """The id in a reference; only kind and id count. Raises WrongType (M3), InvalidValue (M6)."""
    if not isinstance(given, str):
        raise WrongType(name, "ReferenceUpdate")
    match = _REFERENCE.fullmatch(given)
    if match is None or not UUID.fullmatch(match["id"]):
        raise InvalidValue(name, "ReferenceUpdate")
    return match["id"].lower()


def reference_of(call: Call) -> str:
    """The id that the body of `POST …/$ref` names; an empty body has its own text (M1)."""
    if not call.body:
        raise UnsupportedQuery(_END, "Request_BadRequest")
    members = {name.lower(): value for name, value in object_of(call).items()}
    if "@odata.id" not in members:
        raise MissingValue("@odata.id", "ReferenceUpdate")
    return reference(members["@odata.id"])


def reference_ids(name: str, value: list[Any]) -> tuple[str, ...]:
    """The ids in a bind, or in a list of objects that say `@odata.id` or, as clients' models do, `id`; each once.

    Raises M3, M6.
    """
    return _once(_referenced(name, item) for item in value)


def _referenced(name: str, item: object) -> str:
    if not isinstance(item, dict):
        return reference(item, name)
    members = {key.lower(): inner for key, inner in item.items()}
    if "@odata.id" in members:
        return reference(members["@odata.id"], name)
    id = members.get("id")
    if not isinstance(id, str):
        raise WrongType(name, "ReferenceUpdate")
    if not UUID.fullmatch(id):
        raise InvalidValue(name, "ReferenceUpdate")
    return id.lower()


def bound(members: dict[str, Any], name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body without `{name}@odata.bind`, and the ids that it binds; at most twenty, each once."""
    wanted = f"{name}@odata.bind".lower()
    given: Any = next((value for key, value in members.items() if key.lower() == wanted), [])
    rest = {key: value for key, value in members.items() if key.lower() != wanted}
    if not isinstance(given, list):
        raise WrongType(f"{name}@odata.bind", "Group")
    if len(given) > _MOST:
        raise InvalidValue(f"{name}@odata.bind", "Group")
    return rest, _once(reference(item, f"{name}@odata.bind") for item in given)


def _once(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))
