"""Forwarded headers count from trusted proxies only, and what cannot be read in them is refused (security H2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from front import Site

from readmit import app
from readmit.settings import Settings
from readmit.web.origins import Origins
from world import make_house

PROXY, STRANGER = "10.0.0.1", "192.0.2.7"


def behind(*networks: str) -> Origins:
    return Origins(
        Settings(data=Path("x"), public_url="https://guests.example", trusted_proxies=networks or ("10.0.0.0/8",))
    )


def scope(peer: str | None, scheme: str = "http") -> dict[str, Any]:
    return {"client": (peer, 4) if peer is not None else None, "scheme": scheme}


def client(forwarded: str | None, peer: str | None = PROXY, *networks: str) -> str | None:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return behind(*networks).client(scope(peer), headers)


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        (None, PROXY),
        ("192.0.2.7", "192.0.2.7"),
        ("198.51.100.1, 192.0.2.7", "192.0.2.7"),
        ("192.0.2.7, 10.1.2.3", "192.0.2.7"),
        ("10.1.2.3", PROXY),
        ("192.0.2.7:50123", "192.0.2.7"),
        ("[2001:db8::1]:50123", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("garbage, 192.0.2.7", "192.0.2.7"),
    ],
)
def test_H2_the_nearest_address_that_is_no_proxy_is_the_clients(forwarded: str | None, found: str) -> None:
    """What stands before it was written by whoever wanted to."""
    assert client(forwarded) == found


@pytest.mark.parametrize(
    "forwarded", ["garbage", "", "192.0.2.7, ", "unknown", "192.0.2.7, garbage", "1.2.3.4.5", "[::1"]
)
def test_H2_what_a_trusted_proxy_says_and_nobody_can_read_is_refused(forwarded: str) -> None:
    assert client(forwarded) is None


@pytest.mark.parametrize("forwarded", ["198.51.100.1", "garbage", ""])
def test_H2_of_a_stranger_nothing_is_believed(forwarded: str) -> None:
    assert client(forwarded, STRANGER) == STRANGER
    assert client(forwarded, None) == ""
    headers = {"host": "guests.example", "x-forwarded-host": "localhost", "x-forwarded-proto": "https"}
    assert behind().addressed(scope(STRANGER), headers) == "http://guests.example"


def test_H2_a_proxy_on_an_IPv6_socket_is_known_by_its_IPv4_address() -> None:
    assert client("192.0.2.7", "::ffff:10.0.0.1") == "192.0.2.7"
    assert client("192.0.2.7", "2001:db8::5", "2001:db8::/32") == "192.0.2.7"


@pytest.mark.parametrize(
    "forwarded",
    [
        {"x-forwarded-host": "evil.example"},
        {"x-forwarded-host": "guests.example, evil.example"},
        {"x-forwarded-host": ""},
        {"x-forwarded-proto": "ftp"},
        {"x-forwarded-proto": "https, http"},
    ],
)
def test_H2_a_proxy_leads_to_no_host_and_scheme_that_are_not_served(forwarded: dict[str, str]) -> None:
    assert behind().addressed(scope(PROXY), {"host": "guests.example", **forwarded}) is None


def test_H2_an_unreadable_address_is_400(tmp_path: Path) -> None:
    house = make_house(tmp_path, trusted_proxies=("127.0.0.1/32",))
    front = app.application(house.world)
    site = Site(house, front)
    assert site.ask("GET", "/health/live", headers={"x-forwarded-for": "192.0.2.7"}).status_code == 200
    assert site.ask("GET", "/health/live", headers={"x-forwarded-for": "garbage"}).status_code == 400
    front.close()
    house.world.database.close()
