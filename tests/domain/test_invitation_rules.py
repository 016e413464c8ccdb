"""POST /invitations as pure rules: rights, refusals in the order of graph G48, and what changes (S1 to S6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from readmit.domain import audit, errors
from readmit.domain import permission as p
from readmit.domain.address import EmailAddress
from readmit.domain.guest import Accepted, NeverInvited, Pending, User, home_binding, mail_binding
from readmit.domain.invitation import Found, Named, Request
from readmit.domain.invitation_rules import decide
from readmit.domain.permission import Caller, Wanted, check_invitation_rights, may_adopt, may_reset, reset_needs
from readmit.domain.tenant import Tenant, TenantSettings

NOW = datetime(2026, 1, 31, tzinfo=UTC)
EARLIER = NOW - timedelta(days=30)
ALICE, NEW = EmailAddress.parse("alice@fabrikam.com"), EmailAddress.parse("alice@post.example")
ALL = ("User.Invite.All", "User.ReadWrite.All")


def tenant(**settings: Any) -> Tenant:
    domains = frozenset({"contoso.com", "contoso.onmicrosoft.com"})
    chosen = TenantSettings.parse(settings)
    return Tenant("t", "Contoso", "contoso.onmicrosoft.com", domains, "contoso.com", None, None, "salt", chosen)


def member(**more: Any) -> User:
    fields: dict[str, Any] = {"mail": EmailAddress.parse("mia@contoso.com"), **more}
    return User("m", "t", "mia@contoso.com", "mia", "Mia", "Member", EARLIER, EARLIER, **fields)


def guest(**more: Any) -> User:
    accepted = Accepted(ALICE, EARLIER, home_binding("f", "u"), ALICE)
    fields: dict[str, Any] = {
        "mail": ALICE,
        "other_mails": (ALICE,),
        "redemption": accepted,
        "generation": 3,
        "epoch": 5,
        "invited_user": True,
        **more,
    }
    upn = "alice_fabrikam.com#EXT#@contoso.onmicrosoft.com"
    return User("g", "t", upn, "alice_fabrikam.com#EXT#", "Alice", "Guest", EARLIER, EARLIER, **fields)


def pending(**more: Any) -> User:
    return guest(redemption=Pending(ALICE, EARLIER), **more)


def caller(*permissions: str, roles: tuple[str, ...] = (), user: User | None = None) -> Caller:
    return Caller("t", "app", "sp", "App", frozenset(permissions or ALL), frozenset(roles), user)


def person(*roles: str, of: User | None = None) -> Caller:
    return caller(*ALL, roles=roles, user=of or member())


def named(**more: Any) -> Named:
    return Named("i", "new", "mail", "new#EXT#@contoso.onmicrosoft.com", NOW, **more)


def asked(address: EmailAddress = ALICE, **more: Any) -> Request:
    return Request(address, "https://myapps.microsoft.com/", **more)


# ------------------------------------------------------------------------ rights


@pytest.mark.parametrize(
    ("who", "wanted", "settings", "error"),
    [
        (caller("User.Read.All"), Wanted(), {}, errors.InsufficientPrivileges),
        (caller("User.Invite.All"), Wanted(reset=True), {}, errors.InsufficientPrivileges),
        (caller("User.Invite.All"), Wanted(member=True), {}, errors.InsufficientPrivileges),
        (caller(), Wanted(), {"allowInvitesFrom": "none"}, errors.GuestInvitationsNotAllowed),
        (caller(), Wanted(reset=True), {"allowInvitesFrom": "none"}, errors.GuestInvitationsNotAllowed),
        (caller(), Wanted(reset=True), {"allowInvitesFrom": "adminsAndGuestInviters"}, None),
        (caller(*ALL), Wanted(), {"allowInvitesFrom": "adminsAndGuestInviters"}, None),
        (
            caller("User.ReadWrite.All"),
            Wanted(),
            {"allowInvitesFrom": "adminsAndGuestInviters"},
            errors.GuestInvitationsNotAllowed,
        ),
        (caller("User.ReadWrite.All"), Wanted(), {"allowInvitesFrom": "adminsGuestInvitersAndAllMembers"}, None),
        (person(), Wanted(), {"allowInvitesFrom": "adminsAndGuestInviters"}, errors.GuestInvitationsNotAllowed),
        (person(p.GUEST_INVITER), Wanted(), {"allowInvitesFrom": "adminsAndGuestInviters"}, None),
        (person(), Wanted(), {"allowInvitesFrom": "adminsGuestInvitersAndAllMembers"}, None),
        (
            person(of=guest()),
            Wanted(),
            {"allowInvitesFrom": "adminsGuestInvitersAndAllMembers"},
            errors.GuestInvitationsNotAllowed,
        ),
        (person(of=guest()), Wanted(), {}, None),
        (person(p.GUEST_INVITER), Wanted(reset=True), {}, errors.GenericAuthorization),
        (person(p.HELPDESK_ADMINISTRATOR), Wanted(reset=True), {}, None),
        (person(p.HELPDESK_ADMINISTRATOR), Wanted(member=True), {}, errors.GenericAuthorization),
        (person(p.USER_ADMINISTRATOR), Wanted(member=True), {}, None),
    ],
)
def test_L34_L35_who_may_invite_and_reset(
    who: Caller, wanted: Wanted, settings: dict[str, Any], error: type[Exception] | None
) -> None:
    if error is None:
        check_invitation_rights(who, wanted, tenant(**settings).settings)
        return
    with pytest.raises(error):
        check_invitation_rights(who, wanted, tenant(**settings).settings)


@pytest.mark.parametrize(
    ("who", "privileged", "may"),
    [
        (caller("User.Invite.All"), False, False),
        (caller(), False, True),
        (caller(), True, False),
        (person(p.HELPDESK_ADMINISTRATOR), False, True),
        (person(p.HELPDESK_ADMINISTRATOR), True, False),
        (person(p.GLOBAL_ADMINISTRATOR), True, True),
    ],
)
def test_L36_a_holder_of_a_directory_role_is_shielded(who: Caller, privileged: bool, may: bool) -> None:
    assert may_reset(who, target_privileged=privileged) is may


@pytest.mark.parametrize(
    ("who", "privileged", "needed"),
    [
        (caller("User.Invite.All"), False, "the permission "),
        (person(p.GUEST_INVITER), False, "the role "),
        (person(p.HELPDESK_ADMINISTRATOR), True, "a person with the role Global Administrator: "),
    ],
)
def test_who_may_not_reset_hears_what_he_needs(who: Caller, privileged: bool, needed: str) -> None:
    """Lifecycle section 18: a refusal names the right that is missing."""
    assert reset_needs(who, target_privileged=privileged).startswith(needed)


def test_L18a_adopting_takes_the_right_to_update_the_user() -> None:
    assert may_adopt(caller())
    assert may_adopt(person(p.DIRECTORY_WRITERS))
    assert not may_adopt(person(p.HELPDESK_ADMINISTRATOR))


def test_a_delegated_caller_needs_role_and_permission() -> None:
    p.require(caller("User.Read.All"), frozenset({"User.Read.All"}), frozenset({p.GLOBAL_READER}))
    p.require(person(p.GLOBAL_ADMINISTRATOR), frozenset(ALL), frozenset({p.GLOBAL_READER}))
    with pytest.raises(errors.InsufficientPrivileges):
        p.require(caller("User.Read.All"), frozenset({"Group.Read.All"}))
    with pytest.raises(errors.InsufficientPrivileges):
        p.require(person(), frozenset(ALL), frozenset({p.GLOBAL_READER}))


def test_a_caller_is_named_by_its_user_or_its_service_principal() -> None:
    assert caller().id == "sp"
    assert person().id == "m"
    assert person(of=guest()).is_guest
    assert not caller().is_guest


# ---------------------------------------------------------------- refusals in order

RESET = asked(NEW, user_id="g", reset=True)
ORDER: list[tuple[str, type[Exception], dict[str, Any]]] = [
    ("E11", errors.NotFound, {"found": Found()}),
    ("E14", errors.GenericAuthorization, {"found": Found(by_id=guest(), target_privileged=True)}),
    ("E12", errors.NotExternal, {"found": Found(by_id=member())}),
    ("E13", errors.AddressNotOnUser, {"names": named(newAddressOnReset="refuse"), "found": Found(by_id=guest())}),
    ("E20", errors.AddressTaken, {"found": Found(by_id=guest(), by_address=member())}),
    (
        "E7",
        errors.VerifiedDomain,
        {
            "asked": asked(EmailAddress.parse("new@contoso.com"), user_id="g", reset=True),
            "found": Found(by_id=guest(), group_has_address=True),
        },
    ),
    ("E21", errors.GroupAddress, {"found": Found(by_id=guest(), group_has_address=True)}),
    ("E6", errors.NewUserOnly, {"asked": replace(RESET, user_type="Member"), "found": Found(by_id=guest())}),
    ("E6", errors.NewUserOnly, {"asked": replace(RESET, sponsors=("x",)), "found": Found(by_id=guest())}),
    (
        "E17",
        errors.DomainNotAllowed,
        {
            "tenant": tenant(blockedDomains=["post.example"], emailOneTimePasscode=False),
            "found": Found(by_id=guest()),
        },
    ),
    ("E22", errors.NobodyCanProve, {"tenant": tenant(emailOneTimePasscode=False), "found": Found(by_id=guest())}),
]


@pytest.mark.parametrize(("number", "error", "given"), ORDER, ids=[f"{row[0]}-{i}" for i, row in enumerate(ORDER)])
def test_G48_each_refusal_of_a_reset(number: str, error: type[Exception], given: dict[str, Any]) -> None:
    with pytest.raises(error):
        decide(
            given.get("asked", RESET),
            caller(),
            given.get("tenant", tenant()),
            given["found"],
            given.get("names", named()),
        )


def test_G48_of_two_wrongs_the_earlier_one_answers() -> None:
    """A deleted target with a foreign address; a taken address on a blocked domain; a group on a verified domain."""
    gone = guest(deleted=NOW)
    with pytest.raises(errors.NotFound):
        decide(RESET, caller(), tenant(), Found(by_id=gone, by_address=member()), named())
    found = Found(by_id=guest(), by_address=member(), group_has_address=True)
    with pytest.raises(errors.AddressTaken):
        decide(RESET, caller(), tenant(blockedDomains=["post.example"]), found, named())


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (Found(by_address=member()), errors.InternalUser),
        (Found(by_address=member(enabled=False)), errors.DisabledUser),
        (Found(by_address=guest(enabled=False)), errors.DisabledUser),
        (Found(group_has_address=True), errors.GroupAddress),
    ],
)
def test_E8_E9_E21_an_address_of_somebody_else(found: Found, error: type[Exception]) -> None:
    with pytest.raises(error):
        decide(asked(), caller(), tenant(), found, named())


def test_E7_comes_before_E8() -> None:
    address = EmailAddress.parse("mia@contoso.com")
    with pytest.raises(errors.VerifiedDomain):
        decide(asked(address), caller(), tenant(), Found(by_address=member()), named())


def test_E13_a_plain_invitation_by_id_never_adopts() -> None:
    with pytest.raises(errors.AddressNotOnUser):
        decide(asked(NEW, user_id="g"), caller(), tenant(), Found(by_id=guest()), named())
    with pytest.raises(errors.AddressNotOnUser):
        decide(RESET, person(p.HELPDESK_ADMINISTRATOR), tenant(), Found(by_id=guest()), named())


def test_E22_a_home_account_can_prove_where_codes_are_off() -> None:
    closed = tenant(emailOneTimePasscode=False)
    assert decide(asked(), caller(), closed, Found(provable=True), named()).before is None


# ------------------------------------------------------------------------ changes


def test_S1_a_new_guest() -> None:
    change = decide(asked(NEW, send=True, display_name="Al"), person(), tenant(), Found(), named())
    user = change.user
    assert change.before is None
    assert (user.generation, user.epoch, user.user_type, user.invited_user) == (1, 1, "Guest", True)
    assert (user.mail, user.other_mails, user.display_name) == (NEW, (NEW,), "Al")
    assert user.redemption == Pending(NEW, NOW)
    assert user.mail_nickname == "new#EXT#"
    assert change.sponsors == ("m",)
    assert change.status == "PendingAcceptance"
    assert [event.activity for event in change.events] == ["Add user", audit.INVITE, "Add user sponsor"]
    assert change.mail is not None
    assert change.mail.kind == "invitation"


def test_S1_app_only_has_no_sponsor_and_given_ones_are_taken() -> None:
    assert decide(asked(NEW), caller(), tenant(), Found(), named()).sponsors == ()
    assert decide(asked(NEW, sponsors=("s",)), caller(), tenant(), Found(), named()).sponsors == ("s",)
    made = decide(asked(NEW, user_type="Member"), caller(), tenant(), Found(), named()).user
    assert (made.user_type, made.display_name) == ("Member", "alice")


def test_S2_a_re_invite_with_the_rights_of_a_reset_ends_earlier_links() -> None:
    change = decide(asked(), caller(), tenant(), Found(by_address=pending()), named())
    assert (change.user.generation, change.user.epoch) == (4, 5)
    assert change.ends_links
    assert not change.ends_access
    assert change.invitation.generation == 4
    assert change.invitation.expires is None


def test_S2a_a_mere_inviter_gets_a_further_link_of_the_same_generation() -> None:
    inviter = person(p.GUEST_INVITER)
    before = pending()
    change = decide(asked(), inviter, tenant(), Found(by_address=before, live_invitation=True), named())
    assert change.user is before
    assert change.invitation.generation == 3
    assert not change.ends_links


@pytest.mark.parametrize("live", [True, False])
def test_L15_a_mere_inviter_moves_no_invitation_and_revives_none(live: bool) -> None:
    moved = pending(other_mails=(ALICE, NEW))
    found = Found(by_address=moved, live_invitation=live)
    with pytest.raises(errors.GenericAuthorization):
        decide(asked(NEW if live else ALICE), person(p.GUEST_INVITER), tenant(), found, named())


@pytest.mark.parametrize("who", [person(p.GUEST_INVITER), caller()])
def test_S3_a_re_invite_of_an_accepted_guest_stays_accepted(who: Caller) -> None:
    change = decide(asked(), who, tenant(), Found(by_address=guest()), named())
    assert change.status == "Completed"
    assert (change.user.generation, change.user.epoch) == (4, 5)
    assert change.user.redemption == guest().redemption


def test_S4_a_conversion_keeps_the_object() -> None:
    address = EmailAddress.parse("mia@elsewhere.example")
    before = member(other_mails=(address,))
    change = decide(asked(address, user_id="m"), caller(), tenant(), Found(by_id=before), named())
    assert change.user == replace(before, redemption=Pending(address, NOW), generation=1, converted=True)
    assert change.invitation.kind == "convert"
    assert [event.activity for event in change.events] == [audit.CONVERT]


def test_S5_a_reset_keeps_the_object_and_ends_the_identity() -> None:
    before = guest()
    change = decide(replace(RESET, address=ALICE, send=True), caller(), tenant(), Found(by_id=before), named())
    expected = replace(before, redemption=Pending(ALICE, NOW), generation=4, epoch=6, sessions_valid_from=NOW)
    assert change.user == expected
    assert change.ends_access
    assert change.ends_links
    assert [event.activity for event in change.events] == ["Update user", audit.RESET]
    assert change.events[1].details["oldIssuer"] == "urn:readmit:tenant:f"
    assert change.mail is not None
    assert change.mail.kind == "reset"


def test_S6_a_reset_of_a_pending_guest_keeps_since_when_it_is_pending() -> None:
    change = decide(replace(RESET, address=ALICE), caller(), tenant(), Found(by_id=pending()), named())
    assert change.user.redemption == Pending(ALICE, EARLIER)
    assert (change.user.generation, change.user.epoch) == (4, 6)
    assert [event.activity for event in change.events] == [audit.RESET]


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ((ALICE,), (NEW,)),
        ((), (NEW,)),
        ((EmailAddress.parse("x@y.example"),), (NEW, EmailAddress.parse("x@y.example"))),
        (
            (EmailAddress.parse("x@y.example"), ALICE, EmailAddress.parse("z@y.example")),
            (EmailAddress.parse("x@y.example"), NEW, EmailAddress.parse("z@y.example")),
        ),
    ],
)
def test_L18a_the_new_address_takes_the_old_mails_place(
    others: tuple[EmailAddress, ...], expected: tuple[EmailAddress, ...]
) -> None:
    change = decide(RESET, caller(), tenant(), Found(by_id=guest(other_mails=others)), named())
    assert change.user.mail == NEW
    assert change.user.other_mails == expected


def test_L18a_an_address_on_the_object_changes_neither_mail_nor_other_mails() -> None:
    before = guest(other_mails=(ALICE, NEW))
    change = decide(RESET, caller(), tenant(), Found(by_id=before), named())
    assert (change.user.mail, change.user.other_mails) == (before.mail, before.other_mails)


def test_S15_an_invitation_lives_as_long_as_the_tenant_says() -> None:
    change = decide(asked(NEW), caller(), tenant(invitationLifetimeDays=7), Found(), named())
    assert change.invitation.live(NOW + timedelta(days=6))
    assert not change.invitation.live(NOW + timedelta(days=7))
    assert not replace(change.invitation, cancelled=NOW).live(NOW)


def test_a_never_invited_user_becomes_pending_from_now() -> None:
    assert member().unbound(NOW, NEW).redemption == Pending(NEW, NOW)
    assert isinstance(member().redemption, NeverInvited)


def test_the_sign_in_name_is_the_redeemed_address_while_it_is_on_the_object() -> None:
    """Lifecycle L31."""
    assert guest().sign_in_name == ALICE.given
    assert guest(mail=NEW, other_mails=(NEW,)).sign_in_name == guest().upn
    assert member().sign_in_name == "mia@contoso.com"


def test_states_by_graphs_names_and_held_keys() -> None:
    assert [user.redemption_state for user in (member(), pending(), guest())] == [
        None,
        "PendingAcceptance",
        "Accepted",
    ]
    assert member().held_keys == {"mia@contoso.com"}
    assert guest(other_mails=(ALICE, NEW)).held_keys == {ALICE.key, NEW.key}
    assert replace(member(), upn="MÜA@contoso.com").upn_key == "MÜA@contoso.com"
    assert mail_binding(ALICE).subject == ALICE.key
