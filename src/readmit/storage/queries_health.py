"""What health checks and metrics ask."""

from __future__ import annotations

from readmit.storage import outbox
from readmit.storage.transaction import Transaction


def answers(tx: Transaction) -> bool:
    """Whether the database answers with a schema of ours."""
    return tx.one("SELECT COUNT(*) FROM tenants") is not None


def figures(tx: Transaction) -> list[tuple[str, str, str, int]]:
    """(metric, help, labels, value): guests by state, mails by state."""
    rows = tx.all(
        "SELECT external_state, COUNT(*) FROM users WHERE external_state IS NOT NULL AND deleted_at IS NULL"
        " GROUP BY external_state ORDER BY external_state"
    )
    guests = [("readmit_guests", "Live guests by externalUserState.", f'state="{row[0]}"', int(row[1])) for row in rows]
    mails = [
        ("readmit_mails", "Mails of the outbox by state.", f'state="{state}"', count)
        for state, count in sorted(outbox.counts(tx).items())
    ]
    return guests + mails
