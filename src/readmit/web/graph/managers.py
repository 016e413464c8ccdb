"""One related user or application: the manager with its reference, and on beta who invited (graph G31, G46)."""

from __future__ import annotations

from typing import Any

from readmit.domain.errors import NotFound
from readmit.flows import managers
from readmit.flows.world import World
from readmit.storage import queries
from readmit.storage.queries import Kind
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph import lists, rights
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.references import reference_of
from readmit.web.graph.related import Answer, anchor_of
from readmit.web.graph.render import entity, frame_of, graph_reply, no_content, reference
from readmit.web.graph.shapes import item_maker
from readmit.web.graph.viewer import viewer


def _one(world: World, call: Call, name: str, kinds: tuple[Kind, ...]) -> tuple[Kind, Any]:
    """The one object that stands there. Raises NotFound with the name of the navigation (M10)."""
    asked = queries.Related(name, anchor_of(world, call, "user"), kinds)
    found = world.database.read(queries.related, caller_of(call).tenant_id, asked, 1)
    if not found:
        raise NotFound(name)
    return found[0]


def _read(name: str, kinds: tuple[Kind, ...]) -> Answer:
    """GET of a navigation with one object at most."""

    def answer(world: World, call: Call) -> Step:
        options = lists.options_of(call, "user" if kinds == ("user",) else "directoryObject", shape="single")
        kind, made = _one(world, call, name, kinds)
        frame = frame_of(call)
        item = item_maker(kind, viewer(world, call), frame.version, options.select)(made)
        context = lists.context("directoryObjects", options.select, single=True)
        body = entity(frame, context, item, typed=True)
        return graph_reply(call, 200, lists.told(world, call, options, item, body))

    return answer


def read_reference(world: World, call: Call) -> Step:
    """GET /users/{id}/manager/$ref."""
    lists.options_of(call, "directoryObject", shape="single")
    _, made = _one(world, call, "manager", ("user",))
    return graph_reply(call, 200, reference(frame_of(call), made.id))


def put(world: World, call: Call) -> Step:
    """PUT /users/{id}/manager/$ref."""
    arguments = (world, caller_of(call), call.parameters["id"], reference_of(call))
    return Write(_done, managers.set_manager, *arguments, correlation_id=call.request_id)


def remove(world: World, call: Call) -> Step:
    """DELETE /users/{id}/manager/$ref."""
    arguments = (world, caller_of(call), call.parameters["id"])
    return Write(_done, managers.remove_manager, *arguments, correlation_id=call.request_id)


def _done(_result: Any) -> Reply:
    return no_content()


_PATH = "/users/{id}/manager"
_INVITERS: tuple[Kind, ...] = ("user", "servicePrincipal")
OPERATIONS = (
    Operation("GET", _PATH, _read("manager", ("user",)), rights.READ_USER_LINKS),
    Operation("GET", f"{_PATH}/$ref", read_reference, rights.READ_USER_LINKS),
    Operation("PUT", f"{_PATH}/$ref", put, rights.WRITE_USER_LINKS),
    Operation("DELETE", f"{_PATH}/$ref", remove, rights.WRITE_USER_LINKS),
    Operation("GET", "/users/{id}/invitedBy", _read("invitedBy", _INVITERS), rights.READ_USER_LINKS, beta_only=True),
)
