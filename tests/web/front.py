"""The whole application in this process: requests go in at the front, whole answers come out."""

from __future__ import annotations

import asyncio
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


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    house = make_house(tmp_path)
    front = app.application(house.world)
    yield Site(house, front)
    front.close()
    house.world.database.close()
