"""A directory keeps a Global Administrator who can sign in; nobody takes that role from himself (as in Entra)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from applications import arrive, sign_in_of

from readmit.domain.errors import LastAdministrator, NotFound, OwnAdministration
from readmit.domain.guest import User
from readmit.domain.permission import GLOBAL_ADMINISTRATOR, USER_ADMINISTRATOR, Caller
from readmit.flows import access, directory, groups, leave, removal
from readmit.flows.directory import UserChanges
from readmit.flows.groups import GroupChanges
from readmit.storage import queries_belonging, roles, users
from world import House

EVERYTHING = (
    "User.ReadWrite.All",
    "Directory.ReadWrite.All",
    "Group.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
)


def user(house: House, name: str) -> User:
    found: User | None = house.read(users.by_upn, house.contoso, f"{name}@contoso.com")
    assert found is not None
    return found


def by(house: House, name: str) -> Caller:
    return house.person(name, *EVERYTHING)


def application(house: House) -> Caller:
    """An application that is Global Administrator itself: it signs in nowhere, so that it does not count."""
    caller = house.automation(*EVERYTHING)
    grant(house, caller.service_principal_id)
    return Caller(
        caller.tenant_id,
        caller.app_id,
        caller.service_principal_id,
        caller.app_name,
        caller.permissions,
        house.read(roles.roles_of, caller.service_principal_id),
    )


def grant(house: House, principal_id: str, role: str = GLOBAL_ADMINISTRATOR) -> None:
    house.write(lambda tx: roles.add(tx, house.contoso, principal_id, role, id=house.world.new_id()))


def withdraw(house: House, caller: Caller, principal_id: str, role: str = GLOBAL_ADMINISTRATOR) -> None:
    house.write(access.withdraw_role, house.world, caller, principal_id=principal_id, role_id=role)


def delete(house: House, caller: Caller, principal_id: str) -> None:
    house.write(removal.delete_user, house.world, caller, principal_id)


def disable(house: House, caller: Caller, principal_id: str) -> None:
    house.write(directory.update_user, house.world, caller, principal_id, UserChanges({"accountEnabled": False}))


WAYS: tuple[Callable[[House, Caller, str], None], ...] = (withdraw, delete, disable)


@pytest.mark.parametrize("way", WAYS)
def test_the_last_administrator_stays_whoever_asks(house: House, way: Callable[[House, Caller, str], None]) -> None:
    ada, caller = user(house, "ada"), application(house)
    before = house.contents()
    with pytest.raises(LastAdministrator):
        way(house, caller, ada.id)
    assert house.contents() == before


@pytest.mark.parametrize("way", WAYS)
def test_one_of_two_may_go_and_then_the_other_stays(house: House, way: Callable[[House, Caller, str], None]) -> None:
    ada, mia, caller = user(house, "ada"), user(house, "mia"), application(house)
    grant(house, mia.id)
    way(house, caller, ada.id)
    with pytest.raises(LastAdministrator):
        way(house, caller, mia.id)


@pytest.mark.parametrize("gone", [disable, delete])
def test_who_cannot_sign_in_is_no_second_administrator(
    house: House, gone: Callable[[House, Caller, str], None]
) -> None:
    ada, mia, caller = user(house, "ada"), user(house, "mia"), application(house)
    grant(house, mia.id)
    gone(house, caller, mia.id)
    with pytest.raises(LastAdministrator):
        withdraw(house, caller, ada.id)


def test_nobody_takes_the_role_from_himself(house: House) -> None:
    """Also beside another one; other roles are his to give up."""
    ada, mia = user(house, "ada"), user(house, "mia")
    grant(house, mia.id)
    grant(house, ada.id, USER_ADMINISTRATOR)
    with pytest.raises(OwnAdministration):
        withdraw(house, by(house, "ada"), ada.id)
    with pytest.raises(NotFound):
        withdraw(house, by(house, "mia"), user(house, "hal").id)
    withdraw(house, by(house, "ada"), ada.id, USER_ADMINISTRATOR)
    withdraw(house, by(house, "mia"), ada.id)


def an_administrators_group(house: House, member: str) -> str:
    values = {"displayName": "Admins", "mailEnabled": False, "mailNickname": "admins", "securityEnabled": True}
    asked = GroupChanges({**values, "isAssignableToRole": True}, members=(member,))
    made = house.write(groups.create_group, house.world, by(house, "ada"), asked)
    grant(house, made.id)
    return str(made.id)


def test_an_administrator_by_a_group_counts_and_stays_in_it(house: House) -> None:
    mia, caller = user(house, "mia"), application(house)
    group = an_administrators_group(house, mia.id)
    withdraw(house, caller, user(house, "ada").id)
    with pytest.raises(LastAdministrator):
        house.write(groups.remove_from_group, house.world, caller, "members", group, mia.id)
    with pytest.raises(LastAdministrator):
        house.write(groups.delete_group, house.world, caller, group)
    with pytest.raises(LastAdministrator):
        withdraw(house, caller, group)
    grant(house, user(house, "ada").id)
    house.write(groups.remove_from_group, house.world, caller, "members", group, mia.id)
    house.write(groups.delete_group, house.world, caller, group)


def test_a_directory_that_had_none_is_not_held_up(house: House) -> None:
    """A partner's directory of the seed has no administrator at all."""
    alice = house.read(users.by_upn, house.fabrikam, "alice@fabrikam.com")
    grant_there = lambda tx: roles.add(tx, house.fabrikam, alice.id, USER_ADMINISTRATOR, id=house.world.new_id())  # noqa: E731
    house.write(grant_there)
    caller = application(house)
    there = Caller(house.fabrikam, caller.app_id, caller.id, "Automation", caller.permissions, caller.roles)
    house.write(removal.delete_user, house.world, there, alice.id)


def test_L45_a_guest_who_is_the_last_administrator_does_not_leave(house: House) -> None:
    guest = house.people["max"]
    browser = arrive(house, "max@post.example")
    grant(house, guest)
    assert not house.read(queries_belonging.last_administrator, house.contoso, guest)
    withdraw(house, application(house), user(house, "ada").id)
    assert house.read(queries_belonging.last_administrator, house.contoso, guest)
    entry = sign_in_of(house, browser)
    assert house.write(leave.begin, house.world, browser, entry, flow_id=house.world.new_id()) is None
    grant(house, user(house, "ada").id)
    assert house.write(leave.begin, house.world, browser, entry, flow_id=house.world.new_id()) is not None
