"""What an organisation keeps about a person, as a file for himself (experience DP1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from readmit.domain.tenant import Tenant
from readmit.flows.world import World
from readmit.storage import queries_person
from readmit.web.account import forms
from readmit.web.call import Call, Reply, Step, Work
from readmit.web.graph.times import stamp
from readmit.web.signed_in import SignedIn, signed_in, used


def content(world: World, call: Call, viewer: SignedIn, language: str) -> dict[str, Any]:
    """Where the file is, and whom to ask about it."""
    tenant = viewer.tenant
    return {
        "url": viewer.at("/account/data"),
        "privacy_url": tenant.privacy_url,
        "contact": tenant.privacy_contact,
    }


def download(world: World, call: Call) -> Step:
    """GET /account/data: one JSON file."""
    viewer = signed_in(world, call)
    if viewer is None:
        return forms.sign_in_again(call)
    return used(world, viewer, Work(lambda reply: reply, _file, world, viewer))


def _file(world: World, viewer: SignedIn) -> Reply:
    tenant = viewer.tenant
    readable = tenant.settings.guestRole != "restricted" or not viewer.user.external
    found = world.database.read(queries_person.everything, viewer.user, group_names=readable)
    whole = {"organisation": _organisation(tenant), "exportedDateTime": world.now(), **found}
    body = msgspec.json.format(msgspec.json.encode(_plain(whole)), indent=2)
    return Reply(
        200,
        body,
        (
            ("content-type", "application/json; charset=utf-8"),
            ("content-disposition", f'attachment; filename="{tenant.default_domain}.json"'),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
        ),
    )


def _organisation(tenant: Tenant) -> dict[str, Any]:
    return {"id": tenant.id, "displayName": tenant.display_name, "domain": tenant.default_domain}


def _plain(value: Any) -> Any:
    """Times as Graph writes them."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value
