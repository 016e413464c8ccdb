"""`/.well-known/security.txt`: whom to tell of a weakness in this server (RFC 9116, security K4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from readmit.flows.world import World
from readmit.locale.negotiate import LANGUAGES
from readmit.web.call import Call, Reply, Step

PATH: Final = "/.well-known/security.txt"
_TEXT: Final = (("content-type", "text/plain; charset=utf-8"),)
_GOOD_FOR: Final = timedelta(days=180)
"""RFC 9116 section 2.5.5 wants less than a year. It is reckoned anew at each request, from the day's beginning."""
_NOBODY: Final = (
    b"Nobody is named here. Whoever runs this server names one with: readmit serve --security-contact ADDRESS\n"
)


def security_txt(world: World, call: Call) -> Step:
    """The contact that the operator has named; 404 with how to name one where he has not."""
    contact = world.settings.security_contact
    if contact is None:
        return Reply(404, _NOBODY, (*_TEXT, ("cache-control", "no-store")))
    day = world.now().replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: {contact}",
        f"Expires: {day + _GOOD_FOR:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(LANGUAGES)}",
        f"Canonical: {world.settings.public_url}{PATH}",
    )
    return Reply(200, "".join(f"{line}\n" for line in lines).encode(), (*_TEXT, ("cache-control", "max-age=86400")))
