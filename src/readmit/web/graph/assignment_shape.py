"""How an app role assignment looks on the wire (graph G36)."""

from __future__ import annotations

from readmit.storage.queries_assigned import ShownAssignment
from readmit.web.graph.render import Item
from readmit.web.graph.times import stamp


def assignment_item(shown: ShownAssignment, version: str) -> Item:
    """An appRoleAssignment; beta calls its time `creationTimestamp` (graph G6)."""
    made = shown.assignment
    body = {
        "id": made.id,
        "deletedDateTime": None,
        "appRoleId": made.app_role_id,
        "creationTimestamp" if version == "beta" else "createdDateTime": stamp(made.created),
        "principalDisplayName": shown.principal_name,
        "principalId": made.principal_id,
        "principalType": made.principal_type,
        "resourceDisplayName": shown.resource_name,
        "resourceId": made.resource_id,
    }
    return Item("appRoleAssignment", made.id, body)
