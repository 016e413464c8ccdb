"""The syntax tree of `$filter`: what the parser makes and the SQL writer reads (graph G52)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operator = Literal["eq", "ne", "gt", "ge", "lt", "le"]
Function = Literal["startswith", "endswith"]
Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Literal_:
    """A constant; `quoted` tells `'2024'` from `2024`."""

    value: Value
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """A property as written, with at most one step: `mail`, `manager/id`, `otherMails/$count`."""

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
    """`startswith(path, text)`, `endswith(path, text)`."""

    function: Function
    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Any_:
    """`collection/any(variable:condition)`."""

    path: Path
    variable: str
    condition: Node


@dataclass(frozen=True, slots=True)
class Not:
    """`not condition`."""

    condition: Node


@dataclass(frozen=True, slots=True)
class Both:
    """`left and right`."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Either:
    """`left or right`."""

    left: Node
    right: Node


Node = Comparison | Membership | Call | Any_ | Not | Both | Either
