"""What the pages of passkeys show: what the browser is asked, and where it could not be (security N7, V7)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from readmit.domain.passkey import Wanted
from readmit.flows.look import View
from readmit.flows.world import World
from readmit.proofs import passkey as proofs
from readmit.proofs.passkey import Holder, RelyingParty
from readmit.web.call import Call


def party(world: World, call: Call) -> RelyingParty | None:
    """The party that passkeys are made for, if this browser is at its origin."""
    found = proofs.relying_party(world.settings.public_url)
    return found if found is not None and found.origin == call.origin.lower() else None


def beside_code(world: World, call: Call, view: View) -> bool:
    """Whether the page of a code says that a passkey does as well: for every address alike (security V7)."""
    allowed = view.flow.kind == "sign_in" and view.flow.method == "code" and view.tenant.settings.passkeyDays > 0
    return allowed and party(world, call) is not None


def use(world: World, call: Call, view: View) -> dict[str, Any]:
    """A passkey instead of a code, from any device; or beside another proof, from one of the guest's."""
    here, asked = party(world, call), view.challenge
    options = proofs.request(here, asked.value, view.passkeys if view.proved else ()) if here and asked else None
    return {**_shown(world, view, options), "beside": view.proved}


def add(world: World, call: Call, view: View) -> dict[str, Any]:
    """Required, offered after a code, or asked for."""
    here, asked, user = party(world, call), view.challenge, view.guest
    options = None
    if here is not None and asked is not None and user is not None:
        organisation = view.tenant.display_name
        holder = Holder(user.id, f"{user.sign_in_name} ({organisation})", user.display_name)
        options = proofs.creation(here, asked.value, holder, organisation=organisation, known=view.passkeys)
    return {**_shown(world, view, options), "wanted": _wanted(view)}


def _wanted(view: View) -> str:
    if view.wanted is Wanted.OFFER:
        return "offer"
    return "asked" if view.flow.passkey == "add" else "required"


def _shown(world: World, view: View, options: dict[str, Any] | None) -> dict[str, Any]:
    proof, address = view.flow.proof, view.flow.address
    shown = proof.shown if proof is not None else address.given if address is not None else ""
    return {
        "address": shown,
        "options": json.dumps(options) if options is not None else "",
        "host": None if options is not None else urlsplit(world.settings.public_url).netloc,
        "nowhere": proofs.relying_party(world.settings.public_url) is None,
        "script": options is not None,
    }
