"""Python clients, unmodified: azure-identity with msgraph-sdk on both versions, and msal (graph G84)."""

from __future__ import annotations

from typing import Any

import foreign
import pytest
import stories
from house_of_guests import House

PYTHON = foreign.BIN / "python"
PROGRAMS = foreign.HERE / "python"


@pytest.mark.parametrize("package", ["msgraph", "msgraph_beta"])
def test_G84_the_graph_sdk_plays_the_story_of_a_guest(house: House, environ: dict[str, str], package: str) -> None:
    """Async secret credential of azure-identity, PATCH with 204, PageIterator, typed errors; beta has the date as String."""
    facts = stories.play(house, [PYTHON, PROGRAMS / "sdk.py", package], environ)
    stories.holds(facts)


def test_G84_msal_with_a_secret_plays_the_story_of_a_guest(house: House, environ: dict[str, str]) -> None:
    """Client credentials from the server, then from msal's cache; 2,500 guests by nextLink."""
    facts = stories.play(house, [PYTHON, PROGRAMS / "msal_secret.py"], environ)
    stories.holds(facts)
    assert "crowd" in facts


def test_G84_msal_signs_people_in_by_code_and_pkce(house: House, environ: dict[str, str]) -> None:
    """Loopback address of a public client with refresh, and a web application by `oidc_authority`; nonces checked by msal."""
    guest = f"{house.someone()}@fabrikam.com"
    environ |= {"PERSON": "ulla@contoso.com", "GUEST": guest}
    facts = foreign.run([PYTHON, PROGRAMS / "msal_code.py"], environ, {"sign in": stories.signing_in(house)})
    assert facts["console"] == {"name": "ulla@contoso.com", "account": "ulla@contoso.com"}
    assert facts["me"] == facts["renewed"] == "ulla@contoso.com"
    assert facts["other"]
    assert facts["guest"] == {"name": guest, "issuer": True, "oid": house.guest(guest)["id"]}


def test_G24_the_graph_sdk_signs_in_anew_by_itself_when_sessions_were_ended(
    house: House, environ: dict[str, str]
) -> None:
    """The 401 carries claims that the SDK hands to azure-identity, which opens the browser again; no code of the caller."""
    opened: list[str] = []

    def person(told: dict[str, Any]) -> None:
        opened.append(told["url"])
        browser = stories.Arriving(house.browser()._client, house.base)
        browser.open(told["url"])
        house.prove(browser, "ada@contoso.com")
        browser.arrive()

    environ["BROWSER"] = f"{PYTHON} {PROGRAMS / 'open_browser.py'} %s"
    facts = foreign.run([PYTHON, PROGRAMS / "sdk_person.py"], environ, {"sign in": person})
    assert facts == {"first": "ada@contoso.com", "ended": True, "second": "ada@contoso.com"}
    assert len(opened) == 2
    assert "claims=" in opened[1]
