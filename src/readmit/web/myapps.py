"""My Apps: the applications a person is assigned to, organisation by organisation (lifecycle L43)."""

from __future__ import annotations

from readmit.domain.session import SignIn
from readmit.flows import browsers
from readmit.flows.world import World
from readmit.storage import queries_people, queries_tenants
from readmit.web import pages, sign_in
from readmit.web.arrive import see_other
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.cookies import clear_session, form_is_ours, session, session_token
from readmit.web.languages import language_of


def my_apps(world: World, call: Call) -> Step:
    """GET /myapps: of the tenant named in `tenantId`, else the newest guest sign-in, else the newest."""
    hint = next((value for name, value in call.query_values().items() if name.lower() == "tenantid"), "")
    found = session(world, call)
    entry = _entry(world, found.sign_ins if found else (), hint)
    if found is None or entry is None:
        tenant = world.database.read(queries_tenants.named, hint.lower()) if hint else None
        return sign_in.begin_my_apps(world, call, tenant.id if tenant else "")
    return _page(world, call, entry, found.sign_ins, found.csrf)


def _entry(world: World, entries: tuple[SignIn, ...], hint: str) -> SignIn | None:
    if hint:
        tenant = world.database.read(queries_tenants.named, hint.lower())
        return next((entry for entry in entries if tenant and entry.tenant_id == tenant.id), None)
    guests = [entry for entry in entries if world.database.read(queries_people.is_guest, entry.user_id)]
    return next(iter(guests or entries), None)


def _page(world: World, call: Call, entry: SignIn, entries: tuple[SignIn, ...], csrf: str) -> Reply:
    read = world.database.read
    person = read(queries_people.person, entry.user_id)
    tenant = read(queries_tenants.named, entry.tenant_id)
    assert person is not None
    assert tenant is not None
    organisations = [
        (other.display_name, f"/myapps?tenantId={other.id}", other.id == tenant.id)
        for other in (read(queries_tenants.named, one.tenant_id) for one in entries)
        if other is not None
    ]
    applications = read(queries_people.assigned_applications, entry.user_id)
    return pages.page(
        call,
        "myapps",
        language_of(call, person.preferred_language, tenant=tenant.preferred_language),
        organisation=tenant.display_name,
        name=person.display_name,
        address=person.sign_in_name,
        applications=[(application.name, application.url) for application in applications],
        organisations=organisations,
        action="/signout",
        csrf=csrf,
    )


def sign_out(world: World, call: Call) -> Step:
    """POST /signout: end this browser's session and what hangs on it."""
    if not form_is_ours(world, call, call.form().get("csrf", "")):
        return see_other("/myapps")

    def done(_: bool) -> Reply:
        html = pages.render("signed_out", language_of(call))
        return pages.page_reply(html).with_headers(clear_session(world))

    return Write(done, browsers.end_session, world, session_token(world, call))
