"""`GET /readmit/v1/users/{id}/signInExplanation`: its form, whom it answers, and that nothing secret is in it (G47)."""

from __future__ import annotations

import json

import pytest
from small_directory import ADA, ALICE, HAL, MIA, PAUL, Graph

from readmit.domain.permission import SECURITY_READER
from readmit.storage import roles

READ, LOGS = "User.Read.All", "AuditLog.Read.All"


def path(who: str) -> str:
    return f"/readmit/v1/users/{who}/signInExplanation"


@pytest.fixture(autouse=True)
def _rights(graph: Graph) -> None:
    graph.caller = graph.app(READ, LOGS)


def test_an_explanation_has_its_form(graph: Graph) -> None:
    answer = graph.get(path(PAUL))
    assert answer.status == 200
    assert answer.body == {
        "asked": PAUL,
        "user": {
            "id": PAUL,
            "userPrincipalName": "paul_tailspin.example#EXT#@contoso.onmicrosoft.com",
            "displayName": "Paul",
            "mail": "paul@tailspin.example",
            "externalUserState": "PendingAcceptance",
            "accountEnabled": True,
            "deletedDateTime": None,
        },
        "blocked": True,
        "findings": [
            {
                "code": "neverRedeemed",
                "blocks": True,
                "sentence": "Invited on 2026-01-31 10:30 UTC for paul@tailspin.example, and nobody has redeemed it; the link "
                "is open, no mail went out.",
                "command": "readmit guest invite paul@tailspin.example",
            }
        ],
        "lastSuccess": None,
        "lastRefusal": None,
    }


def test_who_is_asked_about_may_be_named_by_upn_and_address(graph: Graph) -> None:
    for who in ("paul@tailspin.example", "paul_tailspin.example%23EXT%23@contoso.onmicrosoft.com"):
        assert graph.get(path(who)).body["user"]["id"] == PAUL
    found = graph.get(path("nobody@post.example")).body
    assert (found["user"], found["findings"][0]["code"]) == (None, "unknown")
    answer = graph.get(path("00000000-0000-4000-b000-0000000000ff"))
    assert (answer.status, answer.code) == (404, "Request_ResourceNotFound")


def test_the_last_attempts_stand_beside_it(graph: Graph) -> None:
    columns = (
        "id, tenant_id, at, kind, interactive, user_id, ip, error, reason, page, correlation_id, resource_tenant_id"
    )
    values = "?, ?, ?, 'sign_in', 1, ?, '192.0.2.1', ?, ?, ?, 'c', ?, 1, ?"
    insert = f"INSERT INTO sign_in_events ({columns}, cross_tenant, issuer) VALUES ({values})"
    at = 1_800_000_000_000_000
    tenant = graph.caller.tenant_id
    graph.run(insert, "s1", tenant, at, ALICE, 0, None, None, tenant, "urn:readmit:tenant:fabrikam")
    graph.run(insert, "s2", tenant, at + 10**6, ALICE, 50105, "Not assigned.", "P11", tenant, None)
    found = graph.get(path(ALICE)).body
    assert found["lastSuccess"]["dateTime"] == "2027-01-15T08:00:00Z"
    assert found["lastSuccess"]["identityProvider"] == "urn:readmit:tenant:fabrikam"
    assert {name: found["lastRefusal"][name] for name in ("errorCode", "page")} == {"errorCode": 50105, "page": "P11"}


def test_nothing_of_a_link_or_a_secret_is_in_it(graph: Graph) -> None:
    text = json.dumps([graph.get(path(who)).body for who in (PAUL, ALICE, MIA)])
    for name in ("ticket", "redeem?", "password", "csrf", "hash", "token"):
        assert name not in text.replace("a password here", "").lower()


def test_it_takes_the_rights_to_read_users_and_logs(graph: Graph) -> None:
    asked = path(PAUL)
    for permissions in ((), (READ,), (LOGS,), ("User.ReadBasic.All", LOGS)):
        assert graph.get(asked, caller=graph.app(*permissions)).status == 403, permissions
    for permission in ("User.ReadWrite.All", "Directory.Read.All"):
        assert graph.get(asked, caller=graph.app(permission, LOGS)).status == 200
    assert graph.get(asked, caller=graph.user(ADA, READ, LOGS)).status == 200
    for who in (HAL, MIA, ALICE):
        assert graph.get(asked, caller=graph.user(who, READ, LOGS)).status == 403, who
    graph.world.database.write(roles.add, graph.caller.tenant_id, HAL, SECURITY_READER, id=HAL)
    assert graph.get(asked, caller=graph.user(HAL, READ, LOGS)).status == 200
    assert graph.get(path(ALICE), caller=graph.user(ALICE, "User.Read", LOGS)).status == 403, "not about oneself either"
