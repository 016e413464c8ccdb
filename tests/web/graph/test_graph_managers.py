"""Managers, direct reports, who invited and who made what (graph G31, G46)."""

from __future__ import annotations

from typing import Any

from small_directory import ADA, ALICE, HAL, MIA, PAUL, Answer, Graph, user_id

ROOT = "https://localhost:8443/v1.0"
MANAGER = f"/v1.0/users/{MIA}/manager"
NOBODY = "Resource 'manager' does not exist or one of its queried reference-property objects are not present."
GROUP = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}


def put(graph: Graph, of: str, manager: str, **options: Any) -> Answer:
    body = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{manager}"}
    return graph.ask("PUT", f"/v1.0/users/{of}/manager/$ref", body, **options)


def test_M10_nobody_has_a_manager_until_one_is_set(graph: Graph) -> None:
    for method, path in (("GET", MANAGER), ("GET", f"{MANAGER}/$ref"), ("DELETE", f"{MANAGER}/$ref")):
        answer = graph.ask(method, path)
        assert (answer.status, answer.code, answer.message) == (404, "Request_ResourceNotFound", NOBODY)
    assert graph.get(f"/v1.0/users/{ADA}/directReports").body == {
        "@odata.context": f"{ROOT}/$metadata#directoryObjects",
        "value": [],
    }


def test_a_manager_is_set_read_replaced_and_removed(graph: Graph) -> None:
    assert put(graph, MIA, ADA).status == 204
    shown = graph.get(f"{MANAGER}?$select=id,displayName").body
    assert shown == {
        "@odata.context": f"{ROOT}/$metadata#directoryObjects(id,displayName)/$entity",
        "@odata.type": "#microsoft.graph.user",
        "id": ADA,
        "displayName": "Ada",
    }
    assert graph.get(f"{MANAGER}/$ref").body == {
        "@odata.context": f"{ROOT}/$metadata#$ref",
        "@odata.id": f"{ROOT}/directoryObjects/{ADA}",
    }
    assert put(graph, HAL, ADA).status == 204
    assert put(graph, MIA, HAL).status == 204
    assert graph.get(MANAGER).body["id"] == HAL
    assert graph.get(f"/v1.0/users/{ADA}/directReports").ids == [HAL]
    assert graph.get(f"/v1.0/users/{ADA}/directReports/microsoft.graph.user").ids == [HAL]
    counted = graph.get(f"/v1.0/users/{ADA}/directReports/$count", headers={"consistencylevel": "eventual"})
    assert counted.body == "1"
    assert graph.ask("DELETE", f"{MANAGER}/$ref").status == 204
    assert graph.get(MANAGER).status == 404
    assert graph.audit() == ["Set user manager", "Set user manager", "Set user manager", "Remove user manager"]


def test_G46_the_same_manager_again_is_no_change(graph: Graph) -> None:
    assert put(graph, MIA, ADA).status == 204
    before = graph.digest()
    assert put(graph, MIA, ADA).status == 204
    assert graph.digest() == before


def test_what_cannot_be_a_manager_is_refused_and_changes_nothing(graph: Graph) -> None:
    group = graph.ask("POST", "/v1.0/groups", GROUP).body["id"]
    before = graph.digest()
    for wrong in (group, user_id(999)):
        assert put(graph, MIA, wrong).status == 404
    assert put(graph, user_id(999), ADA).status == 404
    assert graph.ask("PUT", f"{MANAGER}/$ref", {}).status == 400
    assert graph.ask("PUT", f"{MANAGER}/$ref").message.startswith("An unexpected 'EndOfInput' node")
    assert graph.ask("POST", f"{MANAGER}/$ref", {"@odata.id": f"/users/{ADA}"}).status == 405
    assert graph.ask("PUT", MANAGER, {}).status == 405
    assert graph.digest() == before


def test_G65_writing_takes_rights_and_reading_is_reading_users(graph: Graph) -> None:
    assert put(graph, MIA, ADA, caller=graph.app("User.Read.All")).status == 403
    assert put(graph, MIA, ADA, caller=graph.user(HAL, "User.ReadWrite.All")).status == 403
    assert put(graph, MIA, ADA, caller=graph.user(ADA, "User.ReadWrite.All")).status == 204
    veiled = graph.get(MANAGER, caller=graph.app("User.ReadBasic.All")).body
    assert (veiled["displayName"], veiled["userPrincipalName"], veiled["jobTitle"]) == ("Ada", "ada@contoso.com", None)
    assert graph.get(MANAGER, caller=graph.app("Group.Read.All")).status == 403
    assert graph.get(f"/v1.0/users/{MIA}?$expand=manager", caller=graph.user(ALICE, "User.Read.All")).status == 403


