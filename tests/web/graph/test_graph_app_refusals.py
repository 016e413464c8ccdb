"""Applications, assignments and roles: what is refused writes nothing, and the rarer ways (graph G33 to G38)."""

from __future__ import annotations

from typing import Any

import pytest
from small_directory import ADA, ALICE, HAL, MIA, PAUL, Graph

ROOT = "https://localhost:8443/v1.0"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
UNKNOWN = "99999999-9999-4999-8999-999999999999"
INVITER = "95e79109-95c0-4d8e-aee3-d01accf2d47b"
SCOPE = {
    "id": UNKNOWN,
    "isEnabled": True,
    "value": "read",
    "type": "User",
    "adminConsentDisplayName": "Read",
    "adminConsentDescription": "Reads",
}
GROUP = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}


def made(graph: Graph, path: str, **body: Any) -> dict[str, Any]:
    answer = graph.ask("POST", f"/v1.0/{path}", body)
    assert answer.status == 201, answer.body
    return dict(answer.body)


def refused(graph: Graph, method: str, path: str, body: Any = None, **options: Any) -> int:
    before = graph.digest()
    answer = graph.ask(method, f"/v1.0/{path}", body, **options)
    assert answer.status >= 400, answer.body
    assert graph.digest() == before
    return answer.status


def ref(id: str) -> dict[str, str]:
    return {"@odata.id": f"{ROOT}/directoryObjects/{id}"}


# ------------------------------------------------------------- applications


def test_an_application_takes_every_writable_property(graph: Graph) -> None:
    body: dict[str, Any] = {
        "displayName": "Expenses",
        "api": {"oauth2PermissionScopes": [SCOPE], "requestedAccessTokenVersion": 2, "knownClientApplications": []},
        "web": {"redirectUris": ["https://x.example/cb"], "implicitGrantSettings": {"enableIdTokenIssuance": True}},
        "spa": {"redirectUris": ["http://localhost:3000"]},
        "publicClient": {"redirectUris": ["http://localhost", "myapp://auth"]},
        "requiredResourceAccess": [{"resourceAppId": GRAPH_APP, "resourceAccess": []}],
        "isFallbackPublicClient": True,
        "signInAudience": "AzureADMultipleOrgs",
    }
    shown = made(graph, "applications", **body)
    assert shown["api"]["oauth2PermissionScopes"][0]["value"] == "read"
    assert shown["web"]["implicitGrantSettings"] == {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": True}
    assert shown["publicClient"] == body["publicClient"]
    assert shown["requiredResourceAccess"] == body["requiredResourceAccess"]
    principal = made(graph, "servicePrincipals", appId=shown["appId"])
    assert principal["oauth2PermissionScopes"][0]["id"] == UNKNOWN
    beta = graph.get(f"/beta/servicePrincipals/{principal['id']}?$select=publishedPermissionScopes,appId").body
    assert beta["publishedPermissionScopes"][0]["value"] == "read"
    assert graph.ask("PATCH", f"/v1.0/applications/{shown['id']}", {"spa": None, "notes": None}).status == 204


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"displayName": "A", "appId": UNKNOWN},
        {"displayName": "A", "passwordCredentials": []},
        {"displayName": "A", "web": {"redirectUris": ["/relative"]}},
        {"displayName": "A", "spa": {"redirectUris": ["https://x.example/#f"]}},
        {"displayName": "A", "web": {"redirectUris": ["https://x.example;script-src 'unsafe-inline'/cb"]}},
        {"displayName": "A", "web": {"redirectUris": ["javascript:alert(1)"]}},
        {"displayName": "A", "publicClient": {"redirectUris": ["a:b", "a:b"]}},
        {"displayName": "A", "api": {"requestedAccessTokenVersion": 3}},
        {"displayName": "A", "appRoles": [{"id": UNKNOWN, "displayName": "x", "allowedMemberTypes": []}]},
        {"displayName": "A", "appRoles": [{"id": "x", "displayName": "x", "allowedMemberTypes": ["User"]}]},
        {"displayName": "A", "appRoles": [{"id": UNKNOWN, "displayName": "x", "allowedMemberTypes": ["User"]}] * 2},
        {"displayName": "A", "requiredResourceAccess": {}},
        {"displayName": "A", "info": []},
        {"displayName": "A", "signInAudience": "Everybody"},
    ],
)
def test_an_application_that_cannot_be(graph: Graph, body: dict[str, Any]) -> None:
    assert refused(graph, "POST", "applications", body) == 400


