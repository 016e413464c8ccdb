"""The whole model, and what a path of the table of routes leads to in it.

What is described (`$metadata`, `/openapi.json`) is what the table reaches: a type that no operation answers with is
not told, however complete the model is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal

from readmit.web.graph.edm import applications, people, tenant
from readmit.web.graph.edm.types import Operation, Property, Structure, Type

TYPES: Final = {type.name: type for type in (*people.TYPES, *applications.TYPES, *tenant.TYPES)}
CONTAINER: Final = tenant.CONTAINER
_CAST: Final = "microsoft.graph."
IN_BODIES: Final = {("invitation", "invitedUser"), ("invitation", "invitedUserSponsors")}
"""Ways that no path goes: they are written and read within the body of their object."""

Shape = Literal[
    "entity", "collection", "count", "reference", "references", "operation", "service", "metadata", "batch", "value"
]


@dataclass(frozen=True, slots=True)
class Place:
    """What a path leads to. `type` is the entity's, or the one that an operation is bound to."""

    shape: Shape
    type: str = ""
    operation: Operation | None = None
    name: str = ""


@dataclass
class Reached:
    """What the operations of a table reach: sets of the container, ways and operations by type."""

    sets: list[str] = field(default_factory=list)
    ways: set[tuple[str, str]] = field(default_factory=set)
    operations: set[tuple[str, str]] = field(default_factory=set)
    types: set[str] = field(default_factory=set)


def lineage(name: str) -> Iterator[Structure]:
    """A type and those it is based on, the nearest first."""
    while True:
        found = TYPES[name]
        yield found
        if found.base is None:
            return
        name = found.base


def properties_of(name: str, version: str) -> list[Property]:
    """Every property of a type in this version, those of its bases first."""
    layers = [layer.properties for layer in lineage(name)]
    return [one for layer in reversed(layers) for one in layer if one.version in (None, version)]


def place(pattern: str, reached: Reached | None = None) -> Place:
    """What a pattern of the table leads to; raises LookupError for what the model does not know.

    Notes in `reached` what it comes by.
    """
    noted = reached if reached is not None else Reached()
    segments = [segment for segment in pattern.split("/") if segment]
    alone: dict[str, Shape] = {"": "service", "$metadata": "metadata", "$batch": "batch"}
    if pattern.strip("/") in alone:
        return Place(alone[pattern.strip("/")])
    here: Type | Place = _container(segments[0], noted)
    for segment in segments[1:]:
        if isinstance(here, Place):
            raise LookupError(pattern)
        here = _step(here, segment, noted)
    if isinstance(here, Place):
        return here
    return Place("collection" if here.many else "entity", here.name)


def _container(name: str, noted: Reached) -> Type:
    if name not in noted.sets:
        noted.sets.append(name)
    noted.types.add(CONTAINER[name].name)
    return CONTAINER[name]


def _step(here: Type, segment: str, noted: Reached) -> Type | Place:
    if segment == "$count":
        return Place("count", here.name)
    if segment == "$ref":
        return Place("references" if here.many else "reference", here.name)
    if segment == "$value":
        return Place("value", here.name)
    if segment.startswith("{") and here.many:
        return Type(here.name)
    if segment == here.name and not here.many:
        # Beta names the one policy by its id, which is the name of its type (graph G6).
        return here
    if segment.startswith(_CAST):
        cast = segment.removeprefix(_CAST)
        noted.types.add(TYPES[cast].name)
        return Type(cast, here.many)
    for layer in lineage(here.name):
        operation = layer.operations.get(segment)
        if operation is not None and operation.collection == here.many:
            noted.operations.add((layer.name, segment))
            if operation.returns is not None and not operation.returns.primitive:
                noted.types.add(operation.returns.name)
            return Place("operation", here.name, operation, segment)
        if segment in layer.navigations and not here.many:
            noted.ways.add((layer.name, segment))
            noted.types.add(layer.navigations[segment].name)
            return layer.navigations[segment]
    raise LookupError(segment)


def reach(patterns: Iterable[str]) -> Reached:
    """What these patterns reach, with every type that those types are made of."""
    reached = Reached()
    # `/me` is another name of a user: the table's rows of users are its rows.
    for pattern in (*patterns, "/me"):
        place(pattern, reached)
    reached.ways |= {way for way in IN_BODIES if way[0] in reached.types}
    waiting = set(reached.types)
    reached.types.clear()
    while waiting:
        name = waiting.pop()
        reached.types.add(name)
        waiting |= _parts(name, reached) - reached.types
    return reached


def _parts(name: str, reached: Reached) -> set[str]:
    """The types that a type's own description names."""
    structure = TYPES[name]
    used = [one.type for one in structure.properties]
    used += [one.type for operation in structure.operations.values() for one in operation.parameters]
    used += [type for way, type in structure.navigations.items() if (name, way) in reached.ways]
    found = {type.name for type in used if not type.primitive}
    return found | ({structure.base} if structure.base else set())


@cache
def names_of(name: str, version: str) -> frozenset[str]:
    """The names of a type's properties."""
    return frozenset(one.name for one in properties_of(name, version))
