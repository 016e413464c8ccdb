"""Answers every collection the same way: a page, its count, its nextLink, what is told along (graph G50 to G55)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from readmit.domain.errors import InsufficientPrivileges
from readmit.flows.world import World
from readmit.storage import queries
from readmit.storage.queries import Kind, Related, Search
from readmit.web.call import Call, Reply, Step, Work
from readmit.web.graph import mixed
from readmit.web.graph.odata import order, refusals
from readmit.web.graph.odata.options import Options
from readmit.web.graph.odata.properties import RESOURCES
from readmit.web.graph.operations import caller_of
from readmit.web.graph.options import check_veil, options_of
from readmit.web.graph.paging import Position, by_id, conditions, id_of, next_link, position_of
from readmit.web.graph.render import Frame, Item, collection, frame_of, graph_reply, plain_count, references
from readmit.web.graph.shapes import item_maker, selected
from readmit.web.graph.told_along import ALONE, OF_ONE_TYPE, check_expand, tell_along
from readmit.web.graph.viewer import Viewer, viewer

__all__ = [
    "Page",
    "Wanted",
    "answer",
    "context",
    "count",
    "count_related",
    "last_of",
    "listing",
    "options_of",
    "related",
    "selected",
    "told",
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A relation as storage names it, from which object, of which kinds; the set for the context URL."""

    relation: str
    anchor: str
    kinds: tuple[Kind, ...]
    set_name: str


@dataclass(frozen=True, slots=True)
class Page:
    """Objects, the position of the last if more follow, the count, and what is told along."""

    found: list[Any]
    last: Position | None
    count: int | None = None
    along: dict[str, list[Item]] = field(default_factory=dict)


def context(set_name: str, select: Sequence[str] | None, *, single: bool = False) -> str:
    """The fragment of a context URL (graph G20)."""
    chosen = f"({','.join(select)})" if select is not None else ""
    return f"{set_name}{chosen}{'/$entity' if single else ''}"


def listing(world: World, call: Call, kind: str, set_name: str, *, deleted: bool = False) -> Step:
    """A list of one kind: users, groups, applications, service principals, live or deleted."""
    seen = viewer(world, call)
    options = options_of(call, kind)
    check_expand(caller_of(call), seen, kind, options.expand)
    check_veil(seen, kind, options)
    everything = _searched(options, kind, deleted)
    wanted = _behind(everything, options, kind, position_of(world, call, options))
    make = item_maker(kind, seen, frame_of(call).version, options.select)

    def read(tx: Any) -> Page:
        page = queries.page(tx, seen.tenant.id, wanted, options.top)
        number = queries.count(tx, seen.tenant.id, everything) if options.count else None
        ids = [make(one).id for one in page.found] if options.expand is not None else ()
        along = tell_along(tx, seen, frame_of(call).version, options.expand, ids)
        return Page(page.found, page.last, number, along)

    def render(page: Page) -> Reply:
        return answer(world, call, context(set_name, options.select), page, [make(one) for one in page.found], options)

    return Work(render, world.database.read, read)


def count(world: World, call: Call, kind: str, *, deleted: bool = False) -> Step:
    """`/$count` of such a list."""
    options = options_of(call, kind, shape="count")
    check_veil(viewer(world, call), kind, options)
    search = _searched(options, kind, deleted)
    return Work(plain_count, world.database.read, queries.count, caller_of(call).tenant_id, search)


def _searched(options: Options, kind: str, deleted: bool) -> Search:
    """The whole list, from its first row."""
    parameters: dict[str, Any] = {}
    where = conditions(options, kind, parameters)
    keys, by = order.keys(options.order, kind), order.order_by(options.order, kind)
    return Search(kind, where=where, parameters=parameters, order=by, keys=keys, deleted=deleted)


def _behind(everything: Search, options: Options, kind: str, position: Position | None) -> Search:
    """The part of it that begins behind a row."""
    if position is None:
        return everything
    parameters = dict(everything.parameters)
    beyond = order.after(options.order, kind, position, parameters)
    where = f"({everything.where}) AND {beyond}" if everything.where else beyond
    return replace(everything, where=where, parameters=parameters)


def related(world: World, call: Call, wanted: Wanted, *, as_references: bool = False) -> Step:
    """Members, owners, memberships and the like; members of directoryObject collections tell their type."""
    seen, kind = viewer(world, call), _kind_of(wanted)
    options = options_of(call, kind)
    _check_veils(seen, wanted, options)
    if seen.limited and wanted.anchor != caller_of(call).id and (options.count or options.search is not None):
        raise InsufficientPrivileges
    if "orderby" in dict(options.given):
        return _sorted(world, call, wanted, options)
    asked = _related(wanted, options, kind, id_of(position_of(world, call, options)))
    typed = wanted.set_name == "directoryObjects"

    def read(tx: Any) -> Page:
        found = queries.related(tx, seen.tenant.id, asked, options.top + 1)
        number = queries.count_related(tx, seen.tenant.id, asked) if options.count else None
        page = found[: options.top]
        return Page(page, last_of(page, len(found) > options.top, lambda pair: pair[1]), number)

    def render(page: Page) -> Reply:
        items = [item_maker(kind, seen, frame_of(call).version, options.select)(made) for kind, made in page.found]
        if as_references:
            return graph_reply(call, 200, references(frame_of(call), [item.id for item in items]))
        name = context(wanted.set_name, options.select)
        return answer(world, call, name, page, items, options, typed=typed)

    return Work(render, world.database.read, read)


