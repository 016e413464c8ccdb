"""Users over Graph: reading, creating, PATCH by graph G27, sessions (lifecycle S9, S11)."""

from __future__ import annotations

from typing import Any

import pytest
from small_directory import ADA, ALICE, HAL, MIA, PAUL, Graph

from readmit.storage import users

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


# ------------------------------------------------------------------- PATCH


def test_s9_patch_of_mail_keeps_the_binding_and_moves_the_proxy_address(graph: Graph) -> None:
    before = graph.load(ALICE)
    answer = graph.ask("PATCH", f"/v1.0/users/{ALICE}", {"mail": "A@post.example", "otherMails": ["A@post.example"]})
    assert (answer.status, answer.body) == (204, None)
    after = graph.load(ALICE)
    assert after.redemption == before.redemption
    assert (after.generation, after.epoch) == (before.generation, before.epoch)
    shown = graph.get(f"/v1.0/users/{ALICE}?$select=mail,otherMails,proxyAddresses").body
    assert shown["mail"] == "A@post.example"
    assert shown["proxyAddresses"] == ["SMTP:A@post.example"]
    assert graph.audit() == ["Update user"]


def test_g46_a_patch_without_change_writes_nothing(graph: Graph) -> None:
    before = graph.digest()
    assert graph.ask("PATCH", f"/v1.0/users/{ALICE}", {"displayName": "Alice", "companyName": None}).status == 204
    assert graph.digest() == before


def test_g46_null_and_empty_clear(graph: Graph) -> None:
    graph.ask("PATCH", f"/v1.0/users/{MIA}", {"companyName": "TERRAFORM_UPDATE_1", "JOBTITLE": "Clerk"})
    assert graph.get(f"/v1.0/users/{MIA}?$select=companyName,jobTitle").body["companyName"] == "TERRAFORM_UPDATE_1"
    graph.ask("PATCH", f"/v1.0/users/{MIA}", {"companyName": None, "jobTitle": ""})
    shown = graph.get(f"/v1.0/users/{MIA}?$select=companyName,jobTitle").body
    assert (shown["companyName"], shown["jobTitle"]) == (None, None)


def test_m14_an_address_of_another_user_is_refused_with_his_id(graph: Graph) -> None:
    before = graph.digest()
    answer = graph.ask("PATCH", f"/v1.0/users/{ALICE}", {"otherMails": ["PAUL@tailspin.example"]})
    assert (answer.status, answer.code) == (400, "Request_BadRequest")
    (detail,) = answer.body["error"]["details"]
    assert (detail["code"], detail["target"]) == ("ObjectConflict", "otherMails")
    assert PAUL in detail["message"]
    assert graph.digest() == before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"nonsense": 1}, "Invalid property 'nonsense'."),
        ({"id": ADA}, "Property 'id' is read-only and cannot be set."),
        ({"externalUserState": "Accepted"}, "Property 'externalUserState' is read-only and cannot be set."),
        ({"displayName": 1}, "Property displayName in payload has a value that does not match schema."),
        ({"mail": "no address"}, "Invalid value specified for property 'mail' of resource 'User'."),
        ({"mailNickname": "x"}, "Invalid value specified for property 'mailNickname' of resource 'User'."),
        (
            {"userPrincipalName": "x@contoso.com"},
            "Invalid value specified for property 'userPrincipalName' of resource 'User'.",
        ),
        ({"displayName": "a\u0007b"}, "Invalid value specified for property 'displayName' of resource 'User'."),
        ({"companyName": "x" * 65}, "Invalid value specified for property 'companyName' of resource 'User'."),
        ({"businessPhones": ["1", "2"]}, "Invalid value specified for property 'businessPhones' of resource 'User'."),
        ({"identities": []}, "Invalid value specified for property 'identities' of resource 'User'."),
        ({"skills": ["x"]}, "This operation target is not yet supported."),
        (b'{"mail":"a@b.example","MAIL":"c@d.example"}', "Unable to read JSON request payload."),
        (b"[]", "Unable to read JSON request payload."),
        (b"", "Unable to read JSON request payload."),
    ],
)
def test_g27_what_a_patch_of_a_guest_refuses(graph: Graph, body: Any, message: str) -> None:
    before = graph.digest()
    answer = graph.ask("PATCH", f"/v1.0/users/{ALICE}", body)
    assert answer.status in (400, 501)
    assert answer.message.startswith(message)
    assert graph.digest() == before


