"""A small relying party: asks, follows the browser, redeems, verifies. It knows the provider by discovery alone."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from front import ORIGIN, Person, Site

from readmit.storage import apps
from world import CALLBACK, EXPENSES, PASSWORD, House

SECRET = "expenses-secret"
GUEST, MEMBER = "alice@fabrikam.com", "mia@contoso.com"
FRONT_CHANNEL = "https://expenses.contoso.com/signed-out?from=readmit"


def register(house: House, app_id: str = EXPENSES, **properties: Any) -> None:
    """Write an application's registration, as its administrator would."""

    def save(tx: Any) -> None:
        before = apps.application_by_app_id(tx, house.contoso, app_id)
        assert apps.update_application(tx, replace(before, properties={**before.properties, **properties}))

    house.write(save)


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def half_hash(text: str) -> str:
    """What `at_hash` and `c_hash` are (OpenID Connect Core 3.1.3.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


@dataclass
class RelyingParty:
    """Expenses, as its developers wrote it."""

    site: Site
    client_id: str = EXPENSES
    secret: str = SECRET
    tenant: str = "contoso.onmicrosoft.com"
    redirect_uri: str = CALLBACK
    sent: dict[str, str] = field(default_factory=dict)
    """The last authorization request."""
    verifier: str = "v" * 43

    # -------------------------------------------------------------- metadata

    @property
    def metadata(self) -> dict[str, Any]:
        answer = self.site.ask("GET", f"/{self.tenant}/v2.0/.well-known/openid-configuration")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def path(self, endpoint: str) -> str:
        """An endpoint by its name in the metadata, on this server."""
        url = str(self.metadata[endpoint])
        assert url.startswith(ORIGIN)
        return url.removeprefix(ORIGIN)

    def key(self, kid: str) -> rsa.RSAPublicKey:
        keys = {key["kid"]: key for key in self.site.ask("GET", self.path("jwks_uri")).json()["keys"]}
        numbers = [int.from_bytes(unbase64(keys[kid][name]), "big") for name in ("e", "n")]
        return rsa.RSAPublicNumbers(*numbers).public_key()

    # --------------------------------------------------------------- asking

    def request(self, **changed: str | None) -> dict[str, str]:
        """The parameters of an authorization request; None leaves one out."""
        challenge = hashlib.sha256(self.verifier.encode()).digest()
        fields: dict[str, str | None] = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid",
            "state": "the state",
            "nonce": "the nonce",
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **changed,
        }
        self.sent = {name: value for name, value in fields.items() if value is not None}
        return self.sent

    def begin(self, person: Person, **changed: str | None) -> str:
        """Send the browser to the provider; the page it stands on."""
        return person.open(f"{self.path('authorization_endpoint')}?{urlencode(self.request(**changed))}")

    def answer(self, person: Person) -> dict[str, str]:
        """What came back: at the redirect URI, with the state that was sent, from this issuer (RFC 9207)."""
        if 'class="main"' in person.html and "/static/continue.js" in person.html:
            values = form_of(person.html)
        else:
            parts = urlsplit(person.path)
            assert person.path.startswith(self.redirect_uri), (person.path, person.html)
            values = dict(parse_qsl(parts.query or parts.fragment))
        assert values.pop("iss") == self.metadata["issuer"]
        assert values.pop("state", None) == self.sent.get("state")
        return values

    def sign_in(self, person: Person, address: str = MEMBER, **changed: str | None) -> dict[str, str]:
        """The whole way of somebody who is not signed in."""
        self.begin(person, **changed)
        if 'name="address"' in person.html:
            person.submit(address=address)
        person.submit(password=PASSWORD)
        return self.answer(person)

    # --------------------------------------------------------------- tokens

    def redeem(self, code: str, *, auth: str = "basic", **changed: str | None) -> httpx2.Response:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier if "code_challenge" in self.sent else None,
            **changed,
        }
        return self.token(form, auth=auth)

    def renew(self, refresh_token: str, **changed: str | None) -> httpx2.Response:
        return self.token({"grant_type": "refresh_token", "refresh_token": refresh_token, **changed})

    def token(self, form: dict[str, str | None], *, auth: str = "basic") -> httpx2.Response:
        headers = {"authorization": f"Basic {self.basic}"} if auth == "basic" else {}
        if auth == "post":
            form = {**form, "client_id": self.client_id, "client_secret": self.secret}
        sent = {name: value for name, value in form.items() if value is not None}
        return self.site.ask("POST", self.path("token_endpoint"), data=sent, headers=headers)

    @property
    def basic(self) -> str:
        return base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()

    def tokens(self, answer: dict[str, str], **changed: Any) -> dict[str, Any]:
        """The token response for a code, its ID token checked."""
        response = self.redeem(answer["code"], **changed)
        assert response.status_code == 200, response.text
        assert response.headers["cache-control"] == "no-store"
        body = dict(response.json())
        assert body["token_type"] == "Bearer"
        if "id_token" in body:
            assert self.verified(body["id_token"])["at_hash"] == half_hash(body["access_token"])
        return body

    def verified(self, token: str) -> dict[str, Any]:
        """The claims of an ID token after every check of OpenID Connect Core 3.1.3.7."""
        header, body, signature = token.split(".")
        told = json.loads(unbase64(header))
        assert told["alg"] in self.metadata["id_token_signing_alg_values_supported"]
        signed = f"{header}.{body}".encode()
        self.key(told["kid"]).verify(unbase64(signature), signed, padding.PKCS1v15(), hashes.SHA256())
        claims = dict(json.loads(unbase64(body)))
        now = self.site.house.clock().timestamp()
        assert claims["iss"] == self.metadata["issuer"]
        assert claims["aud"] == self.client_id
        assert claims["iat"] <= now < claims["exp"]
        assert claims.get("nonce") == self.sent.get("nonce")
        assert isinstance(claims["sub"], str)
        assert 0 < len(claims["sub"]) <= 255
        return claims

    def userinfo(self, token: str, *, how: str = "get") -> httpx2.Response:
        headers = {} if how == "body" else {"authorization": f"Bearer {token}"}
        form = {"access_token": token} if how == "body" else None
        method = "GET" if how == "get" else "POST"
        return self.site.ask(method, self.path("userinfo_endpoint"), headers=headers, data=form)


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}
