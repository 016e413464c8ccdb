"""A filter on objects in memory, for what stands in no table: `eq`, `in`, `and`, `or` on plain properties; in advanced
mode also `ne`, `not` and `startswith`."""

from __future__ import annotations

from typing import Any

from readmit.domain.text import fold
from readmit.web.graph.odata import refusals
from readmit.web.graph.odata.syntax import (
    Both,
    Call,
    Comparison,
    Either,
    Literal_,
    Membership,
    Node,
    Not,
    Path,
    chain,
    paths,
)
from readmit.web.graph.render import Item


def fits(node: Node | None, item: Item, *, advanced: bool = False) -> bool:
    """Whether an item meets the filter. Raises UnsupportedQuery (Q1, Q6)."""
    match node:
        case None:
            return True
        case Both() | Either():
            met = [fits(term, item, advanced=advanced) for term in chain(node, type(node))]
            return all(met) if isinstance(node, Both) else any(met)
        case Comparison(Path((name,)), "eq", literal):
            return _equal(_value(item, name), literal)
        case Membership(Path((name,)), literals):
            return any(_equal(_value(item, name), literal) for literal in literals)
        case Comparison(Path((name,)), "ne", literal) if advanced:
            return not _equal(_value(item, name), literal)
        case Not(inner) if advanced:
            return not fits(inner, item, advanced=True)
        case Call("startswith", Path((name,)), text) if advanced:
            value = _value(item, name)
            return isinstance(value, str) and (fold(value) or "").startswith(fold(text) or "")
        case _:
            raise refusals.unavailable(next(paths(node)).text, item.kind[0].upper() + item.kind[1:])


def _value(item: Item, name: str) -> Any:
    known = {key.lower(): value for key, value in item.body.items()}
    if name.lower() not in known:
        raise refusals.unknown_in_filter(name, item.kind)
    return known[name.lower()]


def _equal(value: Any, literal: Literal_) -> bool:
    if isinstance(value, str) and isinstance(literal.value, str):
        return fold(value) == fold(literal.value)
    return type(value) is type(literal.value) and bool(value == literal.value)
