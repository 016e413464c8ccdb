"""The end of a session: the page from which a browser tells every application, and where it goes on (security H5)."""

from __future__ import annotations

from collections.abc import Sequence

from readmit.flows.front_channel import Told
from readmit.flows.world import World
from readmit.web import pages
from readmit.web.call import Call, Reply
from readmit.web.cookies import clear_session
from readmit.web.languages import language_of


def goodbye(
    world: World,
    call: Call,
    told: Sequence[Told],
    *,
    target: str | None = None,
    unregistered: bool = False,
    language: str | None = None,
) -> Reply:
    """Straight to `target` where nobody has to be told, else a page with a frame for each application that has.

    `unregistered`: a target was asked for that is none of the application's; nobody is sent there.
    """
    if target is not None and not told:
        return Reply(303, b"", (("location", target), clear_session(world), ("cache-control", "no-store")))
    html = pages.render(
        "signed_out",
        language or language_of(call),
        frames=[(one.name, one.url) for one in told],
        target=target,
        unregistered=unregistered,
    )
    reply = pages.page_reply(html, frames=[one.origin for one in told], script=target is not None)
    return reply.with_headers(clear_session(world))
