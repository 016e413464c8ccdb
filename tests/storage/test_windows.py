"""Counters of throttling, in one process and shared: the same answers (graph G62)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from readmit.domain.errors import Unavailable
from readmit.domain.throttling import OwnWindows, Use, Windows
from readmit.storage.windows import SharedWindows

Pair = Callable[[], Windows]


@pytest.fixture(params=["own", "shared"])
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """A further view on the same counters."""
    own = OwnWindows()
    return (lambda: own) if request.param == "own" else (lambda: SharedWindows(tmp_path / "throttle.db"))


def _use(amount: int = 1, *, key: str = "a", window: int = 7, ceiling: float = 3) -> Use:
    return Use((key,), window, amount, ceiling)


def test_amounts_add_up_within_a_window_and_begin_anew_with_the_next(another: Pair) -> None:
    assert [another().take([_use()]) for _ in range(3)] == [[1], [2], [3]]
    assert another().take([_use(window=8)]) == [1]


def test_what_goes_over_one_ceiling_is_counted_nowhere(another: Pair) -> None:
    assert another().take([_use(key="b"), _use(4)]) == [1, 4]
    assert another().take([_use(key="b"), _use(3)]) == [1, 3]


def test_an_amount_of_nothing_fits_a_full_window(another: Pair) -> None:
    another().take([_use(3)])
    assert another().take([_use(0, ceiling=1)]) == [3]


def test_the_counters_of_a_process_are_dropped_before_they_fill_its_memory() -> None:
    own = OwnWindows()
    own.take([_use(3)])
    for number in range(20_000):
        own.take([_use(key=str(number))])
    assert own.take([_use()]) == [1]


def test_shared_counters_that_cannot_be_reached_are_said_to_be_unavailable(tmp_path: Path) -> None:
    shared = SharedWindows(tmp_path / "throttle.db")
    shared.take([_use()])
    with closing(sqlite3.connect(tmp_path / "throttle.db")) as other:
        other.execute("DROP TABLE windows")
        other.commit()
    with pytest.raises(Unavailable):
        shared.take([_use()])
