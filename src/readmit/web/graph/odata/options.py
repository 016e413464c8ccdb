"""The system query options of a request, read once into one frozen value (graph G12, G50, G51)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal
from urllib.parse import unquote_plus

from readmit.web.graph.odata import order as ordering
from readmit.web.graph.odata import page_token, refusals, search
from readmit.web.graph.odata.order import Order
from readmit.web.graph.odata.page_token import Bound
from readmit.web.graph.odata.parse import BRANCHES
from readmit.web.graph.odata.parse import filter as filter_of
from readmit.web.graph.odata.properties import RESOURCES
from readmit.web.graph.odata.search import Search
from readmit.web.graph.odata.select import Expand, expansion, selection
from readmit.web.graph.odata.syntax import Node, paths
from readmit.web.graph.odata.to_sql import Mode

Shape = Literal["list", "single", "count", "delta"]
"""What is asked: a collection, one object, `/$count`, changes."""
_PAGES: Final = frozenset({"top", "count", "skiptoken", "deltatoken", "orderby"})
_SHAPES: Final = frozenset({"select", "expand", "format"})
_NARROWS: Final = frozenset({"filter", "search"})
_SYSTEM: Final = _PAGES | _SHAPES | _NARROWS | {"skip", "compute", "apply"}
"""Known without their `$` too; other names are ignored, but refused behind a `$` (graph G12)."""
_PROVIDED: Final[Mapping[Shape, frozenset[str]]] = {
    "list": _PAGES | _SHAPES | _NARROWS,
    "single": _SHAPES,
    "count": _NARROWS | {"format"},
    "delta": frozenset({"select", "filter", "format", "skiptoken", "deltatoken"}),
}
_LOGS: Final = frozenset({"directoryAudit", "signIn"})
_FREELY_SORTED: Final = _LOGS | {"invitationRecord"}
_ALONG: Final = {"user": ("manager",), "group": ("members",)}
"""Navigations that a delta query may select (graph G58)."""
_IDS: Final = 50
"""Objects that a delta query may be about (graph G58)."""
_TOP, _MOST, _MOST_ACTIVITY, _MOST_LOGS = 100, 999, 120, 1000
"""Page sizes: default and most; most with `signInActivity` (G28); default and most of logs (G42)."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a request asks of a list, an object or a count."""

    select: tuple[str, ...] | None = None
    expand: Expand | None = None
    filter: Node | None = None
    search: Search | None = None
    order: tuple[Order, ...] = ()
    top: int = _TOP
    mode: Mode = "default"
    """Which operators the filter may use (graph G51)."""
    count: bool = False
    """The answer has `@odata.count`: advanced lists, on their first page (graph G55)."""
    skip_token: str | None = None
    delta_token: str | None = None
    given: tuple[tuple[str, str], ...] = ()
    """System options by canonical name, as pages are bound to them."""

    @property
    def touched(self) -> frozenset[str]:
        """First steps, in lower case, of every property that decides which objects come and in which order.

        Whoever may not read one of them must not ask by it (graph G65).
        """
        filtered = (path.steps[0].lower() for path in paths(self.filter)) if self.filter else ()
        searched = search.names(self.search) if self.search else ()
        return frozenset((*filtered, *searched, *(order.name.lower() for order in self.order)))

    def bound(self, tenant_id: str, path: str) -> Bound:
        """What this request's page tokens belong to."""
        needs_header = self.mode == "advanced" or self.search is not None
        return Bound(tenant_id, path, self.given, "advanced" if needs_header else "default")


