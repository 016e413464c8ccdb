"""What an application asks for at the authorization endpoint, and what it was granted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

ResponseMode = Literal["query", "fragment", "form_post"]
ResponseType = Literal["code", "id_token", "code id_token"]

OPENID_SCOPES: Final = frozenset({"openid", "profile", "email", "offline_access"})
"""Scopes of OpenID Connect itself: they belong to no resource."""


NOBODY: Final = ""
"""The user of a hint that cannot be believed."""


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """A checked authorization request: client and redirect URI are registered (security O1). It waits in a flow row.

    `origin` is the own origin the request addressed; issuer and tokens keep it (graph G71).
    """

    tenant_id: str
    client_id: str
    redirect_uri: str
    origin: str
    response_mode: ResponseMode
    resource: str
    scopes: tuple[str, ...]
    graph: bool = True
    """Whether `resource` is Microsoft Graph under one of its names (graph G74)."""
    state: str | None = None
    nonce: str | None = None
    challenge: str | None = None
    login_hint: str | None = None
    domain_hint: str | None = None
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    ui_locales: str | None = None
    response_type: ResponseType = "code"
    """What goes back; an ID token only by `form_post`, and only where the application is registered for it."""
    hinted_user: str | None = None
    """The user of an `id_token_hint`: nobody else is to be signed in by this request."""
    admin_consent: bool = False
    """An administrator is asked for everybody's consent; nothing but the decision goes back."""
    device: str | None = None
    """The digest of the device code that waits for this; nobody is redirected then (RFC 8628)."""
    requester: str | None = None
    """The address that the device asked from."""

    @property
    def oldest(self) -> int | None:
        """How old in seconds a proof may be when the request comes; 0: it must be given anew (`prompt=login`)."""
        return 0 if "login" in self.prompt else self.max_age
