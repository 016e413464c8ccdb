"""My Apps: the applications a person is assigned to, organisation by organisation (lifecycle L43)."""

from __future__ import annotations

from readmit.domain.leaving import obstacle
from readmit.flows.world import World
from readmit.storage import queries_people, queries_tenants
from readmit.web import pages, sign_in
from readmit.web.call import Call, Reply, Step
from readmit.web.signed_in import SignedIn, named_tenant, signed_in, used


def my_apps(world: World, call: Call) -> Step:
    """GET /myapps: of the tenant named in `tenantId`, else the newest guest sign-in, else the newest."""
    viewer = signed_in(world, call)
    if viewer is None:
        tenant = named_tenant(world, call)
        return sign_in.begin_own(world, call, "m", tenant.id if tenant else "")
    return used(world, viewer, _page(world, call, viewer))


def _page(world: World, call: Call, viewer: SignedIn) -> Reply:
    read = world.database.read
    user, tenant = viewer.user, viewer.tenant
    organisations = [
        (other.display_name, f"/myapps?tenantId={other.id}", other.id == tenant.id)
        for other in (read(queries_tenants.named, one.tenant_id) for one in viewer.session.sign_ins)
        if other is not None
    ]
    applications = read(queries_people.assigned_applications, user.id)
    return pages.page(
        call,
        "myapps",
        viewer.language(call),
        organisation=tenant.display_name,
        name=user.display_name,
        address=user.sign_in_name,
        applications=[(application.name, application.url) for application in applications],
        organisations=organisations,
        account=viewer.at("/account"),
        leave=viewer.at("/account/leave") if obstacle(user, tenant) is None else None,
        action="/signout",
        csrf=viewer.csrf,
    )
