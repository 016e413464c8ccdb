"""What the service says about itself: its entity sets and its metadata, to anybody (graph G21)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from readmit.flows.world import World
from readmit.web.call import Call, Reply, Step
from readmit.web.graph.edm.csdl import csdl
from readmit.web.graph.edm.model import CONTAINER, Reached, reach
from readmit.web.graph.operations import ANY_TOKEN, Operation
from readmit.web.graph.render import frame_of, graph_reply


def reached_by(table: Iterable[Operation], version: str) -> Reached:
    """What the operations of a version reach in the model."""
    return reach(one.pattern for one in table if version == "beta" or not one.beta_only)


def operations(table: Callable[[], Iterable[Operation]]) -> tuple[Operation, ...]:
    """GET /{v} and GET /{v}/$metadata of a table, which holds them too: it is asked for when somebody asks."""

    @cache
    def reached(version: str) -> Reached:
        return reached_by(table(), version)

    @cache
    def document(version: str) -> bytes:
        return csdl(reached(version), version)

    def sets(_world: World, call: Call) -> Step:
        frame = frame_of(call)
        entries = [_entry(name) for name in reached(frame.version).sets]
        head = {} if frame.level == "none" else {"@odata.context": f"{frame.root}/$metadata"}
        return graph_reply(call, 200, head | {"value": entries})

    def metadata(_world: World, call: Call) -> Step:
        headers = (("Content-Type", "application/xml"), ("OData-Version", "4.0"))
        return Reply(200, document(frame_of(call).version), headers)

    return (
        Operation("GET", "/", sets, ANY_TOKEN, public=True),
        Operation("GET", "/$metadata", metadata, ANY_TOKEN, public=True),
    )


def _entry(name: str) -> dict[str, str]:
    return {"name": name, "kind": "EntitySet" if CONTAINER[name].many else "Singleton", "url": name}
