"""The server of the journeys with outside providers: Contoso, whose guests come from the companies next door."""

from __future__ import annotations

import base64
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from house_of_guests import PASSWORD, SECRET, House, serving
from neighbours import CLIENT, Authority, Litware, Neighbour, Tailspin, Wingtip
from neighbours import SECRET as PROVIDER_SECRET

from readmit.cli.demo_stage import AUTOMATION, CONTOSO, EXPENSES

PORTAL = "0d000000-0000-4000-8000-0000000000b1"
SCOPE = "openid profile email offline_access User.Read"
GUESTS = 32


def _seed(litware: Litware, wingtip: Neighbour, *others: Neighbour) -> str:
    names = [f"guest{number}" for number in range(GUESTS)]
    addresses = [f"{name}@{wingtip.domain}" for name in names]
    guests = "\n".join(f"      - {{email: {one}, displayName: {one}}}" for one in addresses)
    assigned = "\n".join(f"      - {{application: Expenses, role: Approver, principal: {one}}}" for one in addresses)
    providers = "\n".join(
        f'      - {{domain: {one.domain}, name: {one.name}, issuer: "{one.issuer}", clientId: "{CLIENT}",'
        f' clientSecret: "{PROVIDER_SECRET}", allowPrivateNetwork: true}}'
        for one in (wingtip, *others)
    )
    return f"""
tenants:
  - displayName: Contoso
    initialDomain: contoso.onmicrosoft.com
    domains: [contoso.com]
    users:
      - {{userPrincipalName: ada@contoso.com, displayName: Ada, password: {PASSWORD}, roles: [Global Administrator]}}
    applications:
      - displayName: Automation
        appId: {AUTOMATION}
        clientSecret: {SECRET}
        permissions: [User.Invite.All, User.ReadWrite.All, Directory.Read.All, AuditLog.Read.All]
      - displayName: Expenses
        appId: {EXPENSES}
        clientSecret: {SECRET}
        redirectUris: ["http://localhost:9000/callback"]
        appRoles: [{{value: Approver}}]
        delegatedPermissions: [openid, profile, email, offline_access, User.Read]
      - displayName: Portal
        appId: {PORTAL}
        clientSecret: {SECRET}
        redirectUris: ["http://localhost/callback", "http://localhost/goodbye"]
        delegatedPermissions: [openid, profile, email, offline_access]
    identityProviders:
{providers}
      - {{domain: {litware.domain}, kind: saml, name: {litware.name}, metadata: litware.xml,
          subjectAttribute: {litware.SUBJECT}}}
    guests:
{guests}
    groups:
      - {{displayName: Project Falcon, members: [{", ".join(addresses)}]}}
      - {{displayName: Suppliers, members: [{", ".join(addresses)}]}}
    appRoleAssignments:
{assigned}
"""


@dataclass
class Code:
    """An authorization code that Expenses has not exchanged yet."""

    code: str
    verifier: str


@dataclass
class Held:
    """What Expenses holds of a guest who signed in."""

    claims: dict[str, Any]
    refresh: str
    access: str


