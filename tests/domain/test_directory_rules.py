"""The rules of the directory as values (graph G35 to G37, G65 to G68, lifecycle S9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from readmit.domain import application, directory, group
from readmit.domain.address import EmailAddress
from readmit.domain.application import Application, checked_assignment_id
from readmit.domain.directory import Access, check_access, check_update
from readmit.domain.errors import InsufficientPrivileges, InvalidValue, NotAReference, NotProvided, UnsupportedQuery
from readmit.domain.group import Group
from readmit.domain.guest import Accepted, Pending, User, mail_binding
from readmit.domain.permission import (
    DIRECTORY_READERS,
    DIRECTORY_WRITERS,
    GLOBAL_ADMINISTRATOR,
    HELPDESK_ADMINISTRATOR,
    PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    Caller,
)
from readmit.domain.tenant import Tenant, TenantSettings

NOW = datetime(2026, 1, 31, tzinfo=UTC)
OLD, NEW = EmailAddress.parse("old@fabrikam.com"), EmailAddress.parse("new@post.example")
TENANT = Tenant(
    id="t",
    display_name="Contoso",
    initial_domain="contoso.onmicrosoft.com",
    domains=frozenset({"contoso.com", "contoso.onmicrosoft.com"}),
    default_domain="contoso.com",
    preferred_language=None,
    privacy_url=None,
    salt="s",
    settings=TenantSettings(),
)
GUEST = User(
    id="g",
    tenant_id="t",
    upn="old_fabrikam.com#EXT#@contoso.onmicrosoft.com",
    mail_nickname="old_fabrikam.com#EXT#",
    display_name="Old",
    user_type="Guest",
    created=NOW,
    sessions_valid_from=NOW,
    mail=OLD,
    other_mails=(OLD,),
    redemption=Pending(OLD, NOW),
    generation=1,
    invited_user=True,
)


def app(*permissions: str, roles: frozenset[str] = frozenset()) -> Caller:
    return Caller("t", "a", "sp", "App", frozenset(permissions), roles)


def person(user: User, *permissions: str, roles: frozenset[str] = frozenset()) -> Caller:
    return Caller("t", "a", "sp", "App", frozenset(permissions), roles, user)


def refused(caller: Caller, names: set[str], *, privileged: bool = False, target: User = GUEST) -> bool:
    try:
        check_update(caller, target, frozenset(names), target_privileged=privileged)
    except InsufficientPrivileges:
        return True
    return False


U = "User.ReadWrite.All"


@pytest.mark.parametrize(
    ("caller", "names", "privileged", "denied"),
    [
        (app(U), {"mail"}, False, False),
        (app("User-Mail.ReadWrite.All"), {"mail", "otherMails"}, False, False),
        (app("User-Mail.ReadWrite.All"), {"mail", "userType"}, False, True),
        (app("User.Read.All"), {"jobTitle"}, False, True),
        (app(U), {"jobTitle"}, True, False),
        (app(U), {"accountEnabled"}, True, True),
        (app(U, roles=frozenset({PRIVILEGED_AUTHENTICATION_ADMINISTRATOR})), {"accountEnabled"}, True, False),
        (app(U), {"identities"}, False, False),
        (app(U), {"identities"}, True, True),
        (app("User-Mail.ReadWrite.All"), {"identities"}, False, True),
    ],
)
def test_who_may_patch_what_app_only(caller: Caller, names: set[str], privileged: bool, denied: bool) -> None:
    assert refused(caller, names, privileged=privileged) == denied


@pytest.mark.parametrize(
    ("role", "names", "privileged", "denied"),
    [
        (None, {"mail"}, False, True),
        (DIRECTORY_WRITERS, {"mail"}, False, False),
        (DIRECTORY_WRITERS, {"mail"}, True, True),
        (DIRECTORY_WRITERS, {"identities"}, False, True),
        (HELPDESK_ADMINISTRATOR, {"identities"}, False, False),
        (HELPDESK_ADMINISTRATOR, {"identities", "mail"}, False, True),
        (HELPDESK_ADMINISTRATOR, {"mail"}, False, True),
        (GLOBAL_ADMINISTRATOR, {"identities", "mail"}, True, False),
    ],
)
def test_who_may_patch_what_delegated(role: str | None, names: set[str], privileged: bool, denied: bool) -> None:
    other = replace(GUEST, id="o", user_type="Member")
    caller = person(other, U, roles=frozenset({role}) if role else frozenset())
    assert refused(caller, names, privileged=privileged) == denied


def test_oneself_writes_phones_and_language_only() -> None:
    caller = person(GUEST, "User.ReadWrite")
    assert not refused(caller, {"mobilePhone", "businessPhones", "preferredLanguage"})
    assert not refused(caller, {"mobilePhone"}, privileged=True)
    assert refused(caller, {"mobilePhone", "mail"})


def test_reading_follows_the_guest_level_and_roles() -> None:
    listing, single = Access(frozenset({"R"})), Access(frozenset({"R"}), guests="single")
    limited, restricted = TenantSettings(), TenantSettings(guestRole="restricted")
    guest = person(GUEST, "R")
    check_access(guest, single, limited)
    check_access(person(GUEST, "R", roles=frozenset({DIRECTORY_READERS})), listing, restricted)
    check_access(guest, listing, TenantSettings(guestRole="member"))
    check_access(app("R"), listing, None)
    for access, settings in ((listing, limited), (single, restricted), (replace(single, anybody=True), restricted)):
        with pytest.raises(InsufficientPrivileges):
            check_access(guest, access, settings)
    with pytest.raises(InsufficientPrivileges):
        check_access(guest, listing, None)


def test_s9_only_the_invited_address_going_off_ends_the_invitation() -> None:
    both = replace(GUEST, mail=NEW)
    assert not directory.loses_invitation(GUEST, both)
    assert directory.loses_invitation(both, replace(both, other_mails=()))
    accepted = replace(GUEST, redemption=Accepted(OLD, NOW, mail_binding(OLD), OLD))
    assert not directory.loses_invitation(accepted, replace(accepted, mail=NEW, other_mails=()))
    gone = replace(GUEST, mail=NEW, other_mails=())
    assert not directory.loses_invitation(gone, replace(gone, mail=None)), "it was off already"


def test_patched_keeps_the_same_object_when_nothing_changes() -> None:
    assert directory.patched(GUEST, {"companyName": None}, TENANT) is GUEST
    changed = directory.patched(GUEST, {"companyName": "X", "displayName": "Y"}, TENANT)
    assert (dict(changed.profile), changed.display_name) == ({"companyName": "X"}, "Y")
    assert sorted(directory.changed_names(GUEST, changed)) == ["companyName", "displayName"]


def test_deleting_an_internal_user_leaves_his_generation_at_zero() -> None:
    assert directory.deleted(replace(GUEST, generation=0), NOW).generation == 0
    gone = directory.deleted(GUEST, NOW)
    assert (gone.generation, gone.epoch, gone.sessions_valid_from, gone.deleted) == (2, 2, NOW, NOW)


def test_g37_the_published_example_is_made_and_read() -> None:
    published = "-WmtM5na7Uus0D8kI1yylpU9Mdo0Pb9OoBJvd3T5eKc"
    sixteen = bytes.fromhex("953d31da343dbf4ea0126f7774f978a7")
    assert application.assignment_id("33ad69f9-da99-4bed-acd0-3f24235cb296", sixteen) == published
    assert checked_assignment_id(published) == published
    for wrong in (published[:-1], published + "A", "33ad69f9-da99-4bed-acd0-3f24235cb296", "ä" * 43, "!" * 43):
        with pytest.raises(UnsupportedQuery):
            checked_assignment_id(wrong)


def test_m18_a_role_fits_by_kind_and_default_access_only_without_one() -> None:
    role = {"id": "r", "allowedMemberTypes": ["User"], "isEnabled": True}
    application.check_role_fits([role], "r", "Group")
    application.check_role_fits([role], application.DEFAULT_ACCESS, "ServicePrincipal")
    application.check_role_fits([{**role, "isEnabled": False}], application.DEFAULT_ACCESS, "User")
    for wrong, kind in (("r", "ServicePrincipal"), (application.DEFAULT_ACCESS, "User"), ("x", "User")):
        with pytest.raises(NotAReference):
            application.check_role_fits([role], wrong, kind)  # type: ignore[arg-type]


def test_g35_an_enabled_scope_is_disabled_first() -> None:
    scope = {"id": "s", "isEnabled": True, "value": "read"}
    before = Application("a", "t", "c", "App", NOW, properties={"api": {"oauth2PermissionScopes": [scope]}})
    with pytest.raises(UnsupportedQuery):
        application.changed_application(before, {"api": {"oauth2PermissionScopes": []}})
    kept = application.changed_application(before, {"api": {"requestedAccessTokenVersion": 2}})
    assert kept.properties["api"] == {"oauth2PermissionScopes": [scope], "requestedAccessTokenVersion": 2}
    with pytest.raises(InvalidValue):
        application.changed_application(before, {"signInAudience": "PersonalMicrosoftAccount"})
    with pytest.raises(InvalidValue):
        application.changed_application(before, {"displayName": None})


def test_what_a_group_may_be() -> None:
    blank = Group("g", "t", "G", NOW)
    unified = {"groupTypes": ("Unified",), "mailEnabled": True, "mailNickname": "g"}
    made = group.changed(blank, unified, TENANT, new=True)
    assert made.mail is not None
    assert made.mail.given == "g@contoso.com"
    for values in (
        {"mailEnabled": True},
        {"groupTypes": ("Unified",)},
        {"groupTypes": ("Odd",)},
        {"securityEnabled": False},
        {"visibility": "Odd"},
        {**unified, "securityEnabled": False, "isAssignableToRole": True},
    ):
        with pytest.raises(InvalidValue):
            group.changed(blank, values, TENANT)
    with pytest.raises(NotProvided):
        group.changed(blank, {"groupTypes": ("DynamicMembership",)}, TENANT)
