"""Signing out of this browser: a question, a form, and the page that says it is done (security V5, N4)."""

from __future__ import annotations

from collections.abc import Sequence

from readmit.flows import front_channel
from readmit.flows.front_channel import Told
from readmit.flows.world import World
from readmit.web import pages
from readmit.web.arrive import see_other
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.cookies import clear_session, form_is_ours, session, session_token
from readmit.web.dead_ends import Forged
from readmit.web.languages import language_of
from readmit.web.signed_out import goodbye


def ask(world: World, call: Call) -> Step:
    """GET /signout changes nothing: it asks, or says that nobody is signed in."""
    found = session(world, call)
    language = language_of(call)
    if found is None:
        return pages.page(call, "signed_out", language, frames=[], target=None, unregistered=False)
    return pages.page(call, "logout_confirm", language, action="/signout", csrf=found.csrf, fields=[])


def sign_out_here(world: World, call: Call) -> Step:
    """POST /signout: end this browser's session and what hangs on it; without one there is nothing to end."""
    gone = see_other("/signout").with_headers(clear_session(world))
    if session(world, call) is None:
        return gone
    if not form_is_ours(world, call, call.form().get("csrf", "")):
        raise Forged

    def done(told: Sequence[Told]) -> Reply:
        return goodbye(world, call, told) if told else gone

    return Write(done, front_channel.sign_out, world, session_token(world, call))
