"""A limit of an address is one of its network where a machine chooses addresses as it likes (security C3, N8, O9)."""

from __future__ import annotations

import pytest
from ways import begin

from readmit.domain.client_address import counted
from readmit.domain.errors import Throttled
from readmit.flows import codes, device, password_tries
from readmit.flows.browsers import Browser
from world import House


@pytest.mark.parametrize(
    ("ip", "kept"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_IPv6_address_counts_as_its_network(ip: str, kept: str) -> None:
    assert counted(ip) == kept


def test_O9_guessing_user_codes_from_many_addresses_of_one_network_is_limited(house: House) -> None:
    def typed(number: int) -> object:
        ip = f"2001:db8::{number:x}"
        return house.write(device.enter, house.world, "BBBB-BBBB", session=house.world.new_id(), ip=ip)

    assert [typed(number) for number in range(20)] == [None] * 20
    with pytest.raises(Throttled):
        typed(21)
    assert house.write(device.enter, house.world, "BBBB-BBBB", session="other", ip="2001:db8:0:1::1") is None


def test_N8_so_are_passwords(house: House) -> None:
    for number in range(60):
        house.write(password_tries.count, house.world, f"account {number}", f"2001:db8::{number:x}")
    with pytest.raises(Throttled):
        house.write(password_tries.count, house.world, "another account", "2001:db8::ffff")
    house.write(password_tries.take_back, house.world, "account 1", "2001:db8::eeee")
    house.write(password_tries.count, house.world, "another account", "2001:db8::dddd")


def test_C3_so_are_codes(house: House) -> None:
    for number in range(60):
        browser = Browser(None, f"2001:db8::{number:x}", "s" * 43)
        way = begin(house, f"nobody{number}@post.example", browser)
        way.do(codes.request_code)
        assert way.code("00000000").locked is None
    way = begin(house, "nobody@post.example", Browser(None, "2001:db8::ffff", "s" * 43))
    way.do(codes.request_code)
    assert way.code("00000000").locked is not None