def test_secrets_that_cannot_be(graph: Graph) -> None:
    id = made(graph, "applications", displayName="A")["id"]
    for credential in (
        {"secretText": "mine"},
        {"endDateTime": "soon"},
        {"startDateTime": "2026-02-01T00:00:00Z", "endDateTime": "2026-01-01T00:00:00Z"},
    ):
        assert refused(graph, "POST", f"applications/{id}/addPassword", {"passwordCredential": credential}) == 400
    assert refused(graph, "POST", f"applications/{id}/removePassword", {"keyId": UNKNOWN}) == 400
    assert refused(graph, "POST", f"applications/{id}/removePassword", {}) == 400
    graph_principal = graph.get(f"/v1.0/servicePrincipals(appId='{GRAPH_APP}')").body["id"]
    assert refused(graph, "POST", f"servicePrincipals/{graph_principal}/addPassword", {}) == 404


def test_applications_and_principals_come_back_and_go_for_good(graph: Graph) -> None:
    application = made(graph, "applications", displayName="A")
    principal = made(graph, "servicePrincipals", appId=application["appId"])["id"]
    items = "/v1.0/directory/deletedItems"
    assert graph.ask("DELETE", f"/v1.0/servicePrincipals/{principal}").status == 204
    assert refused(graph, "DELETE", f"servicePrincipals/{principal}") == 404
    restored = graph.ask("POST", f"{items}/microsoft.graph.servicePrincipal/{principal}/restore")
    assert restored.body["@odata.type"] == "#microsoft.graph.servicePrincipal"
    assert graph.ask("DELETE", f"/v1.0/applications/{application['id']}").status == 204
    assert graph.get(f"{items}/{application['id']}").body["@odata.type"] == "#microsoft.graph.application"
    assert graph.ask("POST", f"{items}/{application['id']}/restore").status == 200
    assert graph.get(f"/v1.0/servicePrincipals/{principal}").status == 200
    graph.ask("DELETE", f"/v1.0/applications/{application['id']}")
    for id in (application["id"], principal):
        assert graph.ask("DELETE", f"{items}/{id}").status == 204
        assert refused(graph, "POST", f"directory/deletedItems/{id}/restore") == 404
    assert graph.audit()[-2:] == ["Hard Delete application", "Hard Delete service principal"]


def test_owners_of_applications(graph: Graph) -> None:
    id = made(graph, "applications", displayName="A")["id"]
    path = f"applications/{id}/owners"
    assert refused(graph, "POST", f"{path}/$ref", ref(UNKNOWN)) == 404
    assert refused(graph, "POST", f"{path}/$ref", ref(made(graph, "groups", **GROUP)["id"])) == 400
    assert graph.ask("POST", f"/v1.0/{path}/$ref", ref(MIA)).status == 204
    assert refused(graph, "POST", f"{path}/$ref", ref(MIA)) == 400
    assert graph.ask("DELETE", f"/v1.0/{path}/{MIA}/$ref").status == 204
    assert refused(graph, "DELETE", f"{path}/{MIA}/$ref") == 404