def test_s9_the_invited_address_off_a_pending_guest_ends_the_invitation(graph: Graph) -> None:
    graph.run(
        "INSERT INTO outbox (id, tenant_id, kind, user_id, address_key, state, due_at, created_at)"
        " VALUES ('m', 't', 'invitation', ?, 'k', 'queued', 0, 0)",
        PAUL,
    )
    assert graph.ask("PATCH", f"/v1.0/users/{PAUL}", {"otherMails": []}).status == 204
    assert graph.run("SELECT cancelled_at FROM invitations") == [(None,)], "mail still holds the address"
    assert graph.ask("PATCH", f"/v1.0/users/{PAUL}", {"mail": "paul@new.example"}).status == 204
    assert graph.run("SELECT COUNT(*) FROM invitations WHERE cancelled_at IS NOT NULL") == [(1,)]
    assert graph.run("SELECT state FROM outbox") == [("superseded",)]
    assert graph.load(PAUL).generation == 1
    assert graph.ask("PATCH", f"/v1.0/users/{PAUL}", {"mail": "paul@tailspin.example"}).status == 204
    assert graph.run("SELECT COUNT(*) FROM invitations WHERE cancelled_at IS NOT NULL") == [(1,)], "for good"


def test_g30_patch_of_identities_to_the_host_entry_ends_the_binding(graph: Graph) -> None:
    before = graph.load(ALICE)
    _sign_in(graph, ALICE)
    entry = {"signInType": "userPrincipalName", "issuer": "contoso.onmicrosoft.com", "issuerAssignedId": before.upn}
    assert graph.ask("PATCH", f"/v1.0/users/{ALICE}", {"identities": [entry]}).status == 204
    after = graph.load(ALICE)
    assert after.redemption_state == "PendingAcceptance"
    assert (after.generation, after.epoch) == (before.generation + 1, before.epoch + 1)
    assert graph.run("SELECT COUNT(*) FROM sign_ins") == [(0,)]
    assert graph.run("SELECT ended_by FROM redemptions") == [("identities",)]


def test_g30_patch_of_identities_takes_the_rights_of_a_reset(graph: Graph) -> None:
    entry = {
        "signInType": "userPrincipalName",
        "issuer": "contoso.onmicrosoft.com",
        "issuerAssignedId": graph.load(ALICE).upn,
    }
    caller = graph.user(MIA, "User.ReadWrite.All")
    assert graph.ask("PATCH", f"/v1.0/users/{ALICE}", {"identities": [entry]}, caller=caller).status == 403
    caller = graph.user(HAL, "User.ReadWrite.All")
    assert graph.ask("PATCH", f"/v1.0/users/{ALICE}", {"identities": [entry]}, caller=caller).status == 204
    assert graph.ask("PATCH", f"/v1.0/users/{ALICE}", {"mail": "x@y.example"}, caller=caller).status == 403


def test_g65_mail_permission_writes_addresses_only(graph: Graph) -> None:
    caller = graph.app("User-Mail.ReadWrite.All")
    assert graph.ask("PATCH", f"/v1.0/users/{ALICE}", {"mail": "x@y.example"}, caller=caller).status == 204
    answer = graph.ask("PATCH", f"/v1.0/users/{ALICE}", {"mail": None, "jobTitle": "x"}, caller=caller)
    assert answer.code == "Authorization_RequestDenied"


def test_g65_users_write_their_own_phones_and_nothing_else(graph: Graph) -> None:
    caller = graph.user(MIA, "User.ReadWrite")
    assert graph.ask("PATCH", "/v1.0/me", {"mobilePhone": "+1"}, caller=caller).status == 204
    assert graph.ask("PATCH", "/v1.0/me", {"displayName": "Root"}, caller=caller).status == 403
    assert graph.ask("PATCH", f"/v1.0/users/{HAL}", {"mobilePhone": "+1"}, caller=caller).status == 403


def test_g68_sensitive_properties_of_an_administrator_take_more(graph: Graph) -> None:
    before = graph.digest()
    assert graph.ask("PATCH", f"/v1.0/users/{ADA}", {"mail": "x@y.example"}).status == 403
    assert graph.digest() == before
    assert graph.ask("PATCH", f"/v1.0/users/{ADA}", {"jobTitle": "Boss"}).status == 204
    caller = graph.user(ADA, "User.ReadWrite.All")
    assert graph.ask("PATCH", f"/v1.0/users/{HAL}", {"mail": "x@y.example"}, caller=caller).status == 204


