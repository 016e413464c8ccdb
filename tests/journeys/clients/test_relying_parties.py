"""Applications written with stock libraries, for guests of an outside provider and guests who prove a mailbox."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import foreign
import neighbours
import pytest
from house_of_guests import SECRET
from town import PORTAL, Town
from visitor import Visiting, Visitor

from readmit.cli.demo_stage import CONTOSO

pytestmark = pytest.mark.browser
PARTIES: dict[str, list[str | Path]] = {
    "openid-client": [foreign.BIN / "node", foreign.HERE / "node" / "party.js"],
    "authlib": [foreign.BIN / "python", foreign.HERE / "python" / "party.py"],
}


@contextmanager
def _listening(town: Town, command: list[str | Path], folder: Path) -> Iterator[str]:
    """The application as a process of its own; its address."""
    port = neighbours.free_port()
    issuer = town.house.http.get(f"{town.house.base}/{CONTOSO}/v2.0/.well-known/openid-configuration").json()["issuer"]
    told = {"ISSUER": issuer, "APP_ID": PORTAL, "APP_SECRET": SECRET, "PORT": str(port)}
    process = foreign.start(command, foreign.trusting(town.house.data / "ca.pem") | told, folder / "log")
    try:
        for _ in range(1200):
            assert process.poll() is None, (folder / "log").read_text()
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"http://localhost:{port}"
    finally:
        foreign.stop(process)


def _redeemed(town: Town, visiting: Visiting, kind: str) -> tuple[str, str, str]:
    """A guest who has redeemed: address, id, issuer of the identity."""
    local = town.somebody()
    outside = kind == "of a provider"
    address = town.wingtip.employs(local) if outside else f"{local}@post.example"
    invited = town.invite(address)
    visiting().redeem(invited["inviteRedeemUrl"], address)
    return address, invited["invitedUser"]["id"], town.wingtip.issuer if outside else "mail"


@pytest.mark.parametrize("library", PARTIES)
@pytest.mark.parametrize("kind", ["of a provider", "with a code"])
def test_G84_a_guest_signs_in_to_an_application_of_a_stock_library_until_a_reset(
    town: Town, visiting: Visiting, tmp_path: Path, library: str, kind: str
) -> None:
    address, guest, issuer = _redeemed(town, visiting, kind)
    with _listening(town, PARTIES[library], tmp_path) as party:
        visitor = visiting()
        person = _at(visitor, f"{party}/login", address)
        tenant = town.house.graph.call("GET", "/v1.0/organization")["value"][0]["id"]
        names = ("oid", "tid", "idp", "preferred_username", "email")
        assert [person[name] for name in names] == [guest, tenant, issuer, address, address]
        assert person["userinfo"]["sub"] == person["sub"]
        renewed = _at(visitor, f"{party}/refresh", address)
        assert [renewed[name] for name in (*names, "sub")] == [person[name] for name in (*names, "sub")]
        assert _at(visitor, f"{party}/logout", address) == {"goodbye": True}
        visitor.page.goto(f"{party}/login")
        assert visitor.page.url.startswith(f"{town.house.base}/signin/"), "signed out: asked who one is"
        assert _at(visitor, f"{party}/login", address)["oid"] == guest
        town.house.reset(guest, address)
        refused = _at(visitor, f"{party}/refresh", address)
        assert refused["error"] == "invalid_grant"
        assert "AADSTS50173" in refused["description"]


def _at(visitor: Visitor, url: str, address: str) -> Any:
    """What the application shows once the person has done what the pages on the way ask for."""
    visitor.page.goto(url)
    visitor.prove(address)
    return json.loads(visitor.page.inner_text("body"))