def parse(
    query: str, resource: str, headers: Mapping[str, str], *, shape: Shape = "list", version: str = "v1.0"
) -> Options:
    """The options of a query string. `resource`: type without namespace; `headers`: names in lower case.

    Raises UnsupportedQuery (Q1, Q4 to Q11), NotProvided and NotFound for what cannot be selected.
    """
    if not query and shape in ("single", "list"):
        return _without(resource)
    values = _values(query)
    _check_provided(values, shape)
    eventual = headers.get("consistencylevel", "").strip().lower() == "eventual"
    if shape == "count" and not eventual:
        raise refusals.count_without_header()
    token = values.get("skiptoken") or None
    if token is not None and not eventual and page_token.claims_advanced(token):
        raise refusals.page_token()
    advanced = eventual and (shape == "count" or _flag(values.get("count")))
    found = search.parse(_with_header(values["search"], eventual)) if "search" in values else None
    also = _ALONG.get(resource, ()) if shape == "delta" else ()
    select = selection(values.get("select", ""), resource, version=version, single=shape == "single", also=also)
    return Options(
        select=select,
        expand=_expand(values.get("expand"), resource, version, alone=not (advanced or found)),
        filter=filter_of(values["filter"], branches=_IDS if shape == "delta" else BRANCHES)
        if "filter" in values
        else None,
        search=found,
        order=_order(values, resource, advanced),
        top=_top(values.get("top"), resource, select or ()),
        mode="advanced" if advanced else "default",
        count=advanced and token is None and shape == "list",
        skip_token=token,
        delta_token=values.get("deltatoken"),
        given=tuple(sorted((name, value) for name, value in values.items() if name != "skiptoken")),
    )


@cache
def _without(resource: str) -> Options:
    """Nothing is asked: one object as it is, or the first page in its own order."""
    return Options(order=_order({}, resource, advanced=False), top=_top(None, resource, ()))


def _values(query: str) -> dict[str, str]:
    """System options by lower-case name without `$`. Raises UnsupportedQuery (Q6) for one given twice or unknown."""
    found: dict[str, str] = {}
    for part in query.split("&"):
        left, _, right = part.partition("=")
        name = unquote_plus(left).strip().lower()
        plain = name.removeprefix("$")
        if plain not in _SYSTEM and not name.startswith("$"):
            continue
        if plain not in _SYSTEM or plain in found:
            raise refusals.option(f"${plain}")
        found[plain] = unquote_plus(right)
    return found


def refuse(query: str) -> None:
    """A request that reads no options takes none but `$format`: raises UnsupportedQuery (graph G3, G12, Q6)."""
    for name, value in _values(query).items():
        if name != "format" or not _is_json(value):
            raise refusals.option(f"${name}")


def _check_provided(values: Mapping[str, str], shape: Shape) -> None:
    for name, value in values.items():
        if name not in _PROVIDED[shape] or (name == "format" and not _is_json(value)):
            raise refusals.option(f"${name}")
    _flag(values.get("count"))


def _is_json(text: str) -> bool:
    return text.partition(";")[0].strip().lower() in ("json", "application/json")


def _flag(text: str | None) -> bool:
    if text is not None and text.strip().lower() not in ("true", "false"):
        raise refusals.option("$count")
    return text is not None and text.strip().lower() == "true"


def _with_header(text: str, eventual: bool) -> str:
    if not eventual:
        raise refusals.search_without_header()
    return text


def _expand(text: str | None, resource: str, version: str, *, alone: bool) -> Expand | None:
    if not text:
        return None
    if not alone:
        raise refusals.expand_in_advanced()
    return expansion(text, resource, version=version)


def _order(values: Mapping[str, str], resource: str, advanced: bool) -> tuple[Order, ...]:
    text = values.get("orderby")
    if not text:
        return ordering.default(resource) if resource in RESOURCES else ()
    if resource not in RESOURCES:
        raise refusals.sorting()
    # Graph's logs sort beside a filter; its directory only in advanced mode (graph G42, G53).
    narrowed = resource not in _FREELY_SORTED and ("filter" in values or "search" in values)
    return ordering.parse(text, resource, advanced=advanced, narrowed=narrowed)


def _top(text: str | None, resource: str, select: tuple[str, ...]) -> int:
    most = _MOST_LOGS if resource in _LOGS else _MOST
    top = _MOST_LOGS if resource in _LOGS else _TOP
    if text is not None:
        if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= most or len(text) > 6:
            raise refusals.page_size(text, most)
        top = int(text)
    return min(top, _MOST_ACTIVITY) if "signInActivity" in select else top
