"""The demo's stage: what a person, an application and an administrator do, over HTTPS like any client."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import httpx2

from readmit.cli.walker import Page, Walker
from readmit.client.graph import Endpoint, GraphClient, Outside
from readmit.mail import mailbox

CONTOSO: Final = "contoso.onmicrosoft.com"
FABRIKAM: Final = "fabrikam.onmicrosoft.com"
AUTOMATION: Final = "0d000000-0000-4000-8000-0000000000a1"
EXPENSES: Final = "0d000000-0000-4000-8000-0000000000a2"
FABRIKAM_AUTOMATION: Final = "0d000000-0000-4000-8000-0000000000f1"
_CALLBACK: Final = "http://localhost:9000/callback"
_SCOPE: Final = "openid profile email offline_access User.Read"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the application Expenses holds of a signed-in guest."""

    name: str
    refresh: str
    access: str


class Refused(Exception):
    """A sign-in that ended on a page instead of at the application."""

    def __init__(self, page: Page) -> None:
        super().__init__(page.text)
        self.page = page


class Stage:
    """A running server, an administrator's Graph client, the kept mail, and browsers."""

    def __init__(self, base: str, data: Path, *, password: str, secret: str, new_id: Callable[[], str]) -> None:
        self.base = base
        self.password = password
        self._data = data
        self._secret = secret
        self._new_id = new_id
        self._context = ssl.create_default_context(cafile=str(data / "ca.pem"))
        self._opened: list[Callable[[], None]] = []
        self.http = self._connection()
        self.graph = self.client(CONTOSO, AUTOMATION)
        self._read: set[str] = set()

    def client(self, tenant: str, client_id: str) -> GraphClient:
        """A Graph client of an application of a tenant."""
        ca = str(self._data / "ca.pem")
        endpoint = Endpoint(self.base, self.base, tenant, client_id, self._secret, ca)
        client = GraphClient(endpoint, Outside(time.sleep, self._new_id))
        self._opened.append(client.close)
        return client

    def browser(self) -> Walker:
        """A fresh browser without cookies."""
        return Walker(self._connection(), self.base)

    def _connection(self) -> httpx2.Client:
        client = httpx2.Client(verify=self._context, timeout=30.0)
        self._opened.append(client.close)
        return client

    def close(self) -> None:
        """Close every connection of administrators, applications and browsers."""
        for close in self._opened:
            close()

    # ------------------------------------------------------------ directory

    def guest(self, address: str) -> dict[str, Any]:
        """A guest of Contoso by address."""
        return self.graph.user(address)

    def facts(self, user_id: str, sign_in_name: str | None) -> dict[str, Any]:
        """What is compared: id, UPN, groups, app roles, sign-in name, state."""
        user = self.graph.user(user_id)
        return {
            "id": user["id"],
            "userPrincipalName": user["userPrincipalName"],
            "groups": self.graph.groups_of(user["id"]),
            "appRoles": [role.partition(": ")[2] for role in self.graph.app_roles_of(user["id"])],
            "signInName": sign_in_name,
            "state": user["externalUserState"],
        }

    def reset(self, user_id: str, address: str, language: str | None = None) -> dict[str, Any]:
        """The article's request, as printed: one call with the new address."""
        body = {
            "invitedUserEmailAddress": address,
            "sendInvitationMessage": True,
            "invitedUserMessageInfo": {
                "messageLanguage": language,
                "ccRecipients": [{"emailAddress": {"name": None, "address": "ada@contoso.com"}}],
                "customizedMessageBody": "Your address changed; your access did not.",
            },
            "inviteRedirectUrl": "https://myapps.microsoft.com?tenantId=",
            "invitedUser": {"id": user_id},
            "resetRedemption": True,
        }
        answer: dict[str, Any] = self.graph.call("POST", "/beta/invitations", body)
        return answer

    # ----------------------------------------------------------------- mail

    def mailed(self, address: str, kind: str) -> str:
        """The text of the next unread kept mail to an address; waits for the mailer."""
        for _ in range(200):
            for entry in mailbox.listing(self._data / "mail"):
                if entry["id"] not in self._read and address in entry["to"] and entry["kind"] == kind:
                    self._read.add(entry["id"])
                    return str(mailbox.read(self._data / "mail", entry["id"])["text"])
            time.sleep(0.05)
        raise RuntimeError(f"no {kind} mail reached {address}")

    def link(self, address: str, kind: str = "reset") -> str:
        """The redeem link of an invitation's mail."""
        lines = self.mailed(address, kind).splitlines()
        return next(line.strip() for line in lines if "/redeem?rd=" in line)

    # -------------------------------------------------------------- browsers

    def prove(self, walker: Walker, address: str) -> Page:
        """Fill in whatever the pages ask for, as a person with this address would, up to consent or an end."""
        for _ in range(8):
            form = walker.page.form
            if form is None or walker.page.status >= 400 or urlsplit(walker.page.url).path == "/myapps":
                return walker.page
            if form.input_for(type="email"):
                walker.submit({"address": address})
            elif form.input_for(type="password"):
                walker.submit({"password": self.password})
            elif form.input_for(autocomplete="one-time-code"):
                code = re.search(r"\b\d{8}\b", self.mailed(address, "passcode"))
                walker.submit({"code": code.group() if code else ""})
            elif any(button.get("name") == "decision" for button in form.buttons):
                return walker.page
            elif any(button.get("value") == "this" for button in form.buttons):
                walker.submit({"use": "this"})
            else:
                walker.submit()
        return walker.page

    def redeem(self, walker: Walker, link: str, address: str) -> Page:
        """Open the link, prove the address, accept."""
        walker.open(link)
        self.prove(walker, address)
        return walker.submit({"decision": "accept"})

    def sign_in_accepting(self, walker: Walker, address: str) -> Tokens:
        """`sign_in` of a guest who is Pending: consent is part of the way (lifecycle L28)."""
        return self.sign_in(walker, address, accepting=True)

    def sign_in(self, walker: Walker, address: str, *, accepting: bool = False) -> Tokens:
        """Sign in to Expenses by authorization code with PKCE; raises Refused with the page that said no."""
        verifier = base64.urlsafe_b64encode(hashlib.sha256(self._new_id().encode()).digest()).rstrip(b"=").decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": EXPENSES,
            "response_type": "code",
            "redirect_uri": _CALLBACK,
            "scope": _SCOPE,
            "state": "demo",
            "nonce": "demo",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        walker.open(f"/{CONTOSO}/oauth2/v2.0/authorize?{urlencode(query, quote_via=quote)}")
        if not walker.page.url.startswith(_CALLBACK):
            self.prove(walker, address)
        if accepting and walker.page.form is not None:
            walker.submit({"decision": "accept"})
        if not walker.page.url.startswith(_CALLBACK):
            raise Refused(walker.page)
        code = parse_qs(urlsplit(walker.page.url).query)["code"][0]
        return self._exchange({"grant_type": "authorization_code", "code": code, "code_verifier": verifier})

    def _exchange(self, fields: dict[str, str]) -> Tokens:
        form = {"client_id": EXPENSES, "client_secret": self._secret, "redirect_uri": _CALLBACK, **fields}
        answer = self.http.post(f"{self.base}/{CONTOSO}/oauth2/v2.0/token", data=form)
        body = answer.json()
        if answer.status_code != 200:
            raise RuntimeError(body["error_description"])
        claims = body["id_token"].split(".")[1]
        name = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["preferred_username"]
        return Tokens(name, body["refresh_token"], body["access_token"])

    def tokens_dead(self, tokens: Tokens) -> bool:
        """Whether neither the access nor the refresh token of before opens anything."""
        me = self.http.get(f"{self.base}/v1.0/me", headers={"authorization": f"Bearer {tokens.access}"})
        try:
            self._exchange({"grant_type": "refresh_token", "refresh_token": tokens.refresh})
        except RuntimeError:
            return me.status_code == 401
        return False

    def signed_out(self, walker: Walker) -> bool:
        """Whether the browser of before is asked to sign in anew at My Apps."""
        return walker.open(f"/myapps?tenantId={CONTOSO}").url.startswith(f"{self.base}/signin/")

    def refused(self, address: str, text: str = "does not know this account") -> bool:
        """Whether a person with this address, in a browser of his own, ends on that page."""
        try:
            self.sign_in(self.browser(), address)
        except Refused as refused:
            return text in refused.page.text
        return False
