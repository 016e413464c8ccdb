"""Users over Graph: reading and creating (graph G26 to G30)."""

from __future__ import annotations

from typing import Any

import pytest
from small_directory import ADA, ALICE, MIA, Graph

ROOT = "https://localhost:8443/v1.0"


def test_g26_a_user_without_select_has_exactly_the_default_properties(graph: Graph) -> None:
    answer = graph.get(f"/v1.0/users/{ALICE}")
    assert answer.status == 200
    assert answer.body == {
        "@odata.context": f"{ROOT}/$metadata#users/$entity",
        "businessPhones": [],
        "displayName": "Alice",
        "givenName": None,
        "jobTitle": None,
        "mail": "alice@fabrikam.com",
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": None,
        "userPrincipalName": "alice_fabrikam.com#EXT#@contoso.onmicrosoft.com",
        "id": ALICE,
    }
    assert list(answer.body)[1] == "businessPhones"
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["Content-Type"] == (
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    )


def test_g12_a_upn_with_percent_23_finds_the_guest(graph: Graph) -> None:
    path = "/v1.0//USERS/alice_Fabrikam.com%23EXT%23@contoso.onmicrosoft.com/"
    assert graph.get(path).body["id"] == ALICE


def test_g12_a_quoted_key_finds_the_user(graph: Graph) -> None:
    assert graph.get("/v1.0/users('ada@contoso.com')").body["id"] == ADA


def test_g20_select_stands_in_the_context_url(graph: Graph) -> None:
    answer = graph.get(f"/v1.0/users/{ALICE}?$select=id,externalUserState,identities,otherMails,proxyAddresses")
    assert answer.body == {
        "@odata.context": (
            f"{ROOT}/$metadata#users(id,externalUserState,identities,otherMails,proxyAddresses)/$entity"
        ),
        "id": ALICE,
        "externalUserState": "Accepted",
        "identities": [
            {"signInType": "federated", "issuer": "ExternalAzureAD", "issuerAssignedId": None},
            {
                "signInType": "userPrincipalName",
                "issuer": "contoso.onmicrosoft.com",
                "issuerAssignedId": "alice_fabrikam.com#EXT#@contoso.onmicrosoft.com",
            },
        ],
        "otherMails": ["alice@fabrikam.com"],
        "proxyAddresses": ["SMTP:alice@fabrikam.com"],
    }


def test_G1_G3_what_no_user_has_here_is_selected_as_null_or_empty_and_not_unknown(graph: Graph) -> None:
    """Scripts that export users name every property of Graph's type; one unknown name refused the whole list."""
    nothing: dict[str, object] = {
        "authorizationInfo": {"certificateUserIds": []},
        "employeeLeaveDateTime": None,
        "isManagementRestricted": None,
        "legalAgeGroupClassification": None,
        "licenseAssignmentStates": [],
        "onPremisesProvisioningErrors": [],
        "serviceProvisioningErrors": [],
    }
    select = ",".join(nothing)
    for version in ("v1.0", "beta"):
        single = graph.get(f"/{version}/users/{ALICE}?$select={select}").body
        assert {name: single[name] for name in nothing} == nothing
        assert graph.get(f"/{version}/users?$select=id,{select}").body["value"][0].keys() == {"id", *nothing}
    refused = {name: graph.ask("PATCH", f"/v1.0/users/{MIA}", {name: None}) for name in nothing}
    assert {name: answer.status for name, answer in refused.items()} == {
        name: 501 if name in ("authorizationInfo", "employeeLeaveDateTime") else 400 for name in nothing
    }
    assert refused["licenseAssignmentStates"].message.endswith("is read-only and cannot be set.")
    unfiltered = graph.get("/v1.0/users?$filter=legalAgeGroupClassification eq 'Adult'")
    assert unfiltered.code == "Request_UnsupportedQuery"


@pytest.mark.parametrize(
    ("accept", "present"),
    [
        ("application/json;odata.metadata=none", set()),
        ("*/*", {"@odata.context"}),
        ("text/html; odata.metadata=full", {"@odata.context", "@odata.type", "@odata.id", "@odata.editLink"}),
    ],
)
def test_g19_the_level_decides_the_annotations(graph: Graph, accept: str, present: set[str]) -> None:
    answer = graph.get(f"/v1.0/users/{ADA}", headers={"accept": accept})
    assert {name for name in answer.body if name.startswith("@")} == present


