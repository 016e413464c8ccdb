"""`readmit guest`: list, show, invite, link (interfaces, experience CL1, CL2)."""

from __future__ import annotations

import pytest
from command_line import ALICE, USER
from scripted_graph import ANSWERS, Answer, error

INVITE = "POST /v1.0/invitations"
LINK = ANSWERS["invitation"]["inviteRedeemUrl"]

pytestmark = pytest.mark.usefixtures("data")


def test_a_list_is_tabbed_where_nobody_looks(readmit):
    done = readmit("guest", "list")
    assert done.out.splitlines() == [
        "id\tdisplayName\tmail\texternalUserState",
        f"{ALICE['id']}\tAlice\talice@fabrikam.com\tAccepted",
    ]
    assert done.err == ""


def test_a_list_for_machines_is_graphs_users(readmit):
    assert readmit("guest", "list", "--json").json == [ALICE]


def test_a_state_and_a_filter_are_asked_together(readmit, graph):
    readmit("guest", "list", "--state", "pending", "--filter", "startswith(mail,'a')")
    wanted = "userType eq 'Guest' and externalUserState eq 'PendingAcceptance' and (startswith(mail,'a'))"
    assert graph.last("GET /v1.0/users").query["$filter"] == wanted


def test_options_may_come_from_the_environment(readmit, graph, monkeypatch):
    monkeypatch.setenv("READMIT_GUEST_LIST_STATE", "accepted")
    readmit("guest", "list")
    assert "externalUserState eq 'Accepted'" in graph.last("GET /v1.0/users").query["$filter"]


@pytest.mark.parametrize("place", ["before", "after", "variable"])
def test_quiet_hides_what_is_only_good_to_know(readmit, graph, monkeypatch, place):
    graph.on("GET /v1.0/users", {"value": []})
    assert "There is no guest yet" in readmit("guest", "list").err
    if place == "variable":
        monkeypatch.setenv("READMIT_QUIET", "1")
    arguments = {
        "before": ["-q", "guest", "list"],
        "after": ["guest", "list", "--quiet"],
        "variable": ["guest", "list"],
    }
    done = readmit(*arguments[place])
    assert (done.code, done.out, done.err) == (0, "", "")


def test_a_guest_is_shown_with_identity_access_and_history(readmit):
    done = readmit("guest", "show", "alice@fabrikam.com")
    assert done.code == 0
    lines = done.out.splitlines()
    assert f"{'identities':<17}  ExternalAzureAD" in lines
    assert f"{'groups':<17}  Project Falcon" in lines
    assert f"{'directoryRoles':<17}  Guest Inviter" in lines
    assert f"{'appRoles':<17}  Expenses: Approver, Expenses: default access" in lines
    assert lines[-1] == "2026-01-31T10:30:00Z\talice@fabrikam.com\ttenant\tfabrikam\t-\t-"


def test_a_guest_for_machines_has_stable_names(readmit):
    found = readmit("guest", "show", ALICE["id"], "--json").json
    assert found == {
        "id": ALICE["id"],
        "userPrincipalName": ALICE["userPrincipalName"],
        "displayName": "Alice",
        "mail": "alice@fabrikam.com",
        "otherMails": ["alice@fabrikam.com"],
        "externalUserState": "Accepted",
        "accountEnabled": True,
        "identities": [{"signInType": "federated", "issuer": "ExternalAzureAD", "issuerAssignedId": None}],
        "groups": ["Project Falcon"],
        "directoryRoles": ["Guest Inviter"],
        "appRoles": ["Expenses: Approver", "Expenses: default access"],
        "redemptions": ANSWERS["redemptions"]["value"],
    }


def test_a_history_that_may_not_be_read_does_not_hide_the_guest(readmit, graph):
    graph.on(f"GET /readmit{USER.replace('v1.0', 'v1')}/redemptions", error("E16"))
    done = readmit("guest", "show", ALICE["id"], "--json")
    assert (done.code, done.json["redemptions"]) == (0, [])
    assert "redemption history cannot be read (403" in done.err


def test_access_that_may_not_be_read_is_null_and_told(readmit, graph):
    graph.on(f"GET {USER}/memberOf", error("E16"))
    graph.on(f"GET {USER}/appRoleAssignments", error("E16"))
    done = readmit("guest", "show", ALICE["id"], "--json")
    assert (done.json["groups"], done.json["directoryRoles"], done.json["appRoles"]) == (None, None, None)
    assert "Groups cannot be read (403 Authorization_RequestDenied); Directory.Read.All allows it." in done.err


