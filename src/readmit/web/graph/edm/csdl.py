"""The model as CSDL 4.0 XML, as far as the table of routes reaches it (graph G21)."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from readmit.web.graph.edm.model import CONTAINER, TYPES, Reached
from readmit.web.graph.edm.types import Operation, Property, Structure, Type

_EDMX: Final = "http://docs.oasis-open.org/odata/ns/edmx"
_EDM: Final = "http://docs.oasis-open.org/odata/ns/edm"
_NAMESPACE: Final = "microsoft.graph"


def csdl(reached: Reached, version: str) -> bytes:
    """The document of one version, in UTF-8."""
    root = Element("edmx:Edmx", {"Version": "4.0", "xmlns:edmx": _EDMX})
    services = SubElement(root, "edmx:DataServices")
    schema = SubElement(services, "Schema", {"Namespace": _NAMESPACE, "Alias": "graph", "xmlns": _EDM})
    names = [name for name in TYPES if name in reached.types]
    for name in names:
        _structure(schema, TYPES[name], reached, version)
    for name in names:
        for spelled, operation in TYPES[name].operations.items():
            if (name, spelled) in reached.operations:
                _operation(schema, name, spelled, operation)
    container = SubElement(schema, "EntityContainer", {"Name": "GraphService"})
    for name in reached.sets:
        _set(container, name, reached)
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _structure(schema: Element, structure: Structure, reached: Reached, version: str) -> None:
    entity = structure.key is not None or structure.base is not None
    attributes = {"Name": structure.name}
    if structure.base:
        attributes["BaseType"] = f"{_NAMESPACE}.{structure.base}"
    if structure.name == "entity":
        attributes["Abstract"] = "true"
    if structure.open:
        attributes["OpenType"] = "true"
    element = SubElement(schema, "EntityType" if entity else "ComplexType", attributes)
    if structure.key is not None:
        SubElement(SubElement(element, "Key"), "PropertyRef", {"Name": structure.key})
    for one in structure.properties:
        if one.version in (None, version):
            _property(element, one, "Property")
    for way, type in structure.navigations.items():
        if (structure.name, way) in reached.ways:
            attributes = {"Name": way, "Type": _type(type)}
            # What stands below one object alone lies in it; directory objects have a set of their own.
            if not _has_set(type, reached):
                attributes["ContainsTarget"] = "true"
            SubElement(element, "NavigationProperty", attributes)


def _property(element: Element, one: Property, tag: str) -> None:
    attributes = {"Name": one.name, "Type": _type(one.type)}
    if not one.type.nullable:
        attributes["Nullable"] = "false"
    SubElement(element, tag, attributes)


def _operation(schema: Element, owner: str, name: str, operation: Operation) -> None:
    element = SubElement(schema, operation.kind, {"Name": name, "IsBound": "true"})
    bound = Type(owner, operation.collection)
    SubElement(element, "Parameter", {"Name": "bindingParameter", "Type": _type(bound)})
    for one in operation.parameters:
        _property(element, one, "Parameter")
    if operation.returns is not None:
        SubElement(element, "ReturnType", {"Type": _type(operation.returns), "Nullable": "false"})


def _set(container: Element, name: str, reached: Reached) -> None:
    type = CONTAINER[name]
    attributes = {"Name": name, ("EntityType" if type.many else "Type"): f"{_NAMESPACE}.{type.name}"}
    element = SubElement(container, "EntitySet" if type.many else "Singleton", attributes)
    structure = TYPES[type.name]
    for way, target in structure.navigations.items():
        known = _set_of(target, reached)
        if (type.name, way) in reached.ways and known is not None:
            SubElement(element, "NavigationPropertyBinding", {"Path": way, "Target": known})


def _has_set(type: Type, reached: Reached) -> bool:
    return _set_of(type, reached) is not None


def _set_of(type: Type, reached: Reached) -> str | None:
    return next((name for name in reached.sets if CONTAINER[name] == Type(type.name, many=True)), None)


def _type(type: Type) -> str:
    name = f"Edm.{type.name}" if type.primitive else f"{_NAMESPACE}.{type.name}"
    return f"Collection({name})" if type.many else name
