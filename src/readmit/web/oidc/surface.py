"""The token service as one surface: its table and the form of its errors."""

from __future__ import annotations

from msgspec.structs import replace

from readmit.domain.errors import ReadmitError, TokenRefused
from readmit.flows.world import World
from readmit.web import dead_ends
from readmit.web.call import Call, Reply, Write
from readmit.web.http import Door, Refusal
from readmit.web.oidc import (
    admin_consent,
    authorize,
    device,
    landing,
    logout,
    metadata,
    responses,
    status,
    token,
    userinfo,
)
from readmit.web.table import Entry, Table

_TENANT = "/{tenant}/oauth2/v2.0"
_VERSION_1 = (
    "/oauth2/authorize",
    "/oauth2/token",
    "/oauth2/logout",
    "/oauth2/devicecode",
    "/.well-known/openid-configuration",
    "/discovery/keys",
)
DESCRIBED = (
    Entry("POST", f"{_TENANT}/token", token.token),
    Entry("POST", f"{_TENANT}/devicecode", device.begin),
    Entry("GET", device.PAGE, device.page),
    Entry("GET POST", f"{_TENANT}/authorize", authorize.authorize),
    Entry("GET POST", f"{_TENANT}/logout", logout.logout),
    Entry("POST", f"{_TENANT}/introspect", status.introspect),
    Entry("POST", f"{_TENANT}/revoke", status.revoke),
    Entry("GET", "/{tenant}/v2.0/.well-known/openid-configuration", metadata.discovery),
    Entry("GET", "/.well-known/oauth-authorization-server/{tenant}/v2.0", metadata.discovery),
    Entry("GET", "/{tenant}/discovery/v2.0/keys", metadata.keys),
    Entry("GET", "/common/discovery/instance", metadata.instance),
    Entry("GET", "/metadata/endpoints", metadata.clouds),
    Entry("GET POST", "/oidc/userinfo", userinfo.userinfo),
    Entry("GET", "/common/userrealm/{upn}", metadata.user_realm),
    Entry("GET", "/{tenant}/v2.0/adminconsent", admin_consent.admin_consent),
    Entry("GET", "/error", landing.error),
    Entry("GET", "/common/oauth2/nativeclient", landing.native),
)
"""What is there for those who read the description."""
TABLE = (
    *DESCRIBED,
    Entry("GET", "/common/UserRealm/{upn}", metadata.user_realm),
    *(Entry("GET POST", f"/{{tenant}}{path}", landing.use_v2) for path in _VERSION_1),
)

_PAGES = ("/v2.0/authorize", "/v2.0/adminconsent", "/v2.0/logout", "/deviceauth", "/nativeclient", "/error")
"""Where browsers are sent: what goes wrong there is a page."""
_CHANGING = ("/v2.0/authorize", "/v2.0/adminconsent", "/v2.0/logout")
"""Where a GET issues a code or ends a session; a HEAD changes nothing anywhere (security V5)."""
_SHARED = ("/token", "/keys", "/openid-configuration", "/userinfo", "/discovery/instance")


class TokenService:
    """Finds the door; an error is JSON of graph G79, or a page where a browser stands."""

    def __init__(self) -> None:
        self._table = Table(TABLE)

    def has(self, path: str) -> bool:
        """Whether a path belongs here."""
        return self._table.matches(path)

    def find(self, world: World, call: Call) -> tuple[Door, Call]:
        door, parameters = self._table.find(call)
        if call.method == "HEAD" and call.path.lower().endswith(_CHANGING):
            raise Refusal(405)
        return door, replace(call, parameters=parameters)

    def shares(self, path: str) -> bool:
        """What applications ask; not what browsers are sent to."""
        return path.lower().endswith(_SHARED)

    def aftermath(self, world: World, call: Call, error: ReadmitError) -> Write | None:
        """A refused code or refresh token stands in the sign-in log of whose it was (lifecycle L50)."""
        if not isinstance(error, TokenRefused) or not call.path.lower().endswith("/oauth2/v2.0/token"):
            return None
        return token.noted_refusal(world, call, error)

    def failure(self, world: World, call: Call, error: Exception) -> Reply:
        if not call.path.lower().endswith(_PAGES):
            return responses.refusal(world, call, error)
        if isinstance(error, TokenRefused):
            return authorize.error_page(world, call, error)
        return dead_ends.failed(world, call, error)
