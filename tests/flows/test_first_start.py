"""A fresh server: its first tenant, first administrator, hidden client; and what is swept later."""

from __future__ import annotations

from pathlib import Path

import pytest
from ways import begin, follow

from readmit.domain.address import EmailAddress
from readmit.domain.errors import OperatorError
from readmit.domain.graph_permissions import GRAPH_APP_ID, ROLE_IDS, ROLE_NAMES
from readmit.domain.permission import GLOBAL_ADMINISTRATOR
from readmit.flows import first_tenant, housekeeping, local_client, removal, tokens
from readmit.flows.tokens import Asked, Presented
from readmit.storage import apps, attempts, clients, roles, tenants, users
from world import House, a_browser, make_world


def test_without_a_tenant_there_is_one_and_then_no_second(tmp_path: Path) -> None:
    world, _ = make_world(tmp_path)
    for _ in range(2):
        world.database.write(first_tenant.ensure, world)
    (tenant,) = world.database.read(tenants.every)
    assert tenant.initial_domain == "readmit.onmicrosoft.com"
    world.database.close()


def test_D1_the_first_administrator_brings_the_domain_while_there_is_no_member(tmp_path: Path) -> None:
    world, _ = make_world(tmp_path)
    world.database.write(first_tenant.ensure, world)
    password = first_tenant.create_administrator(world, EmailAddress.parse("ada@contoso.com"))
    assert len(password) == 20
    (tenant,) = world.database.read(tenants.every)
    assert (tenant.default_domain, "contoso.com" in tenant.domains) == ("contoso.com", True)
    ada = world.database.read(users.by_upn, tenant.id, "ada@contoso.com")
    assert world.database.read(roles.roles_of, ada.id) == {GLOBAL_ADMINISTRATOR}
    hashed, expires = world.database.read(users.password, ada.id)
    assert world.passwords.matches(hashed, password)
    assert expires is not None
    with pytest.raises(OperatorError, match="there already"):
        first_tenant.create_administrator(world, EmailAddress.parse("ada@contoso.com"))
    with pytest.raises(OperatorError, match=r"No tenant has the domain other\.example"):
        first_tenant.create_administrator(world, EmailAddress.parse("eve@other.example"))
    assert first_tenant.create_administrator(world, EmailAddress.parse("bo@contoso.com"))
    world.database.close()


def test_the_hidden_client_gets_a_new_secret_at_each_start(house: House) -> None:
    first = {entry.tenant.id: entry for entry in house.write(local_client.renew, house.world)}
    second = {entry.tenant.id: entry for entry in house.write(local_client.renew, house.world)}
    assert first.keys() == second.keys()
    old, new = first[house.contoso], second[house.contoso]
    assert old.client_id == new.client_id
    asked = Asked("https://graph.microsoft.com", graph=True)
    presented = Presented(new.client_id, new.secret, "127.0.0.1")
    assert tokens.client_credentials(house.world, house.contoso, presented, asked, "https://localhost:8443")
    with pytest.raises(tokens.TokenRefused):
        tokens.authenticated_client(house.world, house.contoso, Presented(old.client_id, old.secret, "127.0.0.1"))


def test_the_hidden_client_gets_each_permission_once_and_none_that_grants_more(house: House) -> None:
    entry = house.write(local_client.renew, house.world)[0]
    principal = house.read(apps.principal_by_app_id, entry.tenant.id, entry.client_id)
    graph = house.read(apps.principal_by_app_id, entry.tenant.id, GRAPH_APP_ID)

    def held() -> set[str]:
        return {ROLE_NAMES[role] for role in house.read(clients.granted_roles, principal.id, graph.id)}

    given = held()
    assert "Policy.ReadWrite.CrossTenantAccess" in given
    assert not given & {"AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory"}
    # An earlier version knew fewer; an administrator took one away.
    rows = "DELETE FROM {} WHERE {} = '{}'"
    house.write(lambda tx: tx.run(rows.format("app_role_assignments", "app_role_id", ROLE_IDS["User.Invite.All"])))
    house.write(lambda tx: tx.run(rows.format("app_role_assignments", "app_role_id", ROLE_IDS["Policy.Read.All"])))
    key = f"{entry.tenant.id} Policy.Read.All"
    house.write(lambda tx: tx.run("DELETE FROM seed_objects WHERE entry_key = :key", {"key": key}))
    house.write(local_client.renew, house.world)
    assert held() == given - {"User.Invite.All"}


def test_what_is_over_is_swept_and_what_decides_stays(house: House) -> None:
    way = follow(house, house.invite("new@post.example", idempotency_key="k"))
    way.redeem_by_code()
    stale = begin(house, "nobody@post.example", a_browser("x" * 43))
    stale.code("00000000")
    gone = house.guest(house.people["pat"])
    house.write(removal.delete_user, house.world, house.automation("User.ReadWrite.All"), gone.id)
    house.clock.pass_(days=31)
    housekeeping.sweep(house.world)
    for table in ("flows", "passcodes", "sign_ins", "sessions", "idempotency", "attempts"):
        assert house.rows(f"SELECT COUNT(*) FROM {table}") == [(0,)], table
    assert house.read(users.get, house.contoso, gone.id) is None, "day 30 is over (S14)"
    assert house.rows("SELECT COUNT(*) FROM redemptions WHERE ended_at IS NULL")[0][0] >= 2
    assert attempts.period_end(house.world.now(), attempts.DAY) > house.world.now()


def test_J1_making_an_administrator_is_audited(house: House) -> None:
    first_tenant.create_administrator(house.world, EmailAddress.parse("eve@contoso.com"))
    told = house.rows("SELECT activity, actor_type FROM audit_events ORDER BY rowid DESC LIMIT 2")
    assert told == [("Add member to role", "system"), ("Add user", "system")]