def _sorted(world: World, call: Call, wanted: Wanted, options: Options) -> Step:
    """Related objects of one kind in an order of their own, after a cast (graph G39, G53). Raises Q10 without one."""
    seen, kind = viewer(world, call), _kind_of(wanted)
    if not queries.listed(kind):
        raise refusals.sorting()
    everything = _searched(options, kind, deleted=False)
    related_ids = queries.in_relation(wanted.relation)
    where = f"{related_ids} AND ({everything.where})" if everything.where else related_ids
    everything = replace(everything, where=where, parameters={**everything.parameters, "anchor": wanted.anchor})
    asked = _behind(everything, options, kind, position_of(world, call, options))
    make = item_maker(kind, seen, frame_of(call).version, options.select)

    def read(tx: Any) -> Page:
        page = queries.page(tx, seen.tenant.id, asked, options.top)
        number = queries.count(tx, seen.tenant.id, everything) if options.count else None
        return Page(page.found, page.last, number)

    def render(page: Page) -> Reply:
        items = [make(one) for one in page.found]
        return answer(world, call, context(wanted.set_name, options.select), page, items, options)

    return Work(render, world.database.read, read)


def count_related(world: World, call: Call, wanted: Wanted) -> Step:
    """`/$count` of related objects."""
    kind = _kind_of(wanted)
    options = options_of(call, kind, shape="count")
    _check_veils(viewer(world, call), wanted, options)
    asked = _related(wanted, options, kind, "")
    return Work(plain_count, world.database.read, queries.count_related, caller_of(call).tenant_id, asked)


def _is_mixed(options: Options, kind: str) -> bool:
    """Whether objects of several kinds are asked by more than their id, which takes advanced mode."""
    return kind not in RESOURCES and options.mode == "advanced" and options.search is None and not by_id(options.filter)


def _check_veils(seen: Viewer, wanted: Wanted, options: Options) -> None:
    for kind in wanted.kinds:
        check_veil(seen, kind, options)


def _kind_of(wanted: Wanted) -> str:
    return wanted.kinds[0] if len(wanted.kinds) == 1 else "directoryObject"


def _related(wanted: Wanted, options: Options, kind: str, after: str) -> Related:
    parameters: dict[str, Any] = {}
    if _is_mixed(options, kind) and options.filter is not None:
        narrowed = mixed.narrowed(options.filter, wanted.kinds, parameters)
        return Related(wanted.relation, wanted.anchor, wanted.kinds, "", parameters, after, narrowed)
    where = conditions(options, kind, parameters)
    return Related(wanted.relation, wanted.anchor, wanted.kinds, where=where, parameters=parameters, after=after)


def told(world: World, call: Call, options: Options, item: Item, body: dict[str, Any]) -> dict[str, Any]:
    """The answer for one object with what `$expand` asks to be told along."""
    if options.expand is not None:
        seen, frame = viewer(world, call), frame_of(call)
        check_expand(caller_of(call), seen, item.kind, options.expand, oneself=item.id == caller_of(call).id)
        along = world.database.read(tell_along, seen, frame.version, options.expand, [item.id])
        body[options.expand.name] = _along(frame, options.expand.name, along[item.id])
    return body


def last_of(page: Sequence[Any], more: bool, identified: Callable[[Any], Any]) -> Position | None:
    return (_id(identified(page[-1])),) if more and page else None


def _id(found: Any) -> str:
    """The id of an item, an object or a row with an object in it."""
    for name in ("id", "user", "application", "principal"):
        inner = getattr(found, name, None)
        if inner is not None:
            return inner if isinstance(inner, str) else str(inner.id)
    raise TypeError(f"{type(found).__name__} has no id")


def answer(
    world: World,
    call: Call,
    fragment: str,
    page: Page,
    items: list[Item],
    options: Options,
    *,
    typed: bool = False,
) -> Reply:
    link = next_link(world, call, options, page.last) if page.last is not None else None
    answer = collection(frame_of(call), fragment, items, typed=typed, count=page.count, next_link=link)
    if options.expand is not None:
        _add_along(frame_of(call), answer["value"], items, options, page.along)
    return graph_reply(call, 200, answer)


def _add_along(
    frame: Frame, bodies: list[dict[str, Any]], items: list[Item], options: Options, along: dict[str, list[Item]]
) -> None:
    assert options.expand is not None
    for body, item in zip(bodies, items, strict=True):
        body[options.expand.name] = _along(frame, options.expand.name, along.get(item.id, []))


def _along(frame: Frame, name: str, items: list[Item]) -> Any:
    """What is told along: a list, or the one object there can be; only directoryObjects tell their type (graph G19)."""
    told = collection(frame, "", items, typed=name not in OF_ONE_TYPE)["value"]
    return next(iter(told), None) if name in ALONE else told