def test_a_delegated_creator_owns_what_he_makes(graph: Graph) -> None:
    caller = graph.user(ADA, "Application.ReadWrite.All")
    application = graph.ask("POST", "/v1.0/applications", {"displayName": "A"}, caller=caller).body
    assert graph.get(f"/v1.0/applications/{application['id']}/owners").ids == [ADA]
    made_principal = graph.ask("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]}, caller=caller)
    assert graph.get(f"/v1.0/servicePrincipals/{made_principal.body['id']}/owners").ids == [ADA]
    path = f"servicePrincipals/{made_principal.body['id']}"
    assert refused(graph, "PATCH", path, {"appRoleAssignmentRequired": None}) == 400
    assert refused(graph, "PATCH", path, {"appId": UNKNOWN}) == 400
    body = {"appRoleAssignmentRequired": True, "notes": "x"}
    assert graph.ask("PATCH", f"/v1.0/{path}", body).status == 204
    before = graph.digest()
    assert graph.ask("PATCH", f"/v1.0/{path}", body).status == 204
    assert graph.ask("PATCH", f"/v1.0/applications/{application['id']}", {"displayName": "A"}).status == 204
    assert graph.digest() == before
    assert refused(graph, "POST", "servicePrincipals", {}) == 400


# ------------------------------------------------------------------- access


def test_assignments_that_cannot_be(graph: Graph) -> None:
    resource = made(graph, "servicePrincipals", appId=made(graph, "applications", displayName="A")["appId"])["id"]
    default = "00000000-0000-0000-0000-000000000000"
    path = f"servicePrincipals/{resource}/appRoleAssignedTo"
    for principal, target, status in ((UNKNOWN, resource, 404), (MIA, UNKNOWN, 400)):
        body = {"principalId": principal, "resourceId": target, "appRoleId": default}
        assert refused(graph, "POST", path, body) == status
    body = {"principalId": MIA, "resourceId": UNKNOWN, "appRoleId": default}
    assert refused(graph, "POST", f"users/{MIA}/appRoleAssignments", body) == 404
    assert refused(graph, "POST", f"users/{MIA}/appRoleAssignments", {**body, "appRoleId": "x"}) == 400
    owner = graph.user(MIA, "AppRoleAssignment.ReadWrite.All")
    body = {"principalId": ALICE, "resourceId": resource, "appRoleId": default}
    assert refused(graph, "POST", path, body, caller=owner) == 403
    graph.ask("POST", f"/v1.0/servicePrincipals/{resource}/owners/$ref", ref(MIA))
    assert graph.ask("POST", f"/v1.0/{path}", body, caller=owner).status == 201
    id = graph.get(f"/v1.0/{path}").ids[0]
    assert graph.get(f"/v1.0/{path}/{id[:-1]}A").status == 404
    assert graph.ask("DELETE", f"/v1.0/{path}/{id}", caller=owner).status == 204


def test_roles_that_cannot_be(graph: Graph) -> None:
    path = "roleManagement/directory/roleAssignments"
    plain = made(graph, "groups", **GROUP)["id"]
    body = {"principalId": MIA, "roleDefinitionId": INVITER, "directoryScopeId": "/"}
    assert refused(graph, "POST", path, {**body, "principalId": UNKNOWN}) == 404
    assert refused(graph, "POST", path, {**body, "principalId": plain}) == 400
    assert refused(graph, "POST", path, {**body, "roleDefinitionId": UNKNOWN}) == 404
    assert refused(graph, "POST", path, {"principalId": MIA, "roleDefinitionId": INVITER}) == 400
    assert refused(graph, "DELETE", f"{path}/{UNKNOWN}") == 404
    assert refused(graph, "DELETE", f"directoryRoles/{INVITER}/members/{MIA}/$ref") == 404
    assert refused(graph, "POST", "directoryRoles", {"roleTemplateId": UNKNOWN}) == 404
    assert refused(graph, "GET", f"directoryRoles/{UNKNOWN}") == 404
    made(graph, path, **body)
    rows = graph.get(f"/v1.0/{path}").body["value"]
    mine = next(row for row in rows if row["principalId"] == MIA)
    assert graph.get(f"/v1.0/{path}/{mine['id']}").body["roleDefinitionId"] == INVITER
    assert graph.ask("DELETE", f"/v1.0/{path}/{mine['id']}").status == 204


def test_role_definitions_and_templates_name_the_same_roles(graph: Graph) -> None:
    names = ("directoryRoles", "directoryRoleTemplates", "roleManagement/directory/roleDefinitions")
    found = [{item["displayName"] for item in graph.get(f"/v1.0/{name}").body["value"]} for name in names]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 17
    definition = graph.get(f"/v1.0/roleManagement/directory/roleDefinitions/{INVITER}?$select=id").body
    assert definition["id"] == INVITER


def test_permission_grants_that_cannot_be(graph: Graph) -> None:
    client = made(graph, "servicePrincipals", appId=made(graph, "applications", displayName="A")["appId"])["id"]
    resource = graph.get(f"/v1.0/servicePrincipals(appId='{GRAPH_APP}')").body["id"]
    body = {"clientId": client, "consentType": "Principal", "resourceId": resource, "scope": "openid"}
    for change, status in (
        ({"consentType": "Everybody"}, 400),
        ({"clientId": UNKNOWN, "principalId": MIA}, 404),
        ({"principalId": client}, 404),
        ({"consentType": "AllPrincipals", "principalId": MIA}, 400),
    ):
        assert refused(graph, "POST", "oauth2PermissionGrants", {**body, **change}) == status
    grant = made(graph, "oauth2PermissionGrants", **body, principalId=PAUL)["id"]
    assert graph.get("/v1.0/oauth2PermissionGrants").ids == [grant]
    assert graph.get(f"/v1.0/users/{PAUL}/oauth2PermissionGrants").ids == [grant]
    assert graph.get(f"/v1.0/users/{HAL}/oauth2PermissionGrants").ids == []
    before = graph.digest()
    assert graph.ask("PATCH", f"/v1.0/oauth2PermissionGrants/{grant}", {"scope": "openid"}).status == 204
    assert graph.digest() == before
    assert refused(graph, "PATCH", f"oauth2PermissionGrants/{UNKNOWN}", {"scope": "x"}) == 404
    assert refused(graph, "GET", f"oauth2PermissionGrants/{UNKNOWN}") == 404
