"""Caps of invitation mail that goes to an SMTP server (security M7, E23)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from applications import asking
from post_office import post_office
from ways import begin

from readmit.domain.errors import Throttled
from readmit.domain.mail import Recipient
from readmit.domain.redemption import ToApplication
from readmit.flows import codes, deliver
from world import House, a_browser, copy_house


@pytest.fixture
def mailing(seeded: Path, tmp_path: Path) -> Iterator[House]:
    made = copy_house(seeded, tmp_path, smtp="smtp://127.0.0.1:1", mail_from="readmit@contoso.com")
    yield made
    made.world.database.close()


@pytest.mark.parametrize("copy", ["new@post.example", "New@POST.example"])
def test_M7_a_copy_counts_as_its_address_however_it_is_written(mailing: House, copy: str) -> None:
    mia = mailing.person("mia")
    for _ in range(10):
        mailing.invite("new@post.example", mia, send=True)
    before = mailing.contents()
    with pytest.raises(Throttled):
        mailing.invite("else@post.example", mia, send=True, cc=(Recipient(copy),))
    assert mailing.contents() == before, "refused before anything is written"


def test_M7_the_caps_end_with_their_day_and_hour(mailing: House) -> None:
    mia = mailing.person("mia")
    for _ in range(10):
        mailing.invite("new@post.example", mia, send=True)
    mailing.clock.pass_(days=1, microseconds=1)
    mailing.invite("new@post.example", mia, send=True)
    for number in range(99):
        mailing.invite(f"guest{number}@post.example", mailing.automation(), send=True)
    with pytest.raises(Throttled) as refusal:
        mailing.invite("late@post.example", mia, send=True)
    assert refusal.value.retry_after == 3600
    mailing.clock.pass_(hours=1, microseconds=1)
    mailing.invite("late@post.example", mia, send=True)


def test_M7_kept_mail_has_no_cap(house: House) -> None:
    for _ in range(12):
        house.invite("new@post.example", house.person("mia"), send=True)


def test_T29_copies_of_earlier_mail_count_too(mailing: House) -> None:
    """Nobody is bombed by standing in Cc of mail to ten others."""
    mia = mailing.person("mia")
    for number in range(10):
        mailing.invite(f"other{number}@post.example", mia, send=True, cc=(Recipient("Victim@post.example"),))
    for more in ({"cc": (Recipient("victim@post.example"),)}, {}):
        with pytest.raises(Throttled):
            mailing.invite("victim@post.example" if not more else "else@post.example", mia, send=True, **more)


@pytest.mark.parametrize("copy", ["victim@müller.example", "victim@MÜLLER.example", "José@post.example"])
def test_M7_copies_to_addresses_beyond_ascii_count_by_the_same_key(mailing: House, copy: str) -> None:
    mia = mailing.person("mia")
    for number in range(10):
        mailing.invite(f"other{number}@post.example", mia, send=True, cc=(Recipient(copy),))
    with pytest.raises(Throttled):
        mailing.invite("else@post.example", mia, send=True, cc=(Recipient(copy),))


def test_M7_the_servers_own_cap_delays_mail_and_tells_no_tenant(seeded: Path, tmp_path: Path) -> None:
    with post_office() as office:
        house = copy_house(seeded, tmp_path, smtp=office.url, mail_from="readmit@contoso.com")
        for _ in range(12):
            house.invite("new@post.example", send=True)
            deliver.deliver_due(house.world, "worker")
        assert len(office.taken) == 10
        assert house.rows("SELECT state, tries FROM outbox WHERE state <> 'sent' ORDER BY id")[-1] == ("queued", 0)
        due = deliver.next_due(house.world)
        assert due == house.clock() + timedelta(days=1)
        house.clock.pass_(days=1)
        deliver.deliver_due(house.world, "worker")
        assert len(office.taken) == 11, "the older of the two was superseded by the newer"
        house.world.database.close()


def test_C6_three_flows_mail_one_mailbox_once_in_a_minute_and_an_unknown_one_waits_as_long(mailing: House) -> None:
    for address in ("max@post.example", "nobody@post.example"):
        ways = [begin(mailing, address, a_browser(str(number) * 43)) for number in range(3)]
        waits = [way.do(codes.request_code).wait for way in ways]
        assert waits == [None, mailing.clock() + timedelta(seconds=60), mailing.clock() + timedelta(seconds=60)]
    assert len(mailing.rows("SELECT id FROM outbox WHERE kind = 'passcode'")) == 1
    mailing.clock.pass_(seconds=60)
    assert begin(mailing, "max@post.example", a_browser("x" * 43)).do(codes.request_code).wait is None


def test_C6_a_used_code_ends_the_wait(mailing: House) -> None:
    assert begin(mailing, "max@post.example").code().right
    assert begin(mailing, "max@post.example", a_browser("x" * 43)).do(codes.request_code).wait is None


def test_C6_five_codes_a_day_until_midnight_also_for_an_address_of_nobody(mailing: House) -> None:
    for address in ("max@post.example", "nobody@post.example"):
        way = begin(mailing, address, a_browser(address[0] * 43))
        waits = []
        for _ in range(6):
            waits.append(way.do(codes.request_code).wait)
            mailing.clock.pass_(seconds=60)
        midnight = mailing.clock().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        assert waits == [None] * 5 + [midnight]
    mailing.clock.time = midnight
    assert begin(mailing, "max@post.example", a_browser("y" * 43)).do(codes.request_code).wait is None


def test_C6_the_mail_names_the_application(seeded: Path, tmp_path: Path) -> None:
    with post_office() as office:
        house = copy_house(seeded, tmp_path, smtp=office.url, mail_from="readmit@contoso.com")
        way = begin(house, "max@post.example", target=ToApplication(asking(house)))
        way.do(codes.request_code)
        deliver.deliver_due(house.world, "worker")
        assert "Expenses" in office.text()
        house.world.database.close()
