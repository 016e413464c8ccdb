"""`/users/delta` and `/groups/delta`: everything once in pages, then what changed since (graph G58).

A token says where the reader stands: on the first way (`all`) behind which object, later (`since`) behind which number
of the log of changes. The log's number is taken before the first page, so what changes meanwhile comes again later.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from readmit.domain.errors import TokenExpired, UnsupportedQuery
from readmit.flows.world import World
from readmit.web.call import Call, Reply, Step, Work
from readmit.web.graph import rights
from readmit.web.graph.delta_reader import Page, Reader, State
from readmit.web.graph.odata import options as query
from readmit.web.graph.odata import page_token, refusals
from readmit.web.graph.odata.page_token import Bound
from readmit.web.graph.odata.syntax import Comparison, Either, Node, Path, chain, paths
from readmit.web.graph.odata.syntax import Membership as In
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.render import Frame, Item, annotated, frame_of, graph_reply
from readmit.web.graph.viewer import viewer

_PURPOSE: Final = "delta token"
_LIFE: Final = timedelta(days=7)
_MOST_IDS: Final = 50


def delta(kind: str, set_name: str) -> Callable[[World, Call], Step]:
    """The door for one kind."""

    def answer(world: World, call: Call) -> Step:
        seen = viewer(world, call)
        asked = query.parse(call.query, kind, call.headers, shape="delta", version=frame_of(call).version)
        if "signInActivity" in (asked.select or ()):
            raise refusals.unavailable("signInActivity", "User")
        reader = Reader(kind, seen, frame_of(call).version, _anew(call), minimal=_minimal(call))
        if asked.delta_token == "latest":  # noqa: S105 - a word of the API
            fresh = State(0, False, select=asked.select, ids=_ids(asked.filter, kind.title()))
            return Work(_render(world, call, set_name, fresh), world.database.read, reader.latest, fresh)
        state = _state(world, call, asked, kind.title())
        return Work(_render(world, call, set_name, state), world.database.read, reader.page, state)

    return answer


def _render(world: World, call: Call, set_name: str, asked: State) -> Callable[[Page], Reply]:
    def render(page: Page) -> Reply:
        frame = frame_of(call)
        chosen = f"({','.join(asked.select)})" if asked.select is not None else ""
        head = {} if frame.level == "none" else {"@odata.context": frame.context(f"{set_name}{chosen}")}
        now = world.now()
        key, bound = _key(world), _bound(call)
        life = page_token.LIFE if page.more else _LIFE
        token = quote(page_token.make(key, now, bound, page.state.position(), life=life))
        link = {"@odata.nextLink": f"{call.origin}{call.path}?$skiptoken={token}"}
        if not page.more:
            link = {"@odata.deltaLink": f"{call.origin}{call.path}?$deltatoken={token}"}
        items = [_at_level(frame, set_name.removesuffix("s"), item) for item in page.items]
        return graph_reply(call, 200, {**head, **link, "value": items})

    return render


# --------------------------------------------------------------------- asking


def _state(world: World, call: Call, asked: query.Options, resource: str) -> State:
    """Where this request goes on. Raises TokenExpired (410) for a delta link that is over."""
    key, bound, now = _key(world), _bound(call), world.now()
    if asked.skip_token is not None:
        return State.of(page_token.read(key, now, bound, asked.skip_token))
    if asked.delta_token:
        try:
            return State.of(page_token.read(key, now, bound, asked.delta_token))
        except UnsupportedQuery as error:
            raise TokenExpired(_anew(call)) from error
    return State(-1, select=asked.select, ids=_ids(asked.filter, resource))


def _anew(call: Call) -> str:
    """Where a reader begins again."""
    return f"{call.origin}{call.path}?$deltatoken="


def _key(world: World) -> bytes:
    return world.keyring.key(_PURPOSE)


def _bound(call: Call) -> Bound:
    """Options live in the token, so that nothing of the query but the token counts."""
    return Bound(caller_of(call).tenant_id, call.path, (), "default")


def _minimal(call: Call) -> bool:
    return "return=minimal" in call.headers.get("prefer", "").lower().replace(" ", "")


def _at_level(frame: Frame, kind: str, item: dict[str, Any]) -> dict[str, Any]:
    """The item with the annotations of the level; `@removed` and what is related are told at each (graph G19)."""
    for name in ("members@delta", "manager@delta"):
        if name in item:
            item = {**item, name: [_at_level(frame, _kind_of(one), one) for one in item[name]]}
    if frame.level == "none":
        return {name: value for name, value in item.items() if name != "@odata.type"}
    if frame.level == "minimal" or "@removed" in item:
        return item
    return annotated(frame, Item(kind, item["id"], {}), typed=True) | item


def _kind_of(member: dict[str, Any]) -> str:
    return str(member["@odata.type"]).rpartition(".")[2]


def _ids(node: Node | None, resource: str) -> tuple[str, ...]:
    """`id eq '…' or …`, at most fifty. Raises UnsupportedQuery (Q6)."""
    if node is None:
        return ()
    found: list[str] = []
    for part in chain(node, Either):
        match part:
            case Comparison(Path(("id",)), "eq", literal) if isinstance(literal.value, str):
                found.append(literal.value.lower())
            case In(Path(("id",)), literals) if all(isinstance(one.value, str) for one in literals):
                found += [str(one.value).lower() for one in literals]
            case _:
                raise refusals.unavailable(next(paths(part)).text, resource)
    if len(found) > _MOST_IDS:
        raise refusals.unavailable("id", resource)
    return tuple(dict.fromkeys(found))


OPERATIONS: Final = (
    Operation("GET", "/users/delta", delta("user", "users"), rights.DELTA_USERS),
    Operation("GET", "/groups/delta", delta("group", "groups"), rights.LIST_GROUPS),
)
