"""How long a refresh family, a sign-in and a session live, and what ends them (security O5, C7, N1, N2, lifecycle L24)."""

from __future__ import annotations

from typing import Any

import pytest
from applications import (
    account,
    arrive,
    asking,
    bring,
    caller_of,
    change_user,
    claims_of,
    client,
    code_for,
    renew,
    sign_in_of,
    tokens_for,
)
from ways import begin, follow

from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import TokenRefused
from readmit.flows import authorize, sign_in
from readmit.flows.browsers import Browser, session_of
from readmit.flows.sign_out import this_browser
from readmit.storage import queries_tenants
from world import AUTOMATION, House

HOME, MAILBOX, MEMBER = "alice@fabrikam.com", "max@post.example", "mia@contoso.com"


def refused(work: Any, *arguments: Any, **named: Any) -> int:
    with pytest.raises(TokenRefused) as refusal:
        work(*arguments, **named)
    return refusal.value.number


# ----------------------------------------------------------------------- refresh


def test_O5_a_stranger_with_a_rotated_token_kills_no_family(house: House) -> None:
    first = tokens_for(house, HOME)["refresh_token"]
    second = renew(house, first)["refresh_token"]
    house.clock.pass_(minutes=5)
    assert refused(renew, house, first, client=client(house, AUTOMATION)) == 50173
    assert isinstance(renew(house, second), dict)


def test_O5_a_repeat_gets_the_successor_even_after_that_was_rotated(house: House) -> None:
    """Thirty seconds run from the first use; a repeat opens no second chain."""
    first = tokens_for(house, HOME)["refresh_token"]
    second = renew(house, first)["refresh_token"]
    third = renew(house, second)["refresh_token"]
    assert renew(house, first)["refresh_token"] == second
    assert isinstance(renew(house, third), dict)
    unused = house.rows("SELECT 1 FROM refresh_tokens WHERE used_at IS NULL")
    assert len(unused) == 1


def test_O5_repeats_do_not_prolong_the_thirty_seconds(house: House) -> None:
    first = tokens_for(house, HOME)["refresh_token"]
    renew(house, first)
    house.clock.pass_(seconds=20)
    assert isinstance(renew(house, first), dict)
    house.clock.pass_(seconds=11)
    assert isinstance(renew(house, first), TokenRefused)
    assert house.rows("SELECT 1 FROM grants") == []


def test_O5_the_first_refresh_token_of_a_grant_is_used_by_nobody_else(house: House) -> None:
    """Two grants of one user are two families: the end of one leaves the other."""
    one, other = tokens_for(house, HOME), tokens_for(house, HOME)
    renew(house, one["refresh_token"])
    house.clock.pass_(minutes=1)
    assert isinstance(renew(house, one["refresh_token"]), TokenRefused)
    assert isinstance(renew(house, other["refresh_token"]), dict)


def test_C7_a_guest_by_code_refreshes_for_a_day_after_the_proof_not_after_the_grant(house: House) -> None:
    """Lifecycle L24: a code from an old session ends with the proof's day."""
    entry = sign_in_of(house, arrive(house, MAILBOX))
    house.clock.pass_(hours=20)
    code = house.write(authorize.issue_code, house.world, asking(house), entry)
    token = bring(house, code)["refresh_token"]
    house.clock.pass_(hours=4, microseconds=-1)
    token = renew(house, token)["refresh_token"]
    house.clock.pass_(microseconds=1)
    assert refused(renew, house, token) == 700082


def test_L24_a_guest_with_a_home_tenant_refreshes_longer_than_a_day(house: House) -> None:
    token = tokens_for(house, HOME)["refresh_token"]
    house.clock.pass_(days=60)
    assert isinstance(renew(house, token), dict)


def test_L24_a_grant_without_the_home_account_of_its_proof_refreshes_nothing(house: House) -> None:
    token = tokens_for(house, HOME)["refresh_token"]
    house.write(lambda tx: tx.run("UPDATE grants SET home_user_id = NULL"))
    assert refused(renew, house, token) == 50173


def test_L6_a_second_redemption_does_not_revive_the_tokens_of_the_first(house: House) -> None:
    body, code = tokens_for(house, MAILBOX), code_for(house, MAILBOX)
    follow(house, house.reset(house.people["max"], MAILBOX)).redeem_by_code()
    assert refused(renew, house, body["refresh_token"]) == 50173
    assert refused(bring, house, code) == 70000
    with pytest.raises(Unauthenticated):
        caller_of(house, body["access_token"])
    assert caller_of(house, tokens_for(house, MAILBOX)["access_token"]).user.id == house.people["max"]


def test_G77_the_subject_is_pairwise_and_survives_a_reset(house: House) -> None:
    before = tokens_for(house, MAILBOX)
    follow(house, house.reset(house.people["max"], MAILBOX)).redeem_by_code()
    after = tokens_for(house, MAILBOX)
    for token in ("access_token", "id_token"):
        assert claims_of(house, before[token])["sub"] == claims_of(house, after[token])["sub"]
    subjects = {claims_of(house, after[token])["sub"] for token in ("access_token", "id_token")}
    subjects |= {claims_of(house, tokens_for(house, HOME)["id_token"])["sub"], house.people["max"]}
    assert len(subjects) == 4, "another for Graph, for another user, and never the object id"


