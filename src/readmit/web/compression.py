"""Packs answers for clients that take gzip (graph G16)."""

from __future__ import annotations

import gzip
from typing import Final

from readmit.web.call import Call, Reply

_SMALLEST: Final = 1024
"""Below it an answer fits the first packets of a connection, packed or not."""
_LEVEL: Final = 1
"""A page of 100 users, 25 KB: 125 µs to 3.8 KB; level 6 takes 173 µs to 3.5 KB."""
INLINE: Final = 32 * 1024
"""Bytes that are packed in about the time that a hop to another thread takes."""


def wanted(call: Call, reply: Reply) -> bool:
    """Whether this answer is packed: a read that says of itself that it varies by encoding, to a client that takes it.

    Only reads, and only those of Graph. A packed length tells about what is in a body; where a secret stands beside
    text of somebody else's choice, it tells about the secret (BREACH). No read of Graph carries one: links to redeem,
    client secrets and tokens are answers to POST alone; pages and the token service never say that they vary. Besides,
    no browser can be made to send a bearer token.
    """
    if call.method not in ("GET", "HEAD") or reply.status != 200 or len(reply.body) < _SMALLEST:
        return False
    return ("Vary", "Accept-Encoding") in reply.headers and _accepts(call.headers.get("accept-encoding", ""))


def packed(reply: Reply) -> Reply:
    """The same answer as gzip."""
    # Without a time of its own the same answer has the same bytes.
    return Reply(reply.status, gzip.compress(reply.body, _LEVEL, mtime=0), reply.headers).with_headers(
        ("Content-Encoding", "gzip")
    )


def _accepts(header: str) -> bool:
    """RFC 9110 section 12.5.3: gzip named with a weight above zero, or `*` where gzip is not named."""
    weights: dict[str, bool] = {}
    for entry in header.lower().split(","):
        name, _, parameters = entry.partition(";")
        weight = parameters.replace(" ", "").removeprefix("q=")
        weights[name.strip()] = weight.strip("0.") != "" if parameters else True
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))
