"""A home account that goes, or is made anew, in the middle of a way: its proof lets nobody in (lifecycle L24, section 7, B).

The guest sees a page that names the reset; what was signed in before lives on until its next proof or refresh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from applications import account, arrive, change_user, renew, to_application, tokens_for
from test_redeeming import dead_end
from ways import begin, follow

from readmit.domain.errors import Page, TokenRefused
from readmit.domain.guest import Pending
from readmit.domain.permission import Caller
from readmit.domain.redemption import Step
from readmit.flows import directory, prove, removal
from readmit.flows.arrive import Arrived, consent_to_application
from readmit.flows.browsers import Browser, session_of
from readmit.storage import users
from world import AUTOMATION, PASSWORD, House, a_browser

HOME, BOB = "alice@fabrikam.com", "bob@fabrikam.com"
Ending = Callable[[House, str], None]


def _there(house: House) -> Caller:
    """Fabrikam's own administrator."""
    held = frozenset({"User.ReadWrite.All", "Directory.ReadWrite.All"})
    return Caller(house.fabrikam, AUTOMATION, "principal", "Fabrikam", held)


def deleted(house: House, address: str) -> None:
    house.write(removal.delete_user, house.world, _there(house), account(house, address).id)


def made_anew(house: House, address: str) -> None:
    """Same name, same password, another object (scenario B)."""
    before = account(house, address)
    deleted(house, address)
    fresh = replace(before, id=house.world.new_id())

    def save(tx: object) -> None:
        users.insert(tx, fresh)  # type: ignore[arg-type]
        hashed = house.world.passwords.hash(PASSWORD)
        users.set_password(tx, fresh.id, hashed, now=house.world.now())  # type: ignore[arg-type]

    house.write(save)


def disabled(house: House, address: str) -> None:
    change_user(house, account(house, address), enabled=False)


def revoked(house: House, address: str) -> None:
    house.write(directory.revoke_sessions, house.world, _there(house), account(house, address).id)


ENDINGS = pytest.mark.parametrize("ending", [deleted, made_anew, disabled, revoked], ids=lambda one: one.__name__)


@ENDINGS
@pytest.mark.parametrize("consents", [False, True])
def test_L24_a_sign_in_that_was_proved_before_lets_nobody_in(house: House, ending: Ending, consents: bool) -> None:
    way = begin(house, HOME, target=to_application(house, prompt=("consent",)) if consents else None)
    way.password()
    if consents:
        way.proceed()
        assert way.step is Step.APP_CONSENT
    ending(house, HOME)
    step = way.proceed if not consents else lambda: way.do(consent_to_application)
    assert dead_end(step) is Page.UNKNOWN_ACCOUNT
    assert house.rows("SELECT 1 FROM sign_ins WHERE tenant_id = :id", id=house.contoso) == []
    assert house.rows("SELECT 1 FROM grants") == []


@ENDINGS
def test_L24_a_redemption_that_was_proved_before_binds_nothing(house: House, ending: Ending) -> None:
    invited = house.invite(BOB)
    way = follow(house, invited)
    way.password()
    way.proceed()
    ending(house, BOB)
    assert dead_end(way.accept) is Page.OTHER_ADDRESS
    assert isinstance(house.guest(invited.user.id).redemption, Pending)


@ENDINGS
def test_B_who_comes_again_with_what_is_there_now_is_not_the_guest(house: House, ending: Ending) -> None:
    browser = arrive(house, HOME)
    ending(house, HOME)
    way = begin(house, HOME, Browser(browser.session_token, browser.ip, "q" * 43))
    assert way.do(prove.prove_by_session).answer is prove.Answer.WRONG, "no live home sign-in stands for it"
    fresh = begin(house, HOME, a_browser("f" * 43))
    proved = fresh.password()
    if ending is revoked:
        assert isinstance(fresh.proceed(), Arrived), "his own account, proved anew"
    elif ending is made_anew:
        assert dead_end(fresh.proceed) is Page.UNKNOWN_ACCOUNT
    else:
        assert proved.answer is prove.Answer.WRONG


@ENDINGS
def test_L24_a_guests_own_sign_in_lives_on_and_his_refresh_does_not(house: House, ending: Ending) -> None:
    """The live sign-in also gives its consents: it stands for a proof, whatever became of the account."""
    tokens = tokens_for(house, HOME)
    browser = arrive(house, HOME)
    ending(house, HOME)
    session = house.read(session_of, browser.session_token, house.world.now())
    assert session is not None
    assert session.at(house.contoso) is not None
    with pytest.raises(TokenRefused) as refused:
        renew(house, tokens["refresh_token"])
    assert refused.value.number == 50173
