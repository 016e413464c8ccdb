"""Ways to come into a guest's account that is not one's own, each of which fails (security T2, T8, T13, T36)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from applications import account, arrive, bring, change_user, code_for, renew
from test_redeeming import dead_end, patch
from test_upstream import prove_at, redeem_at, register
from ways import Way, begin, follow

from lying_provider import LyingProvider, provider
from readmit.domain.address import EmailAddress
from readmit.domain.errors import Page, TokenRefused
from readmit.domain.guest import Accepted, Pending
from readmit.domain.redemption import Step
from readmit.flows import codes, links, methods, prove
from readmit.flows.arrive import Arrived
from readmit.flows.browsers import session_of
from readmit.flows.refuse import refuse
from world import House, a_browser

VICTIM, MAX, HOME = "victim@post.example", "max@post.example", "alice@fabrikam.com"
INVITER, GUEST = "i" * 43, "v" * 43


@pytest.fixture
def wingtip(house: House) -> Iterator[LyingProvider]:
    with provider(now=house.clock) as made:
        register(house, made.issuer, domains=("post.example",))
        yield made


def signed_in(house: House, token: str | None) -> bool:
    """Whether a browser with this cookie is in the inviting tenant as anybody."""
    session = house.read(session_of, token, house.world.now())
    return session is not None and session.at(house.contoso) is not None


def mailed_to(house: House) -> set[str]:
    return {row[0] for row in house.rows("SELECT address_key FROM outbox WHERE kind = 'passcode'")}


def bound(house: House, user_id: str) -> Any:
    redemption = house.guest(user_id).redemption
    assert isinstance(redemption, Accepted)
    return redemption.binding


# ------------------------------------------------------------------- T2: the inviter


def test_T2_who_keeps_the_link_and_reads_no_mailbox_binds_nothing(house: House) -> None:
    """Every way that the pages offer to a holder of the link."""
    invited = house.invite(VICTIM, house.person("gus"))
    way = follow(house, invited, a_browser(INVITER))
    way.ask_code()
    assert mailed_to(house) == {VICTIM}, "the code goes to the mailbox alone"
    for guess in ("", "00000000", invited.ticket, "12345678"):
        assert not way.code(guess).right
    for address in ("bob@fabrikam.com", "carol@northwind.example"):
        way.do(methods.use_other_account)
        way.do(methods.type_address, EmailAddress.parse(address))
        way.password()
        assert dead_end(way.proceed) is Page.OTHER_ADDRESS
        way.do(refuse, Page.OTHER_ADDRESS)
    way.do(methods.use_other_account)
    assert dead_end(way.do, methods.type_address, EmailAddress.parse("gus@post.example")) is Page.OTHER_ADDRESS
    way.accept()
    assert isinstance(house.guest(invited.user.id).redemption, Pending)
    assert house.rows("SELECT 1 FROM sign_ins WHERE tenant_id = :id", id=house.contoso) == []
    assert follow(house, invited, a_browser(GUEST)).redeem_by_code(), "nothing was burnt"


def test_T2_an_inviters_own_session_does_not_redeem(house: House) -> None:
    """His sign-in to the inviting tenant, or as somebody at the invited address' own tenant, proves no other address."""
    invited = house.invite("bob@fabrikam.com", house.person("mia"))
    browser = arrive(house, "mia@contoso.com")
    way = follow(house, invited, browser)
    assert way.look().account is None
    way.do(prove.prove_by_session)
    assert way.step is Step.PASSWORD
    at_home = begin(house, "carol@fabrikam.com", browser, tenant=house.fabrikam)
    at_home.password()
    arrived = at_home.proceed()
    carols = follow(house, invited, a_browser("s" * 43, arrived.session_token))
    assert carols.look().account is None
    carols.do(prove.prove_by_session)
    assert carols.step is Step.PASSWORD


# ------------------------------------------------------- T8: five kinds of pre-hijacking


def test_T8_classic_federated_merge_an_account_with_the_victims_address_is_never_joined(house: House) -> None:
    """The attacker makes an account elsewhere that lists the address; the victim redeems by her mailbox."""
    change_user(house, account(house, "carol@northwind.example"), mail=EmailAddress.parse(VICTIM))
    invited = house.invite(VICTIM)
    attacker = follow(house, invited, a_browser(INVITER))
    assert attacker.step is Step.REQUEST_CODE, "an account where nobody has verified the domain is not asked"
    attacker.do(methods.use_other_account)
    attacker.do(methods.type_address, EmailAddress.parse("carol@northwind.example"))
    attacker.password()
    assert dead_end(attacker.proceed) is Page.OTHER_ADDRESS
    attacker.do(refuse, Page.OTHER_ADDRESS)
    follow(house, invited, a_browser(GUEST)).redeem_by_code()
    assert (bound(house, invited.user.id).kind, bound(house, invited.user.id).subject) == ("mail", VICTIM)
    late = begin(house, VICTIM, a_browser(INVITER))
    assert late.step is Step.REQUEST_CODE
    carol = begin(house, "carol@northwind.example", a_browser(INVITER))
    carol.password()
    assert dead_end(carol.proceed) is Page.UNKNOWN_ACCOUNT


