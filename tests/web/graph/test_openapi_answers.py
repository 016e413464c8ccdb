"""Answers of the doors fit the schemas of `/openapi.json`, at every level of metadata (experience F6, graph G15)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from small_directory import ADA, ALICE, CONTOSO, HAL, MIA, PAUL, Answer, Graph

from readmit.domain.permission import DIRECTORY_ROLES
from readmit.web.describe.document import document
from readmit.web.graph.routes import TABLE

ROOT = "https://localhost:8443/v1.0/directoryObjects"
GROUP = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
ROLE = next(iter(DIRECTORY_ROLES))
APPROVER = {"id": CONTOSO, "value": "Approver", "displayName": "A", "allowedMemberTypes": ["User"], "isEnabled": True}
INVITATION = {"invitedUserEmailAddress": "new@post.example", "inviteRedirectUrl": "https://app.example/"}
LEVELS = ("minimal", "full", "none")


def permitted(graph: Graph) -> None:
    """The caller holds every permission there is."""
    graph.caller = graph.app(*{name for operation in TABLE for name in operation.permissions})


def schema_of(method: str, path: str, status: int) -> Any:
    responses = document()["paths"][path][method.lower()]["responses"]
    response = responses.get(str(status)) or responses["default"]
    return response.get("content", {}).get("application/json", {}).get("schema")


def conforms(answer: Answer, method: str, path: str) -> None:
    """The answer fits what the description says of the operation at this path."""
    schema = schema_of(method, path, answer.status)
    if schema is None:
        assert not isinstance(answer.body, dict), path
    else:
        jsonschema_rs.validate({"components": document()["components"], **schema}, answer.body)


@pytest.fixture
def filled(graph: Graph) -> dict[str, str]:
    """Something of every kind, by the segment that its ids stand behind."""
    permitted(graph)

    def made(path: str, **body: Any) -> dict[str, Any]:
        answer = graph.ask("POST", f"/v1.0/{path}", body)
        assert answer.status == 201, answer.body
        conforms(answer, "POST", f"/v1.0/{re.sub('[0-9a-f]{8}-[0-9a-f-]{27}', '{id}', path)}")
        return dict(answer.body)

    group = made("groups", **GROUP)["id"]
    for id, kind in ((MIA, "members"), (ALICE, "members"), (ADA, "owners")):
        graph.ask("POST", f"/v1.0/groups/{group}/{kind}/$ref", {"@odata.id": f"{ROOT}/{id}"})
    graph.ask("POST", f"/v1.0/users/{ALICE}/sponsors/$ref", {"@odata.id": f"{ROOT}/{ADA}"})
    application = made("applications", displayName="Expenses", appRoles=[APPROVER], tags=["x"])
    principal = made("servicePrincipals", appId=application["appId"])["id"]
    graph.ask("POST", f"/v1.0/applications/{application['id']}/addPassword", {})
    role = {"principalId": ALICE, "resourceId": principal, "appRoleId": CONTOSO}
    assignment = made(f"users/{ALICE}/appRoleAssignments", **role)["id"]
    grant = made("oauth2PermissionGrants", clientId=principal, consentType="AllPrincipals", resourceId=principal)
    directory = "roleManagement/directory/roleAssignments"
    assigned = made(directory, principalId=MIA, roleDefinitionId=ROLE, directoryScopeId="/")["id"]
    made("invitations", **INVITATION)
    made("policies/crossTenantAccessPolicy/partners", tenantId=HAL, inboundTrust={"isMfaAccepted": True})
    graph.ask("PUT", f"/v1.0/users/{ALICE}/manager/$ref", {"@odata.id": f"{ROOT}/{ADA}"})
    graph.ask("DELETE", f"/v1.0/users/{PAUL}")
    audit = graph.get("/v1.0/auditLogs/directoryAudits?$top=1").body["value"][0]["id"]
    return {
        "users": ALICE,
        "groups": group,
        "applications": application["id"],
        "servicePrincipals": principal,
        "appRoleAssignments": assignment,
        "appRoleAssignedTo": assignment,
        "oauth2PermissionGrants": grant["id"],
        "directoryRoles": ROLE,
        "directoryRoleTemplates": ROLE,
        "roleDefinitions": ROLE,
        "roleAssignments": assigned,
        "deletedItems": PAUL,
        "microsoft.graph.user": PAUL,
        "directoryObjects": ALICE,
        "organization": CONTOSO,
        "domains": "contoso.com",
        "directoryAudits": audit,
        "partners": HAL,
    }


def addressed(path: str, ids: dict[str, str]) -> str:
    """The path with ids that are there, where there are any."""
    parts = path.split("/")
    for number, part in enumerate(parts):
        if part.startswith("{"):
            parts[number] = ids.get(parts[number - 1], CONTOSO)
    return "/".join(parts)


@pytest.mark.parametrize("level", LEVELS)
def test_every_read_answers_what_is_described(graph: Graph, filled: dict[str, str], level: str) -> None:
    seen: dict[int, int] = {}
    for path, item in document()["paths"].items():
        if not path.startswith(("/v1.0", "/beta")) or "get" not in item:
            continue
        headers = {"accept": f"application/json;odata.metadata={level}", "consistencylevel": "eventual"}
        answer = graph.get(addressed(path, filled), headers=headers)
        conforms(answer, "GET", path)
        seen[answer.status] = seen.get(answer.status, 0) + 1
    assert seen[200] > 100
    assert set(seen) <= {200, 400, 404}


def test_selections_and_expansions_are_described_too(graph: Graph, filled: dict[str, str]) -> None:
    for path, query in (
        ("/v1.0/users", "$select=*"),
        ("/v1.0/users", "$select=id,signInActivity,identities,externalUserState&$top=2"),
        ("/v1.0/users", "$expand=memberOf"),
        ("/v1.0/users", "$expand=manager"),
        ("/v1.0/users/{id}", "$expand=directReports"),
        ("/v1.0/policies/crossTenantAccessPolicy/default", "$select=inboundTrust"),
        ("/v1.0/users/{id}", "$select=*"),
        ("/v1.0/users/{id}", "$expand=sponsors"),
        ("/v1.0/groups", "$expand=members"),
        ("/v1.0/groups/{id}", "$expand=owners($select=id)"),
        ("/v1.0/applications/{id}", "$select=*"),
        ("/v1.0/users/delta", "$select=mail,manager"),
        ("/v1.0/groups/delta", "$select=displayName,members"),
    ):
        answer = graph.get(f"{addressed(path, filled)}?{query}")
        assert answer.status == 200, (path, query, answer.body)
        conforms(answer, "GET", path)


def test_actions_answer_what_is_described(graph: Graph, filled: dict[str, str]) -> None:
    for path, body in (
        ("/v1.0/users/{id}/revokeSignInSessions", {}),
        ("/v1.0/users/{id}/checkMemberGroups", {"groupIds": [filled["groups"]]}),
        ("/v1.0/users/{id}/getMemberObjects", {"securityEnabledOnly": False}),
        ("/v1.0/applications/{id}/addPassword", {"passwordCredential": {"displayName": "x"}}),
        ("/v1.0/directoryObjects/getByIds", {"ids": [ALICE, filled["groups"], filled["servicePrincipals"]]}),
        ("/v1.0/directory/deletedItems/{id}/restore", {}),
    ):
        answer = graph.ask("POST", addressed(path, filled), body)
        assert answer.status == 200, (path, answer.body)
        conforms(answer, "POST", path)


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        (path, name)
        for path, item in document()["paths"].items()
        for part in item.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        .get("schema", {}).get("allOf", [])
        for name in part.get("required", [])
    ],
)  # fmt: skip
def test_M7_what_is_told_as_required_is_required(graph: Graph, path: str, needed: str) -> None:
    permitted(graph)
    whole: dict[str, Any] = {
        **GROUP,
        **INVITATION,
        "accountEnabled": True,
        "userPrincipalName": "x@contoso.com",
        "appId": CONTOSO,
        "clientId": CONTOSO,
        "resourceId": CONTOSO,
        "consentType": "AllPrincipals",
        "principalId": CONTOSO,
        "roleDefinitionId": CONTOSO,
        "appRoleId": CONTOSO,
        "changeType": "updated",
        "resource": "users",
        "notificationUrl": "https://hooks.example.com/",
        "expirationDateTime": "2026-02-01T00:00:00Z",
    }
    required = document()["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["allOf"][1]
    body = {name: whole[name] for name in required["required"] if name != needed}
    answer = graph.ask("POST", addressed(path, {"users": MIA}), body)
    assert answer.status == 400, answer.body
    assert answer.message.startswith(f"A value is required for property '{needed}' of resource ")


def test_a_lie_would_be_found(graph: Graph, filled: dict[str, str]) -> None:
    answer = graph.get("/v1.0/users")
    answer.body["value"][0]["favouriteColour"] = "blue"
    with pytest.raises(jsonschema_rs.ValidationError):
        conforms(answer, "GET", "/v1.0/users")


ALLOWED_AT_NONE = {"@odata.nextLink", "@odata.deltaLink", "@odata.count", "@removed", "members@delta", "manager@delta"}


def annotations(value: Any) -> set[str]:
    """The names of OData's own members anywhere in an answer."""
    if isinstance(value, list):
        return set().union(*map(annotations, value))
    if not isinstance(value, dict):
        return set()
    return {name for name in value if "@" in name}.union(*map(annotations, value.values()))


