"""Wrong passwords: ten an hour for an account, then one a minute; sixty an hour for an address (security N8, V4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from readmit.domain.client_address import counted
from readmit.domain.errors import Throttled
from readmit.flows.world import World
from readmit.storage import attempts
from readmit.storage.transaction import Transaction

_WRONG_PER_HOUR: Final = 10
_PER_IP_AND_HOUR: Final = 60
_MINUTE: Final = timedelta(minutes=1)


def count(tx: Transaction, world: World, account: str, ip: str) -> None:
    """Count a try before it is compared; `account` is home tenant and match key. Raises Throttled."""
    now = world.now()
    if attempts.count(tx, "password-ip", counted(ip), now=now, length=attempts.HOUR) > _PER_IP_AND_HOUR:
        raise Throttled(_seconds(now, attempts.HOUR))
    wrong = attempts.count(tx, "password", account, now=now, length=attempts.HOUR)
    if wrong > _WRONG_PER_HOUR and attempts.count(tx, "password-minute", account, now=now, length=_MINUTE) > 1:
        raise Throttled(_seconds(now, _MINUTE))


def take_back(tx: Transaction, world: World, account: str, ip: str) -> None:
    """The try was right."""
    now = world.now()
    attempts.take_back(tx, "password-ip", counted(ip), now=now, length=attempts.HOUR)
    attempts.take_back(tx, "password", account, now=now, length=attempts.HOUR)


def _seconds(now: datetime, length: timedelta) -> int:
    return max(1, int((attempts.period_end(now, length) - now).total_seconds()))
