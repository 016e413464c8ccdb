"""Deleting, restoring and purging users (lifecycle S12 to S14, L8, graph G68)."""

from __future__ import annotations

from datetime import timedelta

from small_directory import ADA, ALICE, MIA, PAUL, Graph, guest, user_id

from readmit.flows import removal
from readmit.storage import users

ITEMS = "/v1.0/directory/deletedItems/microsoft.graph.user"
NEWCOMER = user_id(20)


def test_s12_delete_frees_addresses_and_ends_everything(graph: Graph) -> None:
    before = graph.load(ALICE)
    assert graph.ask("DELETE", f"/v1.0/users/{ALICE}").status == 204
    after = graph.load(ALICE)
    assert (after.generation, after.epoch) == (before.generation + 1, before.epoch + 1)
    assert graph.run("SELECT COUNT(*) FROM user_addresses WHERE user_id = ?", ALICE) == [(0,)]
    assert graph.get(f"/v1.0/users/{ALICE}").status == 404
    assert graph.ask("DELETE", f"/v1.0/users/{ALICE}").status == 404
    shown = graph.get(f"{ITEMS}/{ALICE}")
    assert shown.body["@odata.type"] == "#microsoft.graph.user"
    assert graph.get(ITEMS).ids == [ALICE]
    assert graph.audit() == ["Delete user"]


def test_s13_restore_brings_back_the_binding(graph: Graph) -> None:
    before = graph.load(ALICE)
    graph.ask("DELETE", f"/v1.0/users/{ALICE}")
    answer = graph.ask("POST", f"{ITEMS}/{ALICE}/restore")
    assert answer.status == 200
    assert answer.body["@odata.context"] == "https://localhost:8443/v1.0/$metadata#directoryObjects/$entity"
    assert answer.body["@odata.type"] == "#microsoft.graph.user"
    after = graph.load(ALICE)
    assert after.redemption == before.redemption
    assert after.deleted is None
    assert graph.ask("POST", f"{ITEMS}/{ALICE}/restore").status == 404


def test_l8_an_address_taken_meanwhile_is_e20_or_dropped(graph: Graph) -> None:
    graph.ask("DELETE", f"/v1.0/users/{ALICE}")
    graph.ask("PATCH", f"/v1.0/users/{PAUL}", {"otherMails": ["alice@fabrikam.com"]})
    before = graph.digest()
    answer = graph.ask("POST", f"{ITEMS}/{ALICE}/restore")
    (detail,) = answer.body["error"]["details"]
    assert (detail["target"], PAUL in detail["message"]) == ("mail", True)
    assert graph.digest() == before
    body = {"autoReconcileProxyConflict": True}
    assert graph.ask("POST", f"{ITEMS}/{ALICE}/restore", body).status == 200
    after = graph.load(ALICE)
    assert (after.mail, after.other_mails) == (None, ())
    assert after.redemption_state == "PendingAcceptance", "its redeemed address is gone"


def test_l8_an_identity_bound_elsewhere_returns_pending(graph: Graph) -> None:
    graph.ask("DELETE", f"/v1.0/users/{ALICE}")
    other = guest(20, "second@fabrikam.com", accepted=True)
    graph.world.database.write(users.insert, other)
    graph.run("UPDATE users SET binding_subject = 'home-4' WHERE id = ?", NEWCOMER)
    assert graph.ask("POST", f"{ITEMS}/{ALICE}/restore").status == 200
    after = graph.load(ALICE)
    assert after.redemption_state == "PendingAcceptance"
    assert graph.run(
        "SELECT COUNT(*) FROM invitations WHERE user_id = ? AND generation = ?", ALICE, after.generation
    ) == [(0,)]


