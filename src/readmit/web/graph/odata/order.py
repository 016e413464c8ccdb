"""`$orderby` and the keyset of pages: what is sorted by, and where a page begins (graph G53, G55)."""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from readmit.web.graph.odata import refusals
from readmit.web.graph.odata.properties import resource as resource_of

_KEY: Final = re.compile(r"([A-Za-z_]\w*)(?:\s+(asc|desc))?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key in canonical spelling. Ties are broken by id, ascending."""

    name: str
    descending: bool = False


def parse(text: str, resource: str, *, advanced: bool, narrowed: bool) -> tuple[Order, ...]:
    """The sort keys of `$orderby`; `narrowed`: beside `$filter` or `$search`. Raises UnsupportedQuery (Q10)."""
    known = {name.lower(): (name, level) for name, (level, _) in resource_of(resource).sortable.items()}
    found: dict[str, Order] = {}
    for part in text.split(","):
        match = _KEY.fullmatch(part.strip())
        name, level = known.get(match[1].lower(), ("", "")) if match else ("", "")
        if match is None or not level or (not advanced and (level == "A" or narrowed)) or name in found:
            raise refusals.sorting()
        found[name] = Order(name, (match[2] or "").lower() == "desc")
    return tuple(found.values())


def default(resource: str) -> tuple[Order, ...]:
    """The order of a list without `$orderby`, before ids."""
    return tuple(Order(name, descending) for name, descending in resource_of(resource).order)


def keys(orders: Sequence[Order], resource: str, *, alias: str | None = None) -> tuple[str, ...]:
    """SQL of every sort key, the id last: what a page's last row tells for the token of the next. Never null."""
    found = resource_of(resource)
    table = alias or found.table
    return (*(found.sortable[order.name][1].replace("{t}", table) for order in orders), f"{table}.id")


def order_by(orders: Sequence[Order], resource: str, *, alias: str | None = None) -> str:
    """What stands behind ORDER BY."""
    directions = [" DESC" if order.descending else "" for order in orders]
    columns = zip(keys(orders, resource, alias=alias), [*directions, ""], strict=True)
    return ", ".join(f"{sql}{direction}" for sql, direction in columns)


def after(
    orders: Sequence[Order],
    resource: str,
    position: Sequence[str | int],
    parameters: MutableMapping[str, Any],
    *,
    alias: str | None = None,
) -> str:
    """The rows behind `position`, which holds the values of `keys` of the last row seen. Raises UnsupportedQuery (Q11).

    Values go into `parameters` as in `to_sql.condition`.
    """
    columns = keys(orders, resource, alias=alias)
    if len(position) != len(columns):
        raise refusals.page_token()
    descending = [*(order.descending for order in orders), False]
    sql = ""
    for column, value, down in reversed(list(zip(columns, position, descending, strict=True))):
        name = f"p{len(parameters)}"
        parameters[name] = value
        beyond = f"{column} {'<' if down else '>'} :{name}"
        sql = f"({beyond} OR {column} = :{name} AND {sql})" if sql else beyond
    return sql
