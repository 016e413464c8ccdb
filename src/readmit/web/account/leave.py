"""Leaving an organisation: what is lost, a proof anew, the confirmed form, the word that it is done (lifecycle L45)."""

from __future__ import annotations

from typing import Any

from readmit.domain.leaving import RETENTION, obstacle
from readmit.domain.redemption import Flow
from readmit.flows import leave
from readmit.flows.browsers import Browser
from readmit.flows.look import View
from readmit.flows.world import World
from readmit.storage import queries_belonging
from readmit.web import pages, sign_in
from readmit.web.account import forms
from readmit.web.arrive import see_other
from readmit.web.call import Call, Reply, Step, Work, Write
from readmit.web.cookies import browser, clear_flow, set_flow
from readmit.web.languages import language_of
from readmit.web.signed_in import SignedIn, named_tenant, signed_in, used

_PATH = "/account/leave"


def show(world: World, call: Call) -> Step:
    """GET /account/leave: what leaving means, or what keeps the person and whom he asks."""
    viewer = signed_in(world, call)
    if viewer is None:
        tenant = named_tenant(world, call)
        return sign_in.begin_own(world, call, "l", tenant.id if tenant else "")
    return used(world, viewer, Work(lambda reply: reply, _page, world, call, viewer))


def _page(world: World, call: Call, viewer: SignedIn) -> Reply:
    has = world.database.read(queries_belonging.belongings, viewer.user.id)
    last = world.database.read(queries_belonging.last_administrator, viewer.tenant.id, viewer.user.id)
    return pages.page(
        call,
        "leave",
        viewer.language(call),
        **_facts(viewer),
        obstacle=obstacle(viewer.user, viewer.tenant, last_administrator=last),
        groups=has.groups,
        applications=has.applications,
        action=viewer.at(_PATH),
        account=viewer.at("/account"),
        csrf=viewer.csrf,
    )


def _facts(viewer: SignedIn) -> dict[str, Any]:
    return {
        "organisation": viewer.tenant.display_name,
        "name": viewer.user.display_name,
        "address": viewer.user.sign_in_name,
        "privacy_url": viewer.tenant.privacy_url,
        "contact": viewer.tenant.privacy_contact,
        "days": RETENTION.days,
    }


def post(world: World, call: Call) -> Step:
    """POST /account/leave: the way to a proof that is made for this."""
    viewer = forms.owner(world, call)
    if viewer is None:
        return forms.sign_in_again(call)
    flow_id, secret = world.new_id(), world.new_secret()

    def render(begun: Flow | None) -> Reply:
        if begun is None:
            return see_other(viewer.at(_PATH))
        return see_other(f"/signin/{flow_id}").with_headers(*set_flow(world, call, flow_id, secret, ""))

    return Write(render, leave.begin, world, browser(world, call, secret), viewer.entry, flow_id=flow_id)


def decide(world: World, call: Call, who: Browser, view: View, decision: str | None) -> Step:
    """The confirmed form at the end of the way, or Cancel."""
    tenant, forget = view.tenant, clear_flow(world, view.flow.id)
    if decision == "cancel":
        back = see_other(f"/account?tenantId={tenant.id}").with_headers(forget)
        return Write(lambda _: back, leave.stay, world, who, view.flow.id)
    if decision != "accept":
        return see_other(call.path)

    def render(left: object) -> Reply:
        # Something keeps him by now: his account says what.
        path = "/account/left" if left is not None else _PATH
        return see_other(f"{path}?tenantId={tenant.id}").with_headers(forget)

    return Write(render, leave.leave, world, who, view.flow.id, correlation_id=call.request_id)


def left(world: World, call: Call) -> Step:
    """GET /account/left: what a person reads who has left; it knows nothing of him."""
    tenant = named_tenant(world, call)
    if tenant is None:
        return see_other("/account")
    language = language_of(call, tenant=tenant.preferred_language)
    return pages.page(call, "left", language, organisation=tenant.display_name, days=RETENTION.days)
