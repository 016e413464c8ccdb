"""Reads the body of POST and PATCH of a group (graph G32)."""

from __future__ import annotations

from typing import Any, Final

from readmit.domain.errors import NotProvided, ReadOnly
from readmit.flows.groups import GroupChanges
from readmit.web.graph.body import Properties
from readmit.web.graph.references import bound
from readmit.web.graph.shapes import GROUP

_TEXTS: Final = {
    "displayName": 256,
    "description": 1024,
    "mailNickname": 64,
    "visibility": 32,
    "classification": 256,
    "preferredLanguage": 35,
    "theme": 64,
    "uniqueName": 128,
}
_FLAGS: Final = ("securityEnabled", "mailEnabled", "isAssignableToRole")
_AT_CREATION: Final = ("groupTypes", "mailEnabled", "isAssignableToRole", "uniqueName")


def read_group(members: dict[str, Any], *, new: bool) -> GroupChanges:
    """Raises UnknownProperty (M4), ReadOnly (M5), WrongType (M3), InvalidValue (M6)."""
    rest, member_ids = bound(members, "members")
    rest, owner_ids = bound(rest, "owners")
    body = Properties(rest, GROUP, resource="Group")
    _check_dynamic(body)
    values: dict[str, Any] = {}
    for name in body:
        if name in _AT_CREATION and not new:
            raise ReadOnly(name, "Group")
        values[name] = _value(body, name)
    return GroupChanges(values, member_ids, owner_ids)


def _check_dynamic(body: Properties) -> None:
    """Dynamic groups are known and not provided, whatever else their body says (M12)."""
    types = body.raw("groupTypes")
    dynamic = isinstance(types, list) and any(str(one).lower() == "dynamicmembership" for one in types)
    if dynamic or body.raw("membershipRule") is not None:
        raise NotProvided


def _value(body: Properties, name: str) -> Any:
    if name in _TEXTS:
        return body.text(name, limit=_TEXTS[name], multiline=name == "description") or None
    if name in _FLAGS:
        return bool(body.flag(name, nullable=True))
    if name == "groupTypes":
        return tuple(body.texts(name) or ())
    raise ReadOnly(name, "Group")
