"""Load, decide, save — and decide again where somebody was faster (lifecycle L5, reliability DB2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from readmit.domain.errors import Unavailable

T = TypeVar("T")

_TRIES: Final = 5
"""Each miss means that another writer got through; nobody starves in earnest."""


def until_saved(attempt: Callable[[], T | None]) -> T:
    """The result of the first attempt that is not None: None says that a compare-and-set missed.

    An attempt writes nothing before its compare-and-set. Raises Unavailable after five misses.
    """
    for _ in range(_TRIES):
        result = attempt()
        if result is not None:
            return result
    raise Unavailable
