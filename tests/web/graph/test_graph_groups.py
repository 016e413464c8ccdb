"""Groups over Graph: members, owners, memberships, rights (graph G32, G46, G65 to G67)."""

from __future__ import annotations

from typing import Any

import pytest
from small_directory import ADA, ALICE, HAL, MIA, PAUL, Graph

ROOT = "https://localhost:8443/v1.0"
NEW = {"displayName": "Project Falcon", "mailEnabled": False, "mailNickname": "falcon", "securityEnabled": True}


def made(graph: Graph, **changes: Any) -> str:
    answer = graph.ask("POST", "/v1.0/groups", {**NEW, **changes})
    assert answer.status == 201, answer.body
    return str(answer.body["id"])


def ref(id: str, kind: str = "directoryObjects") -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/{kind}/{id}"}


def test_create_answers_the_whole_group(graph: Graph) -> None:
    answer = graph.ask("POST", "/v1.0/groups", {**NEW, "description": "Two\nlines"})
    assert answer.status == 201
    id = answer.body["id"]
    assert answer.headers["Location"] == f"{ROOT}/groups/{id}"
    assert answer.body == {
        "@odata.context": f"{ROOT}/$metadata#groups/$entity",
        "id": id,
        "deletedDateTime": None,
        "classification": None,
        "createdDateTime": answer.body["createdDateTime"],
        "description": "Two\nlines",
        "displayName": "Project Falcon",
        "groupTypes": [],
        "isAssignableToRole": False,
        "mail": None,
        "mailEnabled": False,
        "mailNickname": "falcon",
        "preferredLanguage": None,
        "proxyAddresses": [],
        "renewedDateTime": answer.body["createdDateTime"],
        "securityEnabled": True,
        "theme": None,
        "uniqueName": None,
        "visibility": None,
        "expirationDateTime": None,
        "membershipRule": None,
        "membershipRuleProcessingState": None,
        "onPremisesDomainName": None,
        "onPremisesLastSyncDateTime": None,
        "onPremisesNetBiosName": None,
        "onPremisesSamAccountName": None,
        "onPremisesSecurityIdentifier": None,
        "onPremisesSyncEnabled": None,
        "preferredDataLocation": None,
        "securityIdentifier": None,
        "creationOptions": [],
        "resourceBehaviorOptions": [],
        "resourceProvisioningOptions": [],
        "onPremisesProvisioningErrors": [],
    }
    assert graph.audit() == ["Add group"]


def test_a_unified_group_has_an_address_on_the_default_domain(graph: Graph) -> None:
    id = made(graph, mailEnabled=True, groupTypes=["Unified"])
    shown = graph.get(f"/v1.0/groups/{id}").body
    assert (shown["mail"], shown["proxyAddresses"]) == ("falcon@contoso.com", ["SMTP:falcon@contoso.com"])


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"mailNickname": None}, 400, "A value is required for property 'mailNickname' of resource 'Group'."),
        ({"groupTypes": ["DynamicMembership"]}, 501, "This operation target is not yet supported."),
        ({"mailEnabled": True}, 400, "Invalid value specified for property 'mailEnabled' of resource 'Group'."),
        ({"securityEnabled": False}, 400, "Invalid value specified for property 'securityEnabled'"),
        ({"visibility": "Secret"}, 400, "Invalid value specified for property 'visibility'"),
        ({"members@odata.bind": [ref(MIA)["@odata.id"], "nonsense"]}, 400, "Invalid value specified for property"),
        ({"members@odata.bind": [f"users/{MIA[:-1]}0"]}, 400, "One or more removed object references do not exist"),
        ({"renewedDateTime": "2024-01-01T00:00:00Z"}, 400, "Property 'renewedDateTime' is read-only"),
        ({"wrong": 1}, 400, "Invalid property 'wrong'."),
    ],
)
def test_create_refuses_and_writes_nothing(graph: Graph, change: dict[str, Any], status: int, message: str) -> None:
    before = graph.digest()
    answer = graph.ask("POST", "/v1.0/groups", {**NEW, **change})
    assert answer.status == status
    assert answer.message.startswith(message)
    assert graph.digest() == before


def test_binds_add_members_and_owners_all_or_nothing(graph: Graph) -> None:
    binds = {"members@odata.bind": [f"{ROOT}/users/{MIA}", f"users('{ALICE}')"], "owners@odata.bind": [f"/users/{HAL}"]}
    id = made(graph, **binds)
    assert graph.get(f"/v1.0/groups/{id}/members").ids == [MIA, ALICE]
    assert graph.get(f"/v1.0/groups/{id}/owners").ids == [HAL]
    answer = graph.ask("PATCH", f"/v1.0/groups/{id}", {"members@odata.bind": [f"/users/{PAUL}", f"/users/{MIA}"]})
    assert answer.status == 400
    assert "'members'" in answer.message
    assert graph.get(f"/v1.0/groups/{id}/members").ids == [MIA, ALICE]


