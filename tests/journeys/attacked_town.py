"""A server whose guests come from Tailspin (SAML) and Wingtip (OpenID Connect), both in two organisations."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from house_of_guests import PASSWORD, SECRET, House, serving

import lying_saml
from lying_provider import CLIENT, LyingProvider, provider
from lying_provider import SECRET as PROVIDER_SECRET
from lying_saml import LyingSaml, asked
from readmit.cli.demo_stage import AUTOMATION
from readmit.cli.walker import Page, Walker

VICTIM_ID = "mallory-at-tailspin"
"""Vera's NameID: the name that the corpus of wrapped answers puts in."""
VERA, MALLORY = "vera@tailspin.example", "mallory@tailspin.example"
IDP = "https://idp.tailspin.example"
NORTHWIND = "northwind.onmicrosoft.com"
_numbers = itertools.count()


def _seed(wingtip: str) -> str:
    def tenant(name: str, domain: str, more: str) -> str:
        return f"""
  - displayName: {name}
    initialDomain: {domain}
    users:
      - {{userPrincipalName: ada@{domain}, password: {PASSWORD}, roles: [Global Administrator]}}
    applications:
      - displayName: Automation
        appId: {AUTOMATION[:-2]}{more}
        clientSecret: {SECRET}
        permissions: [User.Invite.All, User.ReadWrite.All]
    identityProviders:
      - {{domain: tailspin.example, kind: saml, name: Tailspin, metadata: idp/tailspin.xml}}
      - {{domain: wingtip.example, name: Wingtip, issuer: "{wingtip}", clientId: "{CLIENT}",
          clientSecret: "{PROVIDER_SECRET}", allowPrivateNetwork: true}}
"""

    return "tenants:" + tenant("Contoso", "contoso.onmicrosoft.com", "a1") + tenant("Northwind", NORTHWIND, "b1")


class Town(House):
    """The server, Tailspin with SAML and Wingtip with OpenID Connect."""

    idp: LyingSaml
    wingtip: LyingProvider

    def honest(self, name_id: str, address: str) -> None:
        """From now on this person signs in at Tailspin, and nothing is changed on the way."""
        self.idp.name_id = name_id
        self.idp.attributes = {lying_saml.MAIL: [address], lying_saml.DISPLAY_NAME: [address]}
        self.idp.signs, self.idp.key, self.idp.certificates = ("assertion",), None, None
        self.idp.signer = LyingSaml().signer
        self.idp.before, self.idp.after = (lambda _: None), (lambda _: None)

    def invited(self, domain: str) -> tuple[str, str, str]:
        """A new guest of Contoso: address, id, link."""
        address = f"alice{next(_numbers)}@{domain}"
        body = {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com"}
        answer: dict[str, Any] = self.graph.invite(body)
        return address, answer["invitedUser"]["id"], answer["inviteRedeemUrl"]

    def post(self, url: str, message: str, relay_state: str) -> tuple[int, str]:
        """The provider's form, which brings no cookies; where it leads."""
        form = {"SAMLResponse": message, "RelayState": relay_state}
        answer = self.http.post(asked(url).acs, data=form, headers={"origin": IDP}, follow_redirects=False)
        return answer.status_code, answer.headers.get("location", "")

    def deliver(self, walker: Walker, url: str, message: str) -> Page | None:
        """The answer comes back in this browser; None where the form alone was refused."""
        status, location = self.post(url, message, asked(url).relay_state)
        return walker.open(location) if status == 303 else None

    def bindings(self) -> list[tuple[object, ...]]:
        """Who is bound to which identity, and who is signed in."""
        return [
            *self.rows(
                "SELECT tenant_id, id, binding_issuer, binding_subject FROM users"
                " WHERE binding_issuer IS NOT NULL ORDER BY 1, 2"
            ),
            *self.rows("SELECT session_id, tenant_id, user_id FROM sign_ins ORDER BY 1, 2"),
        ]

    def state(self, user_id: str) -> Any:
        return self.graph.user(user_id)["externalUserState"]


@contextmanager
def two_organisations(folder: Path) -> Iterator[Town]:
    """The town, in which Vera has accepted."""
    idp = LyingSaml()
    (folder / "idp").mkdir()
    (folder / "idp" / "tailspin.xml").write_bytes(idp.metadata())
    with ExitStack() as stack:
        wingtip = stack.enter_context(provider())
        house = stack.enter_context(serving(folder, _seed(wingtip.issuer)))
        made = Town(house.base, house.data)
        made.idp, made.wingtip = idp, wingtip
        made.honest(VICTIM_ID, VERA)
        body = {"invitedUserEmailAddress": VERA, "inviteRedirectUrl": "https://myapps.microsoft.com"}
        walker, link = made.browser(), str(made.graph.invite(body)["inviteRedeemUrl"])
        url = off(walker, link)
        made.deliver(walker, url, made.idp.respond(asked(url)))
        assert walker.submit({"decision": "accept"}).url.endswith("/myapps")
        yield made
        made.close()


def off(walker: Walker, link: str) -> str:
    """Open a link and go on to the provider."""
    walker.open(link)
    walker.submit()
    return walker.submit({"use": "provider"}).url


def off_to_sign_in(walker: Walker, address: str) -> str:
    walker.open("/myapps?tenantId=contoso.onmicrosoft.com")
    walker.submit({"address": address})
    return walker.submit({"use": "provider"}).url
