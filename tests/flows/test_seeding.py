"""Seed files: idempotent, and never bringing back a right that was taken away (interfaces.md, seed file)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from readmit.cli import seed_file
from readmit.domain.errors import OperatorError
from readmit.flows import seed
from readmit.flows.seed import Report
from readmit.flows.world import World
from readmit.storage import apps, assignments, groups, roles, seeds, tenants, users
from world import START, House, make_world

TEXT = """
tenants:
  - id: 0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f0001
    displayName: Contoso
    domains: [contoso.com]
    users:
      - {userPrincipalName: ada@contoso.com, password: "${SECRET}", roles: [Global Administrator]}
      - {userPrincipalName: hal@contoso.com, displayName: Hal, accountEnabled: false, mail: hal2@contoso.com}
    applications:
      - displayName: Expenses
        clientSecret: "${SECRET}"
        permissions: [User.Invite.All]
        delegatedPermissions: [openid]
        redirectUris: ["http://localhost:9000/callback"]
        spa: {redirectUris: ["https://spa.example/"]}
        homepage: https://expenses.example/
        appRoles: [{value: Approver}]
    guests:
      - {email: alice@fabrikam.com, state: Accepted, identity: {tenant: fabrikam.onmicrosoft.com, user: alice@fabrikam.com}}
      - {email: max@post.example, state: Accepted, identity: {kind: mail}, userType: Member}
      - {email: ida@idp.example, state: Accepted, identity: {issuer: "https://idp.example", subject: s1}}
      - {email: pat@post.example, displayName: Pat}
    groups:
      - {displayName: Falcon, members: [alice@fabrikam.com, hal@contoso.com]}
      - {displayName: Mailing, mail: list@contoso.com, members: [Falcon], isAssignableToRole: false}
    appRoleAssignments:
      - {application: Expenses, role: Approver, principal: alice@fabrikam.com}
      - {application: Expenses, principal: Falcon}
  - displayName: Fabrikam
    initialDomain: fabrikam.onmicrosoft.com
    domains: [fabrikam.com]
    users:
      - {userPrincipalName: alice@fabrikam.com, displayName: Alice, password: x}
