"""GET /account: the page of the signed-in person at one organisation, made of sections (experience W4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from readmit.flows.world import World
from readmit.web import pages, sign_in
from readmit.web.account import applications, data, language, organisations, passkeys, sessions
from readmit.web.call import Call, Reply, Step, Work
from readmit.web.signed_in import SignedIn, named_tenant, signed_in, used

Content = Callable[[World, Call, SignedIn, str], dict[str, Any] | None]

SECTIONS: Final[dict[str, Content]] = {
    "sessions": sessions.content,
    "passkeys": passkeys.content,
    "applications": applications.content,
    "organisations": organisations.content,
    "language": language.content,
    "data": data.content,
}
"""What the page shows, in this order: `templates/account/{name}.html` with what its function gives it.

A section that has nothing to say to this person gives None.
"""
DONE: Final = frozenset({"application", "language", "passkey_named", "passkey_removed", "session", "sessions"})
"""What a form of the page may come back with, to be said."""


def show(world: World, call: Call) -> Step:
    """The account at the tenant of `tenantId`, as My Apps chooses it; without a session the way to one."""
    viewer = signed_in(world, call)
    if viewer is None:
        tenant = named_tenant(world, call)
        return sign_in.begin_own(world, call, "a", tenant.id if tenant else "")
    return used(world, viewer, Work(lambda reply: reply, _page, world, call, viewer))


def _page(world: World, call: Call, viewer: SignedIn) -> Reply:
    chosen, done = viewer.language(call), call.query_values().get("done", "")
    contents = {name: content(world, call, viewer, chosen) for name, content in SECTIONS.items()}
    return pages.page(
        call,
        "account",
        chosen,
        organisation=viewer.tenant.display_name,
        name=viewer.user.display_name,
        address=viewer.user.sign_in_name,
        my_apps=viewer.at("/myapps"),
        done=done if done in DONE else None,
        sections={name: content for name, content in contents.items() if content is not None},
        csrf=viewer.csrf,
    )
