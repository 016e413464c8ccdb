"""Answers every collection the same way: a page, its count, its nextLink, what is told along (graph G50 to G55)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from readmit.domain.errors import InsufficientPrivileges
from readmit.flows.world import World
from readmit.storage import queries
from readmit.storage.queries import Kind, Related, Search
from readmit.web.call import Call, Reply, Step, Work
from readmit.web.graph.odata.to_sql import Where
from readmit.web.graph.operations import caller_of
from readmit.web.graph.options import Options, check_count, options_of, unknown_property
from readmit.web.graph.paging import after_of, next_link
from readmit.web.graph.render import Frame, Item, collection, frame_of, graph_reply, plain_count, references
from readmit.web.graph.shapes import item_maker
from readmit.web.graph.told_along import check_expand, tell_along
from readmit.web.graph.user_shape import BASIC
from readmit.web.graph.viewer import Viewer, viewer

__all__ = [
    "Wanted",
    "context",
    "count",
    "count_related",
    "listing",
    "options_of",
    "pages",
    "related",
    "selected",
    "told",
    "whole",
]

_BASIC: Final = frozenset(name.lower() for name in BASIC)
Reader = Callable[[Any, str, int], list[Any]]
"""(transaction, after which id, how many) → objects in the order of their ids."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A relation as storage names it, from which object, of which kinds; the set for the context URL."""

    relation: str
    anchor: str
    kinds: tuple[Kind, ...]
    set_name: str


@dataclass(frozen=True, slots=True)
class Paged:
    """What a list is made of: the type for `$select`, the fragment of its context URL."""

    kind: str
    context: str


@dataclass(frozen=True, slots=True)
class _Page:
    found: list[Any]
    more: bool
    count: int | None
    along: dict[str, list[Item]]


def context(set_name: str, select: Sequence[str] | None, *, single: bool = False) -> str:
    """The fragment of a context URL (graph G20)."""
    chosen = f"({','.join(select)})" if select is not None else ""
    return f"{set_name}{chosen}{'/$entity' if single else ''}"


def listing(world: World, call: Call, kind: str, set_name: str, *, deleted: bool = False) -> Step:
    """A list of one kind: users, groups, applications, service principals, live or deleted."""
    seen = viewer(world, call)
    options = options_of(call, kind, filters=True)
    check_expand(caller_of(call), seen, kind, options.expand)
    _check_veil(seen, kind, options.filtered)
    after = after_of(world, call, options.skip_token)
    make = item_maker(kind, seen, frame_of(call).version, options.select)

    def read(tx: Any) -> _Page:
        narrowed = _narrowed(kind, options.filter, deleted)
        beyond = f"({narrowed.where}) AND id > :after" if narrowed.where else "id > :after"
        search = replace(narrowed, where=beyond, parameters={**narrowed.parameters, "after": after})
        found = queries.search(tx, seen.tenant.id, search, options.top + 1)
        number = queries.count(tx, seen.tenant.id, narrowed) if _counts(options) else None
        page = found[: options.top]
        along = tell_along(tx, seen, frame_of(call).version, options.expand, [make(one).id for one in page])
        return _Page(page, len(found) > options.top, number, along)

    def render(page: _Page) -> Reply:
        return _answer(world, call, context(set_name, options.select), page, [make(one) for one in page.found], options)

    return Work(render, world.database.read, read)


def count(world: World, call: Call, kind: str, *, deleted: bool = False) -> Step:
    """`/$count` of such a list."""
    condition, names = check_count(call, kind)
    _check_veil(viewer(world, call), kind, names)
    search = _narrowed(kind, condition, deleted)
    return Work(plain_count, world.database.read, queries.count, caller_of(call).tenant_id, search)


def _check_veil(seen: Viewer, kind: str, names: frozenset[str]) -> None:
    """Who sees basic properties only filters on them only, or the filter would tell the others (graph G65)."""
    if kind == "user" and seen.basic_users and not names <= _BASIC:
        raise InsufficientPrivileges


def _narrowed(kind: str, condition: Where | None, deleted: bool) -> Search:
    """A list with the condition of its filter."""
    if condition is None:
        return Search(kind, deleted=deleted)
    return Search(kind, where=condition.sql, parameters=condition.parameters, deleted=deleted)


