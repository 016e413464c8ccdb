"""Graph's JSON answers: annotations by metadata level, the headers that belong to a body (graph G15 to G20)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

from readmit.web.call import Call, Reply

Level = Literal["none", "minimal", "full"]
_LEVEL: Final = re.compile(r"odata\.metadata\s*=\s*\"?(none|minimal|full)", re.IGNORECASE)
_ODATA: Final = ("OData-Version", "4.0")
_LEVELS: Final[dict[str, Level]] = {"none": "none", "minimal": "minimal", "full": "full"}
_MEDIA_TYPES: Final = {
    level: f"application/json;odata.metadata={level};odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    for level in _LEVELS
}
_encode = msgspec.json.Encoder().encode

SETS: Final = {
    "user": "users",
    "group": "groups",
    "application": "applications",
    "servicePrincipal": "servicePrincipals",
    "directoryRole": "directoryRoles",
    "appRoleAssignment": "appRoleAssignments",
    "subscription": "subscriptions",
    "directoryRoleTemplate": "directoryRoleTemplates",
    "organization": "organization",
    "domain": "domains",
    "oAuth2PermissionGrant": "oauth2PermissionGrants",
    "unifiedRoleAssignment": "roleManagement/directory/roleAssignments",
    "unifiedRoleDefinition": "roleManagement/directory/roleDefinitions",
    "directoryAudit": "auditLogs/directoryAudits",
    "signIn": "auditLogs/signIns",
}
"""Entity sets by the type's name without namespace."""
_OUTSIDE: Final = frozenset(
    {"domain", "oAuth2PermissionGrant", "subscription", *(kind for kind, path in SETS.items() if "/" in path)}
)
"""No directory objects: they are found in their own sets alone."""


class Frame(msgspec.Struct, frozen=True):
    """What annotations are made of: the origin that the request addressed (graph G8), version, level."""

    origin: str
    version: str
    level: Level

    @property
    def root(self) -> str:
        return f"{self.origin}/{self.version}"

    def context(self, fragment: str) -> str:
        return f"{self.root}/$metadata#{fragment}"


class Item(msgspec.Struct, frozen=True):
    """One object with the name of its type (`user`) and its id, which `$select` may leave out of the body."""

    kind: str
    id: str
    body: Mapping[str, Any]


def frame_of(call: Call) -> Frame:
    """The frame of this request's answer; anything but a known level is minimal, never 406 (graph G15)."""
    return Frame(call.origin, call.parameters.get("version", "v1.0"), _level_of(call.headers.get("accept", "")))


@lru_cache(maxsize=256)
def _level_of(accept: str) -> Level:
    match = _LEVEL.search(accept)
    return _LEVELS[match.group(1).lower()] if match else "minimal"


def entity(frame: Frame, context: str, item: Item, *, typed: bool = False) -> dict[str, Any]:
    """One object as a whole answer. `typed`: its `@odata.type` is told at minimal too (graph G19)."""
    head: dict[str, Any] = {} if frame.level == "none" else {"@odata.context": frame.context(context)}
    return head | annotated(frame, item, typed=typed) | dict(item.body)


def collection(
    frame: Frame,
    context: str,
    items: Iterable[Item],
    *,
    typed: bool = False,
    count: int | None = None,
    next_link: str | None = None,
) -> dict[str, Any]:
    """A list. `typed`: a collection of directoryObject, whose members tell their type."""
    answer: dict[str, Any] = {} if frame.level == "none" else {"@odata.context": frame.context(context)}
    if count is not None:
        answer["@odata.count"] = count
    if next_link is not None:
        answer["@odata.nextLink"] = next_link
    answer["value"] = [annotated(frame, item, typed=typed) | dict(item.body) for item in items]
    return answer


def annotated(frame: Frame, item: Item, *, typed: bool) -> dict[str, Any]:
    """What the level tells of an object; `typed`: its type at minimal too (graph G19)."""
    if frame.level == "none" or (frame.level == "minimal" and not typed):
        return {}
    told: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{item.kind}"}
    if frame.level == "full":
        place = f"{frame.root}/{SETS.get(item.kind, 'directoryObjects')}/{item.id}"
        told["@odata.id"] = place if item.kind in _OUTSIDE else f"{frame.root}/directoryObjects/{item.id}"
        told["@odata.editLink"] = place
    return told


def value(frame: Frame, context: str, result: Any) -> dict[str, Any]:
    """A primitive or a collection of them, as `value`."""
    head: dict[str, Any] = {} if frame.level == "none" else {"@odata.context": frame.context(context)}
    return head | {"value": result}


def reference(frame: Frame, id: str) -> dict[str, Any]:
    """The answer of `GET …/$ref` where one object at most stands."""
    head: dict[str, Any] = {} if frame.level == "none" else {"@odata.context": frame.context("$ref")}
    return head | {"@odata.id": f"{frame.root}/directoryObjects/{id}"}


def references(frame: Frame, ids: Sequence[str]) -> dict[str, Any]:
    """The answer of `GET …/$ref`."""
    head: dict[str, Any] = {} if frame.level == "none" else {"@odata.context": frame.context("Collection($ref)")}
    return head | {"value": [{"@odata.id": f"{frame.root}/directoryObjects/{id}"} for id in ids]}


def graph_reply(call: Call, status: int, payload: Any) -> Reply:
    """A JSON answer with its Content-Type at the asked level; `web/http.py` adds the headers of every answer."""
    level = _level_of(call.headers.get("accept", ""))
    return Reply(status, _encode(payload), (("Content-Type", _MEDIA_TYPES[level]), _ODATA))


def created(call: Call, item: Item, payload: Any) -> Reply:
    """201 with the object's Location (graph G17)."""
    frame = frame_of(call)
    location = f"{frame.root}/{SETS[item.kind]}/{item.id}"
    return graph_reply(call, 201, payload).with_headers(("Location", location))


def no_content() -> Reply:
    """204: the write is done, there is nothing to say."""
    return Reply(204, b"", (_ODATA,))


def plain_count(number: int) -> Reply:
    """The answer of `/$count` (graph G16)."""
    return Reply(200, str(number).encode(), (("Content-Type", "text/plain"), _ODATA))
