"""Directory flows at their edges: what somebody else changed meanwhile, and what is not there any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from test_token_grants import claims, request, signed_in

from readmit.domain import application as rules
from readmit.domain import directory as user_rules
from readmit.domain.address import EmailAddress
from readmit.domain.errors import (
    InsufficientPrivileges,
    InvalidValue,
    NotFound,
    TooLong,
    TooManyCopies,
    Unavailable,
    UpnTaken,
)
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import User
from readmit.domain.permission import Caller
from readmit.domain.tenant import InvalidSetting, TenantSettings
from readmit.flows import access, apps, authorize, directory, groups, removal
from readmit.flows.directory import UserChanges
from readmit.flows.issue import Exchange
from readmit.storage import apps as app_tables
from readmit.storage import assignments, clients, users
from readmit.storage import groups as group_tables
from world import AUTOMATION, CALLBACK, EXPENSES, START, House

EVERYTHING = (
    "User.ReadWrite.All",
    "Group.ReadWrite.All",
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
)


@pytest.fixture
def caller(house: House) -> Caller:
    return house.automation(*EVERYTHING, "RoleManagement.ReadWrite.Directory")


def application(house: House) -> rules.Application:
    found = house.read(app_tables.home_application, house.contoso, EXPENSES)
    assert found is not None
    return found


def principal(house: House) -> rules.ServicePrincipal:
    found = house.read(app_tables.principal_by_app_id, house.contoso, EXPENSES)
    assert found is not None
    return found


def falcon(house: House) -> str:
    return str(house.rows("SELECT id FROM groups WHERE display_name = 'Falcon'")[0][0])


MISSES: dict[str, tuple[Any, str, Any, Callable[[House, Caller], Any], type[Exception]]] = {
    "an application": (
        app_tables,
        "update_application",
        False,
        lambda house, caller: (apps.update_application, caller, application(house).id, {"notes": "n"}),
        Unavailable,
    ),
    "a service principal": (
        app_tables,
        "update_principal",
        False,
        lambda house, caller: (apps.update_principal, caller, principal(house).id, {"notes": "n"}),
        Unavailable,
    ),
    "an application that is deleted": (
        app_tables,
        "mark_application_deleted",
        False,
        lambda house, caller: (apps.delete_app, caller, "application", application(house).id),
        NotFound,
    ),
    "a principal that is deleted": (
        app_tables,
        "update_principal",
        False,
        lambda house, caller: (apps.delete_app, caller, "servicePrincipal", principal(house).id),
        Unavailable,
    ),
    "a group": (
        group_tables,
        "update",
        False,
        lambda house, caller: (
            groups.update_group,
            caller,
            falcon(house),
            groups.GroupChanges({"description": "d"}, (), ()),
        ),
        Unavailable,
    ),
    "a group that is deleted": (
        group_tables,
        "mark_deleted",
        False,
        lambda house, caller: (groups.delete_group, caller, falcon(house)),
        NotFound,
    ),
    "a tenant": (
        "readmit.storage.tenants",
        "get",
        None,
        lambda house, caller: (
            directory.update_user,
            caller,
            house.people["max"],
            UserChanges({"displayName": "M"}),
        ),
        Unavailable,
    ),
}


@pytest.mark.parametrize("what", sorted(MISSES))
def test_DB2_a_write_that_somebody_else_won_changes_nothing(
    house: House, caller: Caller, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    module, name, answer, asked, error = MISSES[what]
    flow, *arguments = asked(house, caller)
    before = house.contents()
    target = f"{module}.{name}" if isinstance(module, str) else f"{module.__name__}.{name}"
    monkeypatch.setattr(target, lambda *_, **__: answer)
    with pytest.raises(error):
        house.write(flow, house.world, *arguments)
    assert house.contents() == before


def test_restoring_what_somebody_else_restored(house: House, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write(apps.delete_app, house.world, caller, "application", application(house).id)
    house.write(groups.delete_group, house.world, caller, falcon(house))
    gone = application_id(house)
    monkeypatch.setattr(app_tables, "mark_application_deleted", lambda *_: False)
    monkeypatch.setattr(group_tables, "mark_deleted", lambda *_: False)
    with pytest.raises(NotFound):
        house.write(apps.restore_app, house.world, caller, "application", gone)
    with pytest.raises(NotFound):
        house.write(groups.restore_group, house.world, caller, falcon(house))


def application_id(house: House) -> str:
    return str(house.rows("SELECT id FROM applications WHERE app_id = :app", app=EXPENSES)[0][0])


def test_an_application_without_a_principal_goes_and_comes_alone(house: House, caller: Caller) -> None:
    house.write(lambda tx: app_tables.delete_principal(tx, principal(house).id))
    found = application(house)
    house.write(apps.delete_app, house.world, caller, "application", found.id)
    house.write(apps.restore_app, house.world, caller, "application", found.id)
    assert house.read(app_tables.application, house.contoso, found.id).deleted is None
    for kind in ("application", "servicePrincipal"):
        with pytest.raises(NotFound):
            house.write(apps.delete_app, house.world, caller, kind, "00000000-0000-4000-8000-00000000ffff")


def test_a_deleted_principal_comes_back_by_itself(house: House, caller: Caller) -> None:
    found = principal(house)
    house.write(apps.delete_app, house.world, caller, "servicePrincipal", found.id)
    house.write(apps.restore_app, house.world, caller, "servicePrincipal", found.id)
    assert house.read(clients.get, house.contoso, EXPENSES).enabled


def test_an_assignment_whose_resource_is_gone_cannot_be_taken_away(
    house: House, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = house.rows(
        "SELECT id, principal_id FROM app_role_assignments WHERE principal_id = :id", id=house.people["max"]
    )
    with monkeypatch.context() as patched:
        patched.setattr(app_tables, "principal", lambda *_: None)
        with pytest.raises(NotFound):
            house.write(access.unassign, house.world, caller, "principal", row[1], row[0])
    monkeypatch.setattr(assignments, "remove", lambda *_: False)
    with pytest.raises(NotFound):
        house.write(access.unassign, house.world, caller, "principal", row[1], row[0])


def test_values_that_a_column_cannot_lack(house: House) -> None:
    with pytest.raises(InvalidValue):
        rules.changed_principal(principal(house), {"displayName": None})
    kept = rules.changed_principal(replace(principal(house), properties={"notes": "n"}), {"notes": None})
    assert kept.properties == {}


def test_a_key_without_its_certificate_is_the_one_that_is_there(house: House) -> None:
    """Graph's clients read keyCredentials, whose `key` is never shown, and write the list back (graph G35)."""
    have = {"keyId": "k", "key": "certificate", "displayName": "old"}
    before = replace(principal(house), properties={"keyCredentials": [have]})
    assert rules.changed_principal(before, {"keyCredentials": [{"keyId": "k"}]}).properties == before.properties
    assert rules.changed_principal(before, {"keyCredentials": []}).properties == {"keyCredentials": []}
    with pytest.raises(InvalidValue):
        rules.changed_principal(before, {"keyCredentials": [{"keyId": "another"}]})


