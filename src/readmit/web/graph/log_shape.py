"""How audit events and sign-ins look on the wire (graph G40, G46)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from readmit.domain.refusals import told
from readmit.domain.sign_in_log import PORTALS
from readmit.storage.queries_records import ShownEvent, ShownSignIn
from readmit.web.graph.render import Item
from readmit.web.graph.times import stamp

_NAMES: Final = ("displayName", "userPrincipalName")
_CHANGED: Final = "changed"


def audit_item(event: ShownEvent, version: str) -> Item:
    """A directoryAudit; `userAgent` in beta only (graph G6)."""
    body: dict[str, Any] = {
        "id": event.id,
        "category": event.category,
        "correlationId": event.correlation_id,
        "result": event.result,
        "resultReason": event.reason or "",
        "activityDisplayName": event.activity,
        "activityDateTime": stamp(event.at),
        "loggedByService": event.service,
        "operationType": event.operation,
        "initiatedBy": _initiator(event),
        "targetResources": list(_targets(event)),
        "additionalDetails": list(_additional(event)),
    }
    if version == "beta":
        body["userAgent"] = None
    return Item("directoryAudit", event.id, body)


def _initiator(event: ShownEvent) -> dict[str, Any]:
    """One of the two is null. The system itself is an application without ids."""
    name = event.names.get(event.actor_id or "", {})
    if event.actor_type == "user":
        user = {
            "id": event.actor_id,
            "displayName": name.get("displayName"),
            "userPrincipalName": name.get("userPrincipalName"),
            "ipAddress": event.source,
            "userType": None,
            "homeTenantId": None,
        }
        return {"user": user, "app": None}
    app = {
        "appId": event.actor_app_id,
        "displayName": name.get("displayName") or ("readmit" if event.actor_type == "system" else None),
        "servicePrincipalId": event.actor_id,
        "servicePrincipalName": None,
    }
    return {"user": None, "app": app}


def _targets(event: ShownEvent) -> Iterator[dict[str, Any]]:
    """What the event is about first, then who else has a part in it."""
    if event.target_id is not None:
        yield _target(event, event.target_type, event.target_id, list(_modified(event)))
    for related in event.details.get("related", ()):
        yield _target(event, related["type"], related["id"], [])


def _target(event: ShownEvent, kind: str | None, id: str, modified: list[dict[str, Any]]) -> dict[str, Any]:
    name = event.names.get(id, {})
    return {
        "id": id,
        "displayName": name.get("displayName"),
        "type": kind,
        "userPrincipalName": name.get("userPrincipalName"),
        "groupType": None,
        "modifiedProperties": modified,
    }


def _modified(event: ShownEvent) -> Iterator[dict[str, Any]]:
    """Old and new values as JSON texts; those that name people stand beside, and are null once erased."""
    changed: Any = event.details.get(_CHANGED, {})
    told: Mapping[str, Any] = changed if isinstance(changed, Mapping) else dict.fromkeys(changed)
    beside = event.names.get(event.target_id or "", {}).get(_CHANGED, {})
    for name in dict.fromkeys([*told, *beside]):
        values = beside.get(name) or told.get(name)
        old, new = values if isinstance(values, list) and len(values) == 2 else (None, None)
        yield {
            "displayName": name,
            "oldValue": _json(old) if values else None,
            "newValue": _json(new) if values else None,
        }


def _json(value: Any) -> str:
    """Graph tells every value as a JSON text of a list: `["Accepted"]`."""
    listed = value if isinstance(value, list) else [] if value is None else [value]
    return msgspec.json.encode(listed).decode()


def _additional(event: ShownEvent) -> Iterator[dict[str, str]]:
    """What else the event says, and the addresses beside it."""
    yield from _pairs("", {name: value for name, value in event.details.items() if name not in (_CHANGED, "related")})
    beside = event.names.get(event.target_id or "", {})
    yield from _pairs("", {name: value for name, value in beside.items() if name not in (*_NAMES, _CHANGED)})


def _pairs(prefix: str, told: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for name, value in told.items():
        if isinstance(value, Mapping):
            yield from _pairs(f"{prefix}{name}.", value)
        else:
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            yield {"key": f"{prefix}{name}", "value": text}


def sign_in_item(attempt: ShownSignIn, _version: str) -> Item:
    """A signIn of graph G46."""
    body: dict[str, Any] = {
        "id": attempt.id,
        "createdDateTime": stamp(attempt.at),
        "userDisplayName": attempt.user_name,
        "userPrincipalName": attempt.user_upn,
        "userId": attempt.user_id,
        "userType": attempt.user_type.lower() if attempt.user_type else None,
        "appId": attempt.app_id,
        "appDisplayName": PORTALS.get(attempt.app_id or "", attempt.app_name),
        "resourceDisplayName": attempt.resource_name or attempt.resource,
        "ipAddress": attempt.ip,
        "clientAppUsed": "Mobile Apps and Desktop clients" if attempt.kind == "refresh" else "Browser",
        "isInteractive": attempt.interactive,
        "correlationId": attempt.correlation_id,
        "homeTenantId": attempt.home_tenant_id,
        "resourceTenantId": attempt.resource_tenant_id,
        "crossTenantAccessType": "b2bCollaboration" if attempt.cross_tenant else "none",
        "status": {
            "errorCode": attempt.error,
            "failureReason": attempt.reason,
            "additionalDetails": _reason_and_remedy(attempt),
        },
    }
    return Item("signIn", attempt.id, body)


def _reason_and_remedy(attempt: ShownSignIn) -> str | None:
    """What `readmit guest explain` would call it, and what mends it (domain/refusals.py)."""
    if not attempt.error:
        return None
    known = {"guest": attempt.user_id, "application": attempt.app_name, "provider": attempt.issuer}
    return told(attempt.error, attempt.page, **known)
