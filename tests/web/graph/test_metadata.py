"""`$metadata` and the service document tell what the doors do, no more and no less (graph G6, G21, G25)."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from small_directory import Graph

from readmit.domain.errors import NotProvided, ReadmitError, ReadOnly
from readmit.web.graph.app_body import read_application, read_principal
from readmit.web.graph.app_shape import APPLICATION, PRINCIPAL
from readmit.web.graph.edm.model import TYPES, names_of, place, properties_of
from readmit.web.graph.group_body import read_group
from readmit.web.graph.routes import TABLE
from readmit.web.graph.shapes import GROUP
from readmit.web.graph.user_body import read_user
from readmit.web.graph.user_shape import GETTERS, SINGLE

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


def schema(graph: Graph, version: str = "v1.0") -> Element:
    answer = graph.get(f"/{version}/$metadata")
    assert answer.status == 200
    found = fromstring(answer.body).find(f".//{EDM}Schema")
    assert found is not None
    return found


def named(parent: Element, tag: str) -> dict[str, Element]:
    return {element.attrib["Name"]: element for element in parent.iter(EDM + tag)}


@pytest.mark.parametrize("operation", TABLE, ids=lambda operation: f"{operation.method} {operation.pattern}")
def test_every_operation_leads_to_a_place_of_the_model(operation: Any) -> None:
    assert place(operation.pattern)


@pytest.mark.parametrize(
    ("pattern", "shape", "type"),
    [
        ("/users/{id}/memberOf/microsoft.graph.group/$count", "count", "group"),
        ("/groups/{id}/members/$ref", "references", "directoryObject"),
        ("/groups/{id}/members/{other}/$ref", "reference", "directoryObject"),
        ("/users/{id}/manager", "entity", "directoryObject"),
        ("/policies/authorizationPolicy/authorizationPolicy", "entity", "authorizationPolicy"),
        ("/policies/crossTenantAccessPolicy/partners/{id}", "entity", "crossTenantAccessPolicyConfigurationPartner"),
        ("/directory/deletedItems/microsoft.graph.user/{id}/restore", "operation", "user"),
    ],
)
def test_a_path_leads_to_a_place_of_the_model(pattern: str, shape: str, type: str) -> None:
    found = place(pattern)
    assert (found.shape, found.type) == (shape, type)


@pytest.mark.parametrize("pattern", ["/nonsense", "/users/{id}/nonsense", "/users/memberOf", "/users/$count/{id}"])
def test_other_paths_lead_nowhere(pattern: str) -> None:
    with pytest.raises(LookupError):
        place(pattern)


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_the_container_holds_what_the_table_begins_with(graph: Graph, version: str) -> None:
    container = schema(graph, version).find(f"{EDM}EntityContainer")
    assert container is not None
    assert container.attrib["Name"] == "GraphService"
    told = {element.attrib["Name"] for element in container}
    first = {operation.pattern.split("/")[1] for operation in TABLE if version == "beta" or not operation.beta_only}
    assert told == {name for name in first if name and not name.startswith("$")} | {"me"}


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_whatever_the_document_names_it_also_describes(graph: Graph, version: str) -> None:
    document = schema(graph, version)
    types = set(named(document, "EntityType")) | set(named(document, "ComplexType"))
    used = {
        value.removeprefix("Collection(").removesuffix(")").removeprefix("microsoft.graph.")
        for element in document.iter()
        for name, value in element.attrib.items()
        if name in ("Type", "BaseType", "EntityType") and "microsoft.graph." in value
    }
    assert used <= types
    # Nothing is told that nobody comes to.
    assert types - used <= {"entity"}
    sets = {element.attrib["Name"] for element in document.iter(f"{EDM}EntitySet")}
    assert {element.attrib["Target"] for element in document.iter(f"{EDM}NavigationPropertyBinding")} <= sets


def test_g6_versions_differ_where_it_says(graph: Graph) -> None:
    stable, beta = schema(graph), schema(graph, "beta")

    def properties(document: Element, type: str) -> dict[str, str]:
        return {
            name: one.attrib["Type"] for name, one in named(named(document, "EntityType")[type], "Property").items()
        }

    changed = "externalUserStateChangeDateTime"
    assert properties(stable, "user")[changed] == "Edm.DateTimeOffset"
    assert properties(beta, "user")[changed] == "Edm.String"
    assert "createdDateTime" in properties(stable, "appRoleAssignment")
    assert "creationTimestamp" in properties(beta, "appRoleAssignment")
    assert "oauth2PermissionScopes" in properties(stable, "servicePrincipal")
    assert "publishedPermissionScopes" in properties(beta, "servicePrincipal")
    assert "invalidateAllRefreshTokens" not in named(stable, "Action")
    assert "invalidateAllRefreshTokens" in named(beta, "Action")
    assert properties(stable, "invitation") == properties(beta, "invitation")


def test_g21_anybody_may_read_both_without_a_token(graph: Graph) -> None:
    for path in ("/v1.0", "/beta/", "/v1.0/$metadata", "/beta/$metadata"):
        assert graph.get(path, caller=None).status == 200
    metadata = graph.get("/v1.0/$metadata")
    assert metadata.headers["Content-Type"] == "application/xml"
    assert metadata.headers["OData-Version"] == "4.0"


def test_the_service_document_lists_sets_and_singletons(graph: Graph) -> None:
    body = graph.get("/v1.0").body
    assert body["@odata.context"] == "https://localhost:8443/v1.0/$metadata"
    assert {"name": "users", "kind": "EntitySet", "url": "users"} in body["value"]
    assert {"name": "me", "kind": "Singleton", "url": "me"} in body["value"]
    assert graph.ask("POST", "/v1.0", {}).status == 405
    assert graph.ask("POST", "/v1.0/$metadata", {}).status == 405


@pytest.mark.parametrize(
    ("type", "told"),
    [
        ("user", {*GETTERS, *SINGLE}),
        ("group", {*GROUP}),
        ("application", {*APPLICATION}),
        ("servicePrincipal", {*PRINCIPAL}),
    ],
)
def test_a_type_has_the_properties_that_doors_answer_with(type: str, told: set[str]) -> None:
    assert names_of(type, "v1.0") == told


READERS: dict[str, Any] = {
    "user": read_user,
    "group": lambda members: read_group(members, new=True),
    "application": lambda members: read_application(members, new=True),
    "servicePrincipal": lambda members: read_principal(members, new=True),
}


@pytest.mark.parametrize(
    ("type", "property"), [(type, one) for type in READERS for one in properties_of(type, "v1.0")], ids=str
)
def test_read_only_is_what_the_door_refuses_to_write(type: str, property: Any) -> None:
    try:
        READERS[type]({property.name: None})
    except (ReadOnly, NotProvided):
        refused = True
    except ReadmitError:
        refused = False
    else:
        refused = False
    assert refused == property.read_only


def test_every_type_of_the_model_stands_on_others_that_are_there() -> None:
    for structure in TYPES.values():
        parts = [one.type for one in structure.properties] + list(structure.navigations.values())
        assert {type.name for type in parts if not type.primitive} <= TYPES.keys(), structure.name
