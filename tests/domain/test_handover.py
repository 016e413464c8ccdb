"""Since when a guest is who he is (lifecycle L9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from readmit.domain.address import EmailAddress
from readmit.domain.guest import Accepted, Pending, User, mail_binding
from readmit.domain.handover import HandedOver, Redeemed, handed_over

NOW = datetime(2026, 1, 31, 10, 30, tzinfo=UTC)
BOB, ALICE = ("mail", "mail", "bob@post.example"), ("mail", "mail", "alice@post.example")
ADDRESS = EmailAddress.parse("bob@post.example")
GUEST = User(
    id="g",
    tenant_id="t",
    upn="bob_post.example#EXT#@contoso.onmicrosoft.com",
    mail_nickname=None,
    display_name="Bob",
    user_type="Guest",
    created=NOW - timedelta(days=90),
    sessions_valid_from=NOW,
    redemption=Accepted(ADDRESS, NOW, mail_binding(ADDRESS), ADDRESS),
)


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


@pytest.mark.parametrize(
    ("newest_first", "found"),
    [
        ([], None),
        ([Redeemed(BOB, NOW, None)], None),
        ([Redeemed(BOB, NOW, None), Redeemed(BOB, ago(9), ago(1))], None),
        ([Redeemed(BOB, NOW, None), Redeemed(ALICE, ago(30), ago(1))], HandedOver(ago(1), NOW)),
        (
            [Redeemed(BOB, NOW, None), Redeemed(BOB, ago(9), ago(1)), Redeemed(ALICE, ago(30), ago(10))],
            HandedOver(ago(10), ago(9)),
        ),
        (
            [Redeemed(BOB, NOW, None), Redeemed(ALICE, ago(9), ago(1)), Redeemed(BOB, ago(30), ago(10))],
            HandedOver(ago(1), NOW),
        ),
        ([Redeemed(BOB, NOW, None), Redeemed(ALICE, ago(30), None)], HandedOver(NOW, NOW)),
    ],
)
def test_L9_what_is_his_begins_behind_the_last_other_identity(
    newest_first: list[Redeemed], found: HandedOver | None
) -> None:
    assert handed_over(GUEST, newest_first) == found


def test_who_has_not_redeemed_has_no_past() -> None:
    pending = replace(GUEST, redemption=Pending(ADDRESS, NOW))
    assert handed_over(pending, [Redeemed(ALICE, ago(30), ago(1))]) is None
