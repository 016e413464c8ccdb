"""App roles, permission grants, directory roles, secrets over Graph (graph G33 to G38)."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote, urlsplit

from small_directory import ADA, ALICE, HAL, MIA, Graph

ROOT = "https://localhost:8443/v1.0"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
APPROVER = "11111111-1111-4111-8111-111111111111"
ROLE = {
    "allowedMemberTypes": ["User"],
    "displayName": "Approver",
    "id": APPROVER,
    "isEnabled": True,
    "value": "Approver",
}
EVENTUAL = {"consistencylevel": "eventual"}
INVITER = "95e79109-95c0-4d8e-aee3-d01accf2d47b"


def app(graph: Graph, **values: Any) -> dict[str, Any]:
    answer = graph.ask("POST", "/v1.0/applications", {"displayName": "Expenses", **values})
    assert answer.status == 201, answer.body
    return dict(answer.body)


def principal(graph: Graph, **values: Any) -> dict[str, Any]:
    answer = graph.ask("POST", "/v1.0/servicePrincipals", {"appId": app(graph, **values)["appId"]})
    assert answer.status == 201, answer.body
    return dict(answer.body)


def graph_principal(graph: Graph) -> str:
    return str(graph.get(f"/v1.0/servicePrincipals(appId='{GRAPH_APP}')").body["id"])


def assign(graph: Graph, principal_id: str, resource_id: str, role: str, **options: Any) -> Any:
    body = {"principalId": principal_id, "resourceId": resource_id, "appRoleId": role}
    return graph.ask("POST", f"/v1.0/users/{principal_id}/appRoleAssignments", body, **options)


def test_g80_a_fresh_tenant_has_microsoft_graph_with_its_permissions(graph: Graph) -> None:
    answer = graph.get(f"/v1.0/servicePrincipals(appId='{GRAPH_APP}')?$select=appId,displayName,appRoles")
    assert answer.body["displayName"] == "Microsoft Graph"
    roles = {role["value"]: role["id"] for role in answer.body["appRoles"]}
    assert roles["User.Invite.All"] == "09850681-111b-4a89-9bed-3f2cae46d706"
    names = [item["displayName"] for item in graph.get("/v1.0/servicePrincipals").body["value"]]
    assert sorted(names) == ["Microsoft Graph", "Microsoft Graph Command Line Tools", "readmit"]
    assert graph.get("/v1.0/applications").body["value"] == []


def test_g36_an_assignment_answers_with_both_names(graph: Graph) -> None:
    resource = principal(graph, appRoles=[ROLE])
    answer = assign(graph, ALICE, resource["id"], APPROVER)
    assert answer.status == 201
    id = answer.body["id"]
    assert answer.body == {
        "@odata.context": f"{ROOT}/$metadata#users('{ALICE}')/appRoleAssignments/$entity",
        "id": id,
        "deletedDateTime": None,
        "appRoleId": APPROVER,
        "createdDateTime": answer.body["createdDateTime"],
        "principalDisplayName": "Alice",
        "principalId": ALICE,
        "principalType": "User",
        "resourceDisplayName": "Expenses",
        "resourceId": resource["id"],
    }
    assert len(id) == 43
    assert graph.get(f"/v1.0/users/{ALICE}/appRoleAssignments").ids == [id]
    assert graph.get(f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo").ids == [id]
    told = graph.get(f"/v1.0/users/{ALICE}?$select=id&$expand=appRoleAssignments($select=appRoleId)").body
    assert told["appRoleAssignments"] == [{"appRoleId": APPROVER}]
    assert graph.get(f"/v1.0/users/{ALICE}/appRoleAssignments/{id}").status == 200
    assert "creationTimestamp" in graph.get(f"/beta/users/{ALICE}/appRoleAssignments/{id}").body
    assert graph.audit()[-1] == "Add app role assignment grant to user"


def test_m18_a_role_is_granted_once_and_must_fit(graph: Graph) -> None:
    resource = principal(graph, appRoles=[ROLE])
    assert assign(graph, ALICE, resource["id"], APPROVER).status == 201
    before = graph.digest()
    again = assign(graph, ALICE, resource["id"], APPROVER)
    assert (again.status, again.message) == (400, "Permission being assigned already exists on the object")
    for role in (INVITER, "00000000-0000-0000-0000-000000000000"):
        assert assign(graph, ALICE, resource["id"], role).message == "Not a valid reference update."
    other = {"principalId": MIA, "resourceId": resource["id"], "appRoleId": APPROVER}
    assert (
        graph.ask("POST", f"/v1.0/users/{ALICE}/appRoleAssignments", other).message == "Not a valid reference update."
    )
    assert graph.digest() == before


def test_default_access_is_for_resources_without_a_role(graph: Graph) -> None:
    resource = principal(graph)
    assert assign(graph, ALICE, resource["id"], "00000000-0000-0000-0000-000000000000").status == 201


def test_a_user_shows_the_assignments_of_his_groups(graph: Graph) -> None:
    resource = principal(graph, appRoles=[ROLE])
    new = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    group = graph.ask("POST", "/v1.0/groups", {**new, "members@odata.bind": [f"/users/{ALICE}"]}).body["id"]
    body = {"principalId": group, "resourceId": resource["id"], "appRoleId": APPROVER}
    made = graph.ask("POST", f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo", body)
    assert made.status == 201
    (shown,) = graph.get(f"/v1.0/users/{ALICE}/appRoleAssignments").body["value"]
    assert (shown["principalType"], shown["principalId"]) == ("Group", group)


def test_g37_an_assignment_is_removed_by_its_own_id_only(graph: Graph) -> None:
    resource = principal(graph, appRoles=[ROLE])
    id = assign(graph, ALICE, resource["id"], APPROVER).body["id"]
    path = f"/v1.0/users/{ALICE}/appRoleAssignments"
    answer = graph.ask("DELETE", f"{path}/{ALICE}")
    assert (answer.code, answer.message) == (
        "Request_BadRequest",
        "Invalid resource identifier for EntitlementGrant.",
    )
    assert graph.ask("DELETE", f"/v1.0/users/{MIA}/appRoleAssignments/{id}").status == 404
    assert graph.ask("DELETE", f"{path}/{id.swapcase()}").status == 404
    assert graph.ask("DELETE", f"{path}/{id}").status == 204
    assert graph.ask("DELETE", f"{path}/{id}").status == 404


def test_g77_losing_an_application_role_ends_app_only_tokens(graph: Graph) -> None:
    client, resource = principal(graph), graph_principal(graph)
    body = {"principalId": client["id"], "resourceId": resource, "appRoleId": "741f803b-c850-494e-b5df-cde7c675a1ca"}
    made = graph.ask("POST", f"/v1.0/servicePrincipals/{client['id']}/appRoleAssignments", body)
    assert made.status == 201
    graph.ask("DELETE", f"/v1.0/servicePrincipals/{client['id']}/appRoleAssignments/{made.body['id']}")
    assert graph.run("SELECT epoch FROM service_principals WHERE id = ?", client["id"]) == [(2,)]


def test_g66_application_permissions_on_graph_take_a_privileged_role(graph: Graph) -> None:
    client, resource = principal(graph), graph_principal(graph)
    graph.run(
        "INSERT INTO role_assignments VALUES ('r', (SELECT id FROM tenants), ?, ?)",
        MIA,
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    )
    caller = graph.user(MIA, "AppRoleAssignment.ReadWrite.All")
    body = {"principalId": client["id"], "resourceId": resource, "appRoleId": "741f803b-c850-494e-b5df-cde7c675a1ca"}
    path = f"/v1.0/servicePrincipals/{client['id']}/appRoleAssignments"
    assert graph.ask("POST", path, body, caller=caller).status == 403
    assert graph.ask("POST", path, body, caller=graph.user(ADA, "AppRoleAssignment.ReadWrite.All")).status == 201


def test_G51_assignments_and_grants_are_counted_in_advanced_mode_over_all_pages(graph: Graph) -> None:
    resource = principal(graph, appRoles=[ROLE])
    for person in (ALICE, MIA, ADA):
        assign(graph, person, resource["id"], APPROVER)
    path = f"/v1.0/servicePrincipals/{resource['id']}/appRoleAssignedTo"
    first = graph.get(f"{path}?$count=true&$top=2", headers=EVENTUAL).body
    assert (first["@odata.count"], len(first["value"])) == (3, 2)
    parts = urlsplit(first["@odata.nextLink"])
    assert "@odata.count" not in graph.get(f"{parts.path}?{parts.query}", headers=EVENTUAL).body
    only = quote(f"principalId eq {MIA}")
    assert graph.get(f"{path}?$count=true&$filter={only}", headers=EVENTUAL).body["@odata.count"] == 1
    assert "@odata.count" not in graph.get(f"{path}?$count=true").body
    assert graph.get(f"{path}/$count", headers=EVENTUAL).body == "3"
    assert graph.get(f"{path}/$count?$filter={only}", headers=EVENTUAL).body == "1"
    assert graph.get(f"{path}/$count").message == "$count is not currently supported."
    assert graph.get(f"/v1.0/users/{ALICE}/appRoleAssignments/$count", headers=EVENTUAL).body == "1"
    counted = graph.get("/v1.0/oauth2PermissionGrants?$count=true", headers=EVENTUAL).body
    assert counted["@odata.count"] == len(counted["value"])
    assert graph.get("/v1.0/oauth2PermissionGrants/$count", headers=EVENTUAL).body == str(counted["@odata.count"])
    assert graph.get("/v1.0/directoryRoles?$count=true&$top=2", headers=EVENTUAL).body["@odata.count"] == 17
    assert graph.get(f"/v1.0/users/{ALICE}/licenseDetails?$count=true", headers=EVENTUAL).body["@odata.count"] == 0


def test_role_assignments_tell_who_has_them_and_which_role_it_is(graph: Graph) -> None:
    """`roleAssignments?$expand=principal` is how scripts look for guests with directory roles (graph G3, G19)."""
    path = "/v1.0/roleManagement/directory/roleAssignments"
    body = {"principalId": ALICE, "roleDefinitionId": INVITER, "directoryScopeId": "/"}
    id = graph.ask("POST", path, body).body["id"]
    mine = quote(f"principalId eq '{ALICE}'")
    (shown,) = graph.get(f"{path}?$filter={mine}&$expand=principal").body["value"]
    assert shown["principal"]["@odata.type"] == "#microsoft.graph.user"
    assert (shown["principalId"], shown["principal"]["displayName"]) == (ALICE, "Alice")
    single = graph.get(f"{path}/{id}?$select=id&$expand=principal($select=id)").body
    assert single["principal"] == {"@odata.type": "#microsoft.graph.user", "id": ALICE}
    assert set(single) == {"@odata.context", "id", "principal"}
    (shown,) = graph.get(f"{path}?$filter={mine}&$expand=roleDefinition($select=displayName)").body["value"]
    assert shown["roleDefinition"] == {"displayName": "Guest Inviter"}
    assert len(graph.get(f"{path}?$expand=principal").body["value"]) > 1
    unknown = graph.get(f"{path}?$expand=nothing")
    assert (unknown.status, "'nothing'" in unknown.message) == (400, True)


# ------------------------------------------------------------ applications


def test_g35_a_secret_is_told_once_and_kept_as_a_hash(graph: Graph) -> None:
    made = app(graph)
    answer = graph.ask(
        "POST", f"/v1.0/applications/{made['id']}/addPassword", {"passwordCredential": {"displayName": "CI"}}
    )
    assert answer.status == 200
    text = answer.body["secretText"]
    assert graph.run("SELECT kind, hash FROM client_secrets") == [("sha256", hashlib.sha256(text.encode()).hexdigest())]
    (shown,) = graph.get(f"/v1.0/applications/{made['id']}").body["passwordCredentials"]
    assert (shown["displayName"], shown["secretText"]) == ("CI", None)
    removed = graph.ask("POST", f"/v1.0/applications/{made['id']}/removePassword", {"keyId": shown["keyId"]})
    assert removed.status == 204
    assert graph.run("SELECT * FROM client_secrets") == []


def test_g77_losing_a_secret_ends_app_only_tokens(graph: Graph) -> None:
    made = principal(graph)
    path = f"/v1.0/servicePrincipals/{made['id']}"
    key = graph.ask("POST", f"{path}/addPassword").body["keyId"]
    assert graph.run("SELECT epoch FROM service_principals WHERE id = ?", made["id"]) == [(1,)]
    assert graph.ask("POST", f"{path}/removePassword", {"keyId": key}).status == 204
    assert graph.run("SELECT epoch FROM service_principals WHERE id = ?", made["id"]) == [(2,)]
    assert graph.ask("POST", f"{path}/removePassword", {"keyId": key}).status == 400


def test_an_application_keeps_what_a_patch_does_not_name(graph: Graph) -> None:
    made = app(graph, web={"redirectUris": ["http://localhost:9000/callback"], "homePageUrl": "https://x.example"})
    path = f"/v1.0/applications/{made['id']}"
    assert graph.ask("PATCH", path, {"web": {"logoutUrl": "https://x.example/out"}, "tags": ["a"]}).status == 204
    shown = graph.get(path).body
    assert shown["web"] == {
        "homePageUrl": "https://x.example",
        "logoutUrl": "https://x.example/out",
        "redirectUris": ["http://localhost:9000/callback"],
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
    }
    assert shown["tags"] == ["a"]
    assert graph.get(f"/v1.0/applications(appId='{made['appId']}')").body["id"] == made["id"]


def test_g35_an_enabled_role_is_disabled_before_it_goes(graph: Graph) -> None:
    made = app(graph, appRoles=[ROLE])
    path = f"/v1.0/applications/{made['id']}"
    answer = graph.ask("PATCH", path, {"appRoles": []})
    assert answer.code == "CannotDeleteOrUpdateEnabledEntitlement"
    assert graph.ask("PATCH", path, {"appRoles": [{**ROLE, "isEnabled": False}]}).status == 204
    assert graph.ask("PATCH", path, {"appRoles": []}).status == 204


def test_m15_an_identifier_uri_and_a_principal_exist_once(graph: Graph) -> None:
    made = app(graph, identifierUris=["api://one_%"])
    assert (
        graph.ask("POST", "/v1.0/applications", {"displayName": "B", "identifierUris": ["api://one_%"]}).status == 400
    )
    assert app(graph, identifierUris=["api://one"])["identifierUris"] == ["api://one"]
    assert graph.ask("POST", "/v1.0/servicePrincipals", {"appId": made["appId"]}).status == 201
    assert graph.ask("POST", "/v1.0/servicePrincipals", {"appId": made["appId"]}).message.startswith("A conflicting")
    unknown = graph.ask("POST", "/v1.0/servicePrincipals", {"appId": INVITER})
    assert unknown.message == (
        f"The appId '{INVITER}' of the service principal does not reference a valid application object."
    )


def test_disabling_a_principal_ends_its_tokens_and_deleting_the_application_hides_it(graph: Graph) -> None:
    made = principal(graph)
    path = f"/v1.0/servicePrincipals/{made['id']}"
    assert graph.ask("PATCH", path, {"accountEnabled": False}).status == 204
    assert graph.run("SELECT epoch FROM service_principals WHERE id = ?", made["id"]) == [(2,)]
    application = graph.get(f"/v1.0/applications(appId='{made['appId']}')").body["id"]
    assert graph.ask("DELETE", f"/v1.0/applications/{application}").status == 204
    assert graph.get(path).status == 404
    assert graph.get("/v1.0/directory/deletedItems/microsoft.graph.application").ids == [application]


def test_g66_owners_write_their_application(graph: Graph) -> None:
    made = app(graph)
    path = f"/v1.0/applications/{made['id']}"
    caller = graph.user(MIA, "Application.ReadWrite.All")
    assert graph.ask("PATCH", path, {"notes": "x"}, caller=caller).status == 403
    assert graph.ask("POST", f"{path}/owners/$ref", {"@odata.id": f"{ROOT}/directoryObjects/{MIA}"}).status == 204
    assert graph.ask("PATCH", path, {"notes": "x"}, caller=caller).status == 204
    assert graph.get(f"{path}/owners").ids == [MIA]


# --------------------------------------------------------- directory roles


def test_roles_are_one_set_of_data_under_two_paths(graph: Graph) -> None:
    body = {"principalId": MIA, "roleDefinitionId": INVITER, "directoryScopeId": "/"}
    made = graph.ask("POST", "/v1.0/roleManagement/directory/roleAssignments", body)
    assert made.status == 201
    assert graph.get(f"/v1.0/directoryRoles/{INVITER}/members").ids == [MIA]
    path = f"/v1.0/directoryRoles(roleTemplateId='{INVITER}')/members"
    assert graph.ask("DELETE", f"{path}/{MIA}/$ref").status == 204
    assert graph.get(f"/v1.0/roleManagement/directory/roleAssignments/{made.body['id']}").status == 404
    assert graph.ask("POST", f"{path}/$ref", {"@odata.id": f"{ROOT}/users/{MIA}"}).status == 204
    assert graph.ask("POST", f"{path}/$ref", {"@odata.id": f"{ROOT}/users/{MIA}"}).message.startswith("A conflicting")
    assert graph.ask("POST", "/v1.0/directoryRoles", {"roleTemplateId": INVITER}).status == 400
    assert graph.audit()[0] == "Add member to role"


def test_g38_roles_below_the_directory_are_not_provided(graph: Graph) -> None:
    body = {"principalId": MIA, "roleDefinitionId": INVITER, "directoryScopeId": "/administrativeUnits/1"}
    assert graph.ask("POST", "/v1.0/roleManagement/directory/roleAssignments", body).status == 501


def test_g66_only_privileged_role_administrators_grant_roles(graph: Graph) -> None:
    body = {"principalId": HAL, "roleDefinitionId": "62e90394-69f5-4237-9190-012177145e10", "directoryScopeId": "/"}
    path = "/v1.0/roleManagement/directory/roleAssignments"
    caller = graph.user(HAL, "RoleManagement.ReadWrite.Directory")
    before = graph.digest()
    assert graph.ask("POST", path, body, caller=caller).status == 403
    assert graph.digest() == before
    assert graph.ask("POST", path, body, caller=graph.user(ADA, "RoleManagement.ReadWrite.Directory")).status == 201


# ------------------------------------------------------- permission grants


def test_permission_grants_are_created_changed_and_removed(graph: Graph) -> None:
    client, resource = principal(graph)["id"], graph_principal(graph)
    body = {"clientId": client, "consentType": "AllPrincipals", "resourceId": resource, "scope": " openid  User.Read "}
    made = graph.ask("POST", "/v1.0/oauth2PermissionGrants", body)
    assert made.status == 201
    assert made.body["scope"] == "openid User.Read"
    assert graph.ask("POST", "/v1.0/oauth2PermissionGrants", body).message.startswith("A conflicting object")
    path = f"/v1.0/oauth2PermissionGrants/{made.body['id']}"
    assert graph.ask("PATCH", path, {"scope": "openid"}).status == 204
    assert graph.get(path).body["scope"] == "openid"
    assert graph.get(f"/v1.0/servicePrincipals/{client}/oauth2PermissionGrants").ids == [made.body["id"]]
    assert graph.ask("DELETE", path).status == 204
    assert graph.ask("DELETE", path).status == 404
    wrong = {**body, "consentType": "Principal"}
    assert graph.ask("POST", "/v1.0/oauth2PermissionGrants", wrong).status == 400


def test_an_application_is_found_by_its_unique_name(graph: Graph) -> None:
    made = app(graph, uniqueName='na"me_%')
    assert graph.get("/v1.0/applications(uniqueName='na%22me_%25')").body["id"] == made["id"]
    assert graph.get("/v1.0/applications(uniqueName='na%22me_%25')/owners").status == 200
    assert graph.get("/v1.0/applications(uniqueName='other')").status == 404
    assert graph.ask("POST", "/v1.0/applications", {"displayName": "B", "uniqueName": 'na"me_%'}).status == 400
    path = f"/v1.0/applications/{made['id']}"
    assert graph.ask("PATCH", path, {"uniqueName": "x"}).message.startswith("Property 'uniqueName' is read-only")


# ------------------------------------------------------------------ tenant


def test_organization_takes_language_and_privacy_statement(graph: Graph) -> None:
    (shown,) = graph.get("/v1.0/organization").body["value"]
    path, caller = f"/v1.0/organization/{shown['id']}", graph.app("Organization.ReadWrite.All")
    body = {"preferredLanguage": "de", "privacyProfile": {"statementUrl": "https://contoso.com/privacy"}}
    assert graph.ask("PATCH", path, body, caller=caller).status == 204
    assert graph.audit() == ["Set Company Information"]
    after = graph.get(path).body
    assert (after["preferredLanguage"], after["privacyProfile"]["statementUrl"]) == (
        "de",
        "https://contoso.com/privacy",
    )
    technical = {"technicalNotificationMails": ["ops@contoso.com", "ops@contoso.com", "dr@post.example"]}
    assert graph.ask("PATCH", path, technical, caller=caller).status == 204
    told = graph.get(path).body
    assert told["technicalNotificationMails"] == ["ops@contoso.com", "dr@post.example"]
    assert told["preferredLanguage"] == "de"
    before = graph.digest()
    assert graph.ask("PATCH", path, {"displayName": "x"}, caller=caller).status == 400
    assert graph.ask("PATCH", path, {"technicalNotificationMails": ["a b"]}, caller=caller).status == 400
    assert graph.ask("PATCH", path, {"technicalNotificationMails": "a@b.example"}, caller=caller).status == 400
    assert graph.ask("PATCH", path, {"privacyProfile": {"statementUrl": "javascript:1"}}, caller=caller).status == 400
    for wrong in ("no address", "a@b@c.example", "x" * 300):
        assert graph.ask("PATCH", path, {"privacyProfile": {"contactEmail": wrong}}, caller=caller).status == 400
    assert graph.ask("PATCH", path, body, caller=caller).status == 204
    assert graph.digest() == before


def test_organization_takes_and_clears_a_contact_for_privacy_questions(graph: Graph) -> None:
    """Lifecycle L45: guests who may not leave read it."""
    (shown,) = graph.get("/v1.0/organization").body["value"]
    path, caller = f"/v1.0/organization/{shown['id']}", graph.app("Organization.ReadWrite.All")
    for given in (
        {"contactEmail": "privacy@contoso.com"},
        {"contactEmail": "privacy@contoso.com", "statementUrl": None},
    ):
        assert graph.ask("PATCH", path, {"privacyProfile": given}, caller=caller).status == 204
        assert graph.get(path).body["privacyProfile"] == {"contactEmail": "privacy@contoso.com", "statementUrl": None}
    assert graph.ask("PATCH", path, {"preferredLanguage": "de"}, caller=caller).status == 204
    assert graph.get(path).body["privacyProfile"]["contactEmail"] == "privacy@contoso.com", "what is not given stays"
    assert graph.ask("PATCH", path, {"privacyProfile": {"contactEmail": None}}, caller=caller).status == 204
    assert graph.get(path).body["privacyProfile"] is None


def test_organization_and_domains(graph: Graph) -> None:
    (shown,) = graph.get("/v1.0/organization").body["value"]
    assert shown["displayName"] == "Contoso"
    assert [domain["name"] for domain in shown["verifiedDomains"]] == ["contoso.com", "contoso.onmicrosoft.com"]
    assert graph.get("/v1.0/domains").ids == ["contoso.com", "contoso.onmicrosoft.com"]
    assert graph.get("/v1.0/domains/Contoso.com").body["isDefault"] is True
    assert graph.get("/v1.0/domains/fabrikam.com").status == 404
    assert graph.ask("POST", "/v1.0/domains", {"id": "x.example"}).status == 501
