"""A directory keeps a Global Administrator who can sign in, as Entra's does: nobody else could make another one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from readmit.domain.errors import LastAdministrator
from readmit.storage import roles
from readmit.storage.transaction import Transaction


@contextmanager
def kept(tx: Transaction, tenant_id: str) -> Iterator[None]:
    """Refuse what leaves a directory without one that had one. Raises LastAdministrator, which undoes the change."""
    before = roles.has_administrator(tx, tenant_id)
    yield
    if before and not roles.has_administrator(tx, tenant_id):
        raise LastAdministrator
