"""The userinfo endpoint (OpenID Connect Core 5.3, RFC 6750)."""

from __future__ import annotations

from readmit.domain.authentication import WRONG_AUDIENCE, Unauthenticated
from readmit.flows import userinfo as flows
from readmit.flows.world import World
from readmit.web.call import Call, Step
from readmit.web.oidc.fields import fields_of, malformed
from readmit.web.oidc.responses import json_reply
from readmit.web.origins import origins_of

_FORM = "application/x-www-form-urlencoded"


def userinfo(world: World, call: Call) -> Step:
    """OpenID Connect Core 5.3, with a bearer token for Graph whose scopes include `openid`.

    Userinfo is one of Graph's APIs, as at Microsoft: a token for another API is in that API's hands, and would tell it
    who its callers are beyond what the token itself says (security O6, RFC 9700 section 2.3).
    """
    found = world.keyring.verify(_bearer(call), world.now())
    if found.get("typ") != "at+jwt" or found.get("idtyp") != "user":
        raise Unauthenticated("Access token validation failure.")
    if not origins_of(world.settings).is_graph(found.get("aud", "")):
        raise Unauthenticated(WRONG_AUDIENCE)
    return json_reply(world.database.read(flows.userinfo, world, dict(found)), call=call)


def _bearer(call: Call) -> str:
    """The token from the header, or from the form of a POST, never both (RFC 6750 section 2); cookies open nothing."""
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = fields_of(call) if call.method == "POST" and kind == _FORM else {}
    if "authorization" in call.headers and "access_token" in form:
        raise malformed()
    token = form.get("access_token", "") or (given.strip() if scheme.lower() == "bearer" else "")
    if not token:
        raise Unauthenticated
    return token