def reads(ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every described read of Graph: its path, and the same with ids that are there."""
    for path, item in document()["paths"].items():
        if path.startswith(("/v1.0", "/beta")) and "get" in item and "$metadata" not in path:
            yield path, addressed(path, ids)


def read_at(graph: Graph, path: str, level: str) -> Answer:
    headers = {"accept": f"application/json;odata.metadata={level}", "consistencylevel": "eventual"}
    return graph.get(path, headers=headers)


def test_g19_at_none_only_links_counts_and_what_delta_needs(graph: Graph, filled: dict[str, str]) -> None:
    for path, asked in reads(filled):
        answer = read_at(graph, asked, "none")
        if answer.status == 200 and not path.endswith(("/$ref", "/$count")):
            assert annotations(answer.body) <= ALLOWED_AT_NONE, path
            assert "odata.metadata=none" in answer.headers["Content-Type"]


def test_g19_at_minimal_a_context_and_the_type_of_what_may_be_of_several(graph: Graph, filled: dict[str, str]) -> None:
    for path, asked in reads(filled):
        answer = read_at(graph, asked, "minimal")
        if answer.status != 200 or path.endswith(("/$ref", "/$count")):
            continue
        assert answer.body["@odata.context"].startswith(f"https://localhost:8443{path[:5].rstrip('/')}"), path
        assert not annotations(answer.body) & {"@odata.id", "@odata.editLink"}, path
        mixed = "#directoryObjects" in answer.body["@odata.context"]
        for item in answer.body.get("value", []) if isinstance(answer.body.get("value"), list) else []:
            if mixed:
                assert item["@odata.type"].startswith("#microsoft.graph."), path


def test_g19_at_full_every_object_tells_its_type_its_id_and_where_it_is_edited(
    graph: Graph, filled: dict[str, str]
) -> None:
    for path, asked in reads(filled):
        answer = read_at(graph, asked, "full")
        if answer.status != 200 or path.endswith(("/$ref", "/$count")) or path in ("/v1.0", "/beta"):
            continue
        listed = answer.body["value"] if isinstance(answer.body.get("value"), list) else [answer.body]
        for item in listed:
            assert item["@odata.type"].startswith("#microsoft.graph."), path
            assert item["@odata.id"].startswith("https://localhost:8443/"), path
            assert item["@odata.editLink"].startswith("https://localhost:8443/"), path