"""
SCOPE = "contoso.onmicrosoft.com"


def parsed(tmp_path: Path, text: str = TEXT, **environ: str) -> tuple[seed.SeedTenant, ...]:
    path = tmp_path / "seed.yaml"
    path.write_text(text, encoding="utf-8")
    return seed_file.read(path, {"SECRET": "a secret of some length", **environ})


@pytest.fixture
def world(tmp_path: Path) -> Any:
    made, _ = make_world(tmp_path)
    yield made
    made.database.close()


def known(world: World, kind: str, key: str) -> str:
    return world.database.read(seeds.known)[(SCOPE, kind, key)]


def run(world: World, tmp_path: Path, *, force: bool = False, text: str = TEXT) -> Report:
    return seed.apply(world, parsed(tmp_path, text), force=force)


def test_a_second_run_changes_nothing(world: World, tmp_path: Path) -> None:
    first = run(world, tmp_path)
    assert "tenant contoso.onmicrosoft.com" in first.made
    second = run(world, tmp_path)
    assert (second.made, second.differs, second.applied) == ([], [], [])
    tenant = world.database.read(tenants.by_domain, "contoso.com")
    assert (tenant.id, tenant.default_domain) == ("0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f0001", "contoso.com")
    states = world.database.read(
        lambda tx: tx.all(
            "SELECT mail, external_state, binding_kind FROM users WHERE creation_type IS NOT NULL ORDER BY mail"
        )
    )
    assert states == [
        ("alice@fabrikam.com", "Accepted", "tenant"),
        ("ida@idp.example", "Accepted", "oidc"),
        ("max@post.example", "Accepted", "mail"),
        ("pat@post.example", "PendingAcceptance", None),
    ]
    assert world.database.read(lambda tx: tx.all("SELECT COUNT(*) FROM invitations WHERE generation = 1")) == [(4,)]
    assert world.database.read(lambda tx: tx.all("SELECT COUNT(*) FROM redemptions")) == [(3,)]


def test_rights_that_were_taken_away_stay_away_but_for_force(world: World, tmp_path: Path) -> None:
    run(world, tmp_path)
    ada, alice, falcon = (
        known(world, "user", "ada@contoso.com"),
        known(world, "guest", "alice@fabrikam.com"),
        known(world, "group", "Falcon"),
    )
    tenant_id = world.database.read(tenants.by_domain, "contoso.com").id
    expenses = known(world, "application", "Expenses")

    def take_away(tx: Any) -> None:
        tx.run("DELETE FROM role_assignments")
        tx.run("DELETE FROM app_role_assignments")
        tx.run("DELETE FROM permission_grants")
        groups.remove_member(tx, falcon, alice)

    world.database.write(take_away)
    report = run(world, tmp_path)
    assert report.made == []
    assert sorted(report.differs) == sorted(
        [
            "role ada@contoso.com Global Administrator",
            "permission Expenses User.Invite.All",
            "consent Expenses",
            "member Falcon alice@fabrikam.com",
            "appRoleAssignment Expenses Approver alice@fabrikam.com",
            "appRoleAssignment Expenses default falcon",
        ]
    )
    assert world.database.read(roles.roles_of, ada) == frozenset()
    forced = run(world, tmp_path, force=True)
    assert sorted(forced.applied) == sorted(report.differs)
    assert world.database.read(roles.roles_of, ada)
    assert world.database.read(assignments.application_roles, alice, expenses)
    assert tenant_id


def test_a_deleted_object_is_a_tombstone_even_under_force(world: World, tmp_path: Path) -> None:
    run(world, tmp_path)
    ada = known(world, "user", "ada@contoso.com")

    def delete(tx: Any) -> None:
        tx.run("DELETE FROM users WHERE id = :id", {"id": ada})
        tx.run("DELETE FROM role_assignments")

    world.database.write(delete)
    report = run(world, tmp_path, force=True)
    assert report.made == []
    assert report.differs == ["role ada@contoso.com Global Administrator"]
    assert world.database.read(users.get, "0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f0001", ada) is None


def test_a_tenant_that_changed_differs_until_it_is_forced(world: World, tmp_path: Path) -> None:
    run(world, tmp_path)
    text = TEXT.replace("displayName: Contoso", f"displayName: Contoso Ltd\n    initialDomain: {SCOPE}")
    assert run(world, tmp_path, text=text).differs == ["tenant contoso.onmicrosoft.com"]
    assert run(world, tmp_path, text=text, force=True).applied == ["tenant contoso.onmicrosoft.com"]
    assert world.database.read(tenants.by_domain, "contoso.com").display_name == "Contoso Ltd"


def test_what_is_there_already_is_taken_over(world: World, tmp_path: Path) -> None:
    run(world, tmp_path)
    world.database.write(lambda tx: tx.run("DELETE FROM seed_objects WHERE kind IN ('user', 'guest', 'tenant')"))
    report = run(world, tmp_path)
    assert "guest alice@fabrikam.com" in report.made
    assert world.database.read(lambda tx: tx.all("SELECT COUNT(*) FROM users")) == [(7,)]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("domains: [fabrikam.com]", "domains: [contoso.com]", "the domain contoso.com belongs to another tenant"),
        ("roles: [Global Administrator]", "roles: [Emperor]", "line 7: there is no directory role 'Emperor'"),
        ("mail: hal2@contoso.com", "mail: hal@elsewhere.example", "is not one of the tenant's"),
        ("max@post.example", "max@contoso.com", "a guest is from outside"),
        ("tenant: fabrikam.onmicrosoft.com", "tenant: nobody.example", "there is no tenant nobody.example"),
        ("user: alice@fabrikam.com", "user: bob@fabrikam.com", "has no user bob@fabrikam.com"),
        ("members: [Falcon]", "members: [Nobody]", "there is no user, guest or group 'Nobody'"),
        ("application: Expenses, role", "application: Nothing, role", "there is no application 'Nothing'"),
        ("role: Approver", "role: Boss", "has no role 'Boss'"),
    ],
)
def test_a_seed_that_cannot_be_applied_writes_nothing(
    world: World, tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    with pytest.raises(OperatorError, match="Seed file, line") as error:
        run(world, tmp_path, text=TEXT.replace(old, new))
    assert sentence in error.value.sentence
    assert world.database.read(tenants.every) == []


def test_ids_that_are_taken_are_refused(world: World, tmp_path: Path) -> None:
    run(world, tmp_path)
    same_id = "tenants:\n  - {id: 0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f0001, displayName: Other}\n"
    with pytest.raises(OperatorError, match="another tenant's"):
        run(world, tmp_path, text=same_id)
    app_id = "0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f00a1"
    double = f"tenants:\n  - displayName: Two\n    applications:\n      - {{displayName: A, appId: {app_id}}}\n"
    run(world, tmp_path, text=double)
    world.database.write(lambda tx: tx.run("DELETE FROM seed_objects WHERE kind = 'application'"))
    with pytest.raises(OperatorError, match="another application's"):
        run(world, tmp_path, text=double)


def test_a_tenants_contact_is_seeded_and_applied_when_forced(world: World, tmp_path: Path) -> None:
    text = "tenants:\n  - {{displayName: Contoso, privacyContact: {0}@contoso.com}}\n"
    run(world, tmp_path, text=text.format("privacy"))
    assert "tenant contoso.onmicrosoft.com" in run(world, tmp_path, text=text.format("new")).differs
    for force, contact in ((False, "privacy@contoso.com"), (True, "new@contoso.com")):
        run(world, tmp_path, text=text.format("new"), force=force)
        tenant = world.database.read(tenants.by_domain, SCOPE)
        assert tenant is not None
        assert tenant.privacy_contact == contact


def test_a_member_of_another_seed_can_be_named(world: World, tmp_path: Path) -> None:
    run(world, tmp_path)
    more = "tenants:\n  - {displayName: Contoso, domains: [contoso.com], groups: [{displayName: New, members: [PAT@post.example]}]}\n"
    world.database.write(lambda tx: tx.run("DELETE FROM seed_objects WHERE kind = 'guest'"))
    assert "member New pat@post.example" in run(world, tmp_path, text=more).made
    principal = world.database.read(
        apps.principal, "0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f0001", known(world, "application", "Expenses")
    )
    assert replace(principal).display_name == "Expenses"
    member = "tenants:\n  - {displayName: Contoso, guests: [{email: hal2@contoso.com}]}\n"
    with pytest.raises(OperatorError, match="the address of a member"):
        run(world, tmp_path, text=member)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("tenants: [", "this is not YAML"),
        ("tenant: []", "line 1: the file has no 'tenant'; did you mean 'tenants'?"),
        ("tenants: 5", "'tenants' is a list"),
        ("tenants:\n  - 5", "line 2: a tenant is a mapping"),
        ("tenants:\n  - {displayname: x}", "did you mean 'displayName'?"),
        ("tenants:\n  - {id: x}", "a tenant needs 'displayName'"),
        ("tenants:\n  - {displayName: x, displayName: y}", "'displayName' stands twice"),
        ("tenants:\n  - {displayName: x, id: y}", "'id' is a UUID"),
        ("tenants:\n  - {displayName: [x]}", "'displayName' is a text"),
        ("tenants:\n  - {displayName: '${NOTHING}'}", "the environment has no NOTHING"),
        ("tenants:\n  - {displayName: x, domains: x.example}", "'domains' is a list of texts"),
        ("tenants:\n  - {displayName: x, domains: [xn--ÿ]}", "is not a domain name"),
        ("tenants:\n  - {displayName: x, privacyContact: y}", "'y' is no address"),
        ("tenants:\n  - {displayName: x, settings: [1]}", "'settings' is a mapping"),
        ("tenants:\n  - {displayName: x, settings: {guestRole: king}}", "'guestRole' is one of"),
        ("tenants:\n  - {displayName: x, identityProviders: [{domain: y, kind: ldap}]}", "'kind' is oidc or saml"),
        ("tenants:\n  - {displayName: x, identityProviders: [{preset: apple}]}", "'preset' is one of entra"),
        ("tenants:\n  - {displayName: x, crossTenantPartners: [{}]}", "a partner needs 'tenant'"),
        ("tenants:\n  - {displayName: x, crossTenantPartners: [{tenant: y, inboundTrust: 1}]}", "'inboundTrust'"),
        ("tenants:\n  - {displayName: x, settings: {b2bCollaborationInbound: {people: 1}}}", "people: unknown"),
        ("tenants:\n  - {displayName: x, users: [{userPrincipalName: y}]}", "'y' is no address"),
        ("tenants:\n  - {displayName: x, users: [{userPrincipalName: a@b.co, accountEnabled: 1}]}", "is true or false"),
        ("tenants:\n  - {displayName: x, users: [{userPrincipalName: a@b.co, password: ''}]}", "128 characters"),
        (
            "tenants:\n  - {displayName: x, applications: [{displayName: y, permissions: [User.Invit.All]}]}",
            "did you mean 'User.Invite.All'?",
        ),
        ("tenants:\n  - {displayName: x, applications: [{displayName: y, appRoles: [{}]}]}", "at least a 'value'"),
        ("tenants:\n  - {displayName: x, guests: [{email: a@b.co, state: Asleep}]}", "Accepted or PendingAcceptance"),
        ("tenants:\n  - {displayName: x, guests: [{email: a@b.co, state: Accepted}]}", "needs 'identity'"),
        ("tenants:\n  - {displayName: x, guests: [{email: a@b.co, userType: Boss}]}", "Guest or Member"),
    ],
)
def test_F3_a_bad_seed_names_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(OperatorError) as error:
        parsed(tmp_path, text)
    assert sentence in error.value.sentence


def test_settings_and_partners_of_cross_tenant_access_are_read_as_graph_writes_them(tmp_path: Path) -> None:
    text = """
