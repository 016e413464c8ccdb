"""What the storage tests write: a tenant and users in it."""

from __future__ import annotations

from datetime import UTC, datetime

from readmit.domain.guest import User
from readmit.domain.tenant import Tenant, TenantSettings

NOW = datetime(2026, 1, 31, tzinfo=UTC)
TENANT = "t"
CONTOSO = Tenant(
    TENANT, "Contoso", "contoso.com", frozenset({"contoso.com"}), "contoso.com", None, None, "s", TenantSettings()
)


def user(id: str) -> User:
    """A member of Contoso."""
    return User(id, TENANT, f"{id}@contoso.com", id, id.upper(), "Member", NOW, NOW)
