"""One page of a list: which rows it holds, and the link to the next (graph G55)."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any, Final
from urllib.parse import unquote_plus

from readmit.flows.world import World
from readmit.web.call import Call
from readmit.web.graph.odata import page_token, refusals, search, to_sql
from readmit.web.graph.odata.options import Options
from readmit.web.graph.odata.properties import RESOURCES
from readmit.web.graph.odata.syntax import Comparison, Node, Path, paths
from readmit.web.graph.odata.to_sql import Mode
from readmit.web.graph.operations import caller_of

_PURPOSE: Final = "page token"
_SKIP_TOKEN: Final = "$skiptoken"  # noqa: S105 - the name of an option
Position = tuple[str | int, ...]


def conditions(
    options: Options,
    kind: str,
    parameters: MutableMapping[str, Any],
    *,
    alias: str | None = None,
    mode: Mode | None = None,
) -> str:
    """`$filter` and `$search` as SQL, empty without either; values go into `parameters`. Raises UnsupportedQuery."""
    found = []
    if options.filter is not None:
        if kind in RESOURCES:
            found.append(to_sql.condition(options.filter, kind, mode or options.mode, parameters, alias=alias))
        else:
            found.append(_by_id(options, parameters))
    if options.search is not None:
        if kind not in RESOURCES:
            raise refusals.option("$search")
        found.append(search.condition(options.search, kind, parameters, alias=alias))
    return " AND ".join(f"({part})" for part in found)


def by_id(filter: Node | None) -> str | None:
    """The id of `id eq '…'`, which every collection of objects takes (graph G39)."""
    match filter:
        case Comparison(Path(("id",)), "eq", literal) if isinstance(literal.value, str):
            return literal.value.lower()
    return None


def _by_id(options: Options, parameters: MutableMapping[str, Any]) -> str:
    """On directoryObject collections that alone, outside advanced mode."""
    assert options.filter is not None
    id = by_id(options.filter)
    if id is None:
        raise refusals.unavailable(next(paths(options.filter)).text, "DirectoryObject")
    parameters["only"] = id
    return "id = :only"


def position_of(world: World, call: Call, options: Options) -> Position | None:
    """Behind which row the page begins; None for the first. Raises UnsupportedQuery (Q11)."""
    if options.skip_token is None:
        return None
    bound = options.bound(caller_of(call).tenant_id, call.path)
    return page_token.read(world.keyring.key(_PURPOSE), world.now(), bound, options.skip_token)


def id_of(position: Position | None) -> str:
    """The position of a list in the order of ids."""
    return "" if position is None else str(position[-1])


def next_link(world: World, call: Call, options: Options, position: Sequence[str | int]) -> str:
    """The absolute URL of the next page: this request with all its options, behind the last row shown."""
    bound = options.bound(caller_of(call).tenant_id, call.path)
    token = page_token.make(world.keyring.key(_PURPOSE), world.now(), bound, position)
    kept = [part for part in call.query.split("&") if part and not _is_token(part)]
    return f"{call.origin}{call.path}?{'&'.join([*kept, f'{_SKIP_TOKEN}={token}'])}"


def _is_token(part: str) -> bool:
    name = unquote_plus(part.partition("=")[0]).strip().lower()
    return name in (_SKIP_TOKEN, _SKIP_TOKEN[1:])
