"""One mailbox that two organisations of a server have invited: what is proved for one is nothing for the other (I8)."""

from __future__ import annotations

import pytest
from passkeys import of, options, with_passkey
from test_redeeming import dead_end
from ways import Way, begin, follow

from authenticator import Authenticator
from readmit.domain.address import EmailAddress
from readmit.domain.errors import NotFound, Page
from readmit.domain.guest import Accepted, Pending
from readmit.domain.invitation import Request
from readmit.domain.permission import Caller, Wanted
from readmit.domain.redemption import Step
from readmit.flows import invite, passkey_use
from readmit.flows.arrive import Arrived
from readmit.flows.browsers import Browser, session_of
from readmit.flows.invite import Asked, Invited
from readmit.flows.passkey_use import Answer, use_passkey
from readmit.storage import users
from world import AUTOMATION, MY_APPS, House, a_browser

MAX, PAT = "max@post.example", "pat@post.example"


def invited_by_northwind(house: House, address: str, **more: object) -> Invited:
    held = frozenset({"User.Invite.All", "User.ReadWrite.All"})
    caller = Caller(house.northwind, AUTOMATION, "00000000-0000-4000-8000-00000000000f", "Northwind", held)
    request = Request(EmailAddress.parse(address), MY_APPS, **more)  # type: ignore[arg-type]
    asked = Asked(request, Wanted(reset=request.reset, member=False), None, str(request))
    made: Invited = house.write(invite.invite, house.world, caller, asked)
    return made


@pytest.fixture
def theirs(house: House) -> Invited:
    return invited_by_northwind(house, MAX)


def state(house: House, tenant: str, user_id: str) -> type:
    user = house.read(users.get, tenant, user_id)
    assert user is not None
    return type(user.redemption)


def test_I8_a_code_that_one_organisation_mailed_opens_no_way_of_the_other(house: House, theirs: Invited) -> None:
    here, there = begin(house, MAX, a_browser("h" * 43)), follow(house, theirs, a_browser("t" * 43))
    code, other = here.ask_code(), there.ask_code()
    assert not there.code(code).right
    assert not here.code(other).right
    assert here.code(code).right
    assert isinstance(here.proceed(), Arrived)
    assert there.step is Step.ENTER_CODE
    assert state(house, house.northwind, theirs.user.id) is Pending


def test_I8_who_is_signed_in_at_one_proves_himself_at_the_other(house: House, theirs: Invited) -> None:
    """In one browser, with one cookie; a sign-in of each organisation stands in it by itself (security N2)."""
    here = begin(house, MAX, a_browser("h" * 43))
    assert here.code().right
    arrived = here.proceed()
    assert isinstance(arrived, Arrived)
    both = Browser(arrived.session_token, "192.0.2.1", "t" * 43)
    there = follow(house, theirs, both)
    assert there.step is Step.REQUEST_CODE
    done = there.redeem_by_code()
    session = house.read(session_of, done.session_token, house.world.now())
    assert session is not None
    entries = {tenant: session.at(tenant).user_id for tenant in (house.contoso, house.northwind)}
    assert entries == {house.contoso: house.people["max"], house.northwind: theirs.user.id}


def test_I8_a_passkey_of_one_is_none_of_the_other(house: House, theirs: Invited) -> None:
    device = Authenticator()
    with_passkey(house, device)
    follow(house, theirs, a_browser("t" * 43)).redeem_by_code()
    way = begin(house, MAX, a_browser("w" * 43), tenant=house.northwind)
    way.do(passkey_use.begin_use)
    answer = use_passkey(house.world, way.browser, way.flow_id, device.get(options(way)))
    assert answer is not Answer.PROVED
    assert way.look().flow.proof is None
    assert len(of(house)) == 1


def test_I8_a_reset_at_one_leaves_the_other_alone(house: House, theirs: Invited) -> None:
    follow(house, theirs, a_browser("t" * 43)).redeem_by_code()
    way = begin(house, MAX, a_browser("w" * 43), tenant=house.northwind)
    assert way.code().right
    here = begin(house, MAX, a_browser("h" * 43))
    assert here.code().right
    house.reset(house.people["max"], MAX)
    here.proceed()
    assert here.step is Step.REQUEST_CODE, "of the guest that was reset"
    assert isinstance(way.proceed(), Arrived)
    assert state(house, house.northwind, theirs.user.id) is Accepted


def test_I8_a_link_and_a_flow_are_of_their_own_organisation(house: House, theirs: Invited) -> None:
    ours = house.invite(PAT)
    way = follow(house, theirs, a_browser("t" * 43))
    assert way.look().tenant.id == house.northwind
    stranger = Way(house, a_browser("o" * 43), way.flow_id)
    assert dead_end(stranger.look) is Page.CLOSED
    with pytest.raises(NotFound):
        invited_by_northwind(house, PAT, user_id=ours.user.id, reset=True)
    assert state(house, house.contoso, ours.user.id) is Pending