class TokenRefused(Exception):
    """The token endpoint said no: `error` and Microsoft's number."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer["error_description"])
        self.error, self.number = answer["error"], answer["error_codes"][0]


@dataclass
class Town:
    """The server and the companies next door. Each guest is somebody else's: tests share no one."""

    house: House
    wingtip: Wingtip
    tailspin: Tailspin
    litware: Litware
    fourth_coffee: Neighbour
    """Its provider is never there."""
    callback: str
    """Where Expenses gets its codes: a real listener on a free port of loopback (graph G76)."""
    _unused: Iterator[int] = field(default_factory=itertools.count)

    def somebody(self) -> str:
        """The local part of a guest of Wingtip that no other test has: Pending, in two groups, with one role."""
        return f"guest{next(self._unused)}"

    def invite(self, address: str, language: str | None = None, **more: Any) -> dict[str, Any]:
        """A plain invitation without mail; the link is in the answer."""
        told = {"invitedUserMessageInfo": {"messageLanguage": language}} if language else {}
        body = {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com"}
        return self.house.graph.invite({**body, **told, **more})

    def sign_ins(self, user_id: str) -> list[dict[str, Any]]:
        """What the sign-in log says of a user, the newest first (graph G46)."""
        path = f"/v1.0/auditLogs/signIns?$filter=userId%20eq%20'{user_id}'"
        found: list[dict[str, Any]] = self.house.graph.call("GET", path)["value"]
        return found

    def binding(self, user_id: str) -> tuple[object, ...] | None:
        """Issuer and subject that redeemed, as the database holds them; Graph does not show them."""
        sql = "SELECT binding_issuer, binding_subject FROM users WHERE id = ?"
        return self.house.rows(sql, user_id)[0]

    def exchange(self, code: Code) -> Held:
        """Expenses exchanges its code. Raises TokenRefused."""
        return self._token(grant_type="authorization_code", code=code.code, code_verifier=code.verifier)

    def refresh(self, held: Held) -> Held:
        """Expenses refreshes. Raises TokenRefused."""
        return self._token(grant_type="refresh_token", refresh_token=held.refresh)

    def _token(self, **fields: str) -> Held:
        form = {"client_id": EXPENSES, "client_secret": SECRET, "redirect_uri": self.callback, "scope": SCOPE, **fields}
        answer = self.house.http.post(f"{self.house.base}/{CONTOSO}/oauth2/v2.0/token", data=form)
        body = answer.json()
        if answer.status_code != 200:
            raise TokenRefused(body)
        claims = body["id_token"].split(".")[1]
        decoded = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return Held(decoded, body["refresh_token"], body["access_token"])

    def me(self, held: Held) -> int:
        """The status that the access token gets at Graph."""
        bearer = {"authorization": f"Bearer {held.access}"}
        return int(self.house.http.get(f"{self.house.base}/v1.0/me", headers=bearer).status_code)


class _Arrived(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "7")
        self.end_headers()
        self.wfile.write(b"arrived")

    def log_message(self, format: str, *args: Any) -> None:
        return


@contextmanager
def _expenses() -> Iterator[str]:
    """The application's callback, which only says that one has arrived."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Arrived)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}/callback"
    server.shutdown()
    server.server_close()
    thread.join()


def readmit(house: House, *arguments: str) -> Any:
    """A command of readmit beside its server, as its administrator types it; what it prints as JSON."""
    command = [sys.executable, "-m", "readmit", *arguments, "--json", "--data", str(house.data)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@contextmanager
def founded(folder: Path) -> Iterator[Town]:
    """Readmit trusts the neighbours' authority by SSL_CERT_FILE; then each is told where to send browsers back to."""
    authority = Authority(folder)
    wingtip = Wingtip("Wingtip", "wingtip.example", "127.0.0.1", folder / "wingtip", authority)
    tailspin = Tailspin("Tailspin", "tailspin.example", "localhost", folder / "tailspin", authority)
    litware = Litware("Litware", "litware.example", "127.0.0.1", folder / "litware", authority)
    tailspin.people = litware.people = tuple(f"guest{number}" for number in range(GUESTS))
    fourth_coffee = Neighbour("Fourth Coffee", "fourthcoffee.example", "localhost", folder / "coffee", authority)
    (folder / "readmit").mkdir()
    with ExitStack() as stack:
        for one in (wingtip, tailspin, litware):
            stack.callback(one.stop)
        litware.start()
        (folder / "readmit" / "litware.xml").write_text(litware.metadata())
        seed = _seed(litware, wingtip, tailspin, fourth_coffee)
        house = stack.enter_context(serving(folder / "readmit", seed, environ={"SSL_CERT_FILE": str(authority.ca)}))
        redirect_uris = {one["issuer"]: one["redirectUri"] for one in readmit(house, "idp", "list")}
        for one in (wingtip, tailspin):
            one.redirect_uri = redirect_uris[one.issuer]
            one.start()
        yield Town(house, wingtip, tailspin, litware, fourth_coffee, stack.enter_context(_expenses()))
