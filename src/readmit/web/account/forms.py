"""The forms of the account: the session's own, from our own page, for one organisation (security N4, T24)."""

from __future__ import annotations

from readmit.flows.world import World
from readmit.web.arrive import see_other
from readmit.web.call import Call, Reply
from readmit.web.cookies import form_is_ours
from readmit.web.dead_ends import Forged
from readmit.web.signed_in import SignedIn, hint_of, signed_in


def owner(world: World, call: Call) -> SignedIn | None:
    """Whose form it is; None where the sign-in ended since the page was shown. Raises Forged (403)."""
    viewer = signed_in(world, call)
    if viewer is None:
        return None
    if not form_is_ours(world, call, call.form().get("csrf", "")):
        raise Forged
    return viewer


def sign_in_again(call: Call) -> Reply:
    """The account of the same organisation, which asks for a sign-in."""
    hint = hint_of(call)
    plain = hint.isascii() and hint.replace("-", "").replace(".", "").isalnum()
    return see_other(f"/account?tenantId={hint}" if plain else "/account")


def done(viewer: SignedIn, what: str) -> Reply:
    """Back to the page, which says what was done."""
    return see_other(f"{viewer.at('/account')}&done={what}")
