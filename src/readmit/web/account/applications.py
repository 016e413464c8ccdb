"""Applications that have access for a person, and the form that takes it back (security N3, O10)."""

from __future__ import annotations

from typing import Any

from readmit.flows import withdraw
from readmit.flows.world import World
from readmit.locale.catalogue import format_time
from readmit.storage import queries_applications
from readmit.web.account import forms
from readmit.web.call import Call, Step, Write
from readmit.web.cookies import browser
from readmit.web.signed_in import SignedIn


def content(world: World, call: Call, viewer: SignedIn, language: str) -> dict[str, Any]:
    """By name, with what the person consented to and when the application last got a token of him."""
    found = world.database.read(queries_applications.applications_of, viewer.tenant.id, viewer.user.id, world.now())
    return {
        "action": viewer.at("/account/applications"),
        "applications": [
            {
                "id": one.app_id,
                "name": one.name,
                "scopes": list(one.own_scopes),
                "given": one.given,
                "used": format_time(one.used, language) if one.used is not None else None,
            }
            for one in found
        ],
    }


def post(world: World, call: Call) -> Step:
    """Take the access of one application back."""
    viewer = forms.owner(world, call)
    if viewer is None:
        return forms.sign_in_again(call)
    return Write(
        lambda _: forms.done(viewer, "application"),
        withdraw.withdraw_access,
        world,
        browser(world, call),
        viewer.entry,
        call.form().get("application", ""),
        correlation_id=call.request_id,
    )
