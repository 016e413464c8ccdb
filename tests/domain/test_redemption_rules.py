"""The rules of redemption and sign-in: steps, dead ends, who is let in, what binds (lifecycle section 8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from test_invitation_rules import ALICE, EARLIER, NEW, NOW, guest, member, pending, tenant

from readmit.domain.admission import check_open, check_proof, check_sign_in, redeem
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Accepted, Pending, User, home_binding, mail_binding
from readmit.domain.invitation import Invitation
from readmit.domain.redemption import Flow, Proof, Step, ToMyApps, next_step

HOME = home_binding("f", "u")


def flow(**more: Any) -> Flow:
    return replace(Flow("f", "b", "c", "sign_in", "t", ToMyApps(), NOW, NOW + timedelta(hours=1)), **more)


def proof(**more: Any) -> Proof:
    return replace(Proof(HOME, (ALICE.key,), ALICE.given, NOW, NOW, ("pwd",)), **more)


def invitation(**more: Any) -> Invitation:
    made = Invitation("i", "t", "g", 3, "invite", ALICE, "https://x.example/", False, "app", "sp", EARLIER)
    return replace(made, **more)


@pytest.mark.parametrize(
    ("made", "code", "consent", "step"),
    [
        (flow(), False, False, Step.ADDRESS),
        (flow(address=ALICE, method="home"), False, False, Step.PASSWORD),
        (flow(address=ALICE, method="code"), False, False, Step.REQUEST_CODE),
        (flow(address=ALICE, method="code"), True, False, Step.ENTER_CODE),
        (flow(address=ALICE, method="home", proof=proof()), False, False, Step.FINISH),
        (flow(address=ALICE, method="home", proof=proof()), False, True, Step.APP_CONSENT),
        (flow(address=ALICE, method="home", proof=proof(), kind="redemption"), False, False, Step.CONSENT),
        (flow(address=ALICE, method="home", proof=proof(at=NOW - timedelta(minutes=11))), False, False, Step.PASSWORD),
    ],
)
def test_the_dispatcher_names_the_step(made: Flow, code: bool, consent: bool, step: Step) -> None:
    """A stale proof leads back to the proof (security L3)."""
    assert next_step(made, code_sent=code, consent_needed=consent, now=NOW) is step


@pytest.mark.parametrize(
    ("user", "given", "settings", "page"),
    [
        (None, invitation(), {}, Page.NO_INVITATION),
        (pending(deleted=NOW), invitation(), {}, Page.NO_INVITATION),
        (guest(), invitation(), {}, Page.NO_INVITATION),
        (pending(), None, {}, Page.NO_INVITATION),
        (pending(generation=4), invitation(), {}, Page.RENEWED),
        (pending(), invitation(cancelled=NOW), {}, Page.NO_INVITATION),
        (pending(mail=NEW, other_mails=(NEW,)), invitation(), {}, Page.NO_INVITATION),
        (pending(), invitation(expires=NOW), {}, Page.EXPIRED),
        (pending(), invitation(), {"allowInvitesFrom": "none"}, Page.NOT_ACCEPTED_HERE),
        (pending(), invitation(), {"blockedDomains": ["fabrikam.com"]}, Page.NOT_ACCEPTED_HERE),
        (pending(enabled=False), invitation(), {}, Page.BLOCKED),
    ],
)
def test_L23_L25_L27_what_an_open_redemption_must_still_find(
    user: User | None, given: Invitation | None, settings: dict[str, Any], page: Page
) -> None:
    with pytest.raises(DeadEnd) as end:
        check_open(user, given, tenant(**settings), generation=3, now=NOW)
    assert end.value.page is page


def test_an_open_redemption_is_a_pending_one() -> None:
    assert check_open(pending(), invitation(), tenant(), generation=3, now=NOW) == Pending(ALICE, EARLIER)


def test_L25_only_the_invited_address_redeems() -> None:
    check_proof(pending(), proof())
    with pytest.raises(DeadEnd) as end:
        check_proof(pending(other_mails=(ALICE, NEW)), proof(keys=(NEW.key,), shown=NEW.given))
    assert end.value.page is Page.OTHER_ADDRESS
    assert end.value.details == {"x": NEW.given, "masked": "a•••@fabrikam.com"}
    check_proof(guest(), proof(keys=()))


def own(user: User) -> Proof:
    return proof(binding=home_binding("t", user.id), home_tenant_id="t", home_user_id=user.id)


@pytest.mark.parametrize(
    ("user", "given", "page"),
    [
        (None, proof(), Page.UNKNOWN_ACCOUNT),
        (guest(deleted=NOW), proof(), Page.UNKNOWN_ACCOUNT),
        (guest(), proof(binding=home_binding("f", "other")), Page.UNKNOWN_ACCOUNT),
        (guest(), proof(binding=mail_binding(ALICE)), Page.UNKNOWN_ACCOUNT),
        (pending(), proof(), Page.UNKNOWN_ACCOUNT),
        (member(), proof(), Page.UNKNOWN_ACCOUNT),
        (guest(enabled=False), proof(), Page.BLOCKED),
        (
            guest(mail=NEW, other_mails=(NEW,), redemption=Accepted(ALICE, NOW, mail_binding(ALICE), ALICE)),
            proof(binding=mail_binding(ALICE)),
            Page.UNKNOWN_ACCOUNT,
        ),
    ],
)
def test_L29_L30_nobody_but_the_bound_identity_signs_in(user: User | None, given: Proof, page: Page) -> None:
    with pytest.raises(DeadEnd) as end:
        check_sign_in(user, given)
    assert end.value.page is page


def test_L29_who_signs_in() -> None:
    bound_by_mail = guest(redemption=Accepted(ALICE, NOW, mail_binding(ALICE), ALICE))
    assert check_sign_in(guest(), proof()) == guest()
    assert check_sign_in(bound_by_mail, proof(binding=mail_binding(ALICE))) == bound_by_mail
    assert check_sign_in(member(), own(member())) == member()


def test_L33_a_converted_users_password_works_until_he_redeems() -> None:
    converted = member(converted=True, redemption=Pending(NEW, NOW), generation=1)
    assert check_sign_in(converted, own(converted)) == converted
    redeemed = replace(converted, redemption=Accepted(NEW, NOW, mail_binding(NEW), NEW))
    with pytest.raises(DeadEnd):
        check_sign_in(redeemed, own(redeemed))


def test_S7_a_redemption_binds_and_takes_over_non_empty_names() -> None:
    """Lifecycle L10."""
    names = {"displayName": "Alicia", "surname": "Able"}
    done = redeem(pending(), proof(names=names), tenant(), NOW)
    assert done.user.redemption == Accepted(ALICE, NOW, HOME, ALICE)
    assert (done.user.display_name, done.user.given_name, done.user.surname) == ("Alicia", None, "Able")
    assert (done.user.generation, done.user.epoch) == (3, 5)
    assert not done.ends_access
    kept = redeem(pending(), proof(names=names), tenant(updateNamesAtRedemption=False), NOW)
    assert kept.user.display_name == "Alice"


def test_L33_the_redemption_of_a_converted_user_ends_his_sessions() -> None:
    converted = member(converted=True, redemption=Pending(NEW, NOW), generation=1, other_mails=(NEW,))
    done = redeem(converted, proof(), tenant(), NOW)
    assert done.ends_access
    assert done.user.epoch == converted.epoch + 1


def test_nobody_but_a_pending_guest_redeems() -> None:
    with pytest.raises(DeadEnd):
        redeem(guest(), proof(), tenant(), NOW)