def test_m10_an_unknown_user_is_404(graph: Graph) -> None:
    answer = graph.get("/v1.0/users/nobody@contoso.com")
    assert (answer.status, answer.code) == (404, "Request_ResourceNotFound")
    assert answer.message.startswith("Resource 'nobody@contoso.com' does not exist")


def test_m22_me_needs_a_user(graph: Graph) -> None:
    answer = graph.get("/v1.0/me")
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert answer.message == "/me request is only valid with delegated authentication flow."


def test_me_is_the_caller_with_user_read_alone(graph: Graph) -> None:
    assert graph.get("/v1.0/me", caller=graph.user(MIA, "User.Read")).body["id"] == MIA


def test_g65_read_basic_veils_everything_else(graph: Graph) -> None:
    graph.ask("PATCH", f"/v1.0/users/{MIA}", {"jobTitle": "Clerk", "businessPhones": ["1"]})
    seen = graph.get(f"/v1.0/users/{MIA}", caller=graph.app("User.ReadBasic.All")).body
    assert (seen["displayName"], seen["jobTitle"], seen["businessPhones"]) == ("Mia", None, [])


def test_g67_a_guest_sees_basic_properties_of_one_user_and_no_list(graph: Graph) -> None:
    caller = graph.user(ALICE, "User.Read.All")
    assert graph.get(f"/v1.0/users/{MIA}", caller=caller).status == 200
    assert graph.get("/v1.0/users", caller=caller).code == "Authorization_RequestDenied"
    assert graph.get("/v1.0/users/$count", caller=caller).status == 403


def test_g10_another_tenant_in_the_path_is_not_found(graph: Graph) -> None:
    assert graph.get(f"/v1.0/contoso.com/users/{ADA}").status == 200
    assert graph.get(f"/v1.0/myorganization/users/{ADA}").status == 200
    assert graph.get(f"/v1.0/fabrikam.com/users/{ADA}").status == 404


# ------------------------------------------------------------------ create


NEW = {
    "accountEnabled": True,
    "displayName": "Ned",
    "mailNickname": "ned",
    "userPrincipalName": "ned@contoso.com",
    "passwordProfile": {"password": "correct horse battery", "forceChangePasswordNextSignIn": False},
}


def test_create_a_member_answers_201_with_its_location(graph: Graph) -> None:
    answer = graph.ask("POST", "/v1.0/users", {**NEW, "@odata.type": "#microsoft.graph.user"})
    assert answer.status == 201
    assert answer.body["@odata.context"] == f"{ROOT}/$metadata#users/$entity"
    assert answer.headers["Location"] == f"{ROOT}/users/{answer.body['id']}"
    assert graph.load(answer.body["id"]).generation == 0
    stored = graph.run("SELECT password_hash FROM users WHERE id = ?", answer.body["id"])[0][0]
    assert stored.startswith("$argon2id$")
    assert graph.audit() == ["Add user"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"displayName": None}, "A value is required for property 'displayName'"),
        ({"passwordProfile": None}, "A value is required for property 'passwordProfile'"),
        ({"userPrincipalName": "ned@elsewhere.example"}, "Invalid value specified for property 'userPrincipalName'"),
        ({"userPrincipalName": "ADA@contoso.com"}, "Another object with the same value for property userPrincipalName"),
        ({"mail": "alice@fabrikam.com"}, "Another object with the same value for property proxyAddresses"),
        ({"passwordProfile": {"password": "short"}}, "Invalid value specified for property 'passwordProfile.password'"),
    ],
)
def test_create_refuses_and_writes_nothing(graph: Graph, change: dict[str, Any], message: str) -> None:
    before = graph.digest()
    answer = graph.ask("POST", "/v1.0/users", {**NEW, **change})
    assert answer.status == 400
    assert answer.message.startswith(message)
    assert graph.digest() == before


def test_a_guest_made_by_post_was_never_invited(graph: Graph) -> None:
    body = {name: value for name, value in NEW.items() if name != "passwordProfile"}
    made = graph.ask("POST", "/v1.0/users", {**body, "userType": "guest"})
    assert made.status == 201
    shown = graph.get(f"/v1.0/users/{made.body['id']}?$select=userType,creationType,externalUserState").body
    assert (shown["userType"], shown["creationType"], shown["externalUserState"]) == ("Guest", None, None)
