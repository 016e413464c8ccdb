"""The organisations that know a person, with the way to the account in each and out of it (experience W4)."""

from __future__ import annotations

from typing import Any

from readmit.domain.leaving import obstacle
from readmit.flows.world import World
from readmit.storage import queries_belonging, queries_people, queries_tenants
from readmit.web.call import Call
from readmit.web.signed_in import SignedIn


def content(world: World, call: Call, viewer: SignedIn, language: str) -> dict[str, Any]:
    """This one first, then those that this browser is signed in to, then those where the home account is a guest."""
    read = world.database.read
    signed_in = (entry.user_id for entry in viewer.session.sign_ins)
    known = dict.fromkeys((viewer.user.id, *signed_in, *read(queries_belonging.users_of, viewer.entry)))
    shown: dict[str, dict[str, Any]] = {}
    for user_id in known:
        user = read(queries_people.person, user_id)
        tenant = read(queries_tenants.named, user.tenant_id) if user is not None else None
        if user is None or tenant is None or tenant.id in shown:
            continue
        shown[tenant.id] = {
            "name": tenant.display_name,
            "domain": tenant.default_domain,
            "url": f"/account?tenantId={tenant.id}",
            "here": tenant.id == viewer.tenant.id,
            "leave": None if obstacle(user, tenant) == "member" else f"/account/leave?tenantId={tenant.id}",
        }
    return {"organisations": list(shown.values())}