def test_what_changed_in_a_profile_is_named() -> None:
    user = User("u", "t", "u@contoso.com", "u", "U", "Member", START, START, profile={"city": "Bonn", "state": "NRW"})
    moved = replace(user, profile={"city": "Ulm", "state": "NRW"})
    assert user_rules.changed_names(user, moved) == {"city": ["Bonn", "Ulm"]}


def test_limits_are_told() -> None:
    assert TooLong("customizedMessageBody", 5000).limit == 5000
    assert TooManyCopies(1).limit == 1
    assert not TenantSettings().allowPasswordGrant
    with pytest.raises(InvalidSetting, match="true or false"):
        TenantSettings.parse({"allowPasswordGrant": "yes"})


def test_a_restored_member_needs_its_own_name(house: House, caller: Caller) -> None:
    """Lifecycle L8."""
    mia = house.read(users.by_upn, house.contoso, "mia@contoso.com")
    house.write(removal.delete_user, house.world, caller, mia.id)
    with pytest.raises(InvalidValue):
        house.write(removal.restore_user, house.world, caller, mia.id, new_upn="mia@elsewhere.example")
    guest = house.guest(house.people["max"])
    taken = replace(guest, other_mails=(*guest.other_mails, EmailAddress.parse("mia2@contoso.com")))
    house.write(lambda tx: users.update(tx, taken, guest))
    with pytest.raises(UpnTaken):
        house.write(removal.restore_user, house.world, caller, mia.id, new_upn="mia2@contoso.com")


