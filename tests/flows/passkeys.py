"""What the tests of passkeys do: a guest of a mailbox who has one, and the ways with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from applications import sign_in_of
from ways import Way, begin

from authenticator import Authenticator
from readmit.domain.passkey import Passkey
from readmit.domain.session import SignIn
from readmit.flows import passkey_own, passkey_use
from readmit.flows.arrive import Arrived
from readmit.flows.browsers import Browser
from readmit.flows.passkey_add import Added, add_passkey
from readmit.flows.passkey_use import Answer, use_passkey
from readmit.proofs import passkey as proofs
from readmit.proofs.passkey import Holder, RelyingParty
from readmit.storage import passkeys, tenants
from world import House, a_browser

MAX = "max@post.example"
PARTY = RelyingParty("localhost", "https://localhost:8443")


def set_tenant(house: House, **settings: Any) -> None:
    """Settings of Contoso."""
    tenant = house.read(tenants.get, house.contoso)
    house.write(tenants.update, replace(tenant, settings=replace(tenant.settings, **settings)))


def options(way: Way, *, beside: bool = False) -> dict[str, Any]:
    """What the page of using one asks the browser."""
    view = way.look()
    assert view.challenge is not None
    return proofs.request(PARTY, view.challenge.value, view.passkeys if beside else ())


def creation(way: Way) -> dict[str, Any]:
    """What the page of adding one asks the browser."""
    view = way.look()
    assert view.challenge is not None
    assert view.guest is not None
    holder = Holder(view.guest.id, view.guest.sign_in_name, view.guest.display_name)
    return proofs.creation(PARTY, view.challenge.value, holder, organisation="Contoso", known=view.passkeys)


def use(way: Way, device: Authenticator, **changes: Any) -> Answer:
    """A passkey of the device, on the page that asks for one."""
    asked = options(way, beside=way.look().proved)
    return use_passkey(way.house.world, way.browser, way.flow_id, device.get(asked, **changes))


def add(way: Way, device: Authenticator, **changes: Any) -> Added:
    """A new passkey of the device, on the page that asks for one."""
    return add_passkey(way.house.world, way.browser, way.flow_id, device.create(creation(way), **changes))


def signed_in(house: House, address: str = MAX, browser: Browser | None = None) -> Browser:
    """A browser that has proved the mailbox by a code."""
    way = begin(house, address, browser)
    assert way.code().right
    arrived = way.proceed()
    assert isinstance(arrived, Arrived)
    return Browser(arrived.session_token, way.browser.ip, way.browser.flow_secret)


def entry_of(house: House, browser: Browser) -> SignIn:
    entry: SignIn = sign_in_of(house, browser)
    return entry


def adding(house: House, browser: Browser) -> Way:
    """The button of the account page."""
    way = Way(house, browser, house.world.new_id())
    house.write(passkey_own.begin_adding, house.world, browser, flow_id=way.flow_id, entry=entry_of(house, browser))
    return way


def with_passkey(house: House, device: Authenticator, address: str = MAX) -> Passkey:
    """The guest of a mailbox adds a passkey from his account."""
    way = adding(house, signed_in(house, address))
    assert add(way, device) is Added.ADDED
    assert isinstance(way.proceed(), Arrived)
    return of(house, address)[-1]


def of(house: House, address: str = MAX) -> tuple[Passkey, ...]:
    return house.read(passkeys.of_user, house.people[address.partition("@")[0]])


def at_passkey(house: House, address: str = MAX, browser: Browser | None = None) -> Way:
    """A sign-in whose person pressed "Use a passkey" beside the code."""
    way = begin(house, address, browser or a_browser("p" * 43))
    way.do(passkey_use.begin_use)
    return way
