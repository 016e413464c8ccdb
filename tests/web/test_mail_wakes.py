"""Whoever makes the server owe a mail wakes its mailer, which else looks every half minute (security L5, C5, N7)."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from front import Person, Site

from authenticator import Authenticator
from readmit import app
from readmit.proofs import passcode
from world import make_house

ACCOUNT = "/account?tenantId=contoso.com"
NEW = "new@post.example"


class Woken(Site):
    """A site that notes, each time the mailer is woken, what it finds to send."""

    def __init__(self, folder: Path) -> None:
        house = make_house(folder)
        self.found: list[list[str]] = []
        house.world = replace(house.world, wake_mailer=lambda: self.found.append(self.queued()))
        self.front = app.application(house.world)
        super().__init__(house, self.front)

    def queued(self) -> list[str]:
        return [kind for (kind,) in self.house.rows("SELECT kind FROM outbox WHERE state = 'queued' ORDER BY rowid")]

    def code(self) -> str:
        ((nonce,),) = self.house.rows("SELECT nonce FROM passcodes ORDER BY rowid DESC LIMIT 1")
        return passcode.code(self.house.world.keyring.key("passcode"), nonce)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Woken]:
    made = Woken(tmp_path)
    yield made
    made.front.close()
    made.house.world.database.close()


def _invite(site: Site, *, send: bool) -> str:
    body = {"invitedUserEmailAddress": NEW, "inviteRedirectUrl": "https://myapps.microsoft.com"}
    made = site.graph("POST", "/v1.0/invitations", json={**body, "sendInvitationMessage": send}).json()
    return str(made["inviteRedeemUrl"]).replace("https://localhost:8443", "")


def _invited(site: Woken) -> None:
    _invite(site, send=True)


def _renewed(site: Woken) -> None:
    """Page P2: the newest invitation by mail."""
    old = _invite(site, send=False)
    _invite(site, send=False)
    person = Person(site)
    person.open(old)
    person.submit(use="mail")


def _by_code(site: Woken) -> Person:
    person = Person(site)
    person.open(ACCOUNT)
    person.submit(address="max@post.example")
    person.submit()
    return person


def _locked(site: Woken) -> None:
    """Twenty wrong codes a day, five of each; the next try tells of the lock."""
    person = _by_code(site)
    for _ in range(21):
        person.submit(use="resend")
        person.submit(code="x")
    assert person.status == 429


def _passkey_removed(site: Woken) -> None:
    person = _by_code(site)
    person.submit(code=site.code())
    action = html.unescape(re.search(r'action="(/account/passkeys[^"]*)"', person.html)[1])  # type: ignore[index]
    person.press(action, add="passkey")
    asked = json.loads(html.unescape(re.search(r'data-options="([^"]*)"', person.html)[1]))  # type: ignore[index]
    person.submit(credential=Authenticator().create(asked))
    person.press(action, remove=re.search(r'name="remove" value="([^"]+)"', person.html)[1])  # type: ignore[index]


@pytest.mark.parametrize(
    ("does", "kind"),
    [
        (_invited, "invitation"),
        (_renewed, "invitation"),
        (_by_code, "passcode"),
        (_locked, "code_lock"),
        (_passkey_removed, "passkey_removed"),
    ],
)
def test_owed_mail_wakes_the_mailer(site: Woken, does: Callable[[Woken], Any], kind: str) -> None:
    does(site)
    assert site.found, "the mailer sleeps on"
    assert site.found[-1] == site.queued(), "woken before the commit, it would find nothing"
    assert kind in site.queued()