def test_g19_members_tell_their_type(graph: Graph) -> None:
    id, inner = made(graph), made(graph, displayName="Inner")
    for target in (MIA, inner):
        assert graph.ask("POST", f"/v1.0/groups/{id}/members/$ref", ref(target)).status == 204
    answer = graph.get(f"/v1.0/groups/{id}/members")
    assert answer.body["@odata.context"] == f"{ROOT}/$metadata#directoryObjects"
    assert {item["id"]: item["@odata.type"] for item in answer.body["value"]} == {
        MIA: "#microsoft.graph.user",
        inner: "#microsoft.graph.group",
    }
    cast = graph.get(f"/v1.0/groups/{id}/members/microsoft.graph.user")
    assert cast.body["@odata.context"] == f"{ROOT}/$metadata#users"
    assert (cast.ids, "@odata.type" in cast.body["value"][0]) == ([MIA], False)
    assert graph.get(f"/v1.0/groups/{id}/members/$ref").body["value"] == [
        {"@odata.id": f"{ROOT}/directoryObjects/{id}"} for id in sorted([inner, MIA])
    ]


def test_m16_a_member_is_added_once_and_m17_removed_once(graph: Graph) -> None:
    id = made(graph)
    path = f"/v1.0/groups/{id}/members"
    assert graph.ask("POST", f"{path}/$ref", ref(MIA, "users")).status == 204
    again = graph.ask("POST", f"{path}/$ref", ref(MIA))
    assert again.message == (
        "One or more added object references already exist for the following modified properties: 'members'."
    )
    assert graph.ask("DELETE", f"{path}/{MIA}/$ref").status == 204
    assert graph.ask("DELETE", f"{path}/{MIA}/$ref").status == 404
    assert graph.ask("DELETE", f"{path}/{MIA}").status == 405
    assert graph.audit() == ["Add group", "Add member to group", "Remove member from group"]


def test_m1_an_empty_reference_has_its_own_text(graph: Graph) -> None:
    answer = graph.ask("POST", f"/v1.0/groups/{made(graph)}/members/$ref", b"")
    assert (answer.code, answer.message[:41]) == ("Request_BadRequest", "An unexpected 'EndOfInput' node was found")


def test_m15_groups_never_stand_in_a_circle(graph: Graph) -> None:
    outer, middle, inner = made(graph), made(graph), made(graph)
    assert graph.ask("POST", f"/v1.0/groups/{outer}/members/$ref", ref(middle)).status == 204
    assert graph.ask("POST", f"/v1.0/groups/{middle}/members/$ref", ref(inner)).status == 204
    for upper in (inner, middle):
        answer = graph.ask("POST", f"/v1.0/groups/{upper}/members/$ref", ref(outer))
        assert answer.message.startswith("A conflicting object")
    assert graph.ask("POST", f"/v1.0/groups/{outer}/members/$ref", ref(outer)).status == 400


def test_memberships_reach_over_groups(graph: Graph) -> None:
    outer, inner = made(graph), made(graph)
    graph.ask("POST", f"/v1.0/groups/{outer}/members/$ref", ref(inner))
    graph.ask("POST", f"/v1.0/groups/{inner}/members/$ref", ref(HAL))
    direct = graph.get(f"/v1.0/users/{HAL}/memberOf").body["value"]
    assert [item["@odata.type"] for item in direct] == [
        "#microsoft.graph.group",
        "#microsoft.graph.directoryRole",
    ]
    groups = graph.get(f"/v1.0/users/{HAL}/transitiveMemberOf/microsoft.graph.group")
    assert groups.ids == sorted([outer, inner])
    assert graph.get(f"/v1.0/groups/{outer}/transitiveMembers").ids == sorted([inner, HAL])
    checked = graph.ask("POST", f"/v1.0/users/{HAL}/checkMemberGroups", {"groupIds": [outer, PAUL]})
    assert checked.body == {"@odata.context": f"{ROOT}/$metadata#Collection(Edm.String)", "value": [outer]}
    got = graph.ask("POST", f"/v1.0/users/{HAL}/getMemberGroups", {"securityEnabledOnly": True})
    assert sorted(got.body["value"]) == sorted([outer, inner])


