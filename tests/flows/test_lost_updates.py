"""A compare-and-set that somebody else won: nothing is written, and the answer says what to do (reliability DB2).

On SQLite a process's own writes follow one another, so the misses are brought about here; on a database with several
writers they happen.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_redeeming import dead_end, patch
from ways import begin, follow

from readmit.domain.address import EmailAddress
from readmit.domain.errors import DeadEnd, Page, Unavailable
from readmit.domain.guest import Pending
from readmit.flows import links, prove
from readmit.flows.proceed import proceed
from readmit.storage import browser_flows, users
from world import House


def test_a_reset_whose_guest_changed_meanwhile_is_unknown_and_writes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = house.contents()
    monkeypatch.setattr(users, "update", lambda *_: False)
    with pytest.raises(Unavailable):
        house.reset(house.people["alice"], "alice@post.example")
    assert house.contents() == before


def test_a_redemption_whose_guest_changed_meanwhile_ends_on_P2(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    invited = house.invite("new@post.example")
    way = follow(house, invited)
    way.code()
    way.proceed()
    monkeypatch.setattr(users, "update", lambda *_: False)
    assert dead_end(way.accept) is Page.RENEWED
    monkeypatch.undo()
    assert isinstance(house.guest(invited.user.id).redemption, Pending)


def test_L26_an_identity_whose_holder_changed_meanwhile_is_not_taken(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail binding without its address gives way, unless somebody else has just written it."""
    old = house.guest(house.people["max"])
    moved = replace(old, mail=EmailAddress.parse("elsewhere@post.example"), other_mails=())
    house.write(lambda tx: users.update(tx, moved, old))
    way = follow(house, house.invite("max@post.example"))
    way.code()
    way.proceed()
    before = house.contents()
    monkeypatch.setattr(users, "update", lambda *_: False)
    with pytest.raises(Unavailable):
        way.accept()
    assert house.contents() == before


def test_a_flow_that_somebody_else_ended_arrives_nowhere(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    way = begin(house, "max@post.example")
    way.code()
    monkeypatch.setattr(browser_flows, "delete", lambda *_: False)
    assert dead_end(way.proceed) is Page.CLOSED
    assert house.rows("SELECT 1 FROM sign_ins") == []


def test_a_repeat_whose_guest_is_gone_is_unknown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.invite("new@post.example", idempotency_key="k")
    monkeypatch.setattr(users, "get", lambda *_: None)
    with pytest.raises(Unavailable):
        house.invite("new@post.example", idempotency_key="k")


def test_a_tenant_that_goes_takes_links_and_flows_along(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    invited = house.invite("new@post.example")
    way = follow(house, invited)
    monkeypatch.setattr("readmit.storage.tenants.get", lambda *_: None)
    assert dead_end(house.read, links.open_link, house.world, invited.ticket) is Page.UNKNOWN_LINK
    assert dead_end(way.look) is Page.CLOSED


def test_a_redemption_without_its_guest_is_over(house: House) -> None:
    invited = house.invite("new@post.example")
    way = follow(house, invited)
    flow = house.read(browser_flows.get, way.flow_id, way.browser.flow_hash)
    guest = house.guest(invited.user.id)
    house.write(lambda tx: users.update(tx, replace(guest, deleted=house.world.now()), guest))
    assert dead_end(way.look) is Page.NO_INVITATION
    assert flow is not None


def test_a_flow_without_a_home_proves_no_password(house: House) -> None:
    way = begin(house, "max@post.example")
    flow = house.read(browser_flows.get, way.flow_id, way.browser.flow_hash)
    assert house.read(prove.home_account, flow) is None
    own = replace(flow, home_tenant_id=house.contoso, address=EmailAddress.parse("max@post.example"))
    assert house.read(prove.home_account, own) is None, "a guest of the tenant has no password here"


def test_an_address_that_moved_after_the_code_was_typed_is_P4(house: House) -> None:
    invited = house.invite("new@post.example")
    way = follow(house, invited)
    way.code()
    flow = house.read(browser_flows.get, way.flow_id, way.browser.flow_hash)
    patch(house, invited.user.id, mail="x@post.example", otherMails=["x@post.example"])
    house.write(browser_flows.insert, replace(flow, invitation_id=None))
    with pytest.raises(DeadEnd) as end:
        house.write(proceed, house.world, way.browser, way.flow_id)
    assert end.value.page is Page.NO_INVITATION
