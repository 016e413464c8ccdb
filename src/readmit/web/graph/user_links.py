"""What hangs on a user: memberships, sponsors, owned objects (graph G31, G46)."""

from __future__ import annotations

from typing import Any, Final

from readmit.domain.errors import NotFound
from readmit.flows import sponsors
from readmit.flows.world import World
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph import records, rights
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.references import checked_id, reference_of
from readmit.web.graph.related import Relation, anchor_of, operations
from readmit.web.graph.render import no_content

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
)
