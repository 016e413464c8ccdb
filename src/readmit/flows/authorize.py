"""What an application gets back from the browser, and codes: 60 seconds, one use, PKCE (security O2, O3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from readmit.domain.clock_skew import ahead
from readmit.domain.errors import TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.session import SignIn
from readmit.flows.browsers import digest
from readmit.flows.granting import make_grant, malformed
from readmit.flows.issue import Exchange, ended, front_channel_id_token, tokens_of
from readmit.flows.world import World
from readmit.storage import grants, sessions
from readmit.storage.clients import Client
from readmit.storage.grants import Code, Grant
from readmit.storage.transaction import Transaction

_CODE_LIFETIME: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back to the application through the browser."""

    code: str | None = None
    id_token: str | None = None
    consented: str | None = None
    """The scopes that an administrator let everybody's application have."""
    refusal: TokenRefused | None = None

    def fields(self) -> dict[str, str]:
        """The parameters of the authorization response."""
        given = {"code": self.code, "id_token": self.id_token}
        if self.consented is not None:
            given |= {"admin_consent": "True", "scope": self.consented}
        return {name: value for name, value in given.items() if value is not None}


NOTHING: Final = Response()


def respond(tx: Transaction, world: World, request: AuthorizeRequest, sign_in: SignIn) -> Response:
    """A code, an ID token, or both, by the response type; the session remembers the application (graph G76)."""
    grant = make_grant(tx, world, request, sign_in)
    sessions.add_application(tx, grant, sign_in.session_id)
    code = _code(tx, world, grant, request) if "code" in request.response_type.split() else None
    id_token = front_channel_id_token(tx, world, grant, code) if "id_token" in request.response_type.split() else None
    return Response(code, id_token)


def issue_code(tx: Transaction, world: World, request: AuthorizeRequest, sign_in: SignIn) -> str:
    """A grant for the sign-in and its code: 60 s, one use."""
    return _code(tx, world, make_grant(tx, world, request, sign_in), request)


def _code(tx: Transaction, world: World, grant: Grant, request: AuthorizeRequest) -> str:
    code = world.new_secret()
    challenge, now = request.challenge, world.now()
    grants.add_code(tx, grant, digest(code), redirect_uri=request.redirect_uri, challenge=challenge, now=now)
    return code


def redeem_code(tx: Transaction, world: World, client: Client, brought: Exchange) -> dict[str, Any] | TokenRefused:
    """Tokens for a code. A second use ends all that came from it, and that is committed: the error is returned."""
    found = grants.code(tx, digest(brought.token))
    if found is None or found.grant.client_id != client.app_id or found.grant.tenant_id != client.tenant_id:
        raise malformed()
    now = world.now()
    if found.used is not None or not grants.use_code(tx, digest(brought.token), now):
        refusal = TokenRefused("invalid_grant", 54005, "OAuth2 Authorization code was already redeemed.")
        return ended(tx, world, found.grant, refusal, brought)
    _check_code(found, client, brought, now)
    return tokens_of(tx, world, client, found.grant, brought, refresh=None)


def _check_code(found: Code, client: Client, brought: Exchange, now: datetime) -> None:
    if now > found.created + _CODE_LIFETIME or ahead(found.created, now):
        text = "The provided authorization code or refresh token has expired due to inactivity."
        raise TokenRefused("invalid_grant", 70008, text)
    if brought.redirect_uri != found.redirect_uri:
        text = (
            f"The redirect URI '{brought.redirect_uri}' specified in the request does not match the redirect URIs "
            f"configured for the application '{client.app_id}'."
        )
        raise TokenRefused("invalid_grant", 50011, text)
    if not _verified(found.challenge, brought.verifier):
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        raise TokenRefused("invalid_grant", 501481, text)


def _verified(challenge: str | None, verifier: str | None) -> bool:
    """S256 (RFC 7636); a verifier without a challenge is refused as well (RFC 9700 2.1.1)."""
    if challenge is None or verifier is None:
        return challenge is None and verifier is None
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    # As bytes: a challenge is whatever the application sent, and text beyond ASCII is not compared.
    return hmac.compare_digest(made.encode(), challenge.encode())