def test_G46_membership_checks_are_bound_to_groups_service_principals_and_any_object(graph: Graph) -> None:
    """`$metadata` declares them on directoryObject, as Graph does."""
    outer, inner = made(graph), made(graph)
    principal = graph.get("/v1.0/servicePrincipals").ids[0]
    graph.ask("POST", f"/v1.0/groups/{outer}/members/$ref", ref(inner))
    for member in (inner, HAL, principal):
        path = f"/v1.0/directoryObjects/{member}"
        if member != inner:
            graph.ask("POST", f"/v1.0/groups/{inner}/members/$ref", ref(member))
        found = graph.ask("POST", f"{path}/checkMemberObjects", {"ids": [outer, PAUL]})
        assert found.body == {"@odata.context": f"{ROOT}/$metadata#Collection(Edm.String)", "value": [outer]}
    got = graph.ask("POST", f"/v1.0/groups/{inner}/getMemberGroups", {"securityEnabledOnly": False})
    assert got.body["value"] == [outer]
    got = graph.ask("POST", f"/v1.0/servicePrincipals/{principal}/microsoft.graph.getMemberObjects", {})
    assert sorted(got.body["value"]) == sorted([outer, inner])
    unknown = "00000000-0000-4000-8000-00000000ffff"
    assert graph.ask("POST", f"/v1.0/directoryObjects/{unknown}/getMemberGroups", {}).status == 404
    refused = graph.ask("POST", f"/v1.0/groups/{inner}/checkMemberGroups", {"groupIds": []})
    assert refused.message == "Invalid value specified for property 'groupIds' of resource 'Group'."
    caller = graph.app("User.Read.All")
    assert graph.ask("POST", f"/v1.0/users/{HAL}/getMemberGroups", {}, caller=caller).status == 200
    for path in (f"directoryObjects/{HAL}", f"groups/{inner}", f"servicePrincipals/{principal}"):
        assert graph.ask("POST", f"/v1.0/{path}/getMemberGroups", {}, caller=caller).status == 403


def test_patch_merges_and_without_change_writes_nothing(graph: Graph) -> None:
    id = made(graph, description="old")
    assert graph.ask("PATCH", f"/v1.0/groups/{id}", {"description": None, "theme": "Teal"}).status == 204
    shown = graph.get(f"/v1.0/groups/{id}").body
    assert (shown["displayName"], shown["description"], shown["theme"]) == ("Project Falcon", None, "Teal")
    before = graph.digest()
    assert graph.ask("PATCH", f"/v1.0/groups/{id}", {"theme": "Teal"}).status == 204
    assert graph.digest() == before
    assert graph.ask("PATCH", f"/v1.0/groups/{id}", {"groupTypes": []}).message.startswith("Property 'groupTypes'")


def test_a_deleted_group_comes_back_with_its_members(graph: Graph) -> None:
    id = made(graph)
    graph.ask("POST", f"/v1.0/groups/{id}/members/$ref", ref(MIA))
    assert graph.ask("DELETE", f"/v1.0/groups/{id}").status == 204
    assert graph.ask("DELETE", f"/v1.0/groups/{id}").status == 404
    assert graph.get(f"/v1.0/users/{MIA}/memberOf").ids == []
    assert graph.get("/v1.0/directory/deletedItems/microsoft.graph.group").ids == [id]
    back = graph.ask("POST", f"/v1.0/directory/deletedItems/{id}/restore")
    assert back.status == 200
    assert back.body["@odata.type"] == "#microsoft.graph.group"
    assert graph.get(f"/v1.0/groups/{id}/members").ids == [MIA]
    graph.ask("DELETE", f"/v1.0/groups/{id}")
    assert graph.ask("DELETE", f"/v1.0/directory/deletedItems/{id}").status == 204
    assert graph.ask("POST", f"/v1.0/directory/deletedItems/{id}/restore").status == 404


def test_g66_owners_and_group_administrators_write(graph: Graph) -> None:
    id = made(graph, **{"owners@odata.bind": [f"/users/{MIA}"]})
    owner = graph.user(MIA, "GroupMember.ReadWrite.All")
    other = graph.user(HAL, "GroupMember.ReadWrite.All")
    path = f"/v1.0/groups/{id}/members/$ref"
    assert graph.ask("POST", path, ref(ALICE), caller=other).status == 403
    assert graph.ask("POST", path, ref(ALICE), caller=owner).status == 204
    assert graph.ask("PATCH", f"/v1.0/groups/{id}", {"theme": "x"}, caller=owner).status == 403


