"""Whoever begins ways without end fills no disk and shuts nobody out (security V6, N6; reliability section 7)."""

from __future__ import annotations

import pytest
from applications import asking
from ways import Way, begin, follow

from readmit.domain.errors import DeadEnd
from readmit.domain.redemption import Flow
from readmit.flows import codes, new_flow, sign_in
from readmit.flows.browsers import Browser
from readmit.storage import queries_tenants
from world import House, a_browser


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_flow, "MOST_OF_A_NETWORK", 5)
    monkeypatch.setattr(new_flow, "MOST", 12)
    monkeypatch.setattr(new_flow, "LOOKED_AT_EVERY", 4)


def ask(house: House, browser: Browser, **more: object) -> Way:
    """An anonymous request of an application: a row, and nothing typed."""
    tenant = house.read(queries_tenants.named, house.contoso)
    flow = house.write(
        sign_in.begin_authorize,
        house.world,
        browser,
        flow_id=house.world.new_id(),
        tenant=tenant,
        request=asking(house, **more),
    )
    assert isinstance(flow, Flow)
    return Way(house, browser, flow.id)


def rows(house: House) -> int:
    return int(house.rows("SELECT COUNT(*) FROM flows")[0][0])


def gone(way: Way) -> bool:
    try:
        way.look()
    except DeadEnd:
        return True
    return False


@pytest.mark.parametrize(
    "ip", ["192.0.2.7", "2001:db8:1:2::{:x}", "::ffff:192.0.2.7"], ids=["IPv4", "IPv6 of one /64", "IPv4 in IPv6"]
)
def test_one_network_has_so_many_ways_and_the_newest_stay(house: House, ip: str) -> None:
    ways = []
    for number in range(20):
        house.clock.pass_(seconds=1)
        ways.append(ask(house, a_browser(ip=ip.format(number)), state="x" * 5_000))
    assert rows(house) == 5
    assert [gone(way) for way in ways] == [True] * 15 + [False] * 5


def test_who_comes_behind_the_same_address_after_all_of_them_signs_in(house: House) -> None:
    for _ in range(50):
        ask(house, a_browser(ip="192.0.2.7"))
    way = begin(house, "alice@fabrikam.com", a_browser("h" * 43, ip="192.0.2.7"))
    assert way.password().session_token


def test_who_has_proved_himself_is_pushed_out_by_nobody(house: House) -> None:
    link = house.invite("new@post.example")
    way = follow(house, link, a_browser("h" * 43, ip="192.0.2.7"))
    assert way.code().right
    for number in range(50):
        house.clock.pass_(seconds=1)
        ask(house, a_browser(ip=f"192.0.2.{number}"))
    way.proceed()
    assert way.accept().session_token
    assert rows(house) <= 12 + 3


def test_many_networks_together_have_a_bound_as_well(house: House) -> None:
    for number in range(50):
        ask(house, a_browser(ip=f"198.51.100.{number}"))
        ask(house, a_browser(ip=f"2001:db8:{number:x}::1"))
    assert rows(house) <= 12 + 3


def test_codes_and_what_hangs_on_a_way_go_with_it(house: House) -> None:
    """Typing addresses and asking for codes is no way round the bound; neither are hints and live links."""
    link = house.invite("new@post.example")
    for number in range(20):
        browser = a_browser(f"{number:043d}", ip="192.0.2.7")
        begin(house, f"nobody{number}@post.example", browser).do(codes.request_code)
        ask(house, browser, login_hint="pat@post.example")
        follow(house, link, browser)
    assert rows(house) == 5
    assert house.rows("SELECT COUNT(*) FROM passcodes")[0][0] <= 5


def test_other_networks_are_left_alone(house: House) -> None:
    kept = ask(house, a_browser(ip="203.0.113.1"))
    for _ in range(20):
        house.clock.pass_(seconds=1)
        ask(house, a_browser(ip="192.0.2.7"))
    assert not gone(kept)
