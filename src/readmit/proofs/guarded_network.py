"""The network below a guarded fetch: checks where a name leads, connects there and nowhere else, ends in time."""

from __future__ import annotations

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any, Final

import httpcore2

from readmit.proofs.fetch import FetchRefused

_MOST_TRIED: Final = 4
"""Addresses of one name that are tried."""


class Guarded(httpcore2.NetworkBackend):
    """Resolves a name itself and connects to addresses it has checked: no second look-up, no rebinding."""

    def __init__(self, *, private: bool, until: float) -> None:
        self._private = private
        self._until = until
        self._real = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = _checked_addresses(host, port, private=self._private, until=self._until)
        trouble: Exception = httpcore2.ConnectTimeout()
        for number, address in enumerate(addresses):
            left = self._until - time.monotonic()
            if left <= 0:
                break
            # A name often leads to an address of a kind that this machine does not reach: each gets its share.
            share = left / (len(addresses) - number)
            try:
                stream = self._real.connect_tcp(address, port, share, local_address, socket_options)
                return _Hurried(stream, self._until)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                trouble = error
        raise trouble


class _Hurried(httpcore2.NetworkStream):
    """A stream that ends at one moment, however the peer spreads its bytes."""

    def __init__(self, real: httpcore2.NetworkStream, until: float) -> None:
        self._real = real
        self._until = until

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._real.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._real.write(buffer, self._left())

    def close(self) -> None:
        self._real.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Hurried(self._real.start_tls(ssl_context, server_hostname, self._left()), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._real.get_extra_info(info)


def _checked_addresses(host: str, port: int, *, private: bool, until: float) -> list[str]:
    """All addresses of a name, the first few of them, in the order in which they should be tried."""
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in _resolved(host, port, until)))
    if not private and not all(_public(address) for address in addresses):
        raise FetchRefused(f"{host} leads to an address that is not public")
    return addresses[:_MOST_TRIED]


def _resolved(host: str, port: int, until: float) -> list[Any]:
    """What the name leads to, asked on a thread of its own: a slow name server would not let go of ours."""
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            heard.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            heard.put(error)

    threading.Thread(target=ask, name="readmit-resolver", daemon=True).start()
    try:
        found = heard.get(timeout=max(until - time.monotonic(), 0))
    except queue.Empty as error:
        raise FetchRefused(f"{host} was not resolved in time") from error
    if isinstance(found, Exception):
        raise FetchRefused(f"{host} cannot be resolved") from found
    answer: list[Any] = found
    return answer


_TUNNELS: Final = tuple(ipaddress.ip_network(net) for net in ("64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""Addresses that carry another one inside, which a gateway would unpack."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


def _public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif found in _NAT64:
            found = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found.is_global and not found.is_multicast and not any(found in net for net in _TUNNELS)
