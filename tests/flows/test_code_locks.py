"""Locked codes: who has tries of his own, who is told, and that the lock ends by itself (security C3, C5, C6, T12)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from applications import arrive, change_user
from ways import Way, begin, follow

from readmit.domain.address import EmailAddress
from readmit.domain.mail import OwedMail
from readmit.flows import codes, deliver, methods
from readmit.flows.arrive import Arrived
from readmit.mail import mailbox
from readmit.storage import outbox
from world import House, a_browser, copy_house

MAX = "max@post.example"


def lock(house: House, address: str, **more: Any) -> Way:
    """A stranger uses up the tries of an address; his flow at the end."""
    stranger = begin(house, address, a_browser("x" * 43, ip="192.0.2.66"), **more)
    for number in range(20):
        if number % 5 == 0:
            stranger.do(codes.request_code)
        assert stranger.code("").locked is None
    stranger.do(codes.request_code)
    assert stranger.code("").locked is not None
    return stranger


def notices(house: House) -> int:
    return len(house.rows("SELECT 1 FROM outbox WHERE kind = 'code_lock'"))


def test_C5_a_lock_sends_one_notice_and_ends_by_itself(house: House) -> None:
    stranger = lock(house, MAX)
    assert stranger.code("").locked is not None
    assert stranger.code("").locked is not None
    assert notices(house) == 1
    deliver.deliver_due(house.world, "worker")
    folder = house.world.settings.mail_folder
    (notice,) = [entry for entry in mailbox.listing(folder) if entry["kind"] == "code_lock"]
    assert notice["to"] == [MAX]
    text = mailbox.read(folder, notice["id"])["text"]
    assert "Contoso" in text
    assert "1 February 2026" in text, "until the day's end"
    house.clock.pass_(hours=13, minutes=30)
    assert begin(house, MAX).code().right


def test_C5_a_lock_at_another_tenant_on_the_same_day_is_told_as_well(house: House) -> None:
    """Codes are locked for an address of one tenant (security C3), and so are its notices."""
    key = EmailAddress.parse(MAX).key
    house.write(outbox.owe, OwedMail("m1", house.fabrikam, "code_lock", key), house.clock())
    lock(house, MAX)
    told = house.rows("SELECT 1 FROM outbox WHERE kind = 'code_lock' AND tenant_id = :id", id=house.contoso)
    assert told == [(1,)]


def test_C5_the_lock_of_an_address_of_nobody_tells_nobody(house: House) -> None:
    lock(house, "nobody@post.example")
    assert house.rows("SELECT 1 FROM outbox") == []


def test_C5_a_notice_whose_lock_is_over_or_whose_mailbox_moved_is_not_sent(house: House) -> None:
    lock(house, MAX)
    lock(house, "pat@post.example")
    assert notices(house) == 2
    change_user(house, house.guest(house.people["max"]), mail=EmailAddress.parse("max@new.example"), other_mails=())
    deliver.deliver_due(house.world, "worker")
    states = dict(house.rows("SELECT address_key, state FROM outbox WHERE kind = 'code_lock'"))
    assert states == {MAX: "superseded", "pat@post.example": "sent"}


def test_C5_a_notice_that_waited_for_a_day_is_not_sent(house: House) -> None:
    lock(house, MAX)
    house.clock.pass_(days=1)
    deliver.deliver_due(house.world, "worker")
    assert house.rows("SELECT state FROM outbox WHERE kind = 'code_lock'") == [("superseded",)]


def test_C5_the_lock_of_a_guest_who_is_gone_tells_nobody(house: House) -> None:
    stranger = begin(house, MAX, a_browser("x" * 43))
    for number in range(20):
        if number % 5 == 0:
            stranger.do(codes.request_code)
        stranger.code("")
    stranger.do(codes.request_code)
    change_user(house, house.guest(house.people["max"]), deleted=house.world.now())
    assert stranger.code("").locked is not None
    assert notices(house) == 0


def test_a_lock_of_an_ip_address_tells_no_guest(house: House) -> None:
    """C3: sixty wrong ones an hour from one address, at mailboxes of nobody; then the next mailbox is not told."""
    for number in range(3):
        way = begin(house, f"nobody{number}@post.example")
        for _ in range(20):
            way.do(codes.request_code)
            way.code("")
    assert begin(house, MAX).code().locked is not None
    assert notices(house) == 0


# --------------------------------------------------------------------------- T12


def test_T12_a_live_link_has_tries_of_its_own(house: House) -> None:
    invited = house.invite("pat@post.example", user_id=house.people["pat"])
    lock(house, "pat@post.example")
    assert isinstance(follow(house, invited).redeem_by_code(), Arrived)


def test_T12_the_link_of_an_accepted_guest_has_tries_of_its_own(house: House) -> None:
    link = house.invite(MAX)
    lock(house, MAX)
    assert begin(house, MAX).code().locked is not None
    assert follow(house, link).code().right


def test_T12_an_older_link_or_a_link_of_somebody_else_has_none(house: House) -> None:
    old, _ = house.invite(MAX), house.invite(MAX)
    other = house.invite("new@post.example")
    lock(house, MAX)
    assert follow(house, old).code().locked is not None
    way = follow(house, other)
    assert way.redeem_by_code()
    link = house.invite("new@post.example")
    way = follow(house, link)
    way.do(methods.type_address, EmailAddress.parse(MAX))
    assert way.code().locked is not None


def test_T12_a_browser_of_an_earlier_proof_has_tries_of_its_own(house: House) -> None:
    browser = arrive(house, MAX)
    lock(house, MAX)
    assert begin(house, MAX).code().locked is not None
    assert begin(house, MAX, browser).code().right
    elsewhere = arrive(house, "alice@fabrikam.com")
    assert begin(house, MAX, elsewhere).code().locked is not None


def test_C6_a_known_browser_has_five_more_mails(seeded: Path, tmp_path: Path) -> None:
    house = copy_house(seeded, tmp_path, smtp="smtp://127.0.0.1:1", mail_from="readmit@contoso.com")
    browser = arrive(house, MAX)
    for expected in (None, None, None, None, "wait"):
        house.clock.pass_(minutes=2)
        assert (begin(house, MAX, a_browser("x" * 43)).do(codes.request_code).wait is None) == (expected is None)
    for expected in (None, None, None, None, None, "wait"):
        house.clock.pass_(minutes=2)
        assert (begin(house, MAX, browser).do(codes.request_code).wait is None) == (expected is None)
    assert len(house.rows("SELECT 1 FROM outbox WHERE kind = 'passcode'")) == 10
    house.world.database.close()


@pytest.mark.parametrize("known", [False, True])
def test_T11_no_more_than_twenty_wrong_comparisons_a_day_for_each_kind_of_browser(house: House, known: bool) -> None:
    """40 sessions, 200 guesses: the counter is raised before comparing, and the right code after the lock fails."""
    link = house.invite("new@post.example")
    ways = []
    for number in range(40):
        browser = a_browser(f"{number:043d}", ip=f"192.0.2.{number}")
        ways.append(follow(house, link, browser) if known else begin(house, "new@post.example", browser))
        ways[-1].do(codes.request_code)
    compared = 0
    for way in ways:
        for _ in range(5):
            before = house.rows("SELECT SUM(tries) FROM passcodes")[0][0]
            way.code("")
            compared += house.rows("SELECT SUM(tries) FROM passcodes")[0][0] - before
    assert compared == 20
    assert ways[-1].code(ways[-1].mailed_code()).locked is not None
