"""Claims that a registration asks for, groups, and claims challenges (graph G73, G77)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from front import Person
from relying_party import GUEST, MEMBER, RelyingParty, register

from readmit.domain.address import EmailAddress
from readmit.domain.group import Group
from readmit.flows.optional_claims import MOST_GROUPS
from readmit.storage import groups, users

NAMES = ("acct", "idp", "login_hint", "xms_edov", "email", "upn", "given_name", "family_name", "unknown")


def ask_for(rp: RelyingParty, *names: str, kind: str = "idToken") -> None:
    register(rp.site.house, optionalClaims={kind: [{"name": name, "essential": False} for name in names]})


def identity(rp: RelyingParty, person: Person, address: str, **more: str) -> dict[str, Any]:
    return rp.verified(rp.tokens(rp.sign_in(person, address, **more))["id_token"])


def access(rp: RelyingParty, person: Person, address: str, **more: str) -> dict[str, Any]:
    body = rp.tokens(rp.sign_in(person, address, **more))
    return dict(rp.site.house.world.keyring.verify(body["access_token"], rp.site.house.clock()))


def test_G77_optional_claims_of_a_guest(rp: RelyingParty, person: Person) -> None:
    ask_for(rp, *NAMES)
    found = identity(rp, person, GUEST)
    shown = {name: found.get(name) for name in NAMES}
    assert shown == {
        "acct": 1,
        "idp": f"urn:readmit:tenant:{rp.site.house.fabrikam}",
        "login_hint": GUEST,
        "xms_edov": True,
        "email": GUEST,
        "upn": None,
        "given_name": None,
        "family_name": None,
        "unknown": None,
    }


def test_G77_optional_claims_of_a_member(rp: RelyingParty, person: Person) -> None:
    ask_for(rp, *NAMES)
    found = identity(rp, person, MEMBER)
    assert (found["acct"], found["idp"], found["login_hint"], found["upn"]) == (0, found["iss"], MEMBER, MEMBER)
    assert (found["email"], found["xms_edov"]) == (MEMBER, True), "the tenant has verified the domain"

    def move(tx: Any) -> None:
        mia = users.by_address(tx, rp.site.house.contoso, MEMBER)
        assert mia is not None
        assert users.update(tx, replace(mia, mail=EmailAddress.parse("mia@elsewhere.example")), mia)

    rp.site.house.write(move)
    rp.begin(person, prompt="none")
    found = rp.verified(rp.tokens(rp.answer(person))["id_token"])
    assert not {"email", "xms_edov"} & set(found), "nobody has proved it: no address, and nothing said of one"


def test_L31_without_registration_a_guests_provider_is_told_and_nothing_else(rp: RelyingParty, person: Person) -> None:
    found = identity(rp, person, GUEST)
    assert found["idp"] == f"urn:readmit:tenant:{rp.site.house.fabrikam}"
    assert not {"acct", "login_hint", "xms_edov", "upn", "email", "groups"} & set(found)


@pytest.mark.parametrize("asked", [None, [], "nonsense", {"idToken": "x"}, {"idToken": ["x", {}, {"name": 1}]}])
def test_a_registration_that_cannot_be_read_adds_nothing(rp: RelyingParty, person: Person, asked: Any) -> None:
    register(rp.site.house, optionalClaims=asked, groupMembershipClaims=7)
    assert "acct" not in identity(rp, person, GUEST)


def test_the_access_tokens_claims_are_the_apis_to_ask_for(rp: RelyingParty, person: Person) -> None:
    ask_for(rp, "login_hint", kind="accessToken")
    own = f"openid api://{rp.client_id}/.default"
    assert access(rp, person, GUEST, scope=own)["login_hint"] == GUEST
    rp.begin(person, prompt="none", scope="openid User.Read")
    body = rp.tokens(rp.answer(person))
    found = rp.site.house.world.keyring.verify(body["access_token"], rp.site.house.clock())
    assert "login_hint" not in found, "Graph asks for nothing"


# ----------------------------------------------------------------------- groups


def add_groups(rp: RelyingParty, address: str, count: int, **changed: Any) -> list[str]:
    """Groups in a row: each stands in the next, and the person in the first."""
    house = rp.site.house

    def save(tx: Any) -> list[str]:
        owner = users.by_address(tx, house.contoso, address)
        assert owner is not None
        member, kind = owner.id, "user"
        made = []
        for number in range(count):
            group = Group(house.world.new_id(), house.contoso, f"G{number}", house.clock(), **changed)
            groups.insert(tx, group)
            groups.add_member(tx, group.id, member, kind)  # type: ignore[arg-type]
            member, kind = group.id, "group"
            made.append(group.id)
        return made

    return list(house.write(save))


@pytest.mark.parametrize(("wanted", "shown"), [(None, False), ("None", False), ("SecurityGroup", True), ("All", True)])
def test_G77_groups_by_groupMembershipClaims(rp: RelyingParty, person: Person, wanted: str | None, shown: bool) -> None:
    made = add_groups(rp, MEMBER, 3)
    register(rp.site.house, groupMembershipClaims=wanted)
    found = identity(rp, person, MEMBER)
    assert found.get("groups") == (sorted(made) if shown else None)
    assert "hasgroups" not in found
    assert ("wids" in found) == (wanted == "All")


def test_mail_groups_are_told_only_to_who_asks_for_all(rp: RelyingParty, person: Person) -> None:
    made = add_groups(rp, MEMBER, 1, security_enabled=False, mail_enabled=True)
    register(rp.site.house, groupMembershipClaims="SecurityGroup")
    assert identity(rp, person, MEMBER)["groups"] == []
    register(rp.site.house, groupMembershipClaims="All")
    rp.begin(person, prompt="none")
    assert rp.verified(rp.tokens(rp.answer(person))["id_token"])["groups"] == made


def test_only_groups_that_are_assigned_to_the_application(rp: RelyingParty, person: Person) -> None:
    house = rp.site.house
    made = add_groups(rp, MEMBER, 2)
    register(house, groupMembershipClaims="ApplicationGroup, DirectoryRole")

    def assign(tx: Any) -> None:
        principal = tx.one("SELECT id FROM service_principals WHERE app_id = :a", {"a": rp.client_id})[0]
        tx.run(
            "INSERT INTO app_role_assignments (id, tenant_id, principal_id, principal_type, resource_id, app_role_id,"
            " created_at) VALUES ('x', :tenant, :group, 'Group', :resource, :role, 0)",
            {
                "tenant": house.contoso,
                "group": made[1],
                "resource": principal,
                "role": "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
            },
        )

    house.write(assign)
    found = identity(rp, person, MEMBER)
    assert found["groups"] == [made[1]]
    assert found["wids"] == ["b79fbf4d-3ef9-4689-8143-76b194e85509"]


def test_G77_above_200_groups_the_token_says_where_they_stand(rp: RelyingParty, person: Person) -> None:
    register(rp.site.house, groupMembershipClaims="SecurityGroup")
    add_groups(rp, MEMBER, MOST_GROUPS)
    assert len(identity(rp, person, MEMBER)["groups"]) == MOST_GROUPS
    add_groups(rp, MEMBER, 1)
    rp.begin(person, prompt="none")
    found = rp.verified(rp.tokens(rp.answer(person))["id_token"])
    assert "groups" not in found
    assert found["hasgroups"] is True
    source = found["_claim_names"]["groups"]
    endpoint = found["_claim_sources"][source]["endpoint"]
    assert endpoint == f"https://localhost:8443/v1.0/users/{found['oid']}/getMemberObjects"


# ---------------------------------------------------------- claims challenges


CP1 = json.dumps({"access_token": {"xms_cc": {"values": ["CP1"]}}})


def test_G73_a_client_that_understands_challenges_says_so_at_the_token_endpoint(
    rp: RelyingParty, person: Person
) -> None:
    keyring, clock = rp.site.house.world.keyring, rp.site.house.clock
    answer = rp.sign_in(person, scope="openid offline_access")
    body = rp.tokens(answer, claims=CP1)
    assert keyring.verify(body["access_token"], clock())["xms_cc"] == ["CP1"]
    plain = rp.renew(body["refresh_token"]).json()
    assert "xms_cc" not in keyring.verify(plain["access_token"], clock())
    challenge = json.dumps({"access_token": {"nbf": {"essential": True, "value": "1"}, "xms_cc": {"values": ["cp1"]}}})
    again = rp.renew(plain["refresh_token"], claims=challenge).json()
    assert keyring.verify(again["access_token"], clock())["xms_cc"] == ["CP1"]
    form: dict[str, str | None] = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    own = rp.token({**form, "claims": CP1}).json()["access_token"]
    assert keyring.verify(own, clock())["xms_cc"] == ["CP1"]


@pytest.mark.parametrize("claims", ["nonsense", "[]", '{"access_token": 1}', "{"])
def test_claims_that_cannot_be_read_are_refused(rp: RelyingParty, person: Person, claims: str) -> None:
    answer = rp.sign_in(person)
    assert rp.redeem(answer["code"], claims=claims).json()["error_codes"] == [9002313]
    assert rp.redeem(answer["code"], claims='{"id_token": {"x": null}}').status_code == 200


def test_G77_appidacr_says_how_the_client_proved_itself(rp: RelyingParty, person: Person) -> None:
    assert access(rp, person, MEMBER)["appidacr"] == "1"
