"""The userinfo endpoint (OpenID Connect Core 5.3, RFC 6750)."""

from __future__ import annotations

from readmit.domain.authentication import Unauthenticated
from readmit.flows import userinfo as flows
from readmit.flows.world import World
from readmit.web.call import Call, Step
from readmit.web.oidc.responses import json_reply


def userinfo(world: World, call: Call) -> Step:
    """OpenID Connect Core 5.3, with a bearer token whose scopes include `openid`."""
    scheme, _, bearer = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not bearer.strip():
        raise Unauthenticated
    found = world.keyring.verify(bearer.strip(), world.now())
    if found.get("typ") != "at+jwt" or found.get("idtyp") != "user":
        raise Unauthenticated("Access token validation failure.")
    return json_reply(world.database.read(flows.userinfo, world, dict(found)), call=call)
