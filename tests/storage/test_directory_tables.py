"""What the directory's tables promise: ends of access, roles, relations (lifecycle L6, L36)."""

from __future__ import annotations

from typing import Any

import pytest
from rooms import NOW, TENANT

from readmit.domain.application import Application, ServicePrincipal
from readmit.domain.errors import Duplicate
from readmit.domain.group import Group
from readmit.storage import access, apps, directory_objects, groups, roles, sponsors
from readmit.storage.database import Database
from readmit.storage.directory_objects import Related

ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


def run(database: Database, *statements: str) -> None:
    def write(tx: Any) -> None:
        for statement in statements:
            tx.run(statement)

    database.write(write)


def count(database: Database, table: str) -> int:
    return int(database.read(lambda tx: tx.one(f"SELECT COUNT(*) FROM {table}"))[0])


def signed_in(database: Database) -> None:
    flow = (
        "INSERT INTO flows (id, browser_hash, csrf, kind, tenant_id, user_id, generation, epoch, target, created_at,"
        " expires_at) VALUES ('{0}', 'b', 'c', '{0}', 't', 'a', 1, 1, '{{}}', 0, 0)"
    )
    run(
        database,
        "INSERT INTO sessions (id, token_hash, csrf, created_at, seen_at) VALUES ('own', 'h1', 'c', 0, 0)",
        "INSERT INTO sessions (id, token_hash, csrf, created_at, seen_at) VALUES ('shared', 'h2', 'c', 0, 0)",
        *(
            "INSERT INTO sign_ins (session_id, tenant_id, user_id, epoch, signed_in_at, seen_at, amr)"
            f" VALUES ('{session}', '{tenant}', '{who}', 1, 0, 0, 'pwd')"
            for session, tenant, who in (("own", "t", "a"), ("shared", "t", "a"), ("shared", "u", "b"))
        ),
        "INSERT INTO grants (id, tenant_id, user_id, epoch, client_id, resource, scope, origin, amr, auth_time,"
        " proved_at, created_at, expires_at, graph)"
        " VALUES ('g', 't', 'a', 1, 'c', 'r', 's', 'o', 'pwd', 0, 0, 0, 0, 1)",
        "INSERT INTO authorization_codes (hash, grant_id, redirect_uri, created_at) VALUES ('x', 'g', 'u', 0)",
        "INSERT INTO refresh_tokens (hash, grant_id, created_at) VALUES ('y', 'g', 0)",
        flow.format("sign_in"),
        flow.format("redemption"),
    )


def test_l6_ending_access_deletes_every_kind_and_counts_it(database: Database) -> None:
    signed_in(database)
    died = database.write(access.end_access, "a")
    assert died == {"signIns": 2, "grants": 1, "authorizationCodes": 1, "refreshTokens": 1, "flows": 2}
    assert [count(database, table) for table in ("grants", "authorization_codes", "refresh_tokens", "flows")] == [0] * 4
    assert database.read(lambda tx: tx.all("SELECT id FROM sessions")) == [("shared",)], "somebody else is in it"
    assert count(database, "sign_ins") == 1
    assert database.write(access.end_access, "a") == {}


def test_s11_revoking_leaves_an_open_redemption(database: Database) -> None:
    signed_in(database)
    assert database.write(access.end_access, "a", redemptions=False)["flows"] == 1
    assert database.read(lambda tx: tx.all("SELECT kind FROM flows")) == [("redemption",)]
    assert database.write(access.end_redemption, "a") == 1


def test_l36_a_role_shields_directly_and_by_a_role_assignable_group(database: Database) -> None:
    assert not database.read(roles.privileged, "a")
    database.write(roles.add, TENANT, "a", ADMINISTRATOR, id="r1")
    assert not database.write(roles.add, TENANT, "a", ADMINISTRATOR, id="r2")
    assert database.read(roles.privileged, "a")
    for id, assignable in (("g", False), ("h", True)):
        database.write(groups.insert, Group(id, TENANT, id, NOW, is_assignable_to_role=assignable))
        database.write(roles.add, TENANT, id, ADMINISTRATOR, id=f"r{id}")
    database.write(groups.add_member, "g", "b", "user")
    database.write(groups.add_member, "h", "c", "user")
    assert not database.read(roles.privileged, "b")
    assert database.read(roles.privileged, "c")
    assert database.read(roles.roles_of, "c") == {ADMINISTRATOR}
    made = database.read(groups.get, TENANT, "h")
    database.write(groups.mark_deleted, made, NOW)
    assert not database.read(roles.privileged, "c")


