"""The syntax tree of `$filter`: what the parser makes and the SQL writer reads (graph G52)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Operator = Literal["eq", "ne", "gt", "ge", "lt", "le"]
Function = Literal["startswith", "endswith", "contains"]
Quantifier = Literal["any", "all"]
Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Literal_:
    """A constant. `quoted` tells `'2024-01-31'` from `2024-01-31`: GUIDs and times unquoted are text as written."""

    value: Value
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """A property as written, with its steps: `mail`, `signInActivity/lastSignInDateTime`, `otherMails/$count`."""

    steps: tuple[str, ...]

    @property
    def text(self) -> str:
        return "/".join(self.steps)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator literal`."""

    path: Path
    operator: Operator
    literal: Literal_


@dataclass(frozen=True, slots=True)
class Membership:
    """`path in (a, b)`."""

    path: Path
    literals: tuple[Literal_, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """`startswith(path, text)`, `endswith(path, text)`; `contains` is read to be refused by name (graph G50)."""

    function: Function
    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Any_:
    """`collection/any(variable:condition)`; `all` is read to be refused by name (graph G50)."""

    path: Path
    variable: str
    condition: Node
    quantifier: Quantifier = "any"


@dataclass(frozen=True, slots=True)
class Not:
    """`not condition`."""

    condition: Node


@dataclass(frozen=True, slots=True)
class Both:
    """`left and right`; chains lean to the left."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Either:
    """`left or right`; chains lean to the left."""

    left: Node
    right: Node


Node = Comparison | Membership | Call | Any_ | Not | Both | Either


def chain(node: Node, joint: type[Both] | type[Either]) -> list[Node]:
    """The terms of a chain of one operator from left to right: `a and b and c` leans left, hundreds deep."""
    terms: list[Node] = []
    while isinstance(node, joint):
        terms.append(node.right)
        node = node.left
    terms.append(node)
    terms.reverse()
    return terms


def paths(node: Node) -> Iterator[Path]:
    """Every path that a filter looks at, but for those that begin with the variable of a lambda."""
    match node:
        case Both() | Either():
            for term in chain(node, type(node)):
                yield from paths(term)
        case Not(condition):
            yield from paths(condition)
        case _:
            yield node.path