def test_m13_a_upn_taken_meanwhile_needs_a_new_one(graph: Graph) -> None:
    graph.ask("DELETE", f"/v1.0/users/{MIA}")
    body = {
        "accountEnabled": True,
        "displayName": "Mia",
        "mailNickname": "mia",
        "userPrincipalName": "mia@contoso.com",
        "passwordProfile": {"password": "correct horse"},
    }
    assert graph.ask("POST", "/v1.0/users", body).status == 201
    answer = graph.ask("POST", f"{ITEMS}/{MIA}/restore")
    assert answer.message.startswith("Another object with the same value for property userPrincipalName")
    renamed = {"newUserPrincipalName": "mia2@contoso.com", "autoReconcileProxyConflict": True}
    assert graph.ask("POST", f"{ITEMS}/{MIA}/restore", renamed).body["userPrincipalName"] == "mia2@contoso.com"
    wrong = {"newUserPrincipalName": "mia@elsewhere.example"}
    assert graph.ask("POST", f"{ITEMS}/{MIA}/restore", wrong).status == 404


def test_s14_a_purged_user_is_gone_for_good(graph: Graph) -> None:
    graph.ask("DELETE", f"/v1.0/users/{ALICE}")
    assert graph.ask("DELETE", f"{ITEMS}/{ALICE}").status == 204
    assert graph.get(f"{ITEMS}/{ALICE}").status == 404
    assert graph.run("SELECT COUNT(*) FROM users WHERE id = ?", ALICE) == [(0,)]
    assert graph.audit() == ["Delete user", "Hard Delete user"]


def test_s14_after_thirty_days_the_timer_purges(graph: Graph) -> None:
    new = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    group = graph.ask("POST", "/v1.0/groups", new).body["id"]
    graph.ask("DELETE", f"/v1.0/users/{ALICE}")
    graph.ask("DELETE", f"/v1.0/groups/{group}")
    assert graph.world.database.write(removal.purge_expired, graph.world) == 0
    graph.clock[0] += timedelta(days=30)
    assert graph.world.database.write(removal.purge_expired, graph.world) == 2
    assert graph.get(ITEMS).ids == []
    assert graph.run("SELECT COUNT(*) FROM groups") == [(0,)]


def test_g68_an_administrator_is_removed_by_privileged_hands_only(graph: Graph) -> None:
    before = graph.digest()
    assert graph.ask("DELETE", f"/v1.0/users/{ADA}").code == "Authorization_RequestDenied"
    assert graph.digest() == before
    assert graph.ask("DELETE", f"/v1.0/users/{MIA}").status == 204


def test_m8_deleted_items_are_listed_by_kind_only(graph: Graph) -> None:
    assert graph.get("/v1.0/directory/deletedItems").code == "BadRequest"


def test_l36_owning_an_application_with_graph_permissions_shields_too(graph: Graph) -> None:
    app = graph.ask("POST", "/v1.0/applications", {"displayName": "Automation"}).body
    principal = graph.ask("POST", "/v1.0/servicePrincipals", {"appId": app["appId"]}).body["id"]
    graph.ask(
        "POST",
        f"/v1.0/applications/{app['id']}/owners/$ref",
        {"@odata.id": f"https://localhost:8443/v1.0/users/{MIA}"},
    )
    assert graph.ask("PATCH", f"/v1.0/users/{MIA}", {"mobilePhone": "1"}).status == 204
    resource = graph.get("/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").body["id"]
    body = {"principalId": principal, "resourceId": resource, "appRoleId": "741f803b-c850-494e-b5df-cde7c675a1ca"}
    assert graph.ask("POST", f"/v1.0/servicePrincipals/{principal}/appRoleAssignments", body).status == 201
    assert graph.ask("PATCH", f"/v1.0/users/{MIA}", {"mobilePhone": "2"}).status == 403


def test_G46_a_deleted_user_is_read_with_the_cast_behind_its_id_too(graph: Graph) -> None:
    """`directory.deleted_items.by_directory_object_id(id).graph_user`, `Get-MgDirectoryDeletedItemAsUser`."""
    graph.ask("DELETE", f"/v1.0/users/{ALICE}")
    path = f"/v1.0/directory/deletedItems/{ALICE}"
    for cast in ("microsoft.graph.user", "graph.user"):
        assert graph.get(f"{path}/{cast}?$select=id,deletedDateTime").body == (
            graph.get(f"{ITEMS}/{ALICE}?$select=id,deletedDateTime").body
        )
    assert graph.get(f"{path}/graph.group").status == 404
