"""Users over Graph: PATCH by graph G27, what it ends, and revoking (lifecycle S9, S11)."""

from __future__ import annotations

from typing import Any

import pytest
from small_directory import ADA, ALICE, HAL, MIA, PAUL, Graph

from readmit.storage import users

ROOT = "https://localhost:8443/v1.0"


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
