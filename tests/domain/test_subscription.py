"""What is watched, and how the telling of it goes on (graph G59)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from readmit.domain.subscription import GATHER, PATIENCE, Progress, Resource, pause

NOW = datetime(2026, 1, 1, tzinfo=UTC)
START = Progress(seq=5, due=NOW)


@pytest.mark.parametrize(
    ("text", "watched"),
    [
        ("users", Resource("user")),
        ("/Users/", Resource("user")),
        ("users/ABC", Resource("user", "abc")),
        ("groups", Resource("group")),
        ("/groups/x", Resource("group", "x")),
        ("Groups/x/Members", Resource("group", "x", members=True)),
        ("users/x/members", None),
        ("groups/x/owners", None),
        ("groups?$filter=x", None),
        ("sites", None),
        ("", None),
    ],
)
def test_G59_what_can_be_watched(text: str, watched: Resource | None) -> None:
    assert Resource.parse(text) == watched


def test_pauses_double_from_ten_seconds_to_ten_minutes() -> None:
    assert [pause(tries).total_seconds() for tries in (1, 2, 3, 6, 7, 8, 1000)] == [10, 20, 40, 320, 600, 600, 600]


def test_what_is_acknowledged_is_over() -> None:
    failing = START.failed(7, NOW, lifecycle=True)
    assert failing.acknowledged(9, NOW) == Progress(seq=9, due=NOW + GATHER)
    assert failing.acknowledged(9, NOW, more=True) == Progress(seq=9, due=NOW)


def test_a_failure_is_tried_again_and_moves_nothing() -> None:
    once = START.failed(7, NOW, lifecycle=True)
    assert once == replace(START, due=NOW + pause(1), tries=1, failing_since=NOW, failing_seq=7)
    later = NOW + timedelta(minutes=1)
    assert once.failed(12, later, lifecycle=True) == replace(once, due=later + pause(2), tries=2)


@pytest.mark.parametrize("lifecycle", [True, False])
def test_after_four_hours_what_existed_at_the_first_failure_is_given_up(lifecycle: bool) -> None:
    """What came later has four hours of its own; only who can hear of it is owed `missed`."""
    end = NOW + PATIENCE
    given_up = START.failed(7, NOW, lifecycle=lifecycle).failed(12, end, lifecycle=lifecycle)
    missed = {"missed_since": end, "missed_due": end} if lifecycle else {}
    assert given_up == Progress(seq=7, due=end, **missed)


def test_missed_is_told_once_heard_or_given_up_after_four_hours() -> None:
    owing = replace(START, missed_since=NOW, missed_due=NOW)
    assert owing.missed_told() == START
    again = owing.missed_failed(NOW)
    assert again == replace(owing, missed_due=NOW + pause(1), missed_tries=1)
    assert again.missed_failed(NOW + PATIENCE) == START
    assert START.missed_failed(NOW) == START
