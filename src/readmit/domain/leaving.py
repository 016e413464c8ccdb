"""Whether a guest may leave an organisation by himself (lifecycle L45)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

from readmit.domain.guest import Accepted, User
from readmit.domain.tenant import Tenant

RETENTION: Final = timedelta(days=30)
"""How long the organisation can restore who left, or was deleted (lifecycle S12)."""
Obstacle = Literal["member", "forbidden", "administrator"]


def obstacle(user: User, tenant: Tenant, *, last_administrator: bool = False) -> Obstacle | None:
    """What keeps a signed-in user: he is no redeemed guest, the organisation does not let its guests, or needs him."""
    if not user.external or not isinstance(user.redemption, Accepted):
        return "member"
    if not tenant.settings.guestsMayLeave:
        return "forbidden"
    return "administrator" if last_administrator else None
