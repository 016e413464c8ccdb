"""A guest's passkey in a real browser with an authenticator of its own: added, used, ended by a reset (security N7, G2).

Chromium has a virtual authenticator (CDP, domain WebAuthn): what navigator.credentials does is real, only the chip is not.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from chromium import enter, follow, launched
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from house_of_guests import House

pytestmark = pytest.mark.browser
SPOKEN = {"en": "en-GB", "de": "de-DE", "ja": "ja-JP"}


@pytest.fixture(scope="module")
def chromium(house: House) -> Iterator[Any]:
    """A browser that trusts the server's certificate: at a page with a wrong one there are no passkeys."""
    leaf = x509.load_pem_x509_certificate((house.data / "server.pem").read_bytes())
    key = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(key).digest()).decode()
    with launched(f"--ignore-certificate-errors-spki-list={pin}") as browser:
        yield browser


@dataclass
class Device:
    """A browser with an authenticator that verifies its holder."""

    house: House
    context: Any
    page: Any
    cdp: Any
    authenticator: str

    def path(self) -> str:
        return str(self.page.url.removeprefix(self.house.base))

    def press(self, name: str) -> None:
        follow(self.page, f"button[name='use'][value='{name}']")

    def main(self) -> None:
        follow(self.page, "form.main > button[type='submit'] >> nth=0")

    def ceremony(self) -> None:
        follow(self.page, "[data-passkey-start]")

    def sign_in_by_code(self, address: str) -> None:
        self.page.goto(f"{self.house.base}/account?tenantId=contoso.com")
        self.page.fill("input[type='email']", address)
        self.main()
        self.main()
        code = re.search(r"\b\d{8}\b", self.house.mailed(address, "passcode"))
        assert code is not None
        self.page.fill("input[autocomplete='one-time-code']", code.group())
        self.main()


def device_of(chromium: Any, house: House, language: str = "en", *, resident: bool = True) -> Device:
    context = chromium.new_context(locale=SPOKEN[language])
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made = cdp.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": resident,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return Device(house, context, page, cdp, made["authenticatorId"])


@pytest.fixture
def device(chromium: Any, house: House) -> Iterator[Device]:
    made = device_of(chromium, house)
    yield made
    made.context.close()


def guest(house: House) -> tuple[str, str]:
    """A guest of a mailbox who has redeemed: address and id."""
    address = f"passkey-{next(house.strangers)}@post.example"
    asked = {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com"}
    invited = house.graph.invite(asked)
    house.redeem(house.browser(), invited["inviteRedeemUrl"], address)
    return address, invited["invitedUser"]["id"]


def test_a_passkey_is_added_signs_in_and_is_dead_after_a_reset(house: House, device: Device) -> None:
    address, user_id = guest(house)
    page = device.page
    device.sign_in_by_code(address)
    assert page.locator("h1").inner_text() == "Sign in with a passkey next time?", "the device can keep one (C7)"
    device.press("skip")
    follow(page, "button[name='add']")
    device.ceremony()
    assert page.locator("#passkey-1").inner_text().startswith("Passkey of")
    assert "passkey" in house.mailed(address, "passkey_added").lower()
    follow(page, "form.last button")
    page.goto(f"{house.base}/account?tenantId=contoso.com")
    page.fill("input[type='email']", address)
    device.main()
    device.press("passkey")
    page.wait_for_selector("[data-passkey-start]:focus")
    enter(page)
    assert device.path().startswith("/account")
    assert "Proved by\npasskey" in page.locator("ul.cards >> nth=0").inner_text()
    house.graph.call(
        "POST",
        "/v1.0/invitations",
        {
            "invitedUserEmailAddress": address,
            "inviteRedirectUrl": "https://myapps.microsoft.com",
            "invitedUser": {"id": user_id},
            "resetRedemption": True,
        },
    )
    page.goto(f"{house.base}/account?tenantId=contoso.com")
    page.fill("input[type='email']", address)
    device.main()
    device.press("passkey")
    device.ceremony()
    assert "This passkey does not fit" in page.locator("[role='alert']").first.inner_text()
    assert house.rows("SELECT COUNT(*) FROM passkeys WHERE user_id = ?", user_id) == [(0,)]


def test_a_device_that_is_unlocked_by_nobody_gives_none_and_the_code_stays_a_way(house: House, device: Device) -> None:
    address, _ = guest(house)
    page = device.page
    device.sign_in_by_code(address)
    device.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": device.authenticator, "isUserVerified": False})
    page.click("[data-passkey-start]")
    page.wait_for_selector("[data-passkey-failed]:not([hidden])")
    assert page.locator("[data-passkey-start]").is_enabled()
    device.press("skip")
    assert device.path().startswith("/account")


def test_a_device_with_a_passkey_says_that_it_has_one(house: House, device: Device) -> None:
    address, _ = guest(house)
    page = device.page
    device.sign_in_by_code(address)
    device.ceremony()
    follow(page, "button[name='add']")
    page.click("[data-passkey-start]")
    page.wait_for_selector("[data-passkey-known]:not([hidden])")


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_W6_the_pages_reflow_and_their_targets_are_large(
    chromium: Any, house: House, language: str, width: int, scheme: str
) -> None:
    """WCAG 1.4.10, 2.5.8: nothing scrolls sideways at 320 px, every button is at least 24 px high."""
    address, _ = guest(house)
    made = device_of(chromium, house, language)
    page = made.page
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    made.sign_in_by_code(address)
    _fits(page, f"offer-{language}-{width}-{scheme}")
    made.ceremony()
    _fits(page, f"account-{language}-{width}-{scheme}")
    follow(page, "button[name='add']")
    page.click("[data-passkey-start]")
    page.wait_for_selector("[data-passkey-known]:not([hidden])")
    _fits(page, f"add-{language}-{width}-{scheme}")
    page.goto(f"{house.base}/account?tenantId=contoso.com")
    follow(page, "form.last button")
    page.goto(f"{house.base}/account?tenantId=contoso.com")
    page.fill("input[type='email']", address)
    made.main()
    made.press("passkey")
    _fits(page, f"use-{language}-{width}-{scheme}")
    made.context.close()


def _fits(page: Any, name: str) -> None:
    page.wait_for_load_state()
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    small = page.evaluate(
        "[...document.querySelectorAll('button, a, summary, input:not([type=hidden])')].filter((one) => {"
        " const box = one.getBoundingClientRect(); return box.height > 0 && box.height < 24 && !one.closest('p, label')"
        " && !one.matches('.skip'); }).map((one) => one.outerHTML)"
    )
    assert small == [], name


def test_without_scripts_the_page_says_so_and_the_code_is_a_way(chromium: Any, house: House) -> None:
    """Experience W1."""
    from playwright.sync_api import expect

    address, _ = guest(house)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{house.base}/account?tenantId=contoso.com")
    page.fill("input[type='email']", address)
    follow(page, "form.main > button >> nth=0")
    follow(page, "button[value='passkey']")
    expect(page.locator("[data-passkey-absent]")).to_be_visible()
    expect(page.locator("[data-passkey-start]")).to_be_hidden()
    follow(page, "button[value='code']")
    follow(page, "form.main > button >> nth=0")
    expect(page.locator("input[autocomplete='one-time-code']")).to_be_visible()
    context.close()
