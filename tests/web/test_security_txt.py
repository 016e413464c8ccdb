"""`/.well-known/security.txt` (RFC 9116, security K4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from front import Site, site

from readmit import app
from readmit.domain.errors import OperatorError
from readmit.settings import load
from world import make_house

__all__ = ["site"]
PATH = "/.well-known/security.txt"


def named(folder: Path, contact: str) -> Site:
    house = make_house(folder, security_contact=contact)
    return Site(house, app.application(house.world))


def fields(text: str) -> dict[str, str]:
    assert text.endswith("\n")
    return dict(line.split(": ", 1) for line in text.splitlines())  # type: ignore[misc]


def test_K4_names_whom_to_tell_and_is_never_out_of_date(tmp_path: Path) -> None:
    site = named(tmp_path, "mailto:security@contoso.com")
    for _ in range(3):
        answer = site.ask("GET", PATH)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        told = fields(answer.text)
        assert list(told) == ["Contact", "Expires", "Preferred-Languages", "Canonical"]
        assert told["Contact"] == "mailto:security@contoso.com"
        assert told["Preferred-Languages"] == "en, de, ja"
        assert told["Canonical"] == f"https://localhost:8443{PATH}"
        left = datetime.fromisoformat(told["Expires"]) - site.house.clock()
        assert timedelta(days=170) < left < timedelta(days=365), "RFC 9116 2.5.5: less than a year"
        site.house.clock.pass_(days=400)
    site.house.world.database.close()


@pytest.mark.parametrize("host", ["graph.microsoft.com", "127.0.0.1"])
def test_H1_the_address_it_names_for_itself_is_the_public_one(tmp_path: Path, host: str) -> None:
    site = named(tmp_path, "https://contoso.com/security")
    told = fields(site.ask("GET", PATH, headers={"host": host}).text)
    assert told["Canonical"] == f"https://localhost:8443{PATH}"
    site.house.world.database.close()


def test_K4_where_nobody_is_named_it_says_so(site: Site) -> None:
    answer = site.ask("GET", PATH)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert "readmit serve --security-contact" in answer.text
    assert "Contact:" not in answer.text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("security@contoso.com", "mailto:security@contoso.com"),
        ("mailto:security@contoso.com", "mailto:security@contoso.com"),
        ("https://contoso.com/security", "https://contoso.com/security"),
        ("tel:+1-201-555-0123", "tel:+1-201-555-0123"),
    ],
)
def test_K4_a_contact_is_an_address_or_a_uri(given: str, kept: str) -> None:
    assert load({"security_contact": given}, {}).security_contact == kept
    assert load({}, {"READMIT_SECURITY_CONTACT": given}).security_contact == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nobody",
        "http://contoso.com/security",
        "https://",
        "https://ana@contoso.com",
        "mailto:",
        "mailto:nobody",
        "tel:911",
        "javascript:alert(1)",
        "a@contoso.com\nContact: mailto:evil@evil.example",
        "https://contoso.com/a b",
        "https://[",
    ],
)
def test_K4_what_is_neither_is_refused_at_the_start(given: Any) -> None:
    with pytest.raises(
        OperatorError, match="'security_contact' is an address or an https:, mailto: or tel:"
    ) as refused:
        load({"security_contact": given}, {})
    assert refused.value.exit_code == 2
