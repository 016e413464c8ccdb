"""Where a person is signed in, and the forms that end it (security N3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from readmit.domain.session import SignIn
from readmit.flows import front_channel, sign_out
from readmit.flows.front_channel import Told
from readmit.flows.world import World
from readmit.locale.catalogue import format_time
from readmit.storage import queries_sessions, queries_tenants
from readmit.storage.queries_sessions import ShownSession
from readmit.web.account import forms
from readmit.web.arrive import see_other
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.cookies import browser, clear_session
from readmit.web.signed_in import SignedIn
from readmit.web.signed_out import goodbye

_PROOFS: Final[dict[tuple[str, ...], str]] = {("pwd",): "password", ("otp",): "code"}
_PASSKEY: Final = frozenset({"hwk", "swk", "pop", "fido", "passkey"})


def content(world: World, call: Call, viewer: SignedIn, language: str) -> dict[str, Any]:
    """Every live session of the person: this browser first, then by last use."""
    found = world.database.read(queries_sessions.sessions_of, viewer.entry, world.now())
    shown = [_shown(world, viewer, session, language) for session in found]
    return {
        "action": viewer.at("/account/sessions"),
        "sessions": sorted(shown, key=lambda session: not session["here"]),
    }


def _shown(world: World, viewer: SignedIn, session: ShownSession, language: str) -> dict[str, Any]:
    latest = session.sign_ins[0]
    tenants = (world.database.read(queries_tenants.named, entry.tenant_id) for entry in session.sign_ins)
    return {
        "id": session.id,
        "here": session.id == viewer.entry.session_id,
        "browser": latest.browser,
        "platform": latest.platform,
        "organisations": [tenant.display_name for tenant in tenants if tenant is not None],
        "signed_in": format_time(latest.at, language),
        "seen": format_time(session.seen, language),
        "address": latest.ip,
        "proof": _proof(latest),
    }


def _proof(entry: SignIn) -> str:
    """How it was proved, as the template words it."""
    if _PASSKEY.intersection(entry.amr):
        return "passkey"
    return _PROOFS.get(entry.amr, "provider")


def post(world: World, call: Call) -> Step:
    """End one other session, all others, or everything."""
    viewer = forms.owner(world, call)
    if viewer is None:
        return forms.sign_in_again(call)
    match call.form().get("end", ""):
        case "others":
            return Write(lambda _: forms.done(viewer, "sessions"), sign_out.other_browsers, viewer.entry)
        case "everywhere":
            return _everywhere(world, call, viewer)
        case id if id and id != viewer.entry.session_id:
            return Write(lambda _: forms.done(viewer, "session"), sign_out.other_browser, viewer.entry, id)
        case _:
            return see_other(viewer.at("/account"))


def _everywhere(world: World, call: Call, viewer: SignedIn) -> Step:
    """Applications of this browser that want to hear of it are told by it, as at a plain sign-out."""
    gone = see_other("/signout").with_headers(clear_session(world))

    def done(told: Sequence[Told]) -> Reply:
        return goodbye(world, call, told) if told else gone

    who = browser(world, call)
    everywhere = front_channel.sign_out_everywhere
    return Write(done, everywhere, world, who, viewer.entry, correlation_id=call.request_id)
