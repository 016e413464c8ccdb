"""What an object is a member of, over any steps: checkMember*, getMember* (graph G46).

Graph binds them to directoryObject: users, groups, service principals, and `/directoryObjects/{id}` for any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from readmit.domain.errors import NotFound
from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call, Reply, Step, Work
from readmit.web.graph import rights
from readmit.web.graph.body import Properties, object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.references import checked_id
from readmit.web.graph.related import anchor_of
from readmit.web.graph.render import frame_of, graph_reply, value

_MOST: Final = 20
"""Ids in one membership check (graph G46)."""
_OWNERS: Final = {
    "users": ("user", rights.READ_MEMBERSHIPS),
    "groups": ("group", rights.LIST_GROUPS),
    "servicePrincipals": ("servicePrincipal", rights.READ_APPS),
    "directoryObjects": ("directoryObject", rights.READ_OBJECTS),
}
"""Of what kind, and the row of graph G65."""
_GROUPS: Final[tuple[queries.Kind, ...]] = ("group",)
_OBJECTS: Final[tuple[queries.Kind, ...]] = ("group", "directoryRole")
Answer = Callable[[World, Call], Step]


def _check(owner: str, member: str, kinds: tuple[queries.Kind, ...]) -> Answer:
    """checkMemberGroups {groupIds}, checkMemberObjects {ids}: which of them it is in."""

    def answer(world: World, call: Call) -> Step:
        body = Properties(object_of(call), (member,), resource=_title(owner))
        wanted = [checked_id(id) for id in body.texts(member) or []]
        if not wanted or len(wanted) > _MOST:
            raise body.refuse_value(member)
        asked = queries.Related("transitiveMemberOf", _member(world, call, owner), kinds)
        return _memberships(world, call, asked, lambda found: [id for id in wanted if id in found])

    return answer


def _get(owner: str, kinds: tuple[queries.Kind, ...]) -> Answer:
    """getMemberGroups, getMemberObjects {securityEnabledOnly}."""

    def answer(world: World, call: Call) -> Step:
        body = Properties(object_of(call), ("securityEnabledOnly",), resource=_title(owner))
        security_only = bool(body.flag("securityEnabledOnly", nullable=True))
        asked = queries.Related("transitiveMemberOf", _member(world, call, owner), kinds)
        return _memberships(world, call, asked, list, security_only=security_only)

    return answer


def _title(owner: str) -> str:
    kind, _ = _OWNERS[owner]
    return kind[0].upper() + kind[1:]


def _member(world: World, call: Call, owner: str) -> str:
    """The id of the object that the path names. Raises NotFound (M10), InvalidIdentifier (M11)."""
    if owner != "directoryObjects":
        return anchor_of(world, call, _OWNERS[owner][0])
    id = checked_id(call.parameters["id"])
    if world.database.read(queries.find, caller_of(call).tenant_id, id) is None:
        raise NotFound(id)
    return id


def _memberships(
    world: World,
    call: Call,
    asked: queries.Related,
    choose: Callable[[list[str]], list[str]],
    *,
    security_only: bool = False,
) -> Step:
    def render(found: list[tuple[queries.Kind, Any]]) -> Reply:
        ids = [item.id for _, item in found if not security_only or getattr(item, "security_enabled", True)]
        return graph_reply(call, 200, value(frame_of(call), "Collection(Edm.String)", choose(ids)))

    return Work(render, world.database.read, queries.related, caller_of(call).tenant_id, asked, 2046)


OPERATIONS = tuple(
    Operation("POST", f"/{owner}/{{id}}/{name}", answer, access)
    for owner, (_, access) in _OWNERS.items()
    for name, answer in (
        ("checkMemberGroups", _check(owner, "groupIds", _GROUPS)),
        ("checkMemberObjects", _check(owner, "ids", _OBJECTS)),
        ("getMemberGroups", _get(owner, _GROUPS)),
        ("getMemberObjects", _get(owner, _OBJECTS)),
    )
)
