"""The logs over Graph: directoryAudits and signIns (graph G40 to G42, G46, F31, F34, F35)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from small_directory import ADA, ALICE, APP, CONTOSO, HAL, MIA, PAUL, START, Graph

from readmit.domain.sign_in_log import MY_APPS, WRONG_CODE, Attempt
from readmit.storage import roles, sign_in_log

AUDITS = "/v1.0/auditLogs/directoryAudits"
SIGN_INS = "/v1.0/auditLogs/signIns"
REPORTS_READER = "4a5d8f65-41da-4de4-8968-e035b65339cf"


def reader(graph: Graph) -> dict[str, Any]:
    return {"caller": graph.app("AuditLog.Read.All", "User.Read.All")}


def read(graph: Graph, path: str, text: str = "", more: str = "") -> Any:
    """A list narrowed by a filter."""
    query = "&".join(part for part in (f"$filter={quote(text)}" if text else "", more) if part)
    answer = graph.get(f"{path}?{query}", **reader(graph))
    assert answer.status == 200, answer.body
    return answer


def patch(graph: Graph, user: str, caller: Any = None, **values: Any) -> None:
    options = {"caller": caller} if caller else {}
    assert graph.ask("PATCH", f"/v1.0/users/{user}", values, **options).status == 204


# ------------------------------------------------------------------------ audits


def test_g40_an_update_is_told_with_old_and_new_values_as_json_texts(graph: Graph) -> None:
    ada = graph.user(ADA, "User.ReadWrite.All")
    patch(graph, MIA, ada, displayName="Mia M.", accountEnabled=False)
    first, second = read(graph, AUDITS).body["value"]
    assert (first["activityDisplayName"], second["activityDisplayName"]) == ("Disable account", "Update user") or (
        second["activityDisplayName"],
        first["activityDisplayName"],
    ) == ("Disable account", "Update user")
    update = first if first["activityDisplayName"] == "Update user" else second
    assert update["id"].startswith("Directory_")
    assert update == {
        "id": update["id"],
        "category": "UserManagement",
        "correlationId": "00000000-0000-4000-a000-000000000001",
        "result": "success",
        "resultReason": "",
        "activityDisplayName": "Update user",
        "activityDateTime": update["activityDateTime"],
        "loggedByService": "Core Directory",
        "operationType": "Update",
        "initiatedBy": {
            "user": {
                "id": ADA,
                "displayName": "Ada",
                "userPrincipalName": "ada@contoso.com",
                "ipAddress": None,
                "userType": None,
                "homeTenantId": None,
            },
            "app": None,
        },
        "targetResources": [
            {
                "id": MIA,
                "displayName": "Mia M.",
                "type": "User",
                "userPrincipalName": "mia@contoso.com",
                "groupType": None,
                "modifiedProperties": [
                    {"displayName": "accountEnabled", "oldValue": "[true]", "newValue": "[false]"},
                    {"displayName": "displayName", "oldValue": '["Mia"]', "newValue": '["Mia M."]'},
                ],
            }
        ],
        "additionalDetails": [],
    }


def test_an_application_is_named_as_the_initiator(graph: Graph) -> None:
    patch(graph, MIA, displayName="Mia M.")
    (event,) = read(graph, AUDITS).body["value"]
    assert event["initiatedBy"]["user"] is None
    assert event["initiatedBy"]["app"]["servicePrincipalId"] == graph.caller.service_principal_id
    assert event["initiatedBy"]["app"]["displayName"] == "Automation"


def test_erased_names_leave_the_event(graph: Graph) -> None:
    patch(graph, MIA, displayName="Mia M.", mail="mia@elsewhere.example")
    graph.run("DELETE FROM audit_names WHERE subject_id = ?", MIA)
    (event,) = read(graph, AUDITS).body["value"]
    (target,) = event["targetResources"]
    assert (target["id"], target["displayName"]) == (MIA, None)
    assert target["modifiedProperties"] == [
        {"displayName": "displayName", "oldValue": None, "newValue": None},
        {"displayName": "mail", "oldValue": None, "newValue": None},
    ]
    assert "elsewhere" not in str(event)


def audits(graph: Graph) -> None:
    """An invitation by Ada, a change by the application, a change of Paul by Ada."""
    ada = graph.user(ADA, "User.ReadWrite.All", "User.Invite.All")
    body = {"invitedUserEmailAddress": "nora@wingtip.example", "inviteRedirectUrl": "https://app.example"}
    assert graph.ask("POST", "/v1.0/invitations", body, caller=ada).status == 201
    patch(graph, MIA, displayName="Mia M.")
    patch(graph, PAUL, ada, displayName="Paul P.")


FILTERS = {
    f"initiatedBy/user/id eq '{ADA}'": {"Add user", "Invite external user", "Add user sponsor", "Update user"},
    "activityDisplayName eq 'Invite external user'": {"Invite external user"},
    f"loggedByService eq 'Invited Users' and activityDateTime ge {START:%Y-%m-%dT%H:%M:%SZ}": {"Invite external user"},
    "startswith(activityDisplayName,'Add')": {"Add user", "Add user sponsor"},
    "initiatedBy/app/displayName eq 'Automation'": {"Update user"},
    f"targetResources/any(t:t/id eq '{PAUL}')": {"Update user"},
    "targetResources/any(t:startswith(t/displayName,'Mia'))": {"Update user"},
    "startswith(initiatedBy/user/userPrincipalName,'ada@')": {
        "Add user",
        "Invite external user",
        "Add user sponsor",
        "Update user",
    },
    "category eq 'UserManagement' and result eq 'success' and operationType eq 'Add'": None,
}


@pytest.mark.parametrize("text", FILTERS)
def test_f34_f35_g42_audits_are_filtered(graph: Graph, text: str) -> None:
    audits(graph)
    wanted = FILTERS[text]
    if wanted is None:
        answer = graph.get(f"{AUDITS}?$filter={quote(text)}", **reader(graph))
        assert (answer.status, answer.code) == (400, "Request_UnsupportedQuery")
        return
    found = read(graph, AUDITS, text).body["value"]
    assert {event["activityDisplayName"] for event in found} == wanted
    assert 0 < len(found) < len(read(graph, AUDITS).body["value"])


def test_g42_audits_come_newest_first_in_pages_each_once(graph: Graph) -> None:
    for number in range(7):
        patch(graph, MIA, displayName=f"Mia {number}")
    whole = read(graph, AUDITS).body["value"]
    times = [event["activityDateTime"] for event in whole]
    assert times == sorted(times, reverse=True)
    seen: list[str] = []
    path = f"{AUDITS}?$top=3&$orderby=activityDateTime desc"
    while path:
        answer = graph.get(path.removeprefix("https://localhost:8443"), **reader(graph))
        seen += answer.ids
        patch(graph, MIA, displayName=f"Mia after {len(seen)}")
        path = answer.body.get("@odata.nextLink", "")
    assert seen == [event["id"] for event in whole]
    oldest = read(graph, AUDITS, "activityDisplayName eq 'Update user'", "$orderby=activityDateTime&$top=1")
    assert oldest.ids == seen[-1:]


def test_g42_a_page_of_audits_has_at_most_1000(graph: Graph) -> None:
    assert graph.get(f"{AUDITS}?$top=1000", **reader(graph)).status == 200
    assert graph.get(f"{AUDITS}?$top=1001", **reader(graph)).status == 400


def test_one_audit_by_id_and_no_other_tenants(graph: Graph) -> None:
    patch(graph, MIA, displayName="Mia M.")
    (id,) = read(graph, AUDITS).ids
    answer = graph.get(f"{AUDITS}/{id}?$select=id,result", **reader(graph))
    assert answer.body == {
        "@odata.context": "https://localhost:8443/v1.0/$metadata#auditLogs/directoryAudits(id,result)/$entity",
        "id": id,
        "result": "success",
    }
    graph.run(
        "INSERT INTO audit_events SELECT 'Directory_x', 'other', at, service, category, activity, operation,"
        " result, reason, correlation_id, actor_type, actor_id, target_id, target_type, details, source"
        " FROM audit_events"
    )
    assert graph.get(f"{AUDITS}/Directory_x", **reader(graph)).status == 404
    assert read(graph, AUDITS).ids == [id]


def test_g66_logs_are_for_their_readers(graph: Graph) -> None:
    for path in (AUDITS, SIGN_INS):
        assert graph.get(path, caller=graph.app("Directory.Read.All")).code == "Authorization_RequestDenied"
        assert graph.get(path, caller=graph.user(HAL, "AuditLog.Read.All")).status == 403
        assert graph.get(path, caller=graph.user(ADA, "AuditLog.Read.All")).status == 200
    graph.world.database.write(roles.add, CONTOSO, HAL, REPORTS_READER, id="r")
    assert graph.get(AUDITS, caller=graph.user(HAL, "AuditLog.Read.All")).status == 200


def test_g6_user_agent_is_beta_only(graph: Graph) -> None:
    patch(graph, MIA, displayName="Mia M.")
    assert "userAgent" not in read(graph, AUDITS).body["value"][0]
    assert "userAgent" in graph.get("/beta/auditLogs/directoryAudits", **reader(graph)).body["value"][0]


# ----------------------------------------------------------------------- sign-ins


def attempt(graph: Graph, number: int, user: str | None, **more: Any) -> None:
    fields: dict[str, Any] = {
        "id": f"00000000-0000-4000-c000-{number:012d}",
        "tenant_id": CONTOSO,
        "kind": "sign_in",
        "interactive": True,
        "correlation_id": "00000000-0000-4000-d000-000000000001",
        "ip": "192.0.2.1",
        "resource_tenant_id": CONTOSO,
        "user_id": user,
        "app_id": MY_APPS,
        **more,
    }
    graph.world.database.write(sign_in_log.append, Attempt(**fields), START + timedelta(minutes=number))


@pytest.fixture
def signed_in(graph: Graph) -> Graph:
    attempt(graph, 1, ALICE, failure=WRONG_CODE, cross_tenant=True, issuer="mail")
    attempt(graph, 2, MIA)
    attempt(graph, 3, MIA, kind="refresh", interactive=False, app_id=APP, ip="192.0.2.2")
    attempt(graph, 4, HAL, tenant_id="another tenant's log")
    return graph


def test_g46_a_sign_in_is_told_with_the_names_of_today(signed_in: Graph) -> None:
    first = read(signed_in, SIGN_INS).body["value"][-1]
    assert first == {
        "id": "00000000-0000-4000-c000-000000000001",
        "createdDateTime": "2026-01-31T10:31:00Z",
        "userDisplayName": "Alice",
        "userPrincipalName": "alice@fabrikam.com#EXT#@contoso.onmicrosoft.com".replace("@fabrikam", "_fabrikam", 1),
        "userId": ALICE,
        "userType": "guest",
        "appId": MY_APPS,
        "appDisplayName": "My Apps",
        "resourceDisplayName": None,
        "ipAddress": "192.0.2.1",
        "clientAppUsed": "Browser",
        "isInteractive": True,
        "correlationId": "00000000-0000-4000-d000-000000000001",
        "homeTenantId": None,
        "resourceTenantId": CONTOSO,
        "crossTenantAccessType": "b2bCollaboration",
        "status": {
            "errorCode": 50126,
            "failureReason": "The code is wrong or too old.",
            "additionalDetails": "wrongCode (P13): the code was wrong or too old; the guest asks for a new code.",
        },
    }


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", [3, 2, 1]),
        (f"userId eq '{MIA}'", [3, 2]),
        ("userPrincipalName eq 'MIA@contoso.com'", [3, 2]),
        ("startswith(userDisplayName,'ali')", [1]),
        (f"appId eq '{MY_APPS}'", [2, 1]),
        ("appDisplayName eq 'My Apps'", [2, 1]),
        ("status/errorCode eq 50126", [1]),
        ("status/errorCode ne 0", [1]),
        ("status/errorCode eq 0 and isInteractive eq true", [2]),
        ("createdDateTime ge 2026-01-31T10:32:00Z and createdDateTime lt 2026-01-31T10:33:00Z", [2]),
        ("crossTenantAccessType eq 'b2bCollaboration'", [1]),
        ("userType eq 'guest'", [1]),
        ("ipAddress eq '192.0.2.2'", [3]),
    ],
)
def test_g46_sign_ins_are_filtered_and_newest_first(signed_in: Graph, text: str, numbers: list[int]) -> None:
    assert [int(id[-12:]) for id in read(signed_in, SIGN_INS, text).ids] == numbers


def test_g55_sign_ins_are_paged(signed_in: Graph) -> None:
    answer = read(signed_in, SIGN_INS, more="$top=2&$orderby=createdDateTime asc")
    assert [int(id[-12:]) for id in answer.ids] == [1, 2]
    link = answer.body["@odata.nextLink"].removeprefix("https://localhost:8443")
    rest = signed_in.get(link, **reader(signed_in))
    assert [int(id[-12:]) for id in rest.ids] == [3]
    assert "@odata.nextLink" not in rest.body


def test_one_sign_in_by_id(signed_in: Graph) -> None:
    assert signed_in.get(f"{SIGN_INS}/00000000-0000-4000-C000-000000000002", **reader(signed_in)).status == 200
    assert signed_in.get(f"{SIGN_INS}/00000000-0000-4000-c000-000000000004", **reader(signed_in)).status == 404


def test_g28_sign_in_activity_tells_the_last_attempts(signed_in: Graph) -> None:
    answer = signed_in.get(f"/v1.0/users/{MIA}?$select=signInActivity", **reader(signed_in))
    assert answer.body["signInActivity"] == {
        "lastSignInDateTime": "2026-01-31T10:32:00Z",
        "lastSignInRequestId": "00000000-0000-4000-c000-000000000002",
        "lastNonInteractiveSignInDateTime": "2026-01-31T10:33:00Z",
        "lastNonInteractiveSignInRequestId": "00000000-0000-4000-c000-000000000003",
        "lastSuccessfulSignInDateTime": "2026-01-31T10:33:00Z",
        "lastSuccessfulSignInRequestId": "00000000-0000-4000-c000-000000000003",
    }
    users = signed_in.get("/v1.0/users?$select=id,signInActivity", **reader(signed_in)).body["value"]
    told = {user["id"]: user["signInActivity"]["lastSuccessfulSignInDateTime"] for user in users}
    assert told[ALICE] is None
    assert told[ADA] is None


def test_f31_sign_in_activity_filters_alone_and_for_log_readers_only(signed_in: Graph) -> None:
    path = f"/v1.0/users?$filter={quote('signInActivity/lastSignInDateTime le 2026-01-31T10:31:30Z')}"
    assert signed_in.get(path, **reader(signed_in)).ids == [ALICE]
    assert signed_in.get(path, caller=signed_in.app("User.Read.All")).status == 403
    both = f"{path}{quote(' and accountEnabled eq true')}"
    assert signed_in.get(both, **reader(signed_in)).code == "Request_UnsupportedQuery"


def test_g28_the_cap_of_120_holds(signed_in: Graph) -> None:
    link = signed_in.get("/v1.0/users?$select=signInActivity&$top=500", **reader(signed_in))
    assert link.status == 200
