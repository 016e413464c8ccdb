"""The properties of readmit's own records, and where each operator works (graph G47)."""

from __future__ import annotations

from typing import Final

from readmit.web.graph.odata.property import Property, Resource, by_path

_STATE: Final = (
    "CASE WHEN {t}.cancelled_at IS NOT NULL THEN 'cancelled' WHEN {t}.generation <> u.generation THEN 'superseded'"
    " WHEN u.external_state = 'Accepted' THEN 'redeemed' WHEN {t}.expires_at <= :now THEN 'expired' ELSE 'pending' END"
)
_MAIL: Final = (
    "coalesce((SELECT o.state FROM outbox o WHERE o.invitation_id = {t}.id ORDER BY o.created_at DESC, o.id DESC"
    " LIMIT 1), 'none')"
)
INVITATION: Final = Resource(
    "invitationRecord",
    "Invitation",
    "invitations",
    by_path(
        Property("id", "{t}.id", "guid", "D"),
        Property("invitedUser/id", "{t}.user_id", "guid", "D"),
        Property("invitedUserEmailAddress", "{t}.address", "address", "D", "D", key="address_key"),
        Property("createdDateTime", "{t}.created_at", "time", "D", cmp="D"),
        Property("expiresDateTime", "{t}.expires_at", "time", "D", cmp="D", null="D"),
        Property("generation", "{t}.generation", "number", "D", cmp="D"),
        Property("reset", "CASE {t}.kind WHEN 'reset' THEN 1 ELSE 0 END", "flag", "D"),
        Property("inviter/type", "{t}.inviter_type", "choice", "D", choices=("user", "app")),
        Property("inviter/id", "{t}.inviter_id", "guid", "D"),
        Property("state", _STATE, "choice", "D", choices=("pending", "redeemed", "superseded", "expired", "cancelled")),
        Property("mailState", _MAIL, "text", "D"),
    ),
    sortable={"createdDateTime": ("D", "{t}.created_at")},
    order=(("createdDateTime", True),),
)
"""Conditions name the guest's row `u`, and the moment `:now` in microseconds."""