tenants:
  - displayName: x
    settings:
      primaryIdentityProviderPrecedenceOrder: [externalFederation, azureActiveDirectory]
      inboundTrust: {isMfaAccepted: true}
    crossTenantPartners:
      - tenant: fabrikam.com
        b2bCollaborationInbound: {usersAndGroups: {accessType: blocked, targets: [{target: AllUsers, targetType: user}]}}
        automaticUserConsentSettings: {inboundAllowed: true}
"""
    (found,) = parsed(tmp_path, text)
    assert found.settings.primaryIdentityProviderPrecedenceOrder == ("externalFederation", "azureActiveDirectory")
    assert found.settings.inboundTrust.isMfaAccepted
    (partner,) = found.partners
    assert partner.inbound is not None
    assert partner.inbound.usersAndGroups is not None
    assert (partner.tenant, partner.inbound.usersAndGroups.accessType) == ("fabrikam.com", "blocked")
    assert (partner.trust, partner.consent and partner.consent.inboundAllowed) == (None, True)


def test_a_seed_file_that_is_not_there_and_a_secret_that_is_short(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be read"):
        seed_file.read(tmp_path / "none.yaml", {})
    short = "tenants:\n  - {displayName: x, users: null, applications: [{displayName: App, clientSecret: 12345}]}"
    (warning,) = seed_file.warnings(parsed(tmp_path, short), START)
    assert "The secret of App is short" in warning
    assert seed_file.warnings(parsed(tmp_path), START) == []


def test_a_tenant_that_is_here_under_another_id_is_a_sentence(house: House) -> None:
    other = "00000000-0000-4000-8000-00000000ffff"
    contoso = seed.SeedTenant("Contoso", "contoso.onmicrosoft.com", ("contoso.com",), id=other, line=3)
    with pytest.raises(
        OperatorError, match=f"line 3: the tenant contoso.onmicrosoft.com is here already with the id {house.contoso}"
    ):
        seed.apply(house.world, (contoso,))


def test_a_seeded_applications_web_settings_stand_where_patch_writes_them(tmp_path: Path) -> None:
    web = (
        'web: {redirectUris: ["https://x.example/cb"], homePageUrl: "https://x.example/", '
        'logoutUrl: "https://x.example/out", implicitGrantSettings: {enableIdTokenIssuance: true}}\n        spa:'
    )
    (application,) = parsed(tmp_path, TEXT.replace("spa:", web))[0].applications
    assert application.properties["web"] == {
        "logoutUrl": "https://x.example/out",
        "implicitGrantSettings": {"enableIdTokenIssuance": True},
    }
    assert application.web_redirect_uris == ("http://localhost:9000/callback", "https://x.example/cb")
    assert parsed(tmp_path)[0].applications[0].properties == {}