def test_T8_unexpired_session_what_was_open_before_the_victim_came_is_shut(house: House) -> None:
    """The attacker was the guest, keeps his session and tokens, and the account is handed to the victim."""
    browser = arrive(house, MAX)
    token = bring(house, code_for(house, MAX))["refresh_token"]
    waiting = begin(house, MAX, a_browser(INVITER))
    code = waiting.ask_code()
    invited = house.reset(house.people["max"], VICTIM)
    follow(house, invited, a_browser(GUEST)).redeem_by_code()
    assert not signed_in(house, browser.session_token)
    with pytest.raises(TokenRefused):
        renew(house, token)
    assert not waiting.code(code).right
    assert bound(house, house.people["max"]).subject == VICTIM


def test_T8_unexpired_session_a_redemption_begun_before_the_victims_ends_with_it(house: House) -> None:
    invited = house.invite(VICTIM)
    attacker = follow(house, invited, a_browser(INVITER))
    follow(house, invited, a_browser(GUEST)).redeem_by_code()
    attacker.do(methods.use_other_account)
    attacker.do(methods.type_address, EmailAddress.parse("bob@fabrikam.com"))
    attacker.password()
    attacker.proceed()
    assert dead_end(attacker.accept) is Page.UNKNOWN_ACCOUNT
    assert not signed_in(house, attacker.browser.session_token)


def test_T8_trojan_identifier_a_second_address_opens_nothing(house: House) -> None:
    """Whoever may write the directory adds his own address before she redeems."""
    invited = house.invite(VICTIM)
    patch(house, invited.user.id, otherMails=[VICTIM, "trojan@post.example", "bob@fabrikam.com"])
    for address in ("trojan@post.example", "bob@fabrikam.com"):
        _nobody_comes_in_as(house, address)
    follow(house, invited, a_browser(GUEST)).redeem_by_code()
    trojan = begin(house, "trojan@post.example", a_browser(INVITER))
    trojan.ask_code()
    bobs = begin(house, "bob@fabrikam.com", a_browser(INVITER))
    assert bobs.step is Step.REQUEST_CODE, "her binding decides who is asked, not the address that was typed"
    bobs.ask_code()
    assert mailed_to(house) == {VICTIM}, "a code asked for by another address goes to hers (L30)"
    assert house.rows("SELECT COUNT(*) FROM redemptions WHERE user_id = :id", id=invited.user.id) == [(1,)]


def _nobody_comes_in_as(house: House, address: str) -> None:
    """By a code, whoever reads it, or by the password of an account with that address."""
    way = begin(house, address, a_browser(INVITER))
    if way.step is Step.PASSWORD:
        way.password()
        assert dead_end(way.proceed) is Page.UNKNOWN_ACCOUNT
    else:
        way.do(codes.request_code)
        made = house.rows("SELECT real FROM passcodes WHERE flow_id = :flow", flow=way.flow_id)
        assert made == [(0,)], "no code that could be right"


def test_T8_unexpired_email_change_what_was_begun_for_the_old_address_ends_with_the_change(house: House) -> None:
    """The attacker is invited first; the address is then changed to the victim's."""
    first = house.invite("attacker@post.example")
    way = follow(house, first, a_browser(INVITER))
    code = way.ask_code()
    patch(house, first.user.id, mail=VICTIM, otherMails=[VICTIM])
    assert dead_end(way.code, code) is Page.CLOSED
    assert dead_end(house.read, links.open_link, house.world, first.ticket) is Page.NO_INVITATION
    second = house.invite(VICTIM)
    assert second.user.id == first.user.id
    assert dead_end(house.read, links.open_link, house.world, first.ticket) is Page.RENEWED
    house.write(links.mail_current, house.world, first.ticket)
    owed = {row[0] for row in house.rows("SELECT address_key FROM outbox WHERE kind = 'invitation'")}
    assert owed == {VICTIM}, "the new mail goes to the invited address, whoever asks"
    follow(house, second, a_browser(GUEST)).redeem_by_code()
    assert bound(house, first.user.id).subject == VICTIM


