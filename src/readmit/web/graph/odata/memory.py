"""A filter on objects in memory: `eq`, `in`, `and`, `or` on plain properties, for lists that stand in no table."""

from __future__ import annotations

from typing import Any

from readmit.domain.text import fold
from readmit.web.graph.odata import refusals
from readmit.web.graph.odata.syntax import Both, Comparison, Either, Literal_, Membership, Node, Path
from readmit.web.graph.render import Item


def fits(node: Node | None, item: Item) -> bool:
    """Whether an item meets the filter. Raises UnsupportedQuery (Q1, Q6)."""
    match node:
        case None:
            return True
        case Both(left, right):
            return fits(left, item) and fits(right, item)
        case Either(left, right):
            return fits(left, item) or fits(right, item)
        case Comparison(Path((name,)), "eq", literal):
            return _equal(_value(item, name), literal)
        case Membership(Path((name,)), literals):
            return any(_equal(_value(item, name), literal) for literal in literals)
        case _:
            raise refusals.unavailable("filter", item.kind)


def _value(item: Item, name: str) -> Any:
    known = {key.lower(): value for key, value in item.body.items()}
    if name.lower() not in known:
        raise refusals.unknown_in_filter(name, item.kind)
    return known[name.lower()]


def _equal(value: Any, literal: Literal_) -> bool:
    if isinstance(value, str) and isinstance(literal.value, str):
        return fold(value) == fold(literal.value)
    return type(value) is type(literal.value) and bool(value == literal.value)
