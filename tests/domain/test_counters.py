"""What codes, requests and proofs are held against (lifecycle L1, L5, security L6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from readmit.domain.address import EmailAddress
from readmit.domain.counters import Counters, counters_of
from readmit.domain.guest import Accepted, Pending, User, mail_binding

NOW = datetime(2026, 1, 31, tzinfo=UTC)
ADDRESS = EmailAddress.parse("max@post.example")
PENDING = User(
    id="max",
    tenant_id="contoso",
    upn="max_post.example#EXT#@contoso.onmicrosoft.com",
    mail_nickname=None,
    display_name="Max",
    user_type="Guest",
    created=NOW,
    sessions_valid_from=NOW,
    redemption=Pending(ADDRESS, NOW),
    generation=3,
    epoch=2,
)
ACCEPTED = replace(PENDING, redemption=Accepted(ADDRESS, NOW, mail_binding(ADDRESS), ADDRESS))


def test_the_generation_counts_only_where_the_guest_was_pending() -> None:
    assert counters_of(PENDING) == Counters("max", 2, 3)
    assert counters_of(ACCEPTED) == Counters("max", 2, None)


def test_they_hold_while_nothing_ends_and_after_the_guest_has_redeemed() -> None:
    assert counters_of(PENDING).hold(PENDING)
    assert counters_of(PENDING).hold(ACCEPTED), "the same generation: whoever proves the same is let in (L5)"
    assert counters_of(ACCEPTED).hold(replace(ACCEPTED, generation=9)), "a plain re-invite signs nobody out (L1)"


@pytest.mark.parametrize("made_for", [PENDING, ACCEPTED])
@pytest.mark.parametrize("user", [None, replace(PENDING, id="another")])
def test_they_hold_for_nobody_else(made_for: User, user: User | None) -> None:
    assert not counters_of(made_for).hold(user)


def test_a_reset_ends_them_whichever_state_it_found() -> None:
    assert not counters_of(PENDING).hold(PENDING.unbound(NOW, ADDRESS))
    assert not counters_of(ACCEPTED).hold(ACCEPTED.unbound(NOW, ADDRESS))


def test_a_reinvite_ends_those_of_a_pending_guest() -> None:
    assert not counters_of(PENDING).hold(replace(PENDING, generation=4))
