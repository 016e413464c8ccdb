"""What a later run of a seed meets: deleted and purged objects, leap days, names in use (interfaces, seed file)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from applications import account

from readmit.domain.address import EmailAddress
from readmit.domain.errors import OperatorError
from readmit.domain.tenant import TenantSettings
from readmit.flows import local_client, removal, seed
from readmit.flows.seed import Report, SeedApplication, SeedAssignment, SeedGroup, SeedGuest, SeedTenant, SeedUser
from readmit.storage import assignments, groups, seeds, users
from world import House, make_world

SCOPE = "contoso.onmicrosoft.com"
BOOKS = SeedApplication("Books", app_roles=({"value": "Reader"},), client_secret="of twenty characters", line=7)
PETRA = EmailAddress.parse("petra@post.example")


def file(**more: Any) -> tuple[SeedTenant, ...]:
    fields: dict[str, Any] = {
        "domains": ("contoso.com",),
        "users": (SeedUser("ada@contoso.com", "Ada", roles=("Global Administrator",)),),
        "applications": (BOOKS,),
        "guests": (SeedGuest(PETRA),),
        "groups": (SeedGroup("Falcon", ("petra@post.example",), line=9),),
        "assignments": (SeedAssignment("Books", "Reader", "petra@post.example", line=11),),
        **more,
    }
    return (SeedTenant("Contoso", SCOPE, **fields),)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[House]:
    house = House(*make_world(tmp_path))
    seed.apply(house.world, file())
    yield house
    house.world.database.close()


def again(house: House, *, force: bool = False, **more: Any) -> Report:
    return seed.apply(house.world, file(**more), force=force)


def made(house: House, kind: str, key: str) -> str:
    return str(house.read(seeds.known)[(SCOPE, kind, key)])


def delete_guest(house: House) -> str:
    guest_id = made(house, "guest", PETRA.key)
    house.contoso = house.rows("SELECT id FROM tenants")[0][0]
    user = house.guest(guest_id)
    house.write(lambda tx: users.update(tx, replace(user, deleted=house.world.now()), user))
    return guest_id


def test_a_second_run_writes_nothing(fresh: House) -> None:
    before = fresh.contents()
    report = again(fresh)
    assert (report.made, report.differs, report.applied) == ([], [], [])
    assert fresh.contents() == before


def test_a_right_of_a_purged_guest_stays_away_even_by_force(fresh: House) -> None:
    """`--force` applies what differs, never to a deleted object."""
    delete_guest(fresh)
    fresh.clock.pass_(days=31)
    fresh.write(removal.purge_expired, fresh.world)
    for force in (False, True):
        report = again(fresh, force=force)
        assert report.differs == [
            "member Falcon petra@post.example",
            "appRoleAssignment Books Reader petra@post.example",
        ]
        assert report.applied == report.made == []
    assert fresh.rows("SELECT 1 FROM group_members") == []
    assert fresh.rows("SELECT 1 FROM app_role_assignments") == []


def test_a_right_that_was_taken_from_a_deleted_guest_stays_away_even_by_force(fresh: House) -> None:
    guest_id = delete_guest(fresh)
    fresh.write(lambda tx: tx.run("DELETE FROM group_members"))
    fresh.write(lambda tx: tx.run("DELETE FROM app_role_assignments"))
    assert again(fresh, force=True).applied == []
    assert not fresh.read(seeds.is_member, made(fresh, "group", "Falcon"), guest_id)


def test_a_right_that_was_taken_from_a_live_guest_comes_back_by_force_alone(fresh: House) -> None:
    fresh.write(lambda tx: tx.run("DELETE FROM group_members"))
    fresh.write(lambda tx: tx.run("DELETE FROM app_role_assignments"))
    taken = ["member Falcon petra@post.example", "appRoleAssignment Books Reader petra@post.example"]
    assert again(fresh).differs == taken
    assert again(fresh, force=True).applied == taken
    assert again(fresh).differs == []


@pytest.mark.parametrize("force", [False, True])
def test_a_deleted_application_does_not_stop_a_later_run(fresh: House, force: bool) -> None:
    """A server starts again with its seed file, whatever an administrator deleted since."""
    fresh.write(lambda tx: tx.run("UPDATE service_principals SET deleted_at = 1 WHERE display_name = 'Books'"))
    report = again(fresh, force=force)
    assert report.differs == ["appRoleAssignment Books Reader petra@post.example"]
    assert report.applied == []


def test_a_renamed_application_is_still_the_one_of_its_entry(fresh: House) -> None:
    fresh.write(lambda tx: tx.run("UPDATE service_principals SET display_name = 'Library'"))
    report = again(fresh)
    assert report.differs == []


@pytest.mark.parametrize("force", [False, True])
def test_a_role_that_was_removed_from_its_application_differs(fresh: House, force: bool) -> None:
    fresh.write(lambda tx: tx.run("UPDATE applications SET app_roles = '[]' WHERE display_name = 'Books'"))
    assert again(fresh, force=force).differs == ["appRoleAssignment Books Reader petra@post.example"]


@pytest.mark.parametrize("force", [False, True])
def test_a_deleted_group_does_not_stop_a_later_run(fresh: House, force: bool) -> None:
    more = {"assignments": (SeedAssignment("Books", None, "Falcon"), SeedAssignment("Books", "Reader", "Falcon"))}
    again(fresh, **more)
    group_id = made(fresh, "group", "Falcon")
    fresh.contoso = fresh.rows("SELECT id FROM tenants")[0][0]
    found = fresh.read(groups.get, fresh.contoso, group_id)
    fresh.write(groups.mark_deleted, found, fresh.world.now())
    fresh.write(lambda tx: tx.run("DELETE FROM group_members"))
    fresh.write(lambda tx: tx.run("DELETE FROM app_role_assignments"))
    report = again(fresh, force=force, **more)
    assert report.applied == report.made == []
    assert len(report.differs) == 3


@pytest.mark.parametrize("force", [False, True])
def test_a_member_that_no_entry_made_and_that_is_gone_differs(fresh: House, force: bool) -> None:
    """The name of somebody who came by himself: found once, gone since."""
    fresh.contoso = fresh.rows("SELECT id FROM tenants")[0][0]
    fresh.write(lambda tx: tx.run("DELETE FROM seed_objects WHERE kind = 'guest'"))
    more: dict[str, Any] = {"guests": ()}
    assert again(fresh, **more).differs == []
    guest_id = fresh.read(users.by_address, fresh.contoso, PETRA.key).id
    user = fresh.guest(guest_id)
    fresh.write(lambda tx: users.update(tx, replace(user, deleted=fresh.world.now()), user))
    report = again(fresh, force=force, **more)
    assert report.differs == ["member Falcon petra@post.example", "appRoleAssignment Books Reader petra@post.example"]


def test_a_leap_day_is_a_day_like_any_other(tmp_path: Path) -> None:
    """The end of a secret ten or fifty years on is no 29 February of a common year."""
    world, clock = make_world(tmp_path)
    clock.time = datetime(2028, 2, 29, 12, tzinfo=UTC)
    seed.apply(world, file())
    assert world.database.write(local_client.renew, world)
    world.database.close()


def test_an_address_that_somebody_has_is_an_error_with_its_line(fresh: House) -> None:
    before = fresh.contents()
    twice = (*file()[0].users, SeedUser("eve@contoso.com", "Eve", mail="ada@contoso.com", line=5))
    with pytest.raises(OperatorError, match="line 5"):
        again(fresh, users=twice)
    assert fresh.contents() == before


def test_an_identity_that_is_a_guest_already_is_an_error_with_its_line(fresh: House) -> None:
    identity = {"issuer": "https://idp.example", "subject": "1"}
    guests = [
        SeedGuest(EmailAddress.parse(f"{name}@post.example"), None, "Accepted", identity, line=number)
        for number, name in enumerate(("one", "two"), 20)
    ]
    before = fresh.contents()
    with pytest.raises(OperatorError, match="line 21"):
        again(fresh, guests=(*file()[0].guests, *guests))
    assert fresh.contents() == before


def test_a_member_who_was_there_before_keeps_his_guests_row(house: House) -> None:
    """A run beside what people made meanwhile takes nothing over that is not its own."""
    ada = account(house, "ada@contoso.com")
    before = house.contents()
    report = seed.apply(house.world, (SeedTenant("Contoso", SCOPE, ("contoso.com",), settings=TenantSettings()),))
    assert (report.made, report.differs) == ([], [])
    assert house.contents() == before
    assert account(house, "ada@contoso.com") == ada


def test_domains_that_the_file_gained_differ_until_forced(fresh: House) -> None:
    more = {"domains": ("contoso.com", "contoso.example")}
    assert again(fresh, **more).differs == [f"tenant {SCOPE}"]
    assert again(fresh, force=True, **more).applied == [f"tenant {SCOPE}"]
    assert again(fresh, **more).differs == []


def test_an_assignment_is_found_by_name_id_or_the_files_own_entry(fresh: House) -> None:
    app_id = fresh.rows("SELECT app_id FROM applications WHERE display_name = 'Books'")[0][0]
    more = {"assignments": (SeedAssignment(app_id, None, "ada@contoso.com"),)}
    assert again(fresh, **more).made == [f"appRoleAssignment {app_id} default ada@contoso.com"]
    principal_id = made(fresh, "application", "Books")
    assert fresh.read(assignments.application_roles, made(fresh, "user", "ada@contoso.com"), principal_id)