def test_s11_disabling_ends_access_and_enabling_brings_nothing_back(graph: Graph) -> None:
    _sign_in(graph, ALICE)
    before = graph.load(ALICE)
    graph.ask("PATCH", f"/v1.0/users/{ALICE}", {"accountEnabled": False})
    after = graph.load(ALICE)
    assert (after.enabled, after.epoch, after.generation) == (False, before.epoch + 1, before.generation)
    assert graph.run("SELECT COUNT(*) FROM sessions") == [(0,)]
    graph.ask("PATCH", f"/v1.0/users/{ALICE}", {"accountEnabled": True})
    assert graph.load(ALICE).epoch == after.epoch
    assert graph.audit() == ["Update user", "Disable account", "Update user", "Enable account"]


def test_g46_revoke_sign_in_sessions_ends_sessions_and_answers_true(graph: Graph) -> None:
    _sign_in(graph, ALICE)
    answer = graph.ask("POST", f"/v1.0/users/{ALICE}/revokeSignInSessions")
    assert answer.body == {"@odata.context": f"{ROOT}/$metadata#Edm.Boolean", "value": True}
    assert graph.run("SELECT COUNT(*) FROM sign_ins") == [(0,)]
    assert graph.run("SELECT COUNT(*) FROM grants") == [(0,)]
    assert graph.load(ALICE).epoch == 2
    assert graph.audit() == ["Update StsRefreshTokenValidFrom Timestamp"]


def test_revoke_by_help_desk_or_oneself_but_no_other_member(graph: Graph) -> None:
    path = f"/v1.0/users/{ALICE}/microsoft.graph.revokeSignInSessions()"
    assert graph.ask("POST", path, caller=graph.user(MIA, "User.RevokeSessions.All")).status == 403
    assert graph.ask("POST", path, caller=graph.user(HAL, "User.RevokeSessions.All")).status == 200
    assert graph.ask("POST", "/v1.0/me/revokeSignInSessions", caller=graph.user(MIA, "User.ReadWrite")).status == 200


def _sign_in(graph: Graph, user_id: str) -> None:
    graph.run("INSERT INTO sessions (id, token_hash, csrf, created_at, seen_at) VALUES ('s', 'h', 'c', 0, 0)")
    graph.run(
        "INSERT INTO sign_ins (session_id, tenant_id, user_id, epoch, signed_in_at, seen_at, amr)"
        " VALUES ('s', 't', ?, 1, 0, 0, 'pwd')",
        user_id,
    )
    graph.run(
        "INSERT INTO grants (id, tenant_id, user_id, epoch, client_id, resource, scope, origin, amr, auth_time,"
        " proved_at, created_at, expires_at, graph) VALUES ('g', 't', ?, 1, 'c', 'r', 's', 'o', 'pwd', 0, 0, 0, 0, 1)",
        user_id,
    )
    graph.run(
        "INSERT INTO redemptions (id, tenant_id, user_id, generation, address, kind, issuer, subject, redeemed_at)"
        " SELECT 'r', tenant_id, id, 1, 'a', 'tenant', 'i', 's', 0 FROM users WHERE id = ?",
        user_id,
    )


@pytest.mark.parametrize("misses", [1, 5])
def test_l5_a_missed_compare_and_set_is_decided_again(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, misses: int
) -> None:
    save, left = users.update, [misses]

    def overtaken(tx: Any, user: Any, before: Any) -> bool:
        left[0] -= 1
        return left[0] < 0 and save(tx, user, before)

    monkeypatch.setattr(users, "update", overtaken)
    before = graph.digest()
    for method, path, body in (
        ("PATCH", f"/v1.0/users/{ALICE}", {"jobTitle": "x"}),
        ("POST", f"/v1.0/users/{ALICE}/revokeSignInSessions", None),
        ("DELETE", f"/v1.0/users/{ALICE}", None),
    ):
        left[0] = misses
        answer = graph.ask(method, path, body)
        if misses == 5:
            assert (answer.status, answer.code) == (503, "Service_ServiceUnavailable")
            assert graph.digest() == before
        else:
            assert answer.status in (200, 204)


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
