"""What a server tells of why somebody cannot sign in: readmit the whole explanation, Microsoft's cloud its log."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from readmit.client.errors import GraphError, Stopped
from readmit.client.graph import GraphClient

_NEWEST: Final = 20


def of(client: GraphClient, who: str) -> dict[str, Any]:
    """A readmit server's explanation (graph G47)."""
    try:
        found: dict[str, Any] = client.call("GET", f"/readmit/v1/users/{quote(who, safe='')}/signInExplanation")
    except GraphError as error:
        if error.status != 403:
            raise
        raise Stopped(
            f"403 {error.code}: explaining takes User.Read.All and AuditLog.Read.All, of a person also a role such as "
            f"Security Reader. [{error.message} · request {error.request_id}]"
        ) from error
    return found


def user_or_none(client: GraphClient, who: str) -> dict[str, Any] | None:
    """The user, None where nobody has that id, UPN or address."""
    try:
        return client.user(who)
    except GraphError as error:
        if error.status != 404:
            raise
        return None


def sign_ins(client: GraphClient, user_id: str) -> list[dict[str, Any]] | None:
    """The newest sign-ins of a user, newest first; None where the log cannot be read."""
    clause = quote(f"userId eq '{user_id}'", safe="")
    path = f"/v1.0/auditLogs/signIns?$filter={clause}&$orderby={quote('createdDateTime desc', safe='')}&$top={_NEWEST}"
    try:
        answer = client.call("GET", path)
    except GraphError as error:
        if error.status != 403:
            raise
        return None
    return list(answer.get("value", ()))
