"""Cross-tenant access settings: the default and the partners over the wire, and at the invitation (graph G45, E17)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from small_directory import ADA, HAL, MIA, START, Answer, Graph, member, user_id

from readmit.domain.address import EmailAddress
from readmit.domain.provider import Provider
from readmit.domain.tenant import Tenant, TenantSettings
from readmit.flows import tenants
from readmit.storage import groups, providers, users

ROOT = "https://localhost:8443/v1.0"
PATH = "/v1.0/policies/crossTenantAccessPolicy"
DEFAULT, PARTNERS = f"{PATH}/default", f"{PATH}/partners"
READ, WRITE = "Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess"
FABRIKAM = "00000000-0000-4000-9000-000000000002"
ELSEWHERE = "3d0f5dec-5d3d-455c-8016-e2af1ae4d31a"
FRIDA, FRED = user_id(71), user_id(72)
BLOCKED = (
    "This invitation is blocked by cross-tenant access settings. Admins in both your organization and the invited"
    " user's organization must configure cross-tenant access settings to allow the invitation."
)
EVERYBODY = {"accessType": "allowed", "targets": [{"target": "AllUsers", "targetType": "user"}]}
EVERYTHING = {"accessType": "allowed", "targets": [{"target": "AllApplications", "targetType": "application"}]}
SHUT = {"usersAndGroups": EVERYBODY | {"accessType": "blocked"}, "applications": EVERYTHING | {"accessType": "blocked"}}
REDEMPTION = "invitationRedemptionIdentityProviderConfiguration"
ORDER = ["azureActiveDirectory", "externalFederation", "socialIdentityProviders"]


def _fabrikam(tx: Any, graph: Graph) -> None:
    home = Tenant(
        id=FABRIKAM,
        display_name="Fabrikam",
        initial_domain="fabrikam.onmicrosoft.com",
        domains=frozenset({"fabrikam.onmicrosoft.com", "fabrikam.com"}),
        default_domain="fabrikam.com",
        preferred_language=None,
        privacy_url=None,
        salt="salt",
        settings=TenantSettings(),
    )
    tenants.create(tx, graph.world, home)
    for number, name in ((71, "Frida"), (72, "Fred")):
        person = member(number, name)
        upn = f"{name.lower()}@fabrikam.com"
        users.insert(tx, replace(person, tenant_id=FABRIKAM, upn=upn, mail=EmailAddress.parse(upn)))


@pytest.fixture(autouse=True)
def _rights(graph: Graph) -> None:
    graph.caller = graph.app(READ, WRITE, "User.Invite.All")
    graph.world.database.write(_fabrikam, graph)


def invite(graph: Graph, address: str, **options: Any) -> Answer:
    body = {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com"}
    return graph.ask("POST", "/v1.0/invitations", body, **options)


def partner(graph: Graph, tenant_id: str = FABRIKAM, **values: Any) -> Answer:
    return graph.ask("POST", PARTNERS, {"tenantId": tenant_id, **values})


def people(access: str, *targets: tuple[str, str]) -> dict[str, Any]:
    named = [{"target": target, "targetType": kind} for target, kind in targets]
    return {"usersAndGroups": {"accessType": access, "targets": named}}


# ------------------------------------------------------------------ the default


def test_G45_the_default_is_the_services_until_it_is_changed(graph: Graph) -> None:
    body = graph.get(DEFAULT).body
    assert body["@odata.context"] == f"{ROOT}/$metadata#policies/crossTenantAccessPolicy/default/$entity"
    assert body["isServiceDefault"] is True
    assert body["b2bCollaborationInbound"] == {"usersAndGroups": EVERYBODY, "applications": EVERYTHING}
    assert body["b2bCollaborationOutbound"] == body["b2bCollaborationInbound"]
    assert body["b2bDirectConnectInbound"] == body["b2bDirectConnectOutbound"] == SHUT
    assert body["inboundTrust"] == {
        "isMfaAccepted": False,
        "isCompliantDeviceAccepted": False,
        "isHybridAzureADJoinedDeviceAccepted": False,
    }
    assert body["automaticUserConsentSettings"] == {"inboundAllowed": False, "outboundAllowed": False}
    assert body[REDEMPTION] == {
        "primaryIdentityProviderPrecedenceOrder": ORDER,
        "fallbackIdentityProvider": "defaultConfiguredIdp",
    }
    assert graph.get(PATH).body["allowedCloudEndpoints"] == []
    assert set(graph.get(f"{DEFAULT}?$select=inboundTrust").body) == {"@odata.context", "inboundTrust"}


def test_G46_a_patch_of_the_default_merges_acts_and_is_audited_once(graph: Graph) -> None:
    wanted = {
        "inboundTrust": {"isMfaAccepted": True},
        REDEMPTION: {
            "primaryIdentityProviderPrecedenceOrder": ["externalFederation", "azureActiveDirectory"],
            "fallbackIdentityProvider": "defaultConfiguredIdp",
        },
    }
    for _ in range(2):
        assert graph.ask("PATCH", DEFAULT, wanted).status == 204
    body = graph.get(DEFAULT).body
    assert body["isServiceDefault"] is False
    assert body["inboundTrust"]["isMfaAccepted"] is True
    assert body[REDEMPTION]["primaryIdentityProviderPrecedenceOrder"] == ORDER[1::-1]
    assert body[REDEMPTION]["fallbackIdentityProvider"] == "defaultConfiguredIdp"
    half = {"b2bCollaborationInbound": {"applications": SHUT["applications"]}}
    assert graph.ask("PATCH", DEFAULT, half).status == 204
    assert graph.get(DEFAULT).body["b2bCollaborationInbound"] == {
        "usersAndGroups": EVERYBODY,
        "applications": SHUT["applications"],
    }
    assert graph.audit() == ["Update the company default cross-tenant access setting"] * 2
    told = [json.loads(row[0])["changed"] for row in graph.run("SELECT details FROM audit_events ORDER BY at, rowid")]
    assert [sorted(changed) for changed in told] == [
        ["inboundTrust", "primaryIdentityProviderPrecedenceOrder"],
        ["b2bCollaborationInbound"],
    ]
    assert graph.ask("POST", f"{DEFAULT}/resetToSystemDefault").status == 204
    assert graph.get(DEFAULT).body["isServiceDefault"] is True
    assert graph.audit()[-1] == "Reset the cross-tenant access default setting"
    before = graph.digest()
    assert graph.ask("POST", f"{DEFAULT}/resetToSystemDefault").status == 204
    assert graph.digest() == before


def test_what_was_read_of_the_default_can_be_written_back(graph: Graph) -> None:
    body = graph.get(DEFAULT).body
    before = graph.digest()
    written = {name: value for name, value in body.items() if name not in ("id", "isServiceDefault")}
    assert graph.ask("PATCH", DEFAULT, written).status == 204
    assert graph.digest() == before


def target(name: str, kind: str = "user") -> dict[str, str]:
    return {"target": name, "targetType": kind}


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"nothing": 1}, 400, "Invalid property 'nothing'."),
        ({"isServiceDefault": True}, 400, "read-only"),
        ({"id": FABRIKAM}, 400, "read-only"),
        ({"b2bCollaborationInbound": None}, 400, "b2bCollaborationInbound"),
        ({"inboundTrust": None}, 400, "inboundTrust"),
        ({"inboundTrust": {"isMfaAccepted": "yes"}}, 400, "inboundTrust.isMfaAccepted"),
        ({"inboundTrust": {"isFriendly": True}}, 400, "inboundTrust.isFriendly"),
        ({"b2bCollaborationInbound": {"usersAndGroups": {"accessType": "maybe", "targets": []}}}, 400, "accessType"),
        ({"b2bCollaborationInbound": {"usersAndGroups": {"accessType": "allowed", "targets": []}}}, 400, "targets"),
        ({"b2bCollaborationInbound": people("allowed", ("somebody", "user"))}, 400, "targets.target"),
        ({"b2bCollaborationInbound": people("allowed", ("AllUsers", "group"))}, 400, "targets.target"),
        ({"b2bCollaborationInbound": people("allowed", (ADA, "application"))}, 400, "targetType"),
        ({"b2bCollaborationInbound": {"people": EVERYBODY}}, 400, "b2bCollaborationInbound.people"),
        (
            {"b2bCollaborationInbound": {"applications": {**EVERYTHING, "targets": [target(ADA, "application")]}}},
            501,
            "",
        ),
        ({"b2bCollaborationOutbound": SHUT}, 501, ""),
        ({"b2bDirectConnectInbound": {"usersAndGroups": EVERYBODY}}, 501, ""),
        ({"automaticUserConsentSettings": {"inboundAllowed": True, "outboundAllowed": False}}, 501, ""),
        ({REDEMPTION: None}, 400, REDEMPTION),
        ({REDEMPTION: {"primaryIdentityProviderPrecedenceOrder": []}}, 400, "primaryIdentityProviderPrecedenceOrder"),
        ({REDEMPTION: {"primaryIdentityProviderPrecedenceOrder": ["mail"]}}, 400, "PrecedenceOrder"),
        ({REDEMPTION: {"primaryIdentityProviderPrecedenceOrder": ORDER[:1] * 2}}, 400, "PrecedenceOrder"),
        ({REDEMPTION: {"fallbackIdentityProvider": "carrierPigeon"}}, 400, "fallbackIdentityProvider"),
        ({REDEMPTION: {"fallbackIdentityProvider": None}}, 400, "fallbackIdentityProvider"),
        ({REDEMPTION: {"fallbackIdentityProvider": "microsoftAccount"}}, 400, "fallbackIdentityProvider"),
    ],
)
def test_what_the_default_cannot_be_is_refused_and_changes_nothing(
    graph: Graph, body: dict[str, Any], status: int, told: str
) -> None:
    before = graph.digest()
    answer = graph.ask("PATCH", DEFAULT, body)
    assert (answer.status, told in answer.message) == (status, True), answer.body
    assert graph.digest() == before


def test_L21_microsoft_accounts_are_the_fallback_only_where_they_are_configured(graph: Graph) -> None:
    wanted = {REDEMPTION: {"fallbackIdentityProvider": "microsoftAccount"}}
    assert graph.ask("PATCH", DEFAULT, wanted).status == 400
    microsoft = Provider(ADA, graph.caller.tenant_id, "Microsoft", "oidc", "https://login.example/c", ("outlook.com",))

    def configure(tx: Any) -> None:
        provider = replace(microsoft, preset="microsoft", client_id="x")
        providers.insert(tx, provider, secret=None, metadata=None, now=START)

    graph.world.database.write(configure)
    assert graph.ask("PATCH", DEFAULT, wanted).status == 204
    assert graph.get(DEFAULT).body[REDEMPTION]["fallbackIdentityProvider"] == "microsoftAccount"


# --------------------------------------------------------------------- partners


def test_G45_partners_are_made_listed_changed_and_removed(graph: Graph) -> None:
    made = partner(graph, ELSEWHERE.upper(), inboundTrust={"isMfaAccepted": True})
    assert made.status == 201, made.body
    assert made.headers["Location"] == f"{ROOT}/policies/crossTenantAccessPolicy/partners/{ELSEWHERE}"
    assert made.body == {
        "@odata.context": f"{ROOT}/$metadata#policies/crossTenantAccessPolicy/partners/$entity",
        "tenantId": ELSEWHERE,
        "inboundTrust": {
            "isMfaAccepted": True,
            "isCompliantDeviceAccepted": False,
            "isHybridAzureADJoinedDeviceAccepted": False,
        },
        "b2bCollaborationInbound": None,
        "b2bCollaborationOutbound": None,
        "b2bDirectConnectInbound": None,
        "b2bDirectConnectOutbound": None,
        "tenantRestrictions": None,
        "isInMultiTenantOrganization": False,
        "isServiceProvider": None,
        "automaticUserConsentSettings": {"inboundAllowed": False, "outboundAllowed": False},
    }
    assert partner(graph, FABRIKAM).status == 201
    listed = graph.get(PARTNERS).body["value"]
    assert [one["tenantId"] for one in listed] == [FABRIKAM, ELSEWHERE]
    page = graph.get(f"{PARTNERS}?$top=1&$select=tenantId").body
    assert (page["value"], "@odata.nextLink" in page) == ([{"tenantId": FABRIKAM}], True)
    url = f"{PARTNERS}/{ELSEWHERE}"
    changed = {"inboundTrust": None, "automaticUserConsentSettings": {"inboundAllowed": True}}
    for _ in range(2):
        assert graph.ask("PATCH", url, changed).status == 204
    body = graph.get(url).body
    assert (body["inboundTrust"], body["automaticUserConsentSettings"]["inboundAllowed"]) == (None, True)
    assert graph.ask("DELETE", url).status == 204
    assert (graph.get(url).status, graph.ask("DELETE", url).status) == (404, 404)
    assert graph.audit() == [
        "Add a partner to cross-tenant access setting",
        "Add a partner to cross-tenant access setting",
        "Update a partner cross-tenant access setting",
        "Delete partner specific cross-tenant access setting",
    ]


def test_halves_of_a_partners_setting_merge_too(graph: Graph) -> None:
    partner(graph, b2bCollaborationInbound={"usersAndGroups": SHUT["usersAndGroups"]})
    url = f"{PARTNERS}/{FABRIKAM}"
    assert graph.ask("PATCH", url, {"b2bCollaborationInbound": {"applications": EVERYTHING}}).status == 204
    shown = graph.get(url).body["b2bCollaborationInbound"]
    assert shown == {"usersAndGroups": SHUT["usersAndGroups"], "applications": EVERYTHING}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"tenantId": "fabrikam"}, 400),
        ({"tenantId": "00000000-0000-4000-9000-000000000001"}, 400),
        ({"tenantId": ELSEWHERE, "nothing": 1}, 400),
        ({"tenantId": ELSEWHERE, "b2bCollaborationOutbound": SHUT}, 501),
        ({"tenantId": ELSEWHERE, "isServiceProvider": True}, 501),
        ({"tenantId": ELSEWHERE, REDEMPTION: {}}, 400),
        ({"tenantId": FABRIKAM}, 400),
    ],
)
def test_what_no_partner_can_be_is_refused_and_changes_nothing(graph: Graph, body: dict[str, Any], status: int) -> None:
    partner(graph, FABRIKAM)
    before = graph.digest()
    assert graph.ask("POST", PARTNERS, body).status == status
    assert graph.digest() == before


def test_unknown_partners_and_keys(graph: Graph) -> None:
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        assert graph.ask(method, f"{PARTNERS}/{ELSEWHERE}", body).code == "Request_ResourceNotFound"
        assert graph.ask(method, f"{PARTNERS}/fabrikam", body).message == "Invalid object identifier 'fabrikam'."
    partner(graph)
    assert graph.ask("PATCH", f"{PARTNERS}/{FABRIKAM}", {"tenantId": ELSEWHERE}).status == 400
    assert graph.ask("PATCH", f"{PARTNERS}/{FABRIKAM}", {"tenantId": FABRIKAM.upper()}).status == 204


def test_G65_G66_reading_and_writing_take_their_own_rights(graph: Graph) -> None:
    graph.run(
        "INSERT INTO role_assignments VALUES ('r', ?, ?, ?)",
        graph.caller.tenant_id,
        MIA,
        "194ae4cb-b126-40b2-bd5b-6091b380977d",
    )
    body = {"inboundTrust": {"isMfaAccepted": True}}
    for caller, status in (
        (graph.app(READ, "Policy.ReadWrite.Authorization"), 403),
        (graph.user(HAL, WRITE), 403),
        (graph.user(MIA, READ), 403),
        (graph.user(MIA, WRITE), 204),
        (graph.user(ADA, WRITE), 204),
        (graph.app(WRITE), 204),
    ):
        assert graph.ask("PATCH", DEFAULT, body, caller=caller).status == status
    assert graph.get(DEFAULT, caller=graph.app(WRITE)).status == 403
    assert graph.get(PARTNERS, caller=graph.user(HAL, READ)).status == 200


# ------------------------------------------------------------ at the invitation


def test_E17_a_shut_default_keeps_organisations_out_and_nobody_else(graph: Graph) -> None:
    assert graph.ask("PATCH", DEFAULT, {"b2bCollaborationInbound": SHUT}).status == 204
    before = graph.digest()
    refused = invite(graph, "frida@fabrikam.com")
    assert (refused.status, refused.code, refused.message) == (400, "BadRequest", BLOCKED)
    assert graph.digest() == before
    assert invite(graph, "nobody@fabrikam.com").message == BLOCKED
    assert invite(graph, "new@post.example").status == 201
    open_partner = {"usersAndGroups": EVERYBODY, "applications": EVERYTHING}
    assert partner(graph, b2bCollaborationInbound=open_partner).status == 201
    assert invite(graph, "frida@fabrikam.com").status == 201


def test_E17_a_partner_may_be_shut_alone(graph: Graph) -> None:
    partner(graph, b2bCollaborationInbound={"usersAndGroups": SHUT["usersAndGroups"]})
    assert invite(graph, "frida@fabrikam.com").message == BLOCKED
    assert graph.ask("PATCH", f"{PARTNERS}/{FABRIKAM}", {"b2bCollaborationInbound": None}).status == 204
    assert invite(graph, "frida@fabrikam.com").status == 201


def test_E17_single_people_and_groups_are_let_in_or_kept_out(graph: Graph) -> None:
    def team(tx: Any) -> None:
        from readmit.domain.group import Group

        groups.insert(tx, Group(user_id(77), FABRIKAM, "Team", START))
        groups.add_member(tx, user_id(77), FRED, "user")

    graph.world.database.write(team)
    url = f"{PARTNERS}/{FABRIKAM}"
    partner(graph, b2bCollaborationInbound=people("allowed", (FRIDA, "user")))
    assert invite(graph, "fred@fabrikam.com").message == BLOCKED
    assert invite(graph, "frida@fabrikam.com").status == 201
    graph.ask("PATCH", url, {"b2bCollaborationInbound": people("blocked", (FRIDA, "user"))})
    assert invite(graph, "frida@fabrikam.com").message == BLOCKED
    assert invite(graph, "fred@fabrikam.com").status == 201
    graph.ask("PATCH", url, {"b2bCollaborationInbound": people("allowed", (user_id(77), "group"))})
    assert invite(graph, "frida@fabrikam.com").message == BLOCKED
    assert invite(graph, "fred@fabrikam.com").status == 201
    graph.ask("PATCH", url, {"b2bCollaborationInbound": people("blocked", (user_id(77), "group"))})
    assert invite(graph, "fred@fabrikam.com").message == BLOCKED
    # Who has no account there yet is asked again when he redeems.
    assert invite(graph, "later@fabrikam.com").status == 201


def test_E17_comes_after_the_domain_list_and_holds_for_a_reset(graph: Graph) -> None:
    graph.ask("PATCH", DEFAULT, {"b2bCollaborationInbound": SHUT})
    graph.caller = graph.app("User.ReadWrite.All", WRITE)
    alice = user_id(4)
    body = {
        "invitedUserEmailAddress": "alice@fabrikam.com",
        "inviteRedirectUrl": "https://app.example/",
        "invitedUser": {"id": alice},
        "resetRedemption": True,
    }
    before = graph.digest()
    assert graph.ask("POST", "/v1.0/invitations", body).message == BLOCKED
    assert graph.digest() == before
    graph.run("UPDATE tenants SET settings = json_set(settings, '$.blockedDomains', json('[\"fabrikam.com\"]'))")
    assert graph.ask("POST", "/v1.0/invitations", body).message.startswith("The domain of the invited user's")
