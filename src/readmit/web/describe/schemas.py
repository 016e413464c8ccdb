"""The types of the model as JSON schemas (OpenAPI 3.1 speaks JSON Schema 2020-12)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from readmit.web.graph.edm.model import IN_BODIES, TYPES, Reached, lineage, properties_of
from readmit.web.graph.edm.types import Property, Structure, Type

_PRIMITIVES: Final[dict[str, dict[str, Any]]] = {
    "String": {"type": "string"},
    "Boolean": {"type": "boolean"},
    "Int32": {"type": "integer", "format": "int32"},
    "DateTimeOffset": {"type": "string", "format": "date-time"},
    "Guid": {"type": "string", "format": "uuid"},
    "Binary": {"type": "string", "format": "base64url"},
}
_ANNOTATIONS: Final[dict[str, Any]] = {"@": {}}
"""Members with an at sign are OData's, on any object at any level of metadata (graph G19)."""
ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "innerError"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["code", "message"],
                        "properties": {
                            "code": {"type": "string"},
                            "message": {"type": "string"},
                            "target": {"type": "string"},
                        },
                        "additionalProperties": False,
                    },
                },
                "innerError": {
                    "type": "object",
                    "required": ["date", "request-id", "client-request-id"],
                    "properties": {
                        "date": {"type": "string"},
                        "request-id": {"type": "string", "format": "uuid"},
                        "client-request-id": {"type": "string"},
                    },
                    "additionalProperties": False,
                },
            },
            "additionalProperties": False,
        }
    },
    "additionalProperties": False,
}
_COLLECTION: Final = {
    "@odata.context": {"type": "string"},
    "@odata.count": {"type": "integer", "minimum": 0},
    "@odata.nextLink": {"type": "string", "format": "uri"},
    "@odata.deltaLink": {"type": "string", "format": "uri"},
}


def components(reached: Reached, version: str) -> dict[str, Any]:
    """A schema for each type that the table reaches, and the error."""
    names = [name for name in TYPES if name in reached.types and name not in ("entity", "directoryObject")]
    schemas = {name: _structure(TYPES[name], reached, version) for name in names}
    kinds = [name for name in names if _is_directory_object(name)]
    return {
        **schemas,
        "directoryObject": {"description": "Any directory object.", "anyOf": [_ref(name) for name in kinds]},
        "error": ERROR,
    }


def of_type(type: Type) -> dict[str, Any]:
    """The schema of a value."""
    one: dict[str, Any] = dict(_PRIMITIVES.get(type.name, {})) if type.primitive else _ref(type.name)
    if type.many:
        return {"type": "array", "items": one}
    if not type.nullable or type.name == "Untyped":
        return one
    return {**one, "type": [one["type"], "null"]} if type.primitive else {"anyOf": [one, {"type": "null"}]}


def collection(item: dict[str, Any]) -> dict[str, Any]:
    """What a list answers."""
    return {
        "type": "object",
        "required": ["value"],
        "properties": {**_COLLECTION, "value": {"type": "array", "items": item}},
        "patternProperties": _ANNOTATIONS,
        "additionalProperties": False,
    }


def value(type: Type) -> dict[str, Any]:
    """What an operation answers that returns a primitive value."""
    return {
        "type": "object",
        "required": ["value"],
        "properties": {"@odata.context": {"type": "string"}, "value": of_type(type)},
        "additionalProperties": False,
    }


def members(properties: Iterable[Property]) -> dict[str, Any]:
    """An object with these properties."""
    return {
        "type": "object",
        "properties": {one.name: of_type(one.type) for one in properties},
        "patternProperties": _ANNOTATIONS,
        "additionalProperties": False,
    }


def _structure(structure: Structure, reached: Reached, version: str) -> dict[str, Any]:
    if structure.open:
        return {"type": "object"}
    shown: dict[str, Any] = {}
    for one in properties_of(structure.name, version):
        schema = of_type(one.type)
        shown[one.name] = {**schema, "readOnly": True} if one.read_only else schema
    for layer in lineage(structure.name):
        for way, type in layer.navigations.items():
            if (layer.name, way) in IN_BODIES:
                shown[way] = of_type(type)
            elif (layer.name, way) in reached.ways:
                shown[way] = _expanded(type)
    return {
        "type": "object",
        "properties": shown,
        "patternProperties": _ANNOTATIONS,
        "additionalProperties": False,
    }


def _expanded(type: Type) -> dict[str, Any]:
    """What $expand tells along. Its type is named, not referred to: nothing is expanded in what is expanded (G50)."""
    text = {"description": f"With $expand: {type.name}."}
    if type.many:
        return text | {"type": "array", "items": {"type": "object"}}
    return text | {"type": ["object", "null"] if type.nullable else "object"}


def _is_directory_object(name: str) -> bool:
    return any(layer.name == "directoryObject" for layer in lineage(name))


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
