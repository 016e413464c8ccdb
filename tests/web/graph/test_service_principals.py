"""Service principals by the properties of graph G34, and the fixed role ids of graph G81."""

from __future__ import annotations

from typing import Any

import pytest
from small_directory import MIA, Graph
from test_openapi_answers import filled

__all__ = ["filled"]
WRITTEN: dict[str, Any] = {
    "accountEnabled": False,
    "appRoleAssignmentRequired": True,
    "description": "What it is for",
    "notes": "Who asked for it",
    "homepage": "https://app.example/",
    "logoutUrl": "https://app.example/out",
    "replyUrls": ["https://app.example/back"],
    "tags": ["one"],
    "alternativeNames": ["two"],
    "preferredSingleSignOnMode": "oidc",
}
READ_ONLY = [
    "appDisplayName",
    "appOwnerOrganizationId",
    "appRoles",
    "oauth2PermissionScopes",
    "servicePrincipalType",
    "signInAudience",
    "createdDateTime",
    "passwordCredentials",
    "info",
    "verifiedPublisher",
    "id",
]


def test_G34_what_is_written_is_read_again(graph: Graph, filled: dict[str, str]) -> None:
    url = f"/v1.0/servicePrincipals/{filled['servicePrincipals']}"
    assert graph.ask("PATCH", url, WRITTEN).status == 204
    read = graph.get(url).body
    assert {name: read[name] for name in WRITTEN} == WRITTEN
    assert {*WRITTEN, *READ_ONLY, "appId", "displayName", "servicePrincipalNames", "keyCredentials"} <= set(read)
    assert graph.ask("PATCH", url, dict.fromkeys(("description", "notes", "homepage"))).status == 204
    assert graph.get(url).body["notes"] is None


@pytest.mark.parametrize("name", READ_ONLY)
def test_G34_what_comes_from_the_application_is_not_written_here(
    graph: Graph, filled: dict[str, str], name: str
) -> None:
    url = f"/v1.0/servicePrincipals/{filled['servicePrincipals']}"
    refused = graph.ask("PATCH", url, {name: None})
    assert (refused.status, refused.message) == (400, f"Property '{name}' is read-only and cannot be set.")


ROLES = {
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
    "User Administrator": "fe930be7-5e62-47db-91af-98c3a49a38b1",
    "Groups Administrator": "fdd7a751-b60b-444a-984c-02652fe8fa1c",
    "Helpdesk Administrator": "729827e3-9c14-49f7-bb1b-9608f156bbb8",
    "Guest Inviter": "95e79109-95c0-4d8e-aee3-d01accf2d47b",
    "Directory Writers": "9360feb5-f418-4baa-8175-e2a00bac4301",
    "Directory Readers": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
    "Privileged Role Administrator": "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "Privileged Authentication Administrator": "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",
    "Authentication Administrator": "c4e39bd9-1100-46d3-8c65-fb160da0071f",
    "Application Administrator": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    "Cloud Application Administrator": "158c047a-c907-4556-b7ef-446551a6b5f7",
    "Security Administrator": "194ae4cb-b126-40b2-bd5b-6091b380977d",
    "Security Reader": "5d6b6bb7-de71-4623-b4af-96380a352509",
    "Security Operator": "5f2222b1-57c3-48ba-8ad5-d4759f1fde6f",
    "Reports Reader": "4a5d8f65-41da-4de4-8968-e035b65339cf",
}
NOT_ASSIGNABLE = (
    "a0b1b346-4d3e-4e8b-98f8-753987be4970",
    "10dae51f-b6af-4016-8d66-8c2a99b929b3",
    "2af84b1e-32c8-42b7-82bc-daa82404023b",
)


@pytest.mark.parametrize(
    "path", ["directoryRoles", "directoryRoleTemplates", "roleManagement/directory/roleDefinitions"]
)
def test_G81_roles_have_the_ids_that_scripts_have_written_down(graph: Graph, path: str) -> None:
    listed = graph.get(f"/v1.0/{path}").body["value"]
    assert {one["displayName"]: one["id"] for one in listed} == ROLES
    assert {one.get("roleTemplateId") or one.get("templateId") or one["id"] for one in listed} == set(ROLES.values())


@pytest.mark.parametrize("role", NOT_ASSIGNABLE)
def test_G81_the_levels_of_users_and_guests_are_no_roles_to_give(graph: Graph, role: str) -> None:
    body = {"principalId": MIA, "roleDefinitionId": role, "directoryScopeId": "/"}
    before = graph.digest()
    assert graph.ask("POST", "/v1.0/roleManagement/directory/roleAssignments", body).status == 404
    assert graph.digest() == before
