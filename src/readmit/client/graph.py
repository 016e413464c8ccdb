"""GraphClient: tokens, retries and the calls that the commands need (graph sections 7 and 8)."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urljoin, urlsplit

from readmit.client.errors import GraphError, SignInError, Unreachable

if TYPE_CHECKING:
    import httpx2

CLOUDS: Final = {
    "public": ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "usgov": ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "china": ("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
}
_TRIES: Final = 5
_LONGEST_WAIT: Final = 120.0
_READABLE_WITHIN: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between looks for a PATCH that is not readable yet."""
_SHOWN: Final = (
    "id,displayName,mail,otherMails,userPrincipalName,userType,accountEnabled,externalUserState,"
    "externalUserStateChangeDateTime,identities,createdDateTime"
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Graph and its token service are, and who asks. `cloud` is Microsoft's, else a readmit server."""

    login: str
    graph: str
    tenant: str
    client_id: str
    client_secret: str
    ca: str | None = None
    cloud: bool = False


@dataclass(frozen=True, slots=True)
class Outside:
    """What a client needs of the world: waiting and fresh ids."""

    sleep: Callable[[float], None]
    new_id: Callable[[], str]


class GraphClient:
    """One signed-in application. A token goes to its own origin only, never along a redirect (security D5)."""

    def __init__(self, endpoint: Endpoint, outside: Outside) -> None:
        import httpx2

        self.endpoint = endpoint
        self._outside = outside
        context = ssl.create_default_context(cafile=endpoint.ca)
        self._http: httpx2.Client = httpx2.Client(verify=context, timeout=35.0, follow_redirects=False)
        self._token: str | None = None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # ------------------------------------------------------------------ tokens

    def sign_in(self) -> None:
        """Get a token by client credentials; raises SignInError."""
        url = f"{self.endpoint.login}/{self.endpoint.tenant}/oauth2/v2.0/token"
        graph = self.endpoint.graph if self.endpoint.cloud else "https://graph.microsoft.com"
        form = {
            "grant_type": "client_credentials",
            "client_id": self.endpoint.client_id,
            "client_secret": self.endpoint.client_secret,
            "scope": f"{graph}/.default",
        }
        answer = self._request("POST", url, data=form)
        body = _object(answer)
        if answer.status_code != 200:
            raise SignInError(str(body.get("error", answer.status_code)), str(body.get("error_description", "")))
        self._token = str(body["access_token"])

    # ---------------------------------------------------------------- requests

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """One Graph request with retries; the JSON answer, or None for 204. Raises GraphError, Unreachable."""
        if self._token is None:
            self.sign_in()
        url = self._url(path)
        for attempt in range(_TRIES):
            sent = {"authorization": f"Bearer {self._token}", "accept": "application/json", **(headers or {})}
            answer = self._request(method, url, json=body, headers=sent)
            wait = self._wait(answer, attempt)
            if wait is None:
                return _checked(answer)
            self._outside.sleep(wait)
        return _checked(answer)

    def _url(self, path: str) -> str:
        url = urljoin(f"{self.endpoint.graph}/", path.lstrip("/")) if "://" not in path else path
        if urlsplit(url)[:2] != urlsplit(self.endpoint.graph)[:2]:
            raise GraphError(0, "ForeignLink", f"The server sent a link to another host ({urlsplit(url).netloc}).")
        return url

    def _wait(self, answer: httpx2.Response, attempt: int) -> float | None:
        """Seconds to wait before the next try: 429 and 503 say so themselves."""
        if answer.status_code == 401 and attempt == 0:
            self.sign_in()
            return 0.0
        if answer.status_code not in (429, 503) or attempt == _TRIES - 1:
            return None
        text = answer.headers.get("retry-after", "1")
        return min(float(text) if text.isdigit() else 1.0, _LONGEST_WAIT)

    def _request(self, method: str, url: str, **options: Any) -> httpx2.Response:
        """One exchange; a broken connection is tried again: every call here may be repeated safely."""
        import httpx2

        reason = ""
        for attempt in range(3):
            try:
                return self._http.request(method, url, **options)
            except httpx2.HTTPError as error:
                reason = str(error) or type(error).__name__
                if "CERTIFICATE" in reason or isinstance(error, httpx2.ConnectError):
                    break
                self._outside.sleep(0.2 * 2**attempt)
        raise Unreachable(f"{urlsplit(url).scheme}://{urlsplit(url).netloc}", reason)

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Every object of a list, following its links."""
        next_link: str | None = path
        while next_link is not None:
            answer = self.call("GET", next_link)
            yield from answer["value"]
            next_link = answer.get("@odata.nextLink")

    # ------------------------------------------------------------------ guests

    def user(self, key: str) -> dict[str, Any]:
        """A user by id, UPN or any of his addresses; raises GraphError 404."""
        if "@" in key and "#EXT#" not in key.upper():
            found = self._by_address(key)
            if found is not None:
                return found
        answer: dict[str, Any] = self.call("GET", f"/v1.0/users/{quote(key, safe='')}?$select={_SHOWN}")
        return answer

    def _by_address(self, address: str) -> dict[str, Any] | None:
        literal = address.replace("'", "''")
        for clause in (f"mail eq '{literal}'", f"otherMails/any(m:m eq '{literal}')"):
            found = self.call("GET", f"/v1.0/users?$filter={quote(clause)}&$select={_SHOWN}")["value"]
            if found:
                first: dict[str, Any] = found[0]
                return first
        return None

    def guests(self, filter: str | None = None) -> Iterator[dict[str, Any]]:
        """Guests, by an OData filter if there is one."""
        clause = "userType eq 'Guest'" + (f" and ({filter})" if filter else "")
        return self.pages(f"/v1.0/users?$filter={quote(clause)}&$select={_SHOWN}&$top=200")

    def groups_of(self, user_id: str) -> list[str]:
        """Names of the groups that a user is in."""
        found = self.pages(f"/v1.0/users/{user_id}/memberOf?$select=displayName")
        return sorted(str(entry.get("displayName")) for entry in found)

    def app_roles_of(self, user_id: str) -> list[str]:
        """`Application: role` of each assignment; the role's name where it can be read."""
        names: list[str] = []
        for entry in self.pages(f"/v1.0/users/{user_id}/appRoleAssignments"):
            names.append(f"{entry.get('resourceDisplayName')}: {self._role_name(entry)}")
        return sorted(names)

    def _role_name(self, assignment: Mapping[str, Any]) -> str:
        try:
            resource = self.call("GET", f"/v1.0/servicePrincipals/{assignment['resourceId']}?$select=appRoles")
        except GraphError:
            return str(assignment["appRoleId"])
        for role in resource.get("appRoles", ()):
            if role["id"] == assignment["appRoleId"]:
                return str(role.get("value") or role.get("displayName"))
        return "default access"

    def redemptions(self, user_id: str) -> list[dict[str, Any]]:
        """Who redeemed, when, and what ended it; on a readmit server only."""
        if self.endpoint.cloud:
            return []
        found: list[dict[str, Any]] = self.call("GET", f"/readmit/v1/users/{user_id}/redemptions")["value"]
        return found

    # -------------------------------------------------------------- invitations

    def invite(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST /invitations with an Idempotency-Key: a repeat after a broken connection makes no second guest."""
        answer: dict[str, Any] = self.call(
            "POST", "/v1.0/invitations", dict(body), {"Idempotency-Key": self._outside.new_id()}
        )
        return answer

    def reset(self, user: Mapping[str, Any], body: Mapping[str, Any], *, keep_old: bool = False) -> dict[str, Any]:
        """One call where the server adopts the address; PATCH, wait, POST where it does not (lifecycle L18a)."""
        address = str(body["invitedUserEmailAddress"])
        known = {str(mail).lower() for mail in (user.get("mail"), *user.get("otherMails", ())) if mail}
        if address.lower() not in known and (keep_old or self.endpoint.cloud):
            self._put_address(user, address, keep_old=keep_old)
            return self.invite(body)
        try:
            return self.invite(body)
        except GraphError as error:
            if not error.address_not_on_user:
                raise
        self._put_address(user, address, keep_old=keep_old)
        return self.invite(body)

    def _put_address(self, user: Mapping[str, Any], address: str, *, keep_old: bool) -> None:
        others = [str(mail) for mail in user.get("otherMails", ())]
        old = str(user.get("mail") or "")
        kept = [mail for mail in others if keep_old or mail.lower() != old.lower()]
        if keep_old and old and old.lower() not in {mail.lower() for mail in kept}:
            kept.append(old)
        mails = [address, *(mail for mail in kept if mail.lower() != address.lower())]
        self.call("PATCH", f"/v1.0/users/{user['id']}", {"mail": address, "otherMails": mails})
        for pause in _READABLE_WITHIN:
            seen = self.call("GET", f"/v1.0/users/{user['id']}?$select=mail,otherMails")
            if str(seen.get("mail")).lower() == address.lower():
                return
            self._outside.sleep(pause)
        raise GraphError(409, "NotReadableYet", "The new address is written, but not readable yet; run it again.")


def _object(answer: httpx2.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _checked(answer: httpx2.Response) -> Any:
    if answer.status_code == 204:
        return None
    body = _object(answer)
    if answer.status_code < 300:
        return body
    given = body.get("error")
    error: dict[str, Any] = given if isinstance(given, dict) else {}
    raise GraphError(
        answer.status_code,
        str(error.get("code", "")),
        str(error.get("message", "")) or answer.reason_phrase,
        request_id=answer.headers.get("request-id", ""),
        details=error.get("details"),
    )
