"""The creators' table: which user made an object (graph G31, `createdObjects`)."""

from __future__ import annotations

from readmit.storage.transaction import Transaction


def note(tx: Transaction, object_id: str, creator_id: str) -> None:
    """This user made it; whoever stands there already stays."""
    sql = "INSERT INTO creators (object_id, creator_id) VALUES (:object, :creator) ON CONFLICT DO NOTHING"
    tx.run(sql, {"object": object_id, "creator": creator_id})
