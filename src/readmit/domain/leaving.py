"""Whether a guest may leave an organisation by himself (lifecycle L45)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

from readmit.domain.guest import Accepted, User
from readmit.domain.tenant import Tenant

RETENTION: Final = timedelta(days=30)
"""How long the organisation can restore who left, or was deleted (lifecycle S12)."""
Obstacle = Literal["member", "forbidden"]


def obstacle(user: User, tenant: Tenant) -> Obstacle | None:
    """What keeps a signed-in user: he is no redeemed guest, or the organisation does not let its guests."""
    if not user.external or not isinstance(user.redemption, Accepted):
        return "member"
    return None if tenant.settings.guestsMayLeave else "forbidden"
