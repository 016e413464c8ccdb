"""The hosts that are served, and what is believed of forwarded headers (graph G7, G8, security H1, H2)."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from readmit.domain.graph_permissions import GRAPH_APP_ID
from readmit.settings import Settings

MICROSOFT_HOSTS = frozenset(
    {
        "graph.microsoft.com",
        "login.microsoftonline.com",
        "invitations.microsoft.com",
        "myapps.microsoft.com",
        "myapplications.microsoft.com",
    }
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOSTS = 256
"""Names that are read once: clients use few, whoever makes up others only pushes some out."""


class Origins:
    """Which origin a request addressed. Anything that leaves the caller's hands starts with `public` instead."""

    def __init__(self, settings: Settings) -> None:
        self.public = settings.public_url.rstrip("/")
        public_host = urlsplit(self.public).hostname or "localhost"
        self._hosts = {public_host, *_LOOPBACK} | (MICROSOFT_HOSTS if settings.microsoft_hosts else frozenset())
        self._proxies = [ip_network(entry, strict=False) for entry in settings.trusted_proxies]

    @property
    def hosts(self) -> frozenset[str]:
        """The host names that are served, without ports."""
        return frozenset(self._hosts)

    def serves(self, host: str) -> bool:
        """Whether this host name, without port, is one of ours."""
        return host.lower() in self._hosts

    def is_graph(self, resource: str) -> bool:
        """Whether a resource or audience is Microsoft Graph: its id, or any own origin (graph G74)."""
        if resource.lower() == GRAPH_APP_ID:
            return True
        host = _bare_host(resource)
        return host is not None and (host == "graph.microsoft.com" or self.serves(host))

    def addressed(self, scope: MutableMapping[str, Any], headers: Mapping[str, str]) -> str | None:
        """The origin the client meant, or None for a host that is not served here."""
        host, scheme = headers.get("host", ""), scope["scheme"]
        if self._trusted(scope):
            host = headers.get("x-forwarded-host", host)
            scheme = headers.get("x-forwarded-proto", scheme)
        name = _name(host)
        if name is None or not self.serves(name) or scheme not in ("http", "https"):
            return None
        return f"{scheme}://{host.lower()}"

    @staticmethod
    @lru_cache(maxsize=_HOSTS)
    def transport_security(origin: str) -> tuple[tuple[str, str], ...]:
        """HSTS for a name of one's own: not for loopback, addresses, Microsoft's names (security H4)."""
        parts = urlsplit(origin)
        host = parts.hostname or ""
        if parts.scheme != "https" or host in _LOOPBACK or host in MICROSOFT_HOSTS or _is_address(host):
            return ()
        return (("strict-transport-security", "max-age=31536000; includeSubDomains"),)

    def client(self, scope: MutableMapping[str, Any], headers: Mapping[str, str]) -> str | None:
        """The address that the request came from; None where a trusted proxy says what is none (security H2)."""
        peer = str(scope["client"][0]) if scope.get("client") else ""
        if not self._trusted(scope) or "x-forwarded-for" not in headers:
            return peer
        for entry in reversed(headers["x-forwarded-for"].split(",")):
            address = _address(entry.strip())
            if address is None:
                return None
            if not any(address in proxy for proxy in self._proxies):
                return str(address)
        return peer

    def _trusted(self, scope: MutableMapping[str, Any]) -> bool:
        if not self._proxies or not scope.get("client"):
            return False
        peer = _address(scope["client"][0])
        return peer is not None and any(peer in proxy for proxy in self._proxies)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it: some with the port behind it, IPv4 on an IPv6 socket in its long form."""
    bare = text.partition(":")[0] if text.count(":") == 1 else text
    if text.startswith("[") and "]" in text:
        bare = text[1:].partition("]")[0]
    try:
        found = ip_address(bare)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=_HOSTS)
def _bare_host(url: str) -> str | None:
    """The host name of an origin; None where the URL names more than one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.hostname if parts.scheme in ("https", "http") and parts.path in ("", "/") else None


@lru_cache(maxsize=_HOSTS)
def _name(host: str) -> str | None:
    """The host name of a Host header without its port; None if it cannot be one."""
    try:
        parts = urlsplit(f"//{host}")
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.path or parts.username is not None or parts.query or parts.fragment:
        return None
    return parts.hostname if port is None or port > 0 else None


@lru_cache(maxsize=8)
def origins_of(settings: Settings) -> Origins:
    """The hosts of these settings."""
    return Origins(settings)