def test_a_role_assignable_group_is_not_every_ones(house: House) -> None:
    weak = house.automation("Group.ReadWrite.All")
    house.write(lambda tx: tx.run("UPDATE groups SET is_assignable_to_role = 1"))
    with pytest.raises(InsufficientPrivileges):
        house.write(groups.delete_group, house.world, weak, falcon(house))


def test_a_member_without_a_verified_mail_and_a_token_without_one_of_ours(house: House) -> None:
    """Graph G77: `email` of a member only where the tenant verified its domain."""
    mia = house.read(users.by_upn, house.contoso, "mia@contoso.com")
    moved = replace(mia, mail=EmailAddress.parse("mia@elsewhere.example"))
    house.write(lambda tx: users.update(tx, moved, mia))
    entry, _ = signed_in(house, "mia")
    asked: AuthorizeRequest = request(house, challenge=None)
    code = house.write(authorize.issue_code, house.world, asked, replace(entry, session_id=entry.session_id))
    client = house.read(clients.get, house.contoso, EXPENSES)
    body = house.write(authorize.redeem_code, house.world, client, Exchange(code, CALLBACK))
    assert "email" not in claims(body["id_token"])
    assert AUTOMATION != EXPENSES


def host_entry(house: House, upn: str) -> tuple[dict[str, str | None], ...]:
    return ({"signInType": "userPrincipalName", "issuer": "contoso.onmicrosoft.com", "issuerAssignedId": upn},)


def test_identities_are_the_host_entry_or_nothing(house: House, caller: Caller) -> None:
    """Graph G30: at creation the entry must be the host's; on a Pending guest it renews the generation."""
    pat = house.guest(house.people["pat"])
    values = {
        "displayName": "New",
        "accountEnabled": True,
        "mailNickname": "new",
        "userPrincipalName": "new@contoso.com",
    }
    asked = UserChanges({**values, "userType": "Member"}, host_entry(house, "wrong@contoso.com"), "hash")
    with pytest.raises(InvalidValue):
        house.write(directory.create_user, house.world, caller, asked)
    house.write(directory.update_user, house.world, caller, pat.id, UserChanges({}, host_entry(house, pat.upn)))
    assert house.guest(pat.id).generation == pat.generation + 1


def test_who_may_bring_back_or_purge(house: House) -> None:
    ada = house.person("ada", *EVERYTHING, "RoleManagement.ReadWrite.Directory")
    house.write(groups.delete_group, house.world, ada, falcon(house))
    house.write(groups.restore_group, house.world, ada, falcon(house))
    with pytest.raises(NotFound):
        house.write(groups.restore_group, house.world, ada, "00000000-0000-4000-8000-00000000ffff")
    hal = house.read(users.by_upn, house.contoso, "hal@contoso.com")
    house.write(removal.delete_user, house.world, ada, hal.id)
    with pytest.raises(InsufficientPrivileges):
        house.write(removal.purge_user, house.world, house.automation("User.ReadWrite.All"), hal.id)
    house.write(removal.purge_user, house.world, ada, hal.id)
    assert house.read(users.get, house.contoso, hal.id) is None
