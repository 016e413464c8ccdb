"""What a catalogue of properties is made of: a property, a collection, a resource (graph G27, G39, G51)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Level = Literal["", "A", "D"]
"""Where an operator works: nowhere, in advanced mode, everywhere (graph G51)."""
Kind = Literal["text", "address", "choice", "flag", "number", "time", "stamp", "guid", "exact"]
"""`address`: ASCII letters without case. `choice`: one of a closed set. `flag`: 0 or 1. `time`: microseconds UTC.

`stamp`: a time as text in Graph's form. `guid`: lower case. `exact`: with case. `text`: compares folded.
"""


@dataclass(frozen=True, slots=True)
class Property:
    """A filterable property. `sql` is a column or expression; `{t}` stands for the table or its alias.

    `json`: path inside `sql`. `key`: column of an address with its match key (indexed). `ne` and `not` are advanced
    wherever anything is given; `in` follows `eq`, `null` is `eq null`.
    """

    name: str
    sql: str = "NULL"
    kind: Kind = "text"
    eq: Level = ""
    sw: Level = ""
    cmp: Level = ""
    null: Level = ""
    ew: Level = ""
    json: str = ""
    key: str = ""
    choices: tuple[str, ...] = ()
    alone: bool = False
    """It is the whole filter or none of it (graph G28)."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: `source` is a JSON array, or a SELECT of rows with a column `value`.

    `item` is its element where that is a plain value, `members` its parts where it is an object. `count`: `$count`.
    """

    name: str
    source: str = "'[]'"
    item: Property | None = None
    members: tuple[Property, ...] = ()
    count: Level = ""
    json: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A type: its name on the wire, as errors name it, its table, and what a query may ask of it."""

    name: str
    title: str
    table: str
    properties: Mapping[str, Property | Collection]
    """By lower-case path."""
    unfilterable: tuple[str, ...] = ()
    """What is there and cannot be filtered (Q6, not Q1)."""
    sortable: Mapping[str, tuple[Level, str]] = field(default_factory=dict)
    """Canonical name to where `$orderby` works and an expression that is never null."""
    order: tuple[tuple[str, bool], ...] = ()
    """Default order before `id`: name, descending."""
    tokens: tuple[str, ...] = ()
    """What `$search` finds by tokens; what is in PREFIXES it finds by startswith (graph G54)."""

    def knows(self, first: str) -> bool:
        """Whether a path may begin with this name, in lower case."""
        return any(name.partition("/")[0].lower() == first for name in self.names())

    def names(self) -> Iterator[str]:
        """Every property in canonical spelling, those inside others by their whole path."""
        yield from (entry.name for entry in self.properties.values())
        yield from self.unfilterable


PREFIXES: Final = frozenset(
    {"mail", "userprincipalname", "givenname", "surname", "othermails", "proxyaddresses", "mailnickname"}
)


def by_path(*properties: Property | Collection) -> dict[str, Property | Collection]:
    """The properties by lower-case path."""
    return {entry.name.lower(): entry for entry in properties}


def element(name: str, kind: Kind = "text", *, eq: Level = "D", sw: Level = "", cmp: Level = "") -> Property:
    """The plain element of a collection; texts among them end too in advanced mode, where addresses do (G27)."""
    return Property(name, "{t}.value", kind, eq, sw, cmp, ew="A" if kind == "address" else "")


def members(names: Iterable[str], kind: Kind = "text", *, sw: Iterable[str] = ()) -> tuple[Property, ...]:
    """Parts of objects in a collection."""
    starting = frozenset(sw)
    return tuple(Property(name, "{t}.value", kind, "D", "D" if name in starting else "", json=name) for name in names)


def named(names: str) -> tuple[str, ...]:
    """Names from a text with spaces."""
    return tuple(names.split())
