"""Collections of related objects behind one path: members, owners, memberships, sponsors, owned objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from readmit.domain.directory import Access
from readmit.domain.errors import InsufficientPrivileges, NotFound
from readmit.flows.world import World
from readmit.storage import queries
from readmit.storage.queries import Kind
from readmit.web.call import Call, Step
from readmit.web.graph import lists
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.references import checked_id
from readmit.web.graph.viewer import viewer

CAST_SETS: Final = {
    "user": "users",
    "group": "groups",
    "servicePrincipal": "servicePrincipals",
    "application": "applications",
    "directoryRole": "directoryRoles",
}


@dataclass(frozen=True, slots=True)
class Relation:
    """A navigation: its name in the path, in storage, and the kinds of objects that stand there."""

    name: str
    kinds: tuple[Kind, ...]
    stored: str = ""
    references: bool = False
    """Whether `GET …/$ref` exists."""


def anchor_of(world: World, call: Call, kind: str) -> str:
    """The id of the object that the path names. Raises NotFound (M10), InvalidIdentifier (M11)."""
    tenant_id, key = caller_of(call).tenant_id, call.parameters["id"]
    found: Any
    if kind == "user":
        row = world.database.read(queries.user, tenant_id, key)
        found = row.user if row is not None else None
    elif kind == "group":
        by_name = call.parameters.get("key") == "uniquename"
        key = key if by_name else checked_id(key)
        found = world.database.read(queries.group, tenant_id, key, unique_name=by_name)
    elif call.parameters.get("key") == "uniquename":
        found = world.database.read(queries.application_named, tenant_id, key)
    else:
        by_app = call.parameters.get("key") == "appid"
        reader = queries.principal if kind == "servicePrincipal" else queries.application
        found = world.database.read(reader, tenant_id, key if by_app else checked_id(key), app_id=by_app)
    if found is None:
        raise NotFound(key)
    if kind == "group" and found.hidden:
        _check_hidden(world, call, found.id)
    return str(found.id)


def _check_hidden(world: World, call: Call, group_id: str) -> None:
    """A guest below members sees nothing of hidden groups (graph G67)."""
    if viewer(world, call).limited:
        raise InsufficientPrivileges


def operations(
    owner: str, kind: str, relations: tuple[Relation, ...], access: Access, *, counted: Access | None = None
) -> list[Operation]:
    """GET for each relation of `/{owner}/{id}`, with its casts, `$count` and, where it has them, `$ref`.

    `counted`: the row for `$count`, where it is another one.
    """
    counting = counted or access
    made: list[Operation] = []
    for relation in relations:
        base = f"/{owner}/{{id}}/{relation.name}"
        made.append(Operation("GET", base, _list(kind, relation, None), access))
        made.append(Operation("GET", f"{base}/$count", _count(kind, relation, None), counting))
        if relation.references:
            made.append(Operation("GET", f"{base}/$ref", _list(kind, relation, None, references=True), access))
        for cast in relation.kinds:
            typed = f"{base}/microsoft.graph.{cast}"
            made.append(Operation("GET", typed, _list(kind, relation, cast), access))
            made.append(Operation("GET", f"{typed}/$count", _count(kind, relation, cast), counting))
    return made


Answer = Callable[[World, Call], Step]


def _list(kind: str, relation: Relation, cast: Kind | None, *, references: bool = False) -> Answer:
    def answer(world: World, call: Call) -> Step:
        wanted = lists.Wanted(
            relation.stored or relation.name,
            anchor_of(world, call, kind),
            (cast,) if cast is not None else relation.kinds,
            CAST_SETS[cast] if cast is not None else "directoryObjects",
        )
        return lists.related(world, call, wanted, as_references=references)

    return answer


def _count(kind: str, relation: Relation, cast: Kind | None) -> Answer:
    def answer(world: World, call: Call) -> Step:
        kinds = (cast,) if cast is not None else relation.kinds
        anchor = anchor_of(world, call, kind)
        return lists.count_related(world, call, lists.Wanted(relation.stored or relation.name, anchor, kinds, ""))

    return answer
