"""`readmit guest explain` and the commands that it names: enable, restore, assign, policy (interfaces, experience 1)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import ALICE, USER
from scripted_graph import ANSWERS, TENANT, Answer, ScriptedGraph, error

from readmit.client.graph import CLOUDS

ID = ALICE["id"]
EXPLAIN = f"GET /readmit/v1/users/{ID}/signInExplanation"
SERVICE = "0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f00c1"
LISTS = "/beta/policies/b2bManagementPolicies"
AUTHORIZATION = "/v1.0/policies/authorizationPolicy"
DELETED = "/v1.0/directory/deletedItems"

pytestmark = pytest.mark.usefixtures("data")


def finding(code: str, sentence: str, command: str | None, *, blocks: bool = True) -> dict[str, Any]:
    return {"code": code, "blocks": blocks, "sentence": sentence, "command": command}


EXPLANATION: dict[str, Any] = {
    "asked": ID,
    "user": {
        "id": ID,
        "userPrincipalName": ALICE["userPrincipalName"],
        "displayName": "Alice\x1b[31m",
        "mail": "alice@fabrikam.com",
        "externalUserState": "Accepted",
        "accountEnabled": True,
        "deletedDateTime": None,
    },
    "blocked": True,
    "findings": [
        finding("homeAccountRecreated", "It was set up again (P8).", f"readmit reset {ID}"),
        finding("lastRefusal", "The last refusal was AADSTS50020.", None, blocks=False),
    ],
    "lastSuccess": None,
    "lastRefusal": None,
}


def test_a_person_reads_who_why_and_what_to_do(readmit, graph):
    graph.on(EXPLAIN, EXPLANATION)
    done = readmit("guest", "explain", ID)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"Alice\\x1b[31m <alice@fabrikam.com>, Accepted, {ALICE['userPrincipalName']}",
        "  why      It was set up again (P8). [homeAccountRecreated]",
        f"  do       readmit reset {ID}",
        "  note     The last refusal was AADSTS50020. [lastRefusal]",
    ]
    assert readmit("guest", "explain", ID, "--json").json == EXPLANATION


def test_an_address_of_nobody_and_a_deleted_guest(readmit, graph):
    nobody = {**EXPLANATION, "asked": "new@post.example", "user": None}
    graph.on("GET /readmit/v1/users/new@post.example/signInExplanation", nobody)
    assert readmit("guest", "explain", "new@post.example").out.splitlines()[0] == "new@post.example"
    user = {**EXPLANATION["user"], "displayName": "Alice", "mail": None, "deletedDateTime": "2026-01-31T10:30:00Z"}
    graph.on(EXPLAIN, {**EXPLANATION, "user": user})
    assert readmit("guest", "explain", ID).out.startswith("Alice <no address>, deleted, ")


def test_what_it_takes_is_named_where_a_right_is_missing(readmit, graph):
    graph.on(EXPLAIN, error("E16"))
    done = readmit("guest", "explain", ID)
    assert done.code == 1
    assert "403 Authorization_RequestDenied: explaining takes User.Read.All and AuditLog.Read.All" in done.err
    graph.on(EXPLAIN, error("E11"))
    assert readmit("guest", "explain", ID).code == 1


# ----------------------------------------------------------------------- Microsoft's cloud


@pytest.fixture
def cloud(graph: ScriptedGraph, monkeypatch: pytest.MonkeyPatch) -> ScriptedGraph:
    """Microsoft's cloud as far as it matters: Graph, and nothing of readmit's own."""
    monkeypatch.setitem(CLOUDS, "public", (graph.url, graph.url))
    for name, value in (("CLOUD", "public"), ("CLIENT_ID", "app"), ("CLIENT_SECRET", "hush"), ("TENANT", TENANT)):
        monkeypatch.setenv(f"READMIT_{name}", value)
    return graph


def test_CL1_at_microsoft_the_state_and_the_log_explain(readmit, cloud):
    attempt = {
        "createdDateTime": "2026-01-31T10:30:00Z",
        "appDisplayName": "Expenses",
        "status": {"errorCode": 90072, "failureReason": "…", "additionalDetails": None},
    }
    cloud.on("GET /v1.0/auditLogs/signIns", {"value": [attempt]})
    done = readmit("guest", "explain", ID, "--json")
    assert done.json["findings"] == [
        finding(
            "wrongIdentity",
            "At the last try, 2026-01-31T10:30:00Z, another account came than the one that redeemed, or that one is gone "
            "(AADSTS90072).",
            f"readmit reset {ID}",
        )
    ]
    assert done.json["lastRefusal"]["errorCode"] == 90072
    assert cloud.last("GET /v1.0/auditLogs/signIns").query["$filter"] == f"userId eq '{ID}'"
    assert not [asked for asked in cloud.requests() if "/readmit/" in asked]


def test_CL1_at_microsoft_without_the_log_and_without_the_guest(readmit, cloud):
    cloud.on("GET /v1.0/auditLogs/signIns", error("E16"))
    done = readmit("guest", "explain", ID)
    assert "premium licence" in done.err
    assert "what the sign-in log says cannot be read" in done.out
    cloud.on("GET /v1.0/auditLogs/signIns", error("E20"))
    assert readmit("guest", "explain", ID).code == 1
    cloud.on("GET /v1.0/users/nobody", error("E11"))
    assert readmit("guest", "explain", "nobody", "--json").json["findings"][0]["code"] == "unknown"
    cloud.on("GET /v1.0/users/other", error("E16"))
    assert readmit("guest", "explain", "other").code == 1


# ------------------------------------------------------------------------------ remedies


def test_a_disabled_guest_is_enabled(readmit, graph):
    graph.on(f"PATCH {USER}", Answer(204))
    done = readmit("guest", "enable", ID, "--json")
    assert (done.code, done.json) == (0, {"id": ID, "accountEnabled": True})
    assert graph.last(f"PATCH {USER}").body == {"accountEnabled": True}
    graph.on("GET /v1.0/users", {"value": [ANSWERS["member"]]})
    assert "is a member of the organisation" in readmit("guest", "enable", "ada@contoso.com").err


@pytest.mark.parametrize("who", [ID, "ALICE@fabrikam.com", ALICE["userPrincipalName"]])
def test_a_deleted_guest_is_restored_by_whatever_he_was_called(readmit, graph, who):
    graph.on(f"GET {DELETED}/microsoft.graph.user", {"value": [ALICE, {"id": "another", "mail": None}]})
    graph.on(f"POST {DELETED}/{ID}/restore", ALICE)
    graph.on(f"GET {USER}", {**ALICE, "externalUserState": "PendingAcceptance"})
    done = readmit("guest", "restore", who, "--json")
    assert (done.code, done.json["id"]) == (0, ID)
    assert done.err == "Alice is restored, PendingAcceptance; the guest redeems anew, so invite again.\n"


def test_whom_nobody_deleted_and_whom_two_share_is_not_restored(readmit, graph):
    graph.on(f"GET {DELETED}/microsoft.graph.user", {"value": [ALICE, {**ALICE, "id": "another"}]})
    assert "Nobody among the deleted items has" in readmit("guest", "restore", "bob@fabrikam.com").err
    done = readmit("guest", "restore", "alice@fabrikam.com")
    assert done.code == 1
    assert f"({ID}, another); name one by its id" in done.err


def role(name: str, **more: Any) -> dict[str, Any]:
    return {"id": f"id-of-{name}", "value": name, "displayName": name.title(), "isEnabled": True, **more}


def principals(graph: ScriptedGraph, *roles: dict[str, Any]) -> None:
    graph.on("GET /v1.0/servicePrincipals", {"value": [{"id": SERVICE, "displayName": "Expenses", "appRoles": roles}]})
    graph.on(f"POST {USER}/appRoleAssignments", Answer(201, {"id": "a", "principalId": ID, "resourceId": SERVICE}))


@pytest.mark.parametrize(
    ("roles", "options", "wanted"),
    [
        ((), (), "00000000-0000-0000-0000-000000000000"),
        ((role("approver"), role("off", isEnabled=False)), (), "id-of-approver"),
        ((role("approver"), role("bot", allowedMemberTypes=["Application"])), (), "id-of-approver"),
        ((role("approver"), role("reader")), ("--role", "READER"), "id-of-reader"),
    ],
)
def test_a_guest_is_assigned_the_role_that_is_meant(readmit, graph, roles, options, wanted):
    principals(graph, *roles)
    done = readmit("guest", "assign", ID, "Expenses", *options, "--json")
    assert (done.code, done.json["resourceId"]) == (0, SERVICE)
    assert graph.last(f"POST {USER}/appRoleAssignments").body == {
        "principalId": ID,
        "resourceId": SERVICE,
        "appRoleId": wanted,
    }


def test_a_role_that_is_not_clear_and_an_unknown_application_are_refused(readmit, graph):
    principals(graph, role("approver"), role("reader"))
    for options in ((), ("--role", "writer")):
        done = readmit("guest", "assign", ID, "Expenses", *options)
        assert (done.code, done.out) == (2, "")
        assert "Which role of Expenses? Give --role; there are: approver, reader." in done.err
    graph.on("GET /v1.0/servicePrincipals", {"value": []})
    assert "There is no application 'It''s'" in readmit("guest", "assign", ID, "It''s").err
    two = {"value": [{"id": "1", "displayName": "E"}, {"id": "2", "displayName": "E"}]}
    graph.on("GET /v1.0/servicePrincipals", two)
    assert "give the appId" in readmit("guest", "assign", ID, "E").err


# ------------------------------------------------------------------------------ policies


def definition(**lists: list[str]) -> dict[str, Any]:
    inside = {"B2BManagementPolicy": {"InvitationsAllowedAndBlockedDomainsPolicy": lists}}
    return {"value": [{"id": "p", "definition": [json.dumps(inside)]}]}


@pytest.fixture
def policies(graph: ScriptedGraph) -> None:
    graph.on(f"GET {AUTHORIZATION}", {"allowInvitesFrom": "everyone"})
    graph.on(f"PATCH {AUTHORIZATION}", Answer(204))
    graph.on(f"PATCH {LISTS}/p", Answer(204))
    graph.on(f"GET {LISTS}", {"value": []})


@pytest.mark.usefixtures("policies")
def test_policies_are_shown_and_who_may_invite_is_set(readmit, graph):
    assert readmit("policy", "show").out.splitlines() == [
        "allowInvitesFrom  everyone",
        "allowedDomains    -",
        "blockedDomains    -",
    ]
    done = readmit("policy", "invites", "adminsAndGuestInviters", "--json")
    assert (done.code, done.json["allowInvitesFrom"]) == (0, "everyone")
    assert graph.last(f"PATCH {AUTHORIZATION}").body == {"allowInvitesFrom": "adminsAndGuestInviters"}
    assert readmit("policy", "invites", "anybody").code == 2


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize(
    ("lists", "wanted"),
    [
        ({"BlockedDomains": ["fabrikam.com", "post.example"]}, {"BlockedDomains": ["fabrikam.com"]}),
        ({"AllowedDomains": ["fabrikam.com"]}, {"AllowedDomains": ["fabrikam.com", "post.example"]}),
        ({"AllowedDomains": ["Post.Example"]}, None),
        ({"BlockedDomains": ["fabrikam.com"]}, None),
        (None, None),
    ],
)
def test_a_domain_is_accepted(readmit, graph, lists, wanted):
    if lists is not None:
        graph.on(f"GET {LISTS}", definition(**lists))
    done = readmit("policy", "accept", "POST.example")
    assert done.code == 0
    if wanted is None:
        assert done.err == "POST.example was accepted already.\n"
        assert f"PATCH {LISTS}/p" not in graph.requests()
        return
    sent = json.loads(graph.last(f"PATCH {LISTS}/p").body["definition"][0])
    assert sent == {"B2BManagementPolicy": {"InvitationsAllowedAndBlockedDomainsPolicy": wanted}}
    assert readmit("policy", "accept", "post.example", "--json").json["allowInvitesFrom"] == "everyone"


@pytest.mark.usefixtures("policies")
def test_a_list_of_an_unknown_form_is_left_alone(readmit, graph):
    graph.on(f"GET {LISTS}", {"value": [{"id": "p", "definition": ["{}"]}]})
    done = readmit("policy", "accept", "post.example")
    assert done.code == 1
    assert "has a form that is not known here" in done.err