def test_T8_unexpired_email_change_a_code_for_the_new_address_asked_before_the_change_redeems_nothing(
    house: House,
) -> None:
    """The address was nobody's when the code was asked for: no code was made."""
    way = begin(house, "later@post.example", a_browser(INVITER))
    way.do(codes.request_code)
    house.reset(house.people["max"], "later@post.example")
    assert not way.code(way.mailed_code()).right
    assert isinstance(house.guest(house.people["max"]).redemption, Pending)


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_T8_a_provider_that_verifies_nothing_redeems_nothing(
    house: House, wingtip: LyingProvider, verified: object
) -> None:
    invited = house.invite(VICTIM)
    wingtip.claims = {"sub": "mallory", "email": VICTIM, "email_verified": verified}
    attacker = follow(house, invited, a_browser(INVITER))
    prove_at(attacker, wingtip)
    assert dead_end(attacker.proceed) is Page.OTHER_ADDRESS
    assert isinstance(house.guest(invited.user.id).redemption, Pending)
    wingtip.claims = {"sub": "victim", "email": VICTIM}
    own = follow(house, invited, a_browser(GUEST))
    prove_at(own, wingtip)
    own.proceed()
    assert isinstance(own.accept(), Arrived)
    wingtip.claims = {"sub": "mallory", "email": VICTIM, "email_verified": True}
    late = begin(house, VICTIM, a_browser(INVITER))
    prove_at(late, wingtip)
    assert dead_end(late.proceed) is Page.UNKNOWN_ACCOUNT
    assert bound(house, invited.user.id).subject == "victim"


# ------------------------------------------------------------- T13: the relayed code


def test_T13_the_right_code_in_another_browser_is_refused_and_counts_as_a_try(house: House) -> None:
    """A code belongs to the flow that asked for it (security C4)."""
    own, other = begin(house, MAX, a_browser(GUEST)), begin(house, MAX, a_browser(INVITER))
    right = own.ask_code()
    other.ask_code()
    before = _tries(house, other)
    assert not other.code(right).right
    assert _tries(house, other) == (before[0] + 1, before[1] + 1)
    assert other.step is Step.ENTER_CODE
    assert own.code(right).right, "and the honest browser still uses it"


def test_T13_without_the_flows_cookie_nothing_is_compared(house: House) -> None:
    own = begin(house, MAX, a_browser(GUEST))
    right = own.ask_code()
    stranger = Way(house, a_browser(INVITER), own.flow_id)
    before = house.contents()
    assert dead_end(stranger.code, right) is Page.CLOSED
    assert house.contents() == before
    assert own.code(right).right


def _tries(house: House, way: Way) -> tuple[int, int]:
    """Of this flow's code, and of the address today."""
    of_code = house.rows("SELECT tries FROM passcodes WHERE flow_id = :flow", flow=way.flow_id)[0][0]
    today = house.rows("SELECT COALESCE(SUM(count), 0) FROM attempts WHERE scope = 'code'")[0][0]
    return of_code, today


# ------------------------------------------------------------ T36: an edit of addresses


def test_T36_a_new_mail_signs_in_with_the_old_binding_alone(house: House) -> None:
    """Security G4: whoever writes `mail` makes the guest nobody else."""
    before = house.guest(house.people["alice"])
    patch(house, before.id, mail="mallory@post.example", otherMails=["mallory@post.example", "carol@northwind.example"])
    assert house.guest(before.id).redemption == before.redemption
    typed = begin(house, "mallory@post.example", a_browser(INVITER))
    assert (typed.step, typed.look().flow.home_tenant_id) == (Step.PASSWORD, house.fabrikam)
    typed.do(methods.use_code)
    typed.do(codes.request_code)
    assert mailed_to(house) == set()
    assert not typed.code(typed.mailed_code()).right
    carol = begin(house, "carol@northwind.example", a_browser(INVITER))
    assert carol.look().flow.home_tenant_id == house.fabrikam, "the bound tenant is asked, not the address' own"
    assert carol.password("Carol's own").answer is prove.Answer.WRONG
    own = begin(house, "mallory@post.example", a_browser(GUEST))
    own.password()
    assert isinstance(own.proceed(), Arrived), "the bound identity comes in by the new name"


def test_T36_a_provider_that_proves_the_new_mail_is_not_the_bound_identity(
    house: House, wingtip: LyingProvider
) -> None:
    wingtip.claims = {"email": VICTIM}
    user_id, _ = redeem_at(house, wingtip, VICTIM)
    patch(house, user_id, mail="mallory@post.example", otherMails=[])
    wingtip.claims = {"sub": "mallory", "email": "mallory@post.example"}
    way = begin(house, "mallory@post.example", a_browser(INVITER))
    prove_at(way, wingtip)
    assert dead_end(way.proceed) is Page.UNKNOWN_ACCOUNT


def test_T36_a_guest_of_a_mailbox_whose_mail_is_moved_is_nobody_until_a_reset(house: House) -> None:
    """Lifecycle L30: the code goes to the redeemed address, which must still be on the object."""
    patch(house, house.people["max"], mail="mallory@post.example", otherMails=[])
    way = begin(house, "mallory@post.example", a_browser(INVITER))
    way.do(codes.request_code)
    assert mailed_to(house) == set()
    assert not way.code(way.mailed_code()).right
    assert bound(house, house.people["max"]).subject == MAX
