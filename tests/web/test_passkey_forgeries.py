"""Forged and borrowed passkeys over HTTP: none signs anybody in as the guest who is asked (security N7, T6, T37, G2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from front import Person, Site, site
from test_passkeys import MAX, add, at_code, options, with_passkey
from test_reset_amid import prove

from authenticator import Authenticator

__all__ = ["site"]
PAT = "pat@post.example"
Forge = Callable[[Site, Authenticator, dict[str, Any]], str]


def asked(site: Site, address: str = MAX) -> Person:
    """A browser of Mallory's at the page that asks for a passkey of this guest."""
    person = at_code(site, address)
    person.submit(use="passkey")
    return person


def pat_with_passkey(site: Site, device: Authenticator) -> Person:
    """Another guest, who has accepted and has a passkey of his own."""
    link = site.house.invite(PAT)
    person = Person(site)
    person.open(f"/redeem/?ticket={link.ticket}")
    person.submit()
    prove(person)
    person.submit(decision="accept")
    person.open("/account?tenantId=contoso.com")
    add(site, person, device)
    assert "My account" in person.html
    return person


def _changed(**changes: Any) -> Forge:
    return lambda site, device, given: device.get(given, **changes)


def _challenge_of_another_way(site: Site, device: Authenticator, given: dict[str, Any]) -> str:
    return device.get(options(asked(site)))


def _challenge_of_another_guests_way(site: Site, device: Authenticator, given: dict[str, Any]) -> str:
    return device.get(options(asked(site, PAT)))


def _not_verified(site: Site, device: Authenticator, given: dict[str, Any]) -> str:
    device.verifies = False
    return device.get(given)


def _counter_backwards(site: Site, device: Authenticator, given: dict[str, Any]) -> str:
    first = asked(site)
    first.submit(credential=device.get(options(first)))
    device.credentials[-1].count -= 2
    return device.get(given)


def _another_guests(site: Site, device: Authenticator, given: dict[str, Any]) -> str:
    pats = Authenticator()
    pat_with_passkey(site, pats)
    return pats.get(given)


def _another_guests_under_this_handle(site: Site, device: Authenticator, given: dict[str, Any]) -> str:
    pats = Authenticator()
    pat_with_passkey(site, pats)
    return pats.get(given, handle=device.credentials[-1].user_handle)


def _another_key_under_this_id(site: Site, device: Authenticator, given: dict[str, Any]) -> str:
    pats = Authenticator()
    pat_with_passkey(site, pats)
    forged = json.loads(pats.get(given, handle=device.credentials[-1].user_handle))
    forged["id"] = forged["rawId"] = json.loads(device.get(given))["rawId"]
    return json.dumps(forged)


def _never_registered(site: Site, device: Authenticator, given: dict[str, Any]) -> str:
    fresh = Authenticator()
    handle, rp = device.credentials[-1].user_handle, {"id": given["rpId"]}
    fresh.create({"excludeCredentials": [], "challenge": "x", "rp": rp, "user": {"id": handle}})
    return fresh.get(given)


FORGED: dict[str, Forge] = {
    "another origin": _changed(origin="https://evil.example"),
    "an origin of a subdomain": _changed(origin="https://evil.localhost:8443"),
    "another port": _changed(origin="https://localhost:9443"),
    "another rpId": _changed(rp="evil.example"),
    "the kind of adding": _changed(type="webauthn.create"),
    "a challenge made up": _changed(challenge="A" * 43),
    "the challenge of another way": _challenge_of_another_way,
    "the challenge of another guest's way": _challenge_of_another_guests_way,
    "another user handle": _changed(handle="AAAA"),
    "not verified": _not_verified,
    "a counter that runs backwards": _counter_backwards,
    "another guest's": _another_guests,
    "another guest's under this user handle": _another_guests_under_this_handle,
    "another guest's key under this id": _another_key_under_this_id,
    "never registered": _never_registered,
}


def signed_in(site: Site, person: Person) -> bool:
    return "My account" in person.open("/account?tenantId=contoso.com")


@pytest.mark.parametrize("forgery", FORGED)
def test_N7_a_forged_passkey_signs_nobody_in_and_the_honest_one_still_does(site: Site, forgery: str) -> None:
    device = Authenticator()
    with_passkey(site, device)
    person = asked(site)
    answer = FORGED[forgery](site, device, options(person))
    person.submit(credential=answer)
    assert person.status in (400, 403), person.status
    assert not signed_in(site, person)
    if forgery == "a counter that runs backwards":
        return
    device.verifies = True
    honest = asked(site)
    honest.submit(credential=device.get(options(honest)))
    assert signed_in(site, honest)


@pytest.mark.parametrize("to", [MAX, "successor@post.example"])
def test_G2_a_resident_key_of_an_earlier_generation_opens_nothing(site: Site, to: str) -> None:
    """The guest's id, and so the user handle, stays: before the redemption, after it, and as a second factor beside a code."""
    device, guest = Authenticator(), site.house.people["max"]
    with_passkey(site, device)
    link = site.house.reset(guest, to)
    early = asked(site, to)
    early.submit(credential=device.get(options(early)))
    assert early.status in (400, 403)
    assert not signed_in(site, early)
    holder = Person(site)
    holder.open(f"/redeem/?ticket={link.ticket}")
    holder.submit()
    prove(holder)
    holder.submit(decision="accept")
    assert site.house.guest(guest).redemption_state == "Accepted"
    late = asked(site, to)
    late.submit(credential=device.get(options(late)))
    assert late.status in (400, 403)
    assert not signed_in(site, late)
    assert site.house.rows("SELECT * FROM passkeys") == []


def test_T6_an_answer_is_good_in_the_browser_that_was_asked(site: Site) -> None:
    device = Authenticator()
    with_passkey(site, device)
    person, mallory = asked(site), asked(site)
    answer = device.get(options(person))
    mallory.submit(credential=answer)
    assert (mallory.status, signed_in(site, mallory)) == (400, False)
    person.submit(credential=answer)
    assert signed_in(site, person)
