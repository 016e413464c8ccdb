"""Caps of invitation mail that goes to an SMTP server (security M7, E23)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from readmit.domain.errors import Throttled
from readmit.domain.mail import Recipient
from world import House, copy_house


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
