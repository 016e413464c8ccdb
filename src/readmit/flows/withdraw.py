"""A person takes back what he let an application have: consent, and all that hangs on it (security N3, O10)."""

from __future__ import annotations

from readmit.domain.session import SignIn
from readmit.flows.browsers import Browser
from readmit.flows.own import record_own, signed_in_user
from readmit.flows.record import object_event
from readmit.flows.world import World
from readmit.storage import access, apps, grants
from readmit.storage.transaction import Transaction


def withdraw_access(
    tx: Transaction,
    world: World,
    browser: Browser,
    entry: SignIn,
    app_id: str,
    *,
    correlation_id: str | None = None,
) -> bool:
    """End the user's own consents for an application and its codes and tokens of him; an administrator's stay.

    False where there was nothing to end.
    """
    user = signed_in_user(tx, entry)
    principal = apps.principal_by_app_id(tx, user.tenant_id, app_id)
    if principal is None:
        return False
    consents = access.end_consents_for(tx, user.id, principal.id)
    ended = grants.end_for(tx, user.tenant_id, user.id, principal.app_id)
    if not consents and not ended:
        return False
    target = ("ServicePrincipal", principal.id, principal.display_name)
    event = object_event(
        "Remove delegated permission grant",
        "ApplicationManagement",
        "Unassign",
        target,
        principal=user.id,
        ended={kind: count for kind, count in (("consents", consents), ("grants", ended)) if count},
    )
    record_own(tx, world, browser, user, event, correlation_id=correlation_id)
    return True