@pytest.mark.parametrize("version", [1, 2])
def test_L31_a_home_accounts_address_off_the_object_is_told_by_no_token(house: House, version: int) -> None:
    """UPN, no `email`; the issuer that was bound stays the issuer."""
    token = tokens_for(house, HOME)["refresh_token"]
    changed = change_user(house, house.guest(house.people["alice"]), mail=None, other_mails=())
    body = renew(house, token)
    found = claims_of(house, body["access_token"] if version == 1 else body["id_token"])
    assert found["unique_name" if version == 1 else "preferred_username"] == changed.upn
    assert found["idp"] == f"urn:readmit:tenant:{house.fabrikam}"
    assert not {"email", "upn"} & set(found)


# ---------------------------------------------------------------------- sessions


def silent(house: House, browser: Browser, **more: Any) -> Any:
    tenant = house.read(queries_tenants.named, house.contoso)
    request = asking(house, prompt=("none",), **more)
    flow_id = house.world.new_id()
    named = {"flow_id": flow_id, "tenant": tenant, "request": request}
    return house.write(sign_in.begin_authorize, house.world, browser, **named).code


def test_N1_a_sign_in_that_is_used_is_not_idle(house: House) -> None:
    """Eight hours count from the last use, a day from the proof."""
    browser = arrive(house, HOME)
    for _ in range(3):
        house.clock.pass_(hours=7)
        assert isinstance(silent(house, browser), str)
    house.clock.pass_(hours=3, microseconds=-1)
    assert isinstance(silent(house, browser), str)
    house.clock.pass_(microseconds=1)
    assert refused(silent, house, browser) == 50058


def test_V5_the_last_use_is_written_every_five_minutes_at_most(house: House) -> None:
    browser = arrive(house, HOME)
    proved = sign_in_of(house, browser).seen
    house.clock.pass_(minutes=5, microseconds=-1)
    silent(house, browser)
    assert sign_in_of(house, browser).seen == proved
    house.clock.pass_(microseconds=1)
    silent(house, browser)
    assert sign_in_of(house, browser).seen == house.world.now()


def test_T27_each_proof_makes_the_cookie_of_before_worthless(house: House) -> None:
    """Security N2: no session id of before a proof is good after it."""
    first = arrive(house, HOME)
    second = arrive(house, MEMBER, browser=first)
    assert first.session_token != second.session_token
    assert house.read(session_of, first.session_token, house.world.now()) is None
    assert house.read(session_of, second.session_token, house.world.now()) is not None


def test_N2_one_browser_holds_a_home_sign_in_and_the_guests(house: House) -> None:
    browser = arrive(house, HOME)
    at_home, guest = sign_in_of(house, browser, house.fabrikam), sign_in_of(house, browser)
    assert at_home.session_id == guest.session_id
    assert (at_home.home_user_id, at_home.home_epoch) == (None, None)
    assert (guest.home_user_id, guest.home_epoch) == (account(house, HOME).id, account(house, HOME).epoch)
    house.reset(house.people["alice"], HOME)
    session = house.read(session_of, browser.session_token, house.world.now())
    assert [entry.user_id for entry in session.sign_ins] == [at_home.user_id], "the guest's sign-in alone is ended"


def test_N2_another_user_of_a_tenant_takes_the_sign_ins_place(house: House) -> None:
    first = arrive(house, MAILBOX)
    second = arrive(house, MEMBER, browser=first)
    session = house.read(session_of, second.session_token, house.world.now())
    assert [entry.user_id for entry in session.sign_ins] == [account(house, MEMBER).id]


def test_a_code_sign_in_says_otp_and_a_password_says_pwd(house: House) -> None:
    """Security C7: `amr`."""
    assert sign_in_of(house, arrive(house, MAILBOX)).amr == ("otp",)
    assert claims_of(house, tokens_for(house, HOME)["access_token"])["amr"] == ["pwd"]


def test_a_logout_ends_the_tokens_of_its_session_and_of_no_other(house: House) -> None:
    """Security O8, graph G77 `sid`."""
    here, elsewhere = arrive(house, HOME), arrive(house, HOME)
    ours, others = (bring(house, silent(house, browser)) for browser in (here, elsewhere))
    assert house.write(this_browser, house.world, here.session_token)
    assert refused(renew, house, ours["refresh_token"]) == 50173
    with pytest.raises(Unauthenticated):
        caller_of(house, ours["access_token"])
    assert isinstance(renew(house, others["refresh_token"]), dict)


def test_a_disabled_guest_has_no_live_sign_in(house: House) -> None:
    browser = arrive(house, HOME)
    change_user(house, house.guest(house.people["alice"]), enabled=False)
    assert refused(silent, house, browser) == 50058


def test_a_home_account_that_was_disabled_leaves_the_guests_sign_in(house: House) -> None:
    """Lifecycle L24: sign-ins live on, every refresh needs the home account."""
    browser = arrive(house, HOME)
    change_user(house, account(house, HOME), enabled=False)
    body = bring(house, silent(house, browser))
    assert refused(renew, house, body["refresh_token"]) == 50173
    assert begin(house, HOME).look().account is None


def test_a_whole_family_is_swept_with_its_session(house: House) -> None:
    """An empty set ends the session (security N2): a reset of the only sign-in leaves no cookie that is known."""
    browser = arrive(house, MAILBOX)
    house.reset(house.people["max"], MAILBOX)
    assert house.read(session_of, browser.session_token, house.world.now()) is None
    assert house.rows("SELECT 1 FROM sessions") == []
