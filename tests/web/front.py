"""The whole application in this process: requests go in at the front, whole answers come out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from readmit import app
from readmit.web.http import Front
from world import AUTOMATION, House, make_house

ORIGIN = "https://localhost:8443"


class Site:
    """Contoso's house behind its front, asked by Automation unless a test says who."""

    def __init__(self, house: House, front: Front) -> None:
        self.house = house
        self._front = front
        self._token: str | None = None

    def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """One request, without a token."""
        return self.together((method, path, more))[0]

    def together(self, *asked: tuple[str, str, dict[str, Any]]) -> list[httpx2.Response]:
        """Several at once."""

        async def run() -> list[httpx2.Response]:
            transport = httpx2.ASGITransport(app=self._front, client=("127.0.0.1", 50000))
            async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as client:
                return list(
                    await asyncio.gather(*(client.request(method, path, **more) for method, path, more in asked))
                )

        return asyncio.run(run())

    @property
    def token(self) -> str:
        if self._token is None:
            form = {
                "grant_type": "client_credentials",
                "client_id": AUTOMATION,
                "client_secret": "automation-secret",
                "scope": "https://graph.microsoft.com/.default",
            }
            answer = self.ask("POST", "/contoso.onmicrosoft.com/oauth2/v2.0/token", data=form)
            self._token = str(answer.json()["access_token"])
        return self._token

    def graph(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> httpx2.Response:
        """A request with Automation's token."""
        return self.ask(method, path, headers={"authorization": f"Bearer {self.token}", **(headers or {})}, **more)


class Person:
    """A browser without a screen in this process: keeps cookies, fills in the main form."""

    def __init__(self, site: Site, user_agent: str = "") -> None:
        self.site = site
        self.user_agent = user_agent
        self.cookies: dict[str, str] = {}
        self.path = ""
        self.html = ""
        self.status = 0

    def open(self, path: str) -> str:
        """GET, following redirects of this server; the page."""
        return self._go("GET", path, None)

    def submit(self, **fields: str) -> str:
        """POST the page's first form."""
        return self.press(self.path, **fields)

    def press(self, action: str, **fields: str) -> str:
        """POST a form of the page, by its action."""
        return self._go("POST", action, {"csrf": self.csrf, **fields})

    @property
    def csrf(self) -> str:
        token = re.search(r'name="csrf" value="([^"]*)"', self.html)
        assert token is not None, self.html
        return token[1]

    def _go(self, method: str, path: str, form: dict[str, str] | None) -> str:
        for _ in range(10):
            headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            headers |= {"origin": ORIGIN} if method == "POST" else {}
            headers |= {"user-agent": self.user_agent} if self.user_agent else {}
            answer = self.site.ask(method, path, headers=headers, data=form)
            self._keep(answer)
            self.path, self.html, self.status = path, answer.text, answer.status_code
            if answer.status_code not in (302, 303):
                return self.html
            method, form, path = "GET", None, answer.headers["location"]
            if not path.startswith("/"):
                self.path = path
                return ""
        raise AssertionError("too many redirects")

    def _keep(self, answer: httpx2.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            if "Max-Age=0" in rest:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = rest.partition(";")[0]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    house = make_house(tmp_path)
    front = app.application(house.world)
    yield Site(house, front)
    front.close()
    house.world.database.close()
