"""Finding users, listing guests, reading their access (graph sections 7 and 9)."""

from __future__ import annotations

import pytest
from scripted_graph import ANSWERS, Answer, error

from readmit.client.errors import GraphError, Stopped

USERS = "GET /v1.0/users"
ALICE = ANSWERS["user"]
ID, UPN = ALICE["id"], ALICE["userPrincipalName"]


def test_a_user_is_found_by_id(graph, client):
    graph.on(f"{USERS}/{ID}", ALICE)
    assert client.user(ID)["displayName"] == "Alice"
    assert graph.requests() == [f"{USERS}/{ID}"]


def test_a_guest_is_found_by_upn_whose_number_sign_is_no_fragment(graph, client):
    graph.on(f"{USERS}/{UPN}", ALICE)
    assert client.user(UPN)["id"] == ID


def test_an_address_is_looked_for_in_mail_then_in_other_mails_then_as_upn(graph, client):
    graph.on(USERS, {"value": []})
    graph.on(f"{USERS}/o'neil@post.example", ALICE)
    assert client.user("o'neil@post.example")["id"] == ID
    filters = [one.query["$filter"] for one in graph.asked if one.path == "/v1.0/users"]
    assert filters == ["mail eq 'o''neil@post.example'", "otherMails/any(m:m eq 'o''neil@post.example')"]


def test_the_address_in_mail_is_enough(graph, client):
    graph.on(USERS, {"value": [ALICE]})
    assert client.user("alice@fabrikam.com")["id"] == ID
    assert graph.requests() == [USERS]


def test_an_address_of_two_users_is_refused_with_both_ids(graph, client):
    graph.on(USERS, {"value": [ALICE, ANSWERS["member"]]})
    with pytest.raises(Stopped, match=f"{ID}, {ANSWERS['member']['id']}"):
        client.user("alice@fabrikam.com")


def test_an_unknown_user_is_graphs_404(graph, client):
    graph.on(USERS, {"value": []})
    graph.on(f"{USERS}/nobody@post.example", error("E11"))
    with pytest.raises(GraphError) as refused:
        client.user("nobody@post.example")
    assert refused.value.status == 404


@pytest.mark.parametrize("key", ["", " ", ".", ".."])
def test_a_key_that_would_name_another_path_is_not_sent(graph, client, key):
    with pytest.raises(Stopped):
        client.user(key)
    assert graph.requests() == []


def test_a_key_with_slashes_stays_one_segment(graph, client):
    graph.on(f"{USERS}/a/../b", ALICE)
    client.user("a/../b")
    assert graph.requests() == [f"{USERS}/a/../b"]


def test_guests_come_from_all_pages(graph, client):
    link = f"{graph.url}/v1.0/users?$skiptoken=abc"
    graph.on(USERS, {"value": [{"id": "1"}], "@odata.nextLink": link}, {"value": [{"id": "2"}]})
    assert [guest["id"] for guest in client.guests()] == ["1", "2"]
    assert graph.asked[-1].query == {"$skiptoken": "abc"}
    assert graph.asked[-2].query["$filter"] == "userType eq 'Guest'"
    assert "consistencylevel" not in graph.asked[-1].headers


def test_a_filter_of_ones_own_is_asked_in_advanced_mode_on_every_page(graph, client):
    link = f"{graph.url}/v1.0/users?$skiptoken=abc"
    graph.on(USERS, {"value": [], "@odata.nextLink": link}, {"value": []})
    assert list(client.guests("mail eq 'a' or mail eq 'b'", state="Accepted")) == []
    first, second = graph.asked[-2:]
    wanted = "userType eq 'Guest' and externalUserState eq 'Accepted' and (mail eq 'a' or mail eq 'b')"
    assert (first.query["$filter"], first.query["$count"]) == (wanted, "true")
    assert first.headers["consistencylevel"] == second.headers["consistencylevel"] == "eventual"


def test_groups_and_directory_roles_are_told_apart(graph, client):
    graph.on(f"{USERS}/{ID}/memberOf", ANSWERS["memberOf"])
    assert client.memberships_of(ID) == (["Project Falcon"], ["Guest Inviter"])
    assert client.groups_of(ID) == ["Project Falcon"]


def test_app_roles_have_names_and_each_application_is_read_once(graph, client):
    application = "GET /v1.0/servicePrincipals/0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f00c1"
    graph.on(f"{USERS}/{ID}/appRoleAssignments", ANSWERS["appRoleAssignments"])
    graph.on(application, ANSWERS["servicePrincipal"])
    assert client.app_roles_of(ID) == ["Expenses: Approver", "Expenses: default access"]
    client.app_roles_of(ID)
    assert graph.requests().count(application) == 1


def test_a_role_whose_application_may_not_be_read_shows_its_id(graph, client):
    graph.on(f"{USERS}/{ID}/appRoleAssignments", ANSWERS["appRoleAssignments"])
    graph.on("GET /v1.0/servicePrincipals/0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f00c1", error("E16"))
    named = ["Expenses: 0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f00d1", "Expenses: default access"]
    assert client.app_roles_of(ID) == named


def test_roles_that_fail_for_another_reason_are_an_error(graph, client):
    graph.on(f"{USERS}/{ID}/appRoleAssignments", ANSWERS["appRoleAssignments"])
    graph.on("GET /v1.0/servicePrincipals/0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f00c1", error("M20"))
    with pytest.raises(GraphError):
        client.app_roles_of(ID)


def test_redemptions_and_invitations_are_readmits_own(graph, client, make_client):
    graph.on(f"GET /readmit/v1/users/{ID}/redemptions", ANSWERS["redemptions"])
    graph.on("GET /readmit/v1/invitations", {"value": [{"id": "i"}]})
    assert client.redemptions(ID)[0]["address"] == "alice@fabrikam.com"
    assert client.invitations(ID) == [{"id": "i"}]
    assert graph.asked[-1].query["$filter"] == f"invitedUser/id eq '{ID}'"
    cloud = make_client(cloud=True)
    assert (cloud.redemptions(ID), cloud.invitations()) == ([], [])


def test_nothing_is_the_answer_of_204(graph, client):
    graph.on("DELETE /v1.0/users/1", Answer(204))
    assert client.call("DELETE", "/v1.0/users/1") is None
