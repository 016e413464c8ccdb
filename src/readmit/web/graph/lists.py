"""Interim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call, Reply, Step, Work
from readmit.web.graph.operations import caller_of
from readmit.web.graph.render import Item, collection, frame_of, graph_reply, plain_count
from readmit.web.graph.viewer import viewer


@dataclass(frozen=True, slots=True)
class Options:
    select: tuple[str, ...] | None = None
    top: int = 100
    expand: Any = None


def options_of(call: Call, resource: str, *, single: bool = False) -> Options:
    values = {name.lower().lstrip("$"): v for name, v in call.query_values().items()}
    select = tuple(values["select"].split(",")) if values.get("select") else None
    return Options(select, int(values.get("top", "100")))


def context(set_name: str, select: Sequence[str] | None, *, single: bool = False) -> str:
    chosen = f"({','.join(select)})" if select is not None else ""
    return f"{set_name}{chosen}{'/$entity' if single else ''}"


ItemMaker = Callable[[Any], Item]


def listing(world: World, call: Call, kind: str, set_name: str, *, deleted: bool = False, typed: bool = False) -> Step:
    from readmit.web.graph.shapes import item_maker

    seen = viewer(world, call)
    options = options_of(call, kind)
    search = queries.Search(kind, deleted=deleted)

    def render(found: list[Any]) -> Reply:
        frame = frame_of(call)
        make = item_maker(kind, seen, frame.version, options.select)
        return graph_reply(
            call, 200, collection(frame, context(set_name, options.select), map(make, found), typed=typed)
        )

    return Work(render, world.database.read, queries.search, seen.tenant.id, search, options.top)


def count(world: World, call: Call, kind: str, *, deleted: bool = False) -> Step:
    seen = viewer(world, call)
    return Work(plain_count, world.database.read, queries.count, seen.tenant.id, queries.Search(kind, deleted=deleted))


def expanded(world: World, call: Call, options: Options, bodies: Any, render: Callable[[], Reply]) -> Step:
    return render()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A relation as storage names it, from which object, of which kinds; the set for the context URL."""

    relation: str
    anchor: str
    kinds: tuple[queries.Kind, ...]
    set_name: str


def related(world: World, call: Call, wanted: Wanted, *, references: bool = False) -> Step:
    from readmit.web.graph import render as rendering
    from readmit.web.graph.shapes import item_maker

    seen = viewer(world, call)
    single = wanted.kinds[0] if len(wanted.kinds) == 1 else "directoryObject"
    options = options_of(call, single)
    asked = queries.Related(wanted.relation, wanted.anchor, wanted.kinds)

    def render(found: list[tuple[queries.Kind, Any]]) -> Reply:
        frame = frame_of(call)
        if references:
            return graph_reply(call, 200, rendering.references(frame, [item.id for _, item in found]))
        items = [item_maker(kind, seen, frame.version, options.select)(item) for kind, item in found]
        typed = wanted.set_name == "directoryObjects"
        return graph_reply(call, 200, collection(frame, context(wanted.set_name, options.select), items, typed=typed))

    return Work(render, world.database.read, queries.related, seen.tenant.id, asked, options.top)


def count_related(world: World, call: Call, wanted: Wanted) -> Step:
    asked = queries.Related(wanted.relation, wanted.anchor, wanted.kinds)
    return Work(plain_count, world.database.read, queries.count_related, caller_of(call).tenant_id, asked)


@dataclass(frozen=True, slots=True)
class Paged:
    kind: str
    context: str


def selected(item: Item, select: Sequence[str] | None) -> Item:
    if select is None:
        return item
    return Item(item.kind, item.id, {name: item.body[name] for name in select if name in item.body})


def pages(world: World, call: Call, paged: Paged, read: Any, make: Any) -> Step:
    options = options_of(call, paged.kind)

    def render(found: list[Any]) -> Reply:
        items = [selected(make(one), options.select) for one in found]
        return graph_reply(call, 200, collection(frame_of(call), paged.context, items))

    return Work(render, world.database.read, read, "", options.top)


def whole(world: World, call: Call, paged: Paged, read: Any, make: Any) -> Step:
    return pages(world, call, paged, lambda tx, after, limit: read(tx)[:limit], make)
