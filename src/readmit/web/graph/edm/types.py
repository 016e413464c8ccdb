"""What a model is made of: types with properties, ways to other types, and operations; and how they are written down.

A type is `String`; `String?` may be null; `String*` is a list. A property is one line, `name Type`; `r` behind it says
that it is read-only, `v1.0` or `beta` that it is in this version alone (graph G6).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

PRIMITIVES: Final = frozenset({"String", "Boolean", "Int32", "DateTimeOffset", "Guid", "Binary", "Untyped"})
"""Of the namespace `Edm`; any other name is one of `microsoft.graph`."""


@dataclass(frozen=True, slots=True)
class Type:
    """The name of a type without namespace, and how many there are."""

    name: str
    many: bool = False
    nullable: bool = False

    @classmethod
    def parse(cls, text: str) -> Type:
        return cls(text.rstrip("?*"), text.endswith("*"), text.endswith("?"))

    @property
    def primitive(self) -> bool:
        return self.name in PRIMITIVES


@dataclass(frozen=True, slots=True)
class Property:
    """A property with its type. `version`: None for both."""

    name: str
    type: Type
    read_only: bool = False
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """An action or function that is bound to one object of a type, or to its collection. `returns`: None for 204."""

    kind: Literal["Action", "Function"]
    parameters: tuple[Property, ...] = ()
    returns: Type | None = None
    collection: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """A type with properties. An entity has a key, `id` unless told; a complex type has none."""

    name: str
    properties: tuple[Property, ...]
    base: str | None = None
    key: str | None = None
    navigations: dict[str, Type] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    open: bool = False
    """Its objects may carry members that the model does not name."""


def properties(text: str) -> tuple[Property, ...]:
    """Properties as they are written down, one a line."""
    return tuple(_property(line) for line in text.splitlines() if line.strip())


def complex(name: str, text: str = "", *, open: bool = False) -> Structure:
    """A complex type."""
    return Structure(name, properties(text), open=open)


def entity(
    name: str,
    text: str = "",
    *,
    base: str | None = None,
    key: str = "id",
    to: str = "",
    operations: dict[str, Operation] | None = None,
) -> Structure:
    """An entity type. `to`: its navigations as `name Type`, one a line."""
    ways = {way.name: way.type for way in properties(to)}
    return Structure(name, properties(text), base, None if base else key, ways, operations or {})


def action(parameters: str = "", returns: str | None = None, *, collection: bool = False) -> Operation:
    """What POST does with one object, or with the collection."""
    return Operation("Action", properties(parameters), Type.parse(returns) if returns else None, collection)


def function(returns: str) -> Operation:
    """What GET asks of a collection."""
    return Operation("Function", (), Type.parse(returns), collection=True)


def _property(line: str) -> Property:
    name, type, *marks = line.split()
    version = next((mark for mark in marks if mark in ("v1.0", "beta")), None)
    return Property(name, Type.parse(type), "r" in marks, version)
