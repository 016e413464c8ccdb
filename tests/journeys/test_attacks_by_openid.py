"""T22 live: an OpenID provider that lies, and answers put into other browsers and flows, over HTTPS; nothing is bound."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from attacked_town import IDP, Town, off, two_organisations

sys.path.insert(0, str(Path(__file__).parent.parent / "proofs"))

import test_relying_party as relying_party

from lying_saml import asked
from readmit.cli.walker import Walker


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with two_organisations(tmp_path_factory.mktemp("town")) as made:
        yield made


NOW = ("expired", "no expiry", "expiry as text", "from the future", "not valid yet")
LIES: dict[str, dict[str, Any]] = {
    **{name: lie for name, lie in relying_party.LIES.items() if name not in NOW},
    "expired": {"exp": 1_700_000_000},
    "no expiry": {"exp": None},
    "from the future": {"iat": 4_000_000_000},
    "not valid yet": {"nbf": 4_000_000_000},
    "nobody": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is a list": {"sub": ["alice-at-wingtip"]},
    "a subject that is a number": {"sub": 7},
    "a long subject": {"sub": "x" * 1_000},
    "an unverified address": {"email_verified": False},
    "an address verified in words": {"email_verified": "true"},
    "another address": {"email": "mallory@wingtip.example"},
    "an address that is a list": {"email": ["{address}", "mallory@wingtip.example"]},
    "a look-alike address": {"email": "al\u0131ce@wingtip.example"},
    "an address of another domain": {"email": "alice@tailspin.example"},
}


def _oidc(town: Town) -> tuple[Walker, str, str, str]:
    walker = town.browser()
    address, guest, link = town.invited("wingtip.example")
    town.wingtip.claims, town.wingtip.signs = {"sub": f"{address}-id", "email": address}, None
    return walker, address, guest, off(walker, link)


@pytest.mark.parametrize("lie", LIES)
def test_T22_live_a_provider_that_lies_binds_nothing(town: Town, lie: str) -> None:
    walker, _, guest, url = _oidc(town)
    town.wingtip.claims |= LIES[lie]
    before = town.bindings()
    page = walker.open(town.wingtip.callback(url))
    assert page.status in (403, 502) or "accept" not in page.text.lower(), page
    if page.form is not None and page.status == 200:
        walker.submit({"decision": "accept"})
    assert town.bindings() == before
    assert town.state(guest) == "PendingAcceptance"


@pytest.mark.parametrize("lie", relying_party.SIGNATURES)
def test_T22_live_a_signature_that_is_not_the_providers_binds_nothing(town: Town, lie: str) -> None:
    walker, _, guest, url = _oidc(town)
    town.wingtip.signs = relying_party.SIGNATURES[lie]
    before = town.bindings()
    assert walker.open(town.wingtip.callback(url)).status == 502
    assert town.bindings() == before
    assert town.state(guest) == "PendingAcceptance"


def test_T22_live_mix_up_a_code_of_another_flow_browser_or_provider_binds_nothing(town: Town) -> None:
    walker, address, guest, url = _oidc(town)
    mallory, _, _, his = _oidc(town)
    town.wingtip.claims = {"sub": "mallory-at-wingtip", "email": address}
    before = town.bindings()
    injected = town.wingtip.approve(his)
    mine = town.wingtip.approve(url)
    path = urlsplit(town.wingtip.callback(url)).path
    swapped = {**mine, "code": injected["code"]}
    assert walker.open(f"{path}?{urlencode(swapped)}").status == 502, "PKCE and nonce are of the flow"
    assert mallory.open(f"{path}?{urlencode(mine)}").status == 410
    walker, _, guest, url = _oidc(town)
    mine = town.wingtip.approve(url)
    other = urlsplit(asked(off(town.browser(), town.invited("tailspin.example")[2])).acs).path
    assert walker.open(f"{other}?{urlencode(mine)}").status == 410, "another provider's callback"
    assert walker.open(f"{path}?{urlencode({**mine, 'iss': IDP})}").status == 502, "says that it is another provider"
    assert town.bindings() == before
    assert town.state(guest) == "PendingAcceptance"
