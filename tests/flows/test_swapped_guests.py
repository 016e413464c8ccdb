"""Two guests who swap addresses in the middle of their ways, and what mail that was sent before still does.

An administrator PATCHes both and resets them (lifecycle L3, L26, L30, S9); each mailbox ends at the guest it was invited
to, and nothing from before reaches the other one.
"""

from __future__ import annotations

import pytest
from test_redeeming import dead_end, patch
from ways import Way, begin, follow

from readmit.domain.address import EmailAddress
from readmit.domain.errors import Page
from readmit.domain.guest import Accepted, Pending
from readmit.domain.redemption import Step
from readmit.flows import codes, links, mail_choice
from readmit.flows.arrive import Arrived
from readmit.flows.browsers import session_of
from readmit.storage import mail_blocks
from world import House, a_browser

MAX, NIA = "max@post.example", "nia@post.example"


@pytest.fixture
def nia(house: House) -> str:
    """A second guest of a mailbox, who has accepted."""
    invited = house.invite(NIA)
    follow(house, invited, a_browser("n" * 43)).redeem_by_code()
    return invited.user.id


def swap(house: House, one: str, other: str) -> None:
    """`one` gets Nia's address, `other` Max's; three writes, as no address is two people's at once."""
    patch(house, one, mail="meanwhile@post.example", otherMails=["meanwhile@post.example"])
    patch(house, other, mail=MAX, otherMails=[MAX])
    patch(house, one, mail=NIA, otherMails=[NIA])


def bound(house: House, guest: str) -> str | None:
    redemption = house.guest(guest).redemption
    return redemption.binding.subject if isinstance(redemption, Accepted) else None


def signed_in_as(house: House, token: str | None) -> str | None:
    session = house.read(session_of, token, house.world.now())
    entry = session.at(house.contoso) if session else None
    return entry.user_id if entry else None


def test_L30_swapped_addresses_alone_let_neither_in(house: House, nia: str) -> None:
    """Before any reset: who types an address is not sent a code at it for the other's account."""
    swap(house, house.people["max"], nia)
    for address in (MAX, NIA):
        way = begin(house, address, a_browser(address.ljust(43, "x")))
        way.do(codes.request_code)
        assert house.rows("SELECT real FROM passcodes WHERE flow_id = :id", id=way.flow_id) == [(0,)]
        assert not way.code(way.mailed_code()).right
    assert (bound(house, house.people["max"]), bound(house, nia)) == (MAX, NIA)


def test_L26_each_redeems_the_guest_that_his_mailbox_was_invited_to(house: House, nia: str) -> None:
    one = house.people["max"]
    ways = {address: begin(house, address, a_browser(address.ljust(43, "x"))) for address in (MAX, NIA)}
    before = {address: way.ask_code() for address, way in ways.items()}
    proved = begin(house, NIA, a_browser("p" * 43))
    assert proved.code().right
    swap(house, one, nia)
    first, second = house.reset(one, NIA), house.reset(nia, MAX)
    for address, way in ways.items():
        assert not way.code(before[address]).right, "a code is of the guest that it was mailed for"
    proved.proceed()
    assert proved.step is Step.REQUEST_CODE, "and so is a proof"
    arrived = {}
    for invited, secret in ((first, "1"), (second, "2")):
        done = follow(house, invited, a_browser(secret * 43)).redeem_by_code()
        arrived[invited.user.id] = signed_in_as(house, done.session_token)
    assert arrived == {one: one, nia: nia}
    assert (bound(house, one), bound(house, nia)) == (NIA, MAX)


def test_L26_a_binding_whose_address_went_to_another_gives_way_with_all_that_hung_on_it(house: House, nia: str) -> None:
    """Only one of the two is reset so far: Nia's mailbox redeems Max's guest, and her own one waits for a reset."""
    one = house.people["max"]
    session = begin(house, NIA, a_browser("s" * 43))
    assert session.code().right
    done = session.proceed()
    assert isinstance(done, Arrived)
    swap(house, one, nia)
    invited = house.reset(one, NIA)
    follow(house, invited, a_browser("f" * 43)).redeem_by_code()
    assert (bound(house, one), bound(house, nia)) == (NIA, None)
    assert signed_in_as(house, done.session_token) is None
    late = begin(house, MAX, a_browser("l" * 43))
    late.do(codes.request_code)
    assert not late.code(late.mailed_code()).right, "no invitation: Max's mailbox is nobody yet"


def test_S9_two_pending_guests_whose_addresses_are_swapped_are_invited_anew(house: House) -> None:
    a, b = house.invite("a@post.example"), house.invite("b@post.example")
    way = follow(house, a, a_browser("a" * 43))
    code = way.ask_code()
    proved = follow(house, b, a_browser("b" * 43))
    assert proved.code().right
    proved.proceed()
    patch(house, a.user.id, mail="x@post.example", otherMails=[])
    patch(house, b.user.id, mail="a@post.example", otherMails=[])
    patch(house, a.user.id, mail="b@post.example", otherMails=[])
    assert dead_end(way.code, code) is Page.CLOSED
    assert dead_end(proved.accept) is Page.CLOSED
    for old in (a, b):
        assert dead_end(house.read, links.open_link, house.world, old.ticket) is Page.NO_INVITATION
        assert isinstance(house.guest(old.user.id).redemption, Pending)


# ------------------------------------------------------------------ mail from before


def test_L23_every_link_that_was_mailed_before_leads_to_the_page_of_the_new_one(house: House) -> None:
    tickets = [house.invite(MAX, send=True).ticket]
    tickets += [house.reset(house.people["max"], MAX, send=True).ticket for _ in range(2)]
    current = house.reset(house.people["max"], NIA, send=True)
    for ticket in tickets:
        assert dead_end(house.read, links.open_link, house.world, ticket) is Page.RENEWED
        house.write(links.mail_current, house.world, ticket)
    owed = house.rows(
        "SELECT DISTINCT address_key FROM outbox WHERE state = 'queued' AND kind IN ('invitation', 'reset')"
    )
    assert owed == [(NIA,)], "the button of an old mail writes to who is invited now"
    assert follow(house, current).redeem_by_code()


def test_L39_who_had_the_guest_before_blocks_mail_to_his_own_mailbox_alone(house: House) -> None:
    """`/unsubscribe` of an old mail: proved for the mailbox, it neither stops the successor's mail nor tells of him."""
    house.reset(house.people["max"], NIA, send=True)
    browser, flow_id = a_browser("u" * 43), house.world.new_id()
    typed = EmailAddress.parse(MAX)
    house.write(mail_choice.start, house.world, browser, flow_id=flow_id, tenant_id=house.contoso, typed=typed)
    way = Way(house, browser, flow_id)
    way.do(codes.request_code)
    assert house.rows("SELECT real FROM passcodes WHERE flow_id = :id", id=flow_id) == [(0,)], "nobody's mailbox here"
    assert not way.code(way.mailed_code()).right
    assert not house.read(mail_blocks.blocked, house.contoso, NIA)
    assert house.rows("SELECT state FROM outbox WHERE address_key = :key AND kind = 'reset'", key=NIA) == [("queued",)]
