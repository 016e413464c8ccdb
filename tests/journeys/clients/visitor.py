"""A person at a real browser: Chromium, without a screen, that fills in what readmit and the providers ask for."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from copy import copy
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from chromium import MAIN, follow
from neighbours import PASSWORD
from town import SCOPE, Code, Held, Town

from readmit.cli.demo_stage import CONTOSO, EXPENSES

_STEPS = 12


class Visitor:
    """One browser of a person who has the accounts of these addresses; reads nobody's mail but what goes to them."""

    def __init__(self, browser: Any, town: Town, **options: Any) -> None:
        # Nothing on a guest's way needs a script (experience W1).
        given = {"ignore_https_errors": True, "locale": "en-US", "java_script_enabled": False, **options}
        self.context = browser.new_context(**given)
        self.context.set_default_timeout(30_000)
        self.context.route(re.compile("."), self._nowhere_else)
        self.page = self.context.new_page()
        self.town = town
        self.seen: list[str] = []
        """What the pages of readmit were called on the way."""

    def tab(self) -> Visitor:
        """A second tab of the same browser."""
        second = copy(self)
        second.page = self.context.new_page()
        return second

    def close(self) -> None:
        self.context.close()

    @staticmethod
    def _nowhere_else(route: Any) -> None:
        """Fonts and styles of the wide world, which the providers' own pages ask for, are not fetched."""
        if urlsplit(route.request.url).hostname in ("localhost", "127.0.0.1"):
            route.continue_()
        else:
            route.abort()

    # --------------------------------------------------------------- at readmit

    @property
    def text(self) -> str:
        """What the page says, in one line."""
        return re.sub(r"\s+", " ", str(self.page.inner_text("main"))).strip()

    @property
    def ours(self) -> bool:
        """Whether the browser is at readmit."""
        return f"{self.page.url}/".startswith(f"{self.town.house.base}/")

    @property
    def at_my_apps(self) -> bool:
        return urlsplit(str(self.page.url)).path == "/myapps"

    def press(self, name: str, value: str | None = None) -> None:
        """The button with this name, and this value where there are several."""
        picked = f"[name='{name}']" + (f"[value='{value}']" if value else "")
        self.follow(f"main button{picked}")

    def go_on(self) -> None:
        """The main button."""
        self.follow(MAIN)

    def follow(self, selector: str) -> None:
        """Click, and wait for where it leads."""
        follow(self.page, selector)

    def has(self, selector: str) -> bool:
        return bool(self.page.locator(selector).count())

    # ------------------------------------------------------------------ the way

    def prove(self, address: str, login: str | None = None) -> str:
        """Do what each page asks of somebody with this address, up to consent or an end; what the page says then.

        At a provider this person signs in as `login` (else the local part of the address).
        """
        for _ in range(_STEPS):
            if not self.ours:
                if not self._at_provider(login or address.partition("@")[0]):
                    return str(self.page.url)
            elif not self._step(address):
                return self.text
        raise AssertionError(f"no end of pages: {self.page.url} {self.text}")

    def _step(self, address: str) -> bool:
        self.seen.append(str(self.page.locator("h1").inner_text()))
        if self.has("main input[type='email']"):
            self.page.fill("main input[type='email']", address)
        elif self.has("main input[autocomplete='one-time-code']"):
            code = re.search(r"\b\d{8}\b", self.town.house.mailed(address, "passcode"))
            assert code is not None
            self.page.fill("main input[autocomplete='one-time-code']", code.group())
        elif self.has("main button[name='decision']") or not self.has("main form.main") or self.at_my_apps:
            return False
        self.go_on()
        return True

    def _at_provider(self, login: str) -> bool:
        """A page of a provider; False where the browser is nowhere that asks for anything."""
        if self.has("input[name='login']"):
            self.page.fill("input[name='login']", self.town.wingtip.account(login))
            self.page.fill("input[name='password']", PASSWORD)
        elif self.has("input[name='username']"):
            self.page.fill("input[name='username']", login)
            self.page.fill("input[name='password']", PASSWORD)
        elif not self.has("button[type='submit']"):
            return False
        self.follow("button[type='submit'] >> nth=0")
        return True

    def redeem(self, link: str, address: str) -> None:
        """Open the link, prove the address, accept; ends at My Apps."""
        self.page.goto(link)
        self.prove(address)
        assert self.has("main button[value='accept']"), f"{self.page.url} {self.text}"
        self.press("decision", "accept")
        assert self.at_my_apps, f"{self.page.url} {self.text}"

    # --------------------------------------------------- signing in to Expenses

    def ask_for_code(self, address: str, login: str | None = None) -> Code | None:
        """Sign in to Expenses; None where it ended on a page of ours."""
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": EXPENSES,
            "response_type": "code",
            "redirect_uri": self.town.callback,
            "scope": SCOPE,
            "state": "s",
            "nonce": "n",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        base = self.town.house.base
        self.page.goto(f"{base}/{CONTOSO}/oauth2/v2.0/authorize?{urlencode(query, quote_via=quote)}")
        if not self._arrived:
            self.prove(address, login)
        if not self._arrived:
            return None
        return Code(parse_qs(urlsplit(self.page.url).query)["code"][0], verifier)

    @property
    def _arrived(self) -> bool:
        return str(self.page.url).startswith(self.town.callback)

    def sign_in(self, address: str) -> Held:
        """Tokens of Expenses for whoever this browser is, or becomes on the way."""
        code = self.ask_for_code(address)
        assert code is not None, self.text
        return self.town.exchange(code)


Visiting = Callable[..., Visitor]
"""Makes a fresh browser of a person."""
