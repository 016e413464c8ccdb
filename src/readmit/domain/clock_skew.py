"""A clock that goes back must not lengthen the life of a code, proof, session or token (reliability R10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

SKEW: Final = timedelta(seconds=60)
"""How far the clocks of several machines may lie apart."""


def ahead(made: datetime, now: datetime) -> bool:
    """Whether something was made later than now: its end would come later than it was promised to."""
    return made > now + SKEW
