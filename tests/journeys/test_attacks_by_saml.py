"""T31 live: forged and stolen answers of a SAML provider, over HTTPS, while the victim's way waits in a browser.

Mallory is a person of the same company with an honest account there. He wants to be bound to the guest who was
invited as Alice, or to come in as Vera, who has accepted. After every attempt nothing is bound and nobody is in.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from attacked_town import MALLORY, NORTHWIND, VERA, VICTIM_ID, Town, off, off_to_sign_in, two_organisations
from lxml import etree
from signxml.algorithms import SignatureMethod

sys.path.insert(0, str(Path(__file__).parent.parent / "proofs"))

from test_saml_response import LIES
from test_saml_wrapping import WRAPPED

import lying_saml
from lying_saml import asked, encoded, every, one, pair
from readmit.cli.demo_stage import AUTOMATION


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with two_organisations(tmp_path_factory.mktemp("town")) as made:
        yield made


def _as_victim(document: Any, address: str) -> Any:
    """Whatever names the victim's NameID says her address as well."""
    for assertion in every(document, "Assertion"):
        if any(name.text == VICTIM_ID for name in assertion.iterchildren() for name in every(name, "NameID")):
            mail = next((one(each, "AttributeValue") for each in every(assertion, "Attribute")), None)
            if mail is not None:
                mail.text = address
    return document


def _wrapped(name: str, *, both: bool) -> Callable[[Town, str, str], str]:
    def attack(town: Town, url: str, victim: str) -> str:
        signs, wrap = WRAPPED[name]
        town.idp.signs = ("assertion", "response") if both else (signs,)
        signed = town.idp.signed(town.idp.response(asked(url)))
        return encoded(etree.tostring(_as_victim(wrap(signed), victim)))

    return attack


def _signed_by_mallory(certificate: str | None, signer: Any = None) -> Callable[[Town, str, str], str]:
    def attack(town: Town, url: str, victim: str) -> str:
        town.honest(VICTIM_ID, victim)
        town.idp.key = pair("mallory").key
        town.idp.certificates = [pair(certificate).certificate] if certificate else []
        if signer is not None:
            town.idp.signer = signer
        return town.idp.respond(asked(url))

    return attack


def _sha1(town: Town, url: str, victim: str) -> str:
    town.honest(VICTIM_ID, victim)
    town.idp.signer = lying_saml.sha1
    return town.idp.respond(asked(url))


def _shared_secret(town: Town, url: str, victim: str) -> str:
    """The public certificate as the secret of an HMAC."""
    town.honest(VICTIM_ID, victim)
    town.idp.signer = lying_saml.signing(SignatureMethod.HMAC_SHA256)
    town.idp.key, town.idp.certificates = pair("tailspin").der.encode(), []
    return town.idp.respond(asked(url))


def _changed(text: str, to: str) -> Callable[[Town, str, str], str]:
    def attack(town: Town, url: str, victim: str) -> str:
        document = etree.tostring(town.idp.signed(town.idp.response(asked(url)))).decode()
        return encoded(document.replace(text, to.format(victim=victim)).encode())

    return attack


def _two_signed(town: Town, url: str, victim: str) -> str:
    """Two honest assertions, of two people, in one response."""
    response = town.idp.signed(town.idp.response(asked(url)))
    town.honest(VICTIM_ID, victim)
    response.append(copy.deepcopy(one(town.idp.signed(town.idp.response(asked(url))), "Assertion")))
    return encoded(etree.tostring(response))


def _unsigned(town: Town, url: str, victim: str) -> str:
    town.honest(VICTIM_ID, victim)
    town.idp.signs = ()
    return town.idp.respond(asked(url))


def _response_alone(town: Town, url: str, victim: str) -> str:
    town.honest(VICTIM_ID, victim)
    town.idp.signs = ("response",)
    return town.idp.respond(asked(url))


def _doctype(town: Town, url: str, victim: str) -> str:
    document = etree.tostring(town.idp.signed(town.idp.response(asked(url))))
    head = f'<!DOCTYPE x [<!ENTITY who "{victim}">]>'.encode()
    return encoded(head + document.replace(MALLORY.encode(), b"&who;"))


def _oversized(town: Town, url: str, victim: str) -> str:
    town.honest(VICTIM_ID, victim)
    town.idp.attributes["padding"] = ["x" * 260_000]
    return town.idp.respond(asked(url))


FORGED: dict[str, Callable[[Town, str, str], str]] = {
    **{name: _wrapped(name, both=False) for name in WRAPPED},
    **{f"{name} within a signed response": _wrapped(name, both=True) for name in WRAPPED},
    "a foreign key, named in KeyInfo": _signed_by_mallory("mallory"),
    "a foreign key, the honest certificate in KeyInfo": _signed_by_mallory("tailspin"),
    "a foreign key, no KeyInfo": _signed_by_mallory(None),
    "SHA-1": _sha1,
    "HMAC with the certificate": _shared_secret,
    "a comment in the NameID": _changed(">mallory-at-tailspin-himself<", f">{VICTIM_ID}<!-- -->-himself<"),
    "a comment in the address": _changed(MALLORY, "{victim}<!-- -->." + MALLORY),
    "another NameID": _changed("mallory-at-tailspin-himself", VICTIM_ID),
    "another address": _changed(MALLORY, "{victim}"),
    "two signed assertions": _two_signed,
    "nothing signed": _unsigned,
    "the response alone signed": _response_alone,
    "a document type": _doctype,
    "oversized": _oversized,
}