def related(world: World, call: Call, wanted: Wanted, *, as_references: bool = False) -> Step:
    """Members, owners, memberships and the like; members of directoryObject collections tell their type."""
    seen = viewer(world, call)
    kind = wanted.kinds[0] if len(wanted.kinds) == 1 else "directoryObject"
    options = options_of(call, kind, filters=True)
    _check_veil(seen, kind, options.filtered)
    asked = _related(wanted, options.filter, after_of(world, call, options.skip_token))
    typed = wanted.set_name == "directoryObjects"

    def read(tx: Any) -> _Page:
        found = queries.related(tx, seen.tenant.id, asked, options.top + 1)
        number = queries.count_related(tx, seen.tenant.id, asked) if _counts(options) else None
        return _Page(found[: options.top], len(found) > options.top, number, {})

    def render(page: _Page) -> Reply:
        items = [_related_item(seen, call, kind, made, options) for kind, made in page.found]
        if as_references:
            return graph_reply(call, 200, references(frame_of(call), [item.id for item in items]))
        name = context(wanted.set_name, options.select)
        return _answer(world, call, name, page, items, options, typed=typed)

    return Work(render, world.database.read, read)


def count_related(world: World, call: Call, wanted: Wanted) -> Step:
    """`/$count` of related objects."""
    kind = wanted.kinds[0] if len(wanted.kinds) == 1 else "directoryObject"
    condition, names = check_count(call, kind)
    _check_veil(viewer(world, call), kind, names)
    asked = _related(wanted, condition, "")
    return Work(plain_count, world.database.read, queries.count_related, caller_of(call).tenant_id, asked)


def _related(wanted: Wanted, condition: Where | None, after: str) -> Related:
    where, parameters = (condition.sql, condition.parameters) if condition is not None else ("", {})
    return Related(wanted.relation, wanted.anchor, wanted.kinds, where=where, parameters=dict(parameters), after=after)


def told(world: World, call: Call, options: Options, item: Item, body: dict[str, Any]) -> dict[str, Any]:
    """The answer for one object with what `$expand` asks to be told along."""
    if options.expand is not None:
        seen, frame = viewer(world, call), frame_of(call)
        check_expand(caller_of(call), seen, item.kind, options.expand, oneself=item.id == caller_of(call).id)
        along = world.database.read(tell_along, seen, frame.version, options.expand, [item.id])
        body[options.expand.name] = collection(frame, "", along[item.id], typed=True)["value"]
    return body


def pages(world: World, call: Call, paged: Paged, read: Reader, make: Callable[[Any], Item]) -> Step:
    """A list whose objects `read` finds in the order of their ids."""
    options = options_of(call, paged.kind)
    after = after_of(world, call, options.skip_token)

    def read_page(tx: Any) -> _Page:
        found = read(tx, after, options.top + 1)
        return _Page(found[: options.top], len(found) > options.top, None, {})

    def render(page: _Page) -> Reply:
        made = [make(one) for one in page.found]
        items = [selected(item, options.select) for item in made]
        return _answer(world, call, context(paged.context, options.select), page, items, options)

    return Work(render, world.database.read, read_page)


def whole(
    world: World, call: Call, paged: Paged, read: Callable[[Any], list[Any]], make: Callable[[Any], Item]
) -> Step:
    """`pages` for a list that is short enough to be read at once."""

    def read_page(tx: Any, after: str, limit: int) -> list[Any]:
        rows = sorted(read(tx), key=lambda row: make(row).id)
        return [row for row in rows if make(row).id > after][:limit]

    return pages(world, call, paged, read_page, make)


def selected(item: Item, select: Sequence[str] | None) -> Item:
    """The item with the selected properties only. Raises UnsupportedQuery (Q1) for others."""
    if select is None:
        return item
    known = {name.lower(): name for name in item.body}
    for name in select:
        if name != "*" and name.lower() not in known:
            raise unknown_property(name, item.kind)
    if "*" in select:
        return item
    names = [known[name.lower()] for name in select]
    return Item(item.kind, item.id, {name: item.body[name] for name in names})


def _related_item(seen: Viewer, call: Call, kind: Kind, made: Any, options: Options) -> Item:
    return item_maker(kind, seen, frame_of(call).version, options.select)(made)


def _counts(options: Options) -> bool:
    """The count stands on the first page only (graph G55)."""
    return options.count and options.skip_token is None


def _answer(
    world: World,
    call: Call,
    fragment: str,
    page: _Page,
    items: list[Item],
    options: Options,
    *,
    typed: bool = False,
) -> Reply:
    link = next_link(world, call, items[-1].id) if page.more and items else None
    answer = collection(frame_of(call), fragment, items, typed=typed, count=page.count, next_link=link)
    if options.expand is not None:
        _add_along(frame_of(call), answer["value"], items, options, page.along)
    return graph_reply(call, 200, answer)


def _add_along(
    frame: Frame, bodies: list[dict[str, Any]], items: list[Item], options: Options, along: dict[str, list[Item]]
) -> None:
    assert options.expand is not None
    for body, item in zip(bodies, items, strict=True):
        body[options.expand.name] = collection(frame, "", along.get(item.id, []), typed=True)["value"]
