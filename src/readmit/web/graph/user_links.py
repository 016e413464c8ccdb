"""What hangs on a user: memberships, sponsors, owned objects, membership checks (graph G31, G46)."""

from __future__ import annotations

from typing import Any, Final

from readmit.domain.errors import NotFound
from readmit.flows import sponsors
from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call, Reply, Step, Work, Write
from readmit.web.graph import records, rights
from readmit.web.graph.body import Properties, object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.references import checked_id, reference_of
from readmit.web.graph.related import Relation, anchor_of, operations
from readmit.web.graph.render import frame_of, graph_reply, no_content, value

_MEMBERSHIPS: Final = (
    Relation("memberOf", ("group", "directoryRole")),
    Relation("transitiveMemberOf", ("group", "directoryRole")),
)
_PEOPLE: Final = (
    Relation("sponsors", ("user", "group"), references=True),
    Relation("sponsorOf", ("user",)),
    Relation("directReports", ("user",)),
    Relation("ownedObjects", ("group", "application", "servicePrincipal")),
    Relation("createdObjects", ("user", "group", "application", "servicePrincipal")),
)
_MOST: Final = 20
"""Ids in one membership check (graph G46)."""


def add_sponsor(world: World, call: Call) -> Step:
    """POST /users/{id}/sponsors/$ref."""
    arguments = (world, caller_of(call), call.parameters["id"], reference_of(call))
    return Write(_done, sponsors.add_sponsor, *arguments, correlation_id=call.request_id)


def remove_sponsor(world: World, call: Call) -> Step:
    """DELETE /users/{id}/sponsors/{other}/$ref."""
    arguments = (world, caller_of(call), call.parameters["id"], checked_id(call.parameters["other"]))
    return Write(_done, sponsors.remove_sponsor, *arguments, correlation_id=call.request_id)


def _empty(name: str) -> Any:
    """What no user has here; devices are directory objects, licences are the user's own."""

    def answer(world: World, call: Call) -> Step:
        anchor = anchor_of(world, call, "user")
        if name == "licenseDetails":
            return records.none(call, name, f"users('{anchor}')/{name}")
        return records.none(call, "directoryObject", "directoryObjects")

    return answer


class NoPhoto(NotFound):
    """404 `ImageNotFound` (graph G46)."""


def photo(world: World, call: Call) -> Step:
    """GET /users/{id}/photo: nobody has one here."""
    raise NoPhoto(anchor_of(world, call, "user"))


def _check(member: str, kinds: tuple[queries.Kind, ...]) -> Any:
    """checkMemberGroups {groupIds}, checkMemberObjects {ids}: which of them the user is in, over any steps."""

    def answer(world: World, call: Call) -> Step:
        body = Properties(object_of(call), (member,), resource="User")
        wanted = [checked_id(id) for id in body.texts(member) or []]
        if not wanted or len(wanted) > _MOST:
            raise body.refuse_value(member)
        return _memberships(world, call, kinds, lambda found: [id for id in wanted if id in found])

    return answer


def _get(kinds: tuple[queries.Kind, ...]) -> Any:
    """getMemberGroups, getMemberObjects {securityEnabledOnly}."""

    def answer(world: World, call: Call) -> Step:
        body = Properties(object_of(call), ("securityEnabledOnly",), resource="User")
        security_only = bool(body.flag("securityEnabledOnly", nullable=True))
        return _memberships(world, call, kinds, list, security_only=security_only)

    return answer


def _memberships(
    world: World, call: Call, kinds: tuple[queries.Kind, ...], choose: Any, *, security_only: bool = False
) -> Step:
    asked = queries.Related("transitiveMemberOf", anchor_of(world, call, "user"), kinds)

    def render(found: list[tuple[queries.Kind, Any]]) -> Reply:
        ids = [item.id for _, item in found if not security_only or getattr(item, "security_enabled", True)]
        return graph_reply(call, 200, value(frame_of(call), "Collection(Edm.String)", choose(ids)))

    return Work(render, world.database.read, queries.related, caller_of(call).tenant_id, asked, 2046)


def _done(_result: Any) -> Reply:
    return no_content()


OPERATIONS = (
    *operations("users", "user", _MEMBERSHIPS, rights.READ_MEMBERSHIPS),
    *operations("users", "user", _PEOPLE, rights.READ_USER_LINKS),
    Operation("POST", "/users/{id}/sponsors/$ref", add_sponsor, rights.WRITE_USER_LINKS),
    Operation("DELETE", "/users/{id}/sponsors/{other}/$ref", remove_sponsor, rights.WRITE_USER_LINKS),
    *(
        Operation("GET", f"/users/{{id}}/{name}", _empty(name), rights.READ_USER_LINKS)
        for name in ("licenseDetails", "ownedDevices", "registeredDevices")
    ),
    Operation("GET", "/users/{id}/photo", photo, rights.READ_USER_LINKS),
    Operation("GET", "/users/{id}/photo/$value", photo, rights.READ_USER_LINKS),
    Operation("POST", "/users/{id}/checkMemberGroups", _check("groupIds", ("group",)), rights.READ_MEMBERSHIPS),
    Operation(
        "POST", "/users/{id}/checkMemberObjects", _check("ids", ("group", "directoryRole")), rights.READ_MEMBERSHIPS
    ),
    Operation("POST", "/users/{id}/getMemberGroups", _get(("group",)), rights.READ_MEMBERSHIPS),
    Operation("POST", "/users/{id}/getMemberObjects", _get(("group", "directoryRole")), rights.READ_MEMBERSHIPS),
)
