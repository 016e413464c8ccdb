"""Records that are no directory objects: one of them, lists of them with their count, lists that are always empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from readmit.flows.world import World
from readmit.storage import queries_assigned
from readmit.storage.queries_assigned import Records, Rows
from readmit.web.call import Call, Reply, Step, Work
from readmit.web.graph import lists
from readmit.web.graph.odata.memory import fits
from readmit.web.graph.operations import caller_of
from readmit.web.graph.paging import conditions, id_of, position_of
from readmit.web.graph.render import Item, collection, entity, frame_of, graph_reply, plain_count
from readmit.web.graph.told_along import check_expand, tell_along
from readmit.web.graph.viewer import viewer


@dataclass(frozen=True, slots=True)
class Paged:
    """What a list of records is made of: the type, the fragment of its context URL, its table's name in a statement."""

    kind: str
    context: str
    alias: str | None = None


def one(call: Call, set_name: str, item: Item) -> Reply:
    """The record with what `$select` leaves of it. `set_name`: the fragment of its context URL without `/$entity`."""
    options = lists.options_of(call, item.kind, shape="single")
    context = lists.context(set_name, options.select, single=True)
    return graph_reply(call, 200, entity(frame_of(call), context, lists.selected(item, options.select)))


def none(call: Call, kind: str, set_name: str) -> Reply:
    """A list of what nobody has here; its options are read all the same (graph G3)."""
    options = lists.options_of(call, kind)
    conditions(options, kind, {})
    number = 0 if options.count else None
    answer = collection(frame_of(call), lists.context(set_name, options.select), [], count=number)
    return graph_reply(call, 200, answer)


def pages(world: World, call: Call, paged: Paged, records: Records, make: Callable[[Any], Item]) -> Step:
    """A list of records in the order of their ids."""
    options = lists.options_of(call, paged.kind)
    parameters: dict[str, Any] = {}
    where = conditions(options, paged.kind, parameters, alias=paged.alias)
    rows = Rows(options.top + 1, id_of(position_of(world, call, options)), where, parameters)
    seen = viewer(world, call)
    check_expand(caller_of(call), seen, paged.kind, options.expand)

    def read(tx: Any) -> lists.Page:
        found = queries_assigned.page(tx, records, rows)
        number = queries_assigned.count(tx, records, rows) if options.count else None
        page = found[: options.top]
        along = tell_along(tx, seen, frame_of(call).version, options.expand, [make(one).id for one in page])
        return lists.Page(page, lists.last_of(page, len(found) > options.top, make), number, along)

    def render(page: lists.Page) -> Reply:
        items = [lists.selected(make(one), options.select) for one in page.found]
        return lists.answer(world, call, lists.context(paged.context, options.select), page, items, options)

    return Work(render, world.database.read, read)


def count(world: World, call: Call, paged: Paged, records: Records) -> Step:
    """`/$count` of such a list."""
    options = lists.options_of(call, paged.kind, shape="count")
    parameters: dict[str, Any] = {}
    where = conditions(options, paged.kind, parameters, alias=paged.alias)
    return Work(plain_count, world.database.read, queries_assigned.count, records, Rows(0, "", where, parameters))


def whole(world: World, call: Call, paged: Paged, items: Sequence[Item]) -> Step:
    """A list that is short by its nature and needs no database; `$filter` by `eq` on its properties (graph G39)."""
    options = lists.options_of(call, paged.kind)
    after = id_of(position_of(world, call, options))
    fitting = sorted((item for item in items if fits(options.filter, item)), key=lambda item: item.id)
    left = [item for item in fitting if item.id > after]
    along: dict[str, list[Item]] = {}
    if options.expand is not None:
        seen = viewer(world, call)
        check_expand(caller_of(call), seen, paged.kind, options.expand)
        ids = [item.id for item in left[: options.top]]
        along = world.database.read(tell_along, seen, frame_of(call).version, options.expand, ids)
    last = lists.last_of(left[: options.top], len(left) > options.top, lambda item: item)
    number = len(fitting) if options.count else None
    page = lists.Page(left[: options.top], last, number, along)
    shown = [lists.selected(item, options.select) for item in page.found]
    return lists.answer(world, call, lists.context(paged.context, options.select), page, shown, options)
