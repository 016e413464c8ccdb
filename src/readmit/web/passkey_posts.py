"""What the forms of passkeys do: show one, add one, go on without (security N7, C7, lifecycle L30)."""

from __future__ import annotations

from typing import Final

from readmit.domain.passkey import Wanted
from readmit.domain.redemption import ToApplication
from readmit.flows import passkey_add, passkey_use
from readmit.flows.browsers import Browser
from readmit.flows.look import View, look
from readmit.flows.passkey_add import Added
from readmit.flows.passkey_use import Answer
from readmit.flows.refuse import decline
from readmit.flows.world import World
from readmit.locale.catalogue import catalogue
from readmit.web import flow_pages, pages, passkey_pages
from readmit.web.arrive import see_other
from readmit.web.call import Call, Reply, Step, Work, Write
from readmit.web.cookies import clear_flow, not_offered, offer_no_more
from readmit.web.flow_pages import language_of_flow
from readmit.web.onward import Form, after_proof, declined

DEVICE: Final = "passkeys"
"""What the script beside a code says of a device that can keep passkeys."""


def begin(world: World, call: Call, who: Browser, view: View) -> Step:
    """The button beside the code."""
    if not passkey_pages.beside_code(world, call, view):
        return see_other(call.path)
    return Write(lambda _: see_other(call.path), passkey_use.begin_use, world, who, view.flow.id)


def use(world: World, call: Call, who: Browser, view: View, form: Form) -> Step:
    """A passkey's answer, or the way back to the code."""
    if view.proved and form.get("use") == "cancel":
        return Write(lambda _: _cancelled(world, call, view), decline, world, who, view.flow.id)
    if not view.proved and form.get("use") == "code":
        return Write(lambda _: see_other(call.path), passkey_use.no_passkey, world, who, view.flow.id)

    def render(answer: Answer) -> Step:
        if answer is Answer.PROVED:
            return after_proof(world, call, who, view)
        if answer is Answer.WRONG:
            return _again(world, call, who, view, "This passkey does not fit. Try another one, or choose another way.")
        return _again(world, call, who, view, "A code is needed again before the passkey alone is enough.")

    return Work(render, passkey_use.use_passkey, world, who, view.flow.id, form.get("credential", ""))


def add(world: World, call: Call, who: Browser, view: View, form: Form) -> Step:
    """A new passkey; or on without where nobody requires one."""
    said, required = form.get("use", ""), view.wanted is Wanted.ADD and view.flow.passkey != "add"
    if required and said == "cancel":
        return Write(lambda _: _cancelled(world, call, view), decline, world, who, view.flow.id)
    if said == "skip" and not required:
        kept = offer_no_more(world) if view.wanted is Wanted.OFFER else None
        return Write(
            lambda _: after_proof(world, call, who, view, kept=kept), passkey_use.no_passkey, world, who, view.flow.id
        )

    def render(added: Added) -> Step:
        if added is Added.ADDED:
            world.wake_mailer()
            return after_proof(world, call, who, view)
        if added is Added.KNOWN:
            return _again(world, call, who, view, "This passkey is in use already. Make another one.")
        return _again(world, call, who, view, "The passkey could not be added. Try again.")

    return Work(render, passkey_add.add_passkey, world, who, view.flow.id, form.get("credential", ""))


def _cancelled(world: World, call: Call, view: View) -> Reply:
    """An application hears of it; who came for a page of his own is not signed in."""
    if isinstance(view.flow.target, ToApplication):
        return declined(world, call, view)
    language = language_of_flow(call, view.flow, view.tenant.preferred_language)
    shown = pages.page(call, "signed_out", language, frames=[], target=None, unregistered=False)
    return shown.with_headers(clear_flow(world, view.flow.id))


def after_code(world: World, call: Call, who: Browser, view: View, form: Form) -> Step:
    """On after a right code; a device that can keep passkeys is offered one, unless that was declined (C7)."""
    offered = form.get("device") == DEVICE and passkey_pages.beside_code(world, call, view)
    if not offered or not_offered(world, call):
        return after_proof(world, call, who, view)
    return Write(lambda _: after_proof(world, call, who, view), passkey_use.offer, world, who, view.flow.id)


def _again(world: World, call: Call, who: Browser, view: View, message: str) -> Reply:
    """The page that the flow is at now, with a challenge of its own."""
    now = world.database.read(look, world, who, view.flow.id)
    language = language_of_flow(call, now.flow, now.tenant.preferred_language)
    return flow_pages.show(world, call, now, error=catalogue(language, "pages").gettext(message), status=400)
