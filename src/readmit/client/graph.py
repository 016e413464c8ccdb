"""GraphClient: one signed-in application and the calls that the commands need (graph sections 7, 8 and 14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

from readmit.client.answers import checked, json_object, refuse_redirect
from readmit.client.errors import GraphError, SignInError, Stopped
from readmit.client.transport import Ask, Outside, Transport, origin

__all__ = ["CLOUDS", "Endpoint", "GraphClient", "Outside"]

CLOUDS: Final = {
    "public": ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "usgov": ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "china": ("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
}
"""Token service and Graph of Microsoft's clouds (Graph page "National cloud deployments")."""
_SHOWN: Final = (
    "id,displayName,mail,otherMails,userPrincipalName,userType,accountEnabled,externalUserState,"
    "externalUserStateChangeDateTime,identities,createdDateTime"
)
_RENEW_BEFORE: Final = 120.0
_ADVANCED: Final = {"ConsistencyLevel": "eventual"}
_DEFAULT_ROLE: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Graph and its token service are (origins), and who asks. `cloud` is Microsoft's, else a readmit server."""

    login: str
    graph: str
    tenant: str
    client_id: str
    client_secret: str = field(repr=False)
    ca: str | None = None
    cloud: bool = False


class GraphClient:
    """One signed-in application. A token goes to its own origin only, never along a redirect (security D5)."""

    def __init__(self, endpoint: Endpoint, outside: Outside) -> None:
        self.endpoint = endpoint
        self.outside = outside
        self._transport = Transport(endpoint.graph, endpoint.ca, outside)
        self._token: str | None = None
        self._token_ends = 0.0
        self._role_names: dict[str, dict[str, str]] = {}

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    # ------------------------------------------------------------------ tokens

    def sign_in(self) -> None:
        """Get a token by client credentials (graph G73) and keep it in memory; raises SignInError."""
        end = self.endpoint
        # readmit takes Microsoft's name of Graph as its own (graph G74).
        resource = end.graph if end.cloud else "https://graph.microsoft.com"
        form = {
            "grant_type": "client_credentials",
            "client_id": end.client_id,
            "client_secret": end.client_secret,
            "scope": f"{resource}/.default",
        }
        url = f"{end.login}/{quote(end.tenant, safe='')}/oauth2/v2.0/token"
        answer = self._transport.exchange(Ask("POST", url, repeatable=True, form=form))
        body = json_object(answer)
        if answer.status_code != 200 or "access_token" not in body:
            refuse_redirect(answer)
            raise SignInError(str(body.get("error", answer.status_code)), str(body.get("error_description", "")))
        lasts = float(body.get("expires_in", 0))
        self._token = str(body["access_token"])
        self._token_ends = self.outside.clock() + max(lasts - _RENEW_BEFORE, lasts / 2)

    def _bearer(self) -> str:
        if self._token is None or self.outside.clock() >= self._token_ends:
            self.sign_in()
        return f"Bearer {self._token}"

    # ---------------------------------------------------------------- requests

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """One Graph request; the JSON answer, or None for 204. `path` begins with `/`, or is a link of the server.

        Raises GraphError, SignInError, Unreachable, Stopped. An invitation always bears an Idempotency-Key
        (reliability section 1); other POSTs are not repeated when it is unknown whether they were done.
        """
        url = self.url(path)
        sent = {"accept": "application/json", **(headers or {})}
        invites = method == "POST" and urlsplit(url).path.endswith("/invitations")
        if invites:
            sent.setdefault("Idempotency-Key", self.outside.new_id())
        known = self._token
        for last in (False, True):
            ask = Ask(
                method,
                url,
                repeatable=invites or method != "POST",
                headers={**sent, "authorization": self._bearer()},
                json=body,
            )
            answer = self._transport.exchange(ask)
            if answer.status_code != 401 or last or known is None:
                break
            # A token of an earlier call may have been revoked since; a 401 had no effect.
            self._token = None
        return checked(answer)

    def url(self, path: str) -> str:
        """The full URL; raises Stopped for a link to another origin, where the token must not go."""
        if path.startswith("/"):
            return self.endpoint.graph + path
        if origin(path) != origin(self.endpoint.graph):
            raise Stopped(f"The server sent a link to {origin(path)}; the token does not go there (security D5).")
        return path

    def pages(self, path: str, headers: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Every object of a list, following its links; the headers go along to each page (graph G55)."""
        link: str | None = path
        while link is not None:
            answer = self.call("GET", link, headers=headers)
            yield from answer.get("value", ())
            link = answer.get("@odata.nextLink")

    # ------------------------------------------------------------------ people

    def user(self, key: str) -> dict[str, Any]:
        """A user by id, UPN or address; raises GraphError 404, Stopped if an address is several users'."""
        if not key.strip(". "):
            raise Stopped("Name a user by id, UPN or address.")
        if "@" in key and "#EXT#" not in key.upper():
            found = self._by_address(key)
            if found is not None:
                return found
        answer: dict[str, Any] = self.call("GET", f"/v1.0/users/{quote(key, safe='')}?$select={_SHOWN}")
        return answer

    def _by_address(self, address: str) -> dict[str, Any] | None:
        literal = address.replace("'", "''")
        for clause in (f"mail eq '{literal}'", f"otherMails/any(m:m eq '{literal}')"):
            found = list(self.pages(f"/v1.0/users?$filter={quote(clause, safe='')}&$select={_SHOWN}"))
            if len(found) > 1:
                ids = ", ".join(str(user["id"]) for user in found)
                raise Stopped(f"{address} is the address of several users ({ids}); name one by its id.")
            if found:
                return found[0]
        return None

    def guests(self, filter: str | None = None, *, state: str | None = None) -> Iterator[dict[str, Any]]:
        """Guests, by an OData filter and an `externalUserState`, if there are any."""
        clauses = ["userType eq 'Guest'"]
        clauses += [f"externalUserState eq '{state}'"] if state else []
        clauses += [f"({filter})"] if filter else []
        query = f"$filter={quote(' and '.join(clauses), safe='')}&$select={_SHOWN}&$top=200"
        # What people filter by (endswith, ne, not) exists in advanced mode only (graph G51).
        advanced = filter is not None
        return self.pages(
            f"/v1.0/users?{query}" + ("&$count=true" if advanced else ""), _ADVANCED if advanced else None
        )

    def memberships_of(self, user_id: str) -> tuple[list[str], list[str]]:
        """Names of the groups, and of the directory roles, that a user is in; each sorted."""
        groups: list[str] = []
        roles: list[str] = []
        for entry in self.pages(f"/v1.0/users/{user_id}/memberOf?$select=id,displayName"):
            named = roles if str(entry.get("@odata.type", "")).endswith("directoryRole") else groups
            named.append(str(entry.get("displayName")))
        return sorted(groups), sorted(roles)

    def groups_of(self, user_id: str) -> list[str]:
        """Names of the groups that a user is in."""
        return self.memberships_of(user_id)[0]

    def app_roles_of(self, user_id: str) -> list[str]:
        """`Application: role` of each assignment; the role's name where it can be read."""
        found = self.pages(f"/v1.0/users/{user_id}/appRoleAssignments")
        return sorted(f"{entry.get('resourceDisplayName')}: {self._role_name(entry)}" for entry in found)

    def _role_name(self, assignment: Mapping[str, Any]) -> str:
        resource, role_id = str(assignment["resourceId"]), str(assignment["appRoleId"])
        if resource not in self._role_names:
            self._role_names[resource] = self._roles_of(resource)
        unnamed = "default access" if role_id == _DEFAULT_ROLE else role_id
        return self._role_names[resource].get(role_id, unnamed)

    def _roles_of(self, resource: str) -> dict[str, str]:
        try:
            found = self.call("GET", f"/v1.0/servicePrincipals/{resource}?$select=appRoles")
        except GraphError as error:
            if error.status not in (403, 404):
                raise
            return {}
        return {str(role["id"]): str(role.get("value") or role.get("displayName")) for role in found["appRoles"]}

    # -------------------------------------------------------------- invitations

    def invite(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST /invitations (graph G48); a repeat after a broken connection makes no second guest."""
        answer: dict[str, Any] = self.call("POST", "/v1.0/invitations", dict(body))
        return answer

    def redemptions(self, user_id: str) -> list[dict[str, Any]]:
        """readmit's history of a guest (graph G47): who redeemed, when, what ended it. Microsoft's cloud has none."""
        if self.endpoint.cloud:
            return []
        return list(self.pages(f"/readmit/v1/users/{user_id}/redemptions"))

    def invitations(self, user_id: str | None = None) -> list[dict[str, Any]]:
        """readmit's invitations, newest first, of one guest if named (graph G47). Microsoft's cloud has none."""
        if self.endpoint.cloud:
            return []
        clause = f"invitedUser/id eq '{user_id}'"
        only = f"&$filter={quote(clause, safe='')}" if user_id else ""
        return list(self.pages(f"/readmit/v1/invitations?$top=999{only}"))