def test_G50_expand_tells_the_manager_as_one_object_and_reports_as_a_list(graph: Graph) -> None:
    put(graph, MIA, ADA)
    shown = {
        item["id"]: item["manager"]
        for item in graph.get("/v1.0/users?$select=id&$expand=manager($select=id)").body["value"]
    }
    assert shown[MIA] == {"@odata.type": "#microsoft.graph.user", "id": ADA}
    assert shown[HAL] is None
    single = graph.get(f"/v1.0/users/{MIA}?$select=id&$expand=manager").body
    assert single["manager"]["displayName"] == "Ada"
    selected = graph.get(f"/v1.0/users/{MIA}?$select=id,manager&$expand=manager").body
    assert selected == single
    alone = graph.get(f"/v1.0/users/{MIA}?$select=manager&$expand=manager($select=id)").body
    assert list(alone) == ["@odata.context", "manager"]
    over = graph.get(f"/v1.0/users/{ADA}?$select=id&$expand=directReports($select=id)").body
    assert [item["id"] for item in over["directReports"]] == [MIA]
    of_manager = graph.get(f"{MANAGER}?$select=id&$expand=directReports($select=id)").body
    assert [item["id"] for item in of_manager["directReports"]] == [MIA]


def test_S12_S13_a_deleted_manager_is_none_and_one_again_when_restored(graph: Graph) -> None:
    put(graph, MIA, HAL)
    put(graph, HAL, MIA)
    caller = graph.app("User.ReadWrite.All")
    graph.run("DELETE FROM role_assignments WHERE principal_id = ?", HAL)
    assert graph.ask("DELETE", f"/v1.0/users/{HAL}", caller=caller).status == 204
    assert graph.get(MANAGER).status == 404
    assert graph.get(f"/v1.0/users/{MIA}/directReports").ids == []
    assert graph.get(f"/v1.0/users/{MIA}?$expand=manager").body["manager"] is None
    restored = graph.ask("POST", f"/v1.0/directory/deletedItems/{HAL}/restore", caller=caller)
    assert restored.status == 200
    assert (graph.get(MANAGER).body["id"], graph.get(f"/v1.0/users/{MIA}/directReports").ids) == (HAL, [HAL])
    assert graph.ask("DELETE", f"/v1.0/users/{HAL}", caller=caller).status == 204
    assert graph.ask("DELETE", f"/v1.0/directory/deletedItems/{HAL}", caller=caller).status == 204
    assert graph.run("SELECT * FROM managers") == []


def test_a_guest_may_have_a_manager_and_me_has_one(graph: Graph) -> None:
    put(graph, ALICE, MIA)
    own = graph.get("/v1.0/me/manager?$select=id", caller=graph.user(ALICE, "User.Read"))
    assert own.body["id"] == MIA


def test_G31_created_objects_are_what_a_user_made(graph: Graph) -> None:
    caller = graph.user(ADA, "Group.ReadWrite.All", "Application.ReadWrite.All", "User.ReadWrite.All")
    group = graph.ask("POST", "/v1.0/groups", GROUP, caller=caller).body["id"]
    app = graph.ask("POST", "/v1.0/applications", {"displayName": "A"}, caller=caller).body
    principal = graph.ask("POST", "/v1.0/servicePrincipals", {"appId": app["appId"]}, caller=caller).body["id"]
    new = {"accountEnabled": True, "displayName": "N", "mailNickname": "n", "userPrincipalName": "n@contoso.com"}
    made = graph.ask(
        "POST", "/v1.0/users", {**new, "passwordProfile": {"password": "correct horse battery"}}, caller=caller
    )
    body = {"invitedUserEmailAddress": "new@post.example", "inviteRedirectUrl": "https://app.example/"}
    guest = graph.ask("POST", "/v1.0/invitations", body, caller=caller).body["invitedUser"]["id"]
    everything = {group, app["id"], principal, made.body["id"], guest}
    assert set(graph.get(f"/v1.0/users/{ADA}/createdObjects").ids) == everything
    path = f"/v1.0/users/{ADA}/createdObjects/microsoft.graph.group"
    assert graph.get(path).ids == [group]
    graph.ask("POST", "/v1.0/groups", {**GROUP, "mailNickname": "h"})
    assert len(graph.get(f"/v1.0/users/{ADA}/createdObjects").ids) == 5
    graph.ask("DELETE", f"/v1.0/groups/{group}", caller=caller)
    assert graph.get(path).ids == []
    graph.ask("DELETE", f"/v1.0/directory/deletedItems/{group}", caller=caller)
    assert graph.run("SELECT COUNT(*) FROM creators WHERE object_id = ?", group) == [(0,)]


def test_G6_beta_tells_who_invited_a_guest(graph: Graph) -> None:
    shown = graph.get(f"/beta/users/{PAUL}/invitedBy?$select=id").body
    assert (shown["@odata.type"], shown["id"]) == ("#microsoft.graph.user", ADA)
    missing = graph.get(f"/beta/users/{MIA}/invitedBy")
    assert (missing.status, "'invitedBy'" in missing.message) == (404, True)
    assert graph.get(f"/v1.0/users/{PAUL}/invitedBy").message == "Resource not found for the segment 'invitedBy'."


def test_G31_what_nobody_has_here_is_empty(graph: Graph) -> None:
    for name in ("licenseDetails", "ownedDevices", "registeredDevices"):
        assert graph.get(f"/v1.0/users/{MIA}/{name}").ids == []
    graph.ask("POST", f"/v1.0/users/{ALICE}/sponsors/$ref", {"@odata.id": f"{ROOT}/users/{MIA}"})
    assert graph.get(f"/v1.0/users/{MIA}/sponsorOf").ids == [ALICE]