@pytest.mark.parametrize("attack", FORGED)
@pytest.mark.parametrize("way", ["redemption", "sign-in"])
def test_T31_live_a_forged_answer_neither_binds_nor_lets_in(town: Town, attack: str, way: str) -> None:
    walker = town.browser()
    victim, guest, link = town.invited("tailspin.example") if way == "redemption" else (VERA, "", "")
    url = off(walker, link) if link else off_to_sign_in(walker, VERA)
    town.honest("mallory-at-tailspin-himself", MALLORY)
    before = town.bindings()
    page = town.deliver(walker, url, FORGED[attack](town, url, victim))
    assert page is None or page.status in (403, 410, 502), page
    assert page is None or walker.open(urlsplit(page.url).path).status in (200, 403, 410, 502)
    if walker.page.form is not None:
        walker.submit({"decision": "accept"})
    assert town.bindings() == before
    assert not guest or town.state(guest) == "PendingAcceptance"


@pytest.mark.parametrize("lie", [name for name in LIES if " hour" not in name or "ago" in name])
def test_I9_live_an_answer_for_another_service_time_or_request_binds_nothing(town: Town, lie: str) -> None:
    """Signed by the provider itself: foreign audience, recipient, destination, stale, IdP-initiated."""
    walker = town.browser()
    address, guest, link = town.invited("tailspin.example")
    url = off(walker, link)
    town.honest(f"{address}-id", address)
    town.idp.before = LIES[lie][0]
    before = town.bindings()
    page = town.deliver(walker, url, town.idp.respond(asked(url)))
    assert page is not None
    assert page.status in (403, 502), lie
    assert town.bindings() == before
    assert town.state(guest) == "PendingAcceptance"


def test_T31_live_an_answer_is_good_in_one_browser_for_one_request(town: Town) -> None:
    """Replayed under another browser's state, before and after its own use; and under the state of its own flow."""
    mine, other = town.browser(), town.browser()
    address, guest, link = town.invited("tailspin.example")
    town.honest(f"{address}-id", address)
    url, second = off(mine, link), off(other, link)
    stolen = town.idp.respond(asked(url))
    refused = town.deliver(other, second, stolen)
    assert refused is not None
    assert refused.status == 502
    page = town.deliver(mine, url, stolen)
    assert page is not None
    assert page.status == 200
    third = off(other, link)
    status, location = town.post(third, stolen, asked(url).relay_state)
    assert (status, other.open(location).status) == (303, 410), "its state is used up, and nothing is parked"
    third = off(other, link)
    again = town.deliver(other, third, stolen)
    assert again is not None
    assert again.status == 502
    assert mine.submit({"decision": "accept"}).url.endswith("/myapps")
    assert town.state(guest) == "Accepted"


def test_T6_T25_live_a_victim_who_is_led_on_by_a_state_of_mallorys_is_not_in_his_flow(town: Town) -> None:
    """RelayState: his own state in her browser, hers in his; a URL; nothing."""
    mallory, victim = town.browser(), town.browser()
    address, guest, link = town.invited("tailspin.example")
    town.honest(f"{address}-id", address)
    his, hers = off(mallory, link), off(victim, link)
    before = town.bindings()
    message = town.idp.respond(asked(his))
    status, location = town.post(his, message, asked(his).relay_state)
    assert status == 303
    assert victim.open(location).status == 410
    for state in (f"{town.base}/myapps", "https://evil.example", "", asked(hers).relay_state + "x"):
        status, location = town.post(his, message, state)
        assert (status, location) == (410, "")
    assert town.bindings() == before
    assert town.state(guest) == "PendingAcceptance"


def test_I8_live_an_answer_for_one_organisation_is_none_for_another(town: Town) -> None:
    """Both have registered the same company, and both have invited the same address."""
    address, guest, link = town.invited("tailspin.example")
    northwind = town.client(NORTHWIND, f"{AUTOMATION[:-2]}b1")
    body = {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com"}
    there = northwind.invite(body)
    town.honest(f"{address}-id", address)
    at_contoso, at_northwind = town.browser(), town.browser()
    url, other = off(at_contoso, link), off(at_northwind, str(there["inviteRedeemUrl"]))
    assert asked(url).acs != asked(other).acs
    before = town.bindings()
    message = town.idp.respond(asked(other))
    status, location = town.post(url, message, asked(other).relay_state)
    assert (status, at_contoso.open(location).status) == (303, 410), "another organisation's state at this callback"
    url = off(at_contoso, link)
    other = off(at_northwind, str(there["inviteRedeemUrl"]))
    message = town.idp.respond(asked(other))
    page = town.deliver(at_contoso, url, message)
    assert page is not None
    assert page.status == 502
    assert town.bindings() == before
    url = off(at_contoso, link)
    town.deliver(at_contoso, url, town.idp.respond(asked(url)))
    assert at_contoso.submit({"decision": "accept"}).url.endswith("/myapps")
    theirs = str(there["invitedUser"]["id"])  # type: ignore[index]
    assert town.state(guest) == "Accepted"
    assert northwind.user(theirs)["externalUserState"] == "PendingAcceptance"
    walker_there = at_contoso.open(f"/myapps?tenantId={NORTHWIND}")
    assert "/signin/" in walker_there.url, "signed in at Contoso is nobody at Northwind"
