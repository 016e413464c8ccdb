"""The language that a person prefers, and the form that sets it (experience LA1)."""

from __future__ import annotations

from typing import Any, Final

from readmit.flows import preferences
from readmit.flows.world import World
from readmit.locale.negotiate import LANGUAGES, NAMES, match
from readmit.web.account import forms
from readmit.web.arrive import see_other
from readmit.web.call import Call, Step, Write
from readmit.web.cookies import browser
from readmit.web.languages import remembered
from readmit.web.signed_in import SignedIn

_AS_BROWSER: Final = "browser"


def content(world: World, call: Call, viewer: SignedIn, language: str) -> dict[str, Any]:
    """The languages there are; the chosen one, or `browser` where the person has none that is here."""
    preferred = viewer.user.preferred_language
    return {
        "action": viewer.at("/account/language"),
        "languages": [(code, NAMES[code]) for code in LANGUAGES],
        "chosen": (match(preferred) if preferred else None) or _AS_BROWSER,
    }


def post(world: World, call: Call) -> Step:
    """Set it, in this browser at once: a choice on the page would stand above it."""
    viewer = forms.owner(world, call)
    if viewer is None:
        return forms.sign_in_again(call)
    given = call.form().get("language", "")
    if given not in (*LANGUAGES, _AS_BROWSER):
        return see_other(viewer.at("/account"))
    wanted = None if given == _AS_BROWSER else given
    preferred = viewer.user.preferred_language
    if preferred and match(preferred) == wanted:
        # `de-AT` is German already, and a language that is not here yet may come: neither is ours to forget.
        wanted = preferred
    kept = remembered(call, None if given == _AS_BROWSER else given)
    return Write(
        lambda _: forms.done(viewer, "language").with_headers(kept),
        preferences.set_language,
        world,
        browser(world, call),
        viewer.entry,
        wanted,
        correlation_id=call.request_id,
    )