def test_l36_owning_a_role_assignable_group_shields(database: Database) -> None:
    """Its owner may make himself a member: who takes him over would hold the group's roles, of today or tomorrow."""
    for id, assignable in (("g", False), ("h", True)):
        database.write(groups.insert, Group(id, TENANT, id, NOW, is_assignable_to_role=assignable))
    database.write(groups.add_owner, "g", "a")
    assert not database.read(roles.privileged, "a")
    database.write(groups.add_owner, "h", "b")
    assert database.read(roles.privileged, "b")
    made = database.read(groups.get, TENANT, "h")
    database.write(groups.mark_deleted, made, NOW)
    assert not database.read(roles.privileged, "b")


@pytest.mark.parametrize("owned", ["app", "sp"])
def test_l36_owning_what_holds_power_shields(database: Database, owned: str) -> None:
    graph = "00000003-0000-0000-c000-000000000000"
    database.write(apps.insert_application, Application("app", TENANT, "client", "App", NOW))
    database.write(apps.insert_principal, ServicePrincipal("sp", TENANT, "client", "App", NOW))
    database.write(apps.insert_principal, ServicePrincipal("ms", TENANT, graph, "Microsoft Graph", NOW))
    database.write(groups.add_owner, owned, "a")
    assert not database.read(roles.privileged, "a")
    run(database, "INSERT INTO app_role_assignments VALUES ('x', 't', 'sp', 'ServicePrincipal', 'ms', 'role', 0)")
    assert database.read(roles.privileged, "a")
    run(database, "DELETE FROM app_role_assignments")
    database.write(roles.add, TENANT, "sp", ADMINISTRATOR, id="r")
    assert database.read(roles.privileged, "a")
    assert not database.read(roles.privileged, "b")


def test_an_application_exists_once_in_a_tenant(database: Database) -> None:
    database.write(apps.insert_application, Application("1", TENANT, "client", "App", NOW))
    with pytest.raises(Duplicate):
        database.write(apps.insert_application, Application("2", TENANT, "client", "App", NOW))


def test_related_objects_come_in_the_order_of_ids_and_page_by_them(database: Database) -> None:
    database.write(groups.insert, Group("aa", TENANT, "Outer", NOW))
    database.write(groups.insert, Group("bb", TENANT, "Inner", NOW))
    for group_id, member_id, kind in (
        ("aa", "b", "user"),
        ("aa", "bb", "group"),
        ("bb", "a", "user"),
        ("aa", "c", "user"),
    ):
        database.write(groups.add_member, group_id, member_id, kind)
    kinds: Any = ("user", "group", "servicePrincipal")

    def ids(wanted: Related, limit: int = 10) -> list[str]:
        return [made.id for _, made in database.read(directory_objects.related, TENANT, wanted, limit)]

    assert ids(Related("members", "aa", kinds)) == ["b", "bb", "c"]
    assert ids(Related("members", "aa", kinds), 2) == ["b", "bb"]
    assert ids(Related("members", "aa", kinds, after="bb")) == ["c"]
    assert ids(Related("transitiveMembers", "aa", kinds)) == ["a", "b", "bb", "c"]
    assert ids(Related("transitiveMemberOf", "a", ("group",))) == ["aa", "bb"]
    assert database.read(directory_objects.count_related, TENANT, Related("members", "aa", kinds)) == 3
    assert ids(Related("members", "aa", ("user",), where="display_name = :name", parameters={"name": "C"})) == ["c"]
    assert database.read(groups.is_above, "a", "a")
    assert database.read(groups.is_above, upper_id="aa", lower_id="bb")
    assert not database.read(groups.is_above, upper_id="bb", lower_id="aa")


def test_objects_of_another_tenant_do_not_exist(database: Database) -> None:
    assert database.read(directory_objects.find, "other", "a") is None
    database.write(groups.insert, Group("aa", TENANT, "Outer", NOW))
    database.write(groups.add_member, "aa", "b", "user")
    wanted = Related("members", "aa", ("user",))
    assert database.read(directory_objects.related, "other", wanted, 10) == []


def test_sponsors_are_entered_once(database: Database) -> None:
    assert database.write(sponsors.add, "a", ["b", "c", "b"]) == 2
    assert database.read(sponsors.of, "a") == ["b", "c"]
    assert database.write(sponsors.remove, "a", "b")
    assert not database.write(sponsors.remove, "a", "b")