def test_json_may_be_a_variable(readmit, monkeypatch):
    monkeypatch.setenv("READMIT_JSON", "1")
    monkeypatch.setenv("READMIT_GUEST_LIST_FILTER", "mail eq 'a'")
    assert readmit("guest", "list").json == [ALICE]


def test_an_unknown_guest_is_told_with_the_next_step(readmit, graph):
    graph.on("GET /v1.0/users", {"value": []})
    graph.on("GET /v1.0/users/nobody@post.example", error("E11"))
    done = readmit("guest", "show", "nobody@post.example")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(
        "404 Request_ResourceNotFound: nobody here has the id, UPN or address nobody@post.example"
    )


def test_an_invitation_prints_guest_and_link(readmit, graph):
    done = readmit("guest", "invite", "alice@post.example")
    assert done.out.splitlines() == [
        f"id                 {ALICE['id']}",
        f"userPrincipalName  {ALICE['userPrincipalName']}",
        "status             PendingAcceptance",
        f"inviteRedeemUrl    {LINK}",
    ]
    assert graph.last(INVITE).body == {
        "invitedUserEmailAddress": "alice@post.example",
        "inviteRedirectUrl": "https://myapps.microsoft.com",
        "sendInvitationMessage": True,
    }


def test_an_invitation_takes_all_that_graph_takes(readmit, graph):
    options = [
        "--name",
        "Alice",
        "--no-send",
        "--language",
        "de",
        "--message",
        "Hallo",
        "--redirect",
        "https://a.example",
    ]
    copies = ["--cc", "b@a.example", "--cc", "c@a.example"]
    done = readmit("guest", "invite", "alice@post.example", *options, *copies, "--json")
    assert done.json == {
        "id": ALICE["id"],
        "userPrincipalName": ALICE["userPrincipalName"],
        "status": "PendingAcceptance",
        "inviteRedeemUrl": LINK,
    }
    assert graph.last(INVITE).body == {
        "invitedUserEmailAddress": "alice@post.example",
        "inviteRedirectUrl": "https://a.example",
        "sendInvitationMessage": False,
        "invitedUserDisplayName": "Alice",
        "invitedUserMessageInfo": {
            "messageLanguage": "de",
            "customizedMessageBody": "Hallo",
            "ccRecipients": [
                {"emailAddress": {"address": "b@a.example"}},
                {"emailAddress": {"address": "c@a.example"}},
            ],
        },
    }


def test_an_invitation_has_an_idempotency_key_of_its_own(readmit, graph):
    readmit("guest", "invite", "alice@post.example")
    readmit("guest", "invite", "alice@post.example")
    keys = {one.headers["idempotency-key"] for one in graph.asked if str(one) == INVITE}
    assert len(keys) == 2


def test_a_refused_invitation_is_one_sentence_and_1(readmit, graph):
    graph.on(INVITE, error("E15"))
    done = readmit("guest", "invite", "alice@post.example")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("403 Forbidden: allowInvitesFrom keeps this caller from inviting.")
    assert done.err.count("\n") == 1


def test_a_link_is_a_plain_reinvite_without_mail(readmit, graph):
    graph.on(INVITE, Answer(201, {**ANSWERS["invitation"], "status": "Completed"}))
    done = readmit("guest", "link", "alice@fabrikam.com", "--json")
    assert (done.json["status"], done.json["inviteRedeemUrl"]) == ("Completed", LINK)
    assert graph.last(INVITE).body == {
        "invitedUserEmailAddress": "alice@fabrikam.com",
        "inviteRedirectUrl": "https://myapps.microsoft.com",
        "sendInvitationMessage": False,
        "invitedUser": {"id": ALICE["id"]},
    }


def test_a_link_for_a_member_is_refused_since_it_would_convert_the_account(readmit, graph):
    graph.on("GET /v1.0/users", {"value": [ANSWERS["member"]]})
    done = readmit("guest", "link", "ada@contoso.com")
    assert done.code == 1
    assert "is a member of the organisation, not a guest" in done.err
    assert INVITE not in graph.requests()
