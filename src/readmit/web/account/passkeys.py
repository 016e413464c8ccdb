"""A guest's passkeys, and the forms that add, rename and remove them (security N3, N7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from readmit.domain.guest import Accepted
from readmit.domain.passkey import LONGEST_NAME, MOST, Passkey, suffices
from readmit.flows import passkey_own
from readmit.flows.world import World
from readmit.locale.catalogue import format_time
from readmit.proofs.passkey import relying_party
from readmit.storage import queries_passkeys
from readmit.web import passkey_pages, sign_in
from readmit.web.account import forms
from readmit.web.arrive import see_other
from readmit.web.call import Call, Step, Write
from readmit.web.cookies import browser, set_flow
from readmit.web.signed_in import SignedIn


def content(world: World, call: Call, viewer: SignedIn, language: str) -> dict[str, Any] | None:
    """The passkeys, the oldest first; nothing where there are none and one would not be asked for.

    That is: for who is no guest, where browsers have no passkeys, and for a guest whose provider alone signs him in.
    """
    party = relying_party(world.settings.public_url)
    if party is None or not isinstance(viewer.user.redemption, Accepted):
        return None
    found = world.database.read(queries_passkeys.passkeys_of, viewer.user.id)
    instead = viewer.user.redemption.binding.kind == "mail" and viewer.tenant.settings.passkeyDays > 0
    required = viewer.tenant.settings.guestStrength == "multi"
    if not (found or instead or required):
        return None
    here = passkey_pages.party(world, call) is not None
    return {
        "action": viewer.at("/account/passkeys"),
        "passkeys": [_shown(passkey, language) for passkey in found],
        "host": None if here else party.origin.partition("//")[2],
        "more": (instead or required) and len(found) < MOST,
        "longest": LONGEST_NAME,
        "instead": instead,
        "days": viewer.tenant.settings.passkeyDays,
        "required": required,
    }


def _shown(passkey: Passkey, language: str) -> dict[str, Any]:
    return {
        "id": passkey.id,
        "name": passkey.name,
        "added": format_time(passkey.created, language),
        "used": format_time(passkey.used, language) if passkey.used is not None else None,
        "synced": passkey.backed_up,
        "beside": passkey.discoverable is False,
    }


def post(world: World, call: Call) -> Step:
    """Add, rename or remove; a sign-in of one factor where two are wanted first shows the second one."""
    viewer, form = forms.owner(world, call), call.form()
    if viewer is None:
        return forms.sign_in_again(call)
    if "add" in form:
        return _add(world, call, viewer)
    if not suffices(viewer.user, viewer.tenant, viewer.entry.amr):
        return sign_in.begin_own(world, call, "a", viewer.tenant.id)
    who, entry = browser(world, call), viewer.entry
    if "remove" in form:
        done = _noticed(world, _done(viewer, "passkey_removed"))
        return Write(done, passkey_own.remove, world, who, entry, passkey_id=form["remove"])
    if "rename" in form:
        done = _done(viewer, "passkey_named")
        name = form.get("name", "")
        return Write(done, passkey_own.rename, world, who, entry, passkey_id=form["rename"], name=name)
    return see_other(viewer.at("/account"))


def _noticed(world: World, done: Callable[[Any], Step]) -> Callable[[Any], Step]:
    """A notice is owed to the mailbox (security N7)."""

    def render(did: Any) -> Step:
        world.wake_mailer()
        return done(did)

    return render


def _done(viewer: SignedIn, what: str) -> Any:
    return lambda did: forms.done(viewer, what) if did else see_other(viewer.at("/account"))


def _add(world: World, call: Call, viewer: SignedIn) -> Step:
    flow_id, secret = world.new_id(), world.new_secret()
    away = see_other(f"/signin/{flow_id}").with_headers(*set_flow(world, call, flow_id, secret, ""))
    who = browser(world, call, secret)
    return Write(lambda _: away, passkey_own.begin_adding, world, who, flow_id=flow_id, entry=viewer.entry)