def test_g66_members_create_groups_while_the_policy_lets_them(graph: Graph) -> None:
    caller = graph.user(MIA, "Group.ReadWrite.All")
    answer = graph.ask("POST", "/v1.0/groups", NEW, caller=caller)
    assert answer.status == 201
    assert graph.get(f"/v1.0/groups/{answer.body['id']}/owners").ids == [MIA]
    guest = graph.user(ALICE, "Group.ReadWrite.All")
    assert graph.ask("POST", "/v1.0/groups", NEW, caller=guest).status == 403
    graph.run("UPDATE tenants SET settings = '{\"allowedToCreateSecurityGroups\":false}'")
    assert graph.ask("POST", "/v1.0/groups", NEW, caller=caller).status == 403


def test_g65_role_assignable_groups_take_role_management(graph: Graph) -> None:
    body = {**NEW, "isAssignableToRole": True}
    assert graph.ask("POST", "/v1.0/groups", body, caller=graph.app("Group.ReadWrite.All")).status == 403
    id = made(graph, isAssignableToRole=True)
    caller = graph.app("Group.ReadWrite.All")
    assert graph.ask("POST", f"/v1.0/groups/{id}/members/$ref", ref(MIA), caller=caller).status == 403
    assert graph.ask("POST", f"/v1.0/groups/{id}/members/$ref", ref(MIA)).status == 204
    assert graph.ask("POST", f"/v1.0/groups/{id}/members/$ref", ref(made(graph))).message == (
        "Not a valid reference update."
    )


def test_g67_guests_see_no_members_of_hidden_groups(graph: Graph) -> None:
    open_, hidden = made(graph), made(graph, visibility="HiddenMembership")
    caller = graph.user(ALICE, "Group.Read.All")
    assert graph.get(f"/v1.0/groups/{open_}/members", caller=caller).status == 200
    assert graph.get(f"/v1.0/groups/{hidden}/members", caller=caller).status == 403
    assert graph.get("/v1.0/groups", caller=caller).status == 403
    assert graph.get("/v1.0/me/memberOf", caller=graph.user(ALICE, "User.Read")).status == 200
    graph.run('UPDATE tenants SET settings = \'{"guestRole":"restricted"}\'')
    assert graph.get(f"/v1.0/groups/{open_}", caller=caller).status == 403
    assert graph.get("/v1.0/me/memberOf", caller=graph.user(ALICE, "User.Read")).status == 403
    assert graph.get("/v1.0/me", caller=graph.user(ALICE, "User.Read")).status == 200


def test_sponsors_are_at_most_five(graph: Graph) -> None:
    path = f"/v1.0/users/{ALICE}/sponsors"
    groups = [made(graph) for _ in range(4)]
    for sponsor in (ADA, *groups):
        assert graph.ask("POST", f"{path}/$ref", ref(sponsor)).status == 204
    assert graph.ask("POST", f"{path}/$ref", ref(ADA)).message.endswith("'sponsors'.")
    assert graph.ask("POST", f"{path}/$ref", ref(HAL)).status == 400
    assert graph.get(path).ids == sorted([ADA, *groups])
    assert graph.ask("DELETE", f"{path}/{ADA}/$ref").status == 204
    assert graph.ask("DELETE", f"{path}/{ADA}/$ref").status == 404


def test_M17_sponsors_named_in_an_invitation_are_live_users_and_groups_of_the_tenant(graph: Graph) -> None:
    new = {"invitedUserEmailAddress": "new@outside.example", "inviteRedirectUrl": "https://myapp.example"}
    principal = graph.get("/v1.0/servicePrincipals").ids[0]
    graph.ask("DELETE", f"/v1.0/users/{PAUL}")
    before = graph.digest()
    for nobody in ("00000000-0000-4000-8000-00000000ffff", principal, PAUL):
        body = {**new, "invitedUserSponsors@odata.bind": [f"/users/{MIA}", f"/directoryObjects/{nobody}"]}
        refused = graph.ask("POST", "/v1.0/invitations", body)
        assert (refused.status, refused.code) == (400, "Request_BadRequest")
        assert refused.message == (
            "One or more removed object references do not exist for the following modified properties: 'sponsors'."
        )
    assert graph.digest() == before
    group = made(graph)
    guest = graph.ask("POST", "/v1.0/invitations", {**new, "invitedUserSponsors": [{"id": MIA}, {"Id": group}]})
    assert guest.status == 201
    assert graph.get(f"/v1.0/users/{guest.body['invitedUser']['id']}/sponsors").ids == sorted([MIA, group])
