"""The address that a request came from, as attempts are counted for it."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

_ONE_LINE = 64
"""Bits of an IPv6 address that its network gives; the rest a machine chooses as often as it likes (RFC 4291, 8981)."""


def counted(ip: str) -> str:
    """IPv4 as it is, IPv6 by its /64: who has one address there has them all, and would never meet a limit."""
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, _ONE_LINE), strict=False))
