"""Where a guest is sent after redemption: one parser at create and at use (lifecycle L42 to L44, security H7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import idna

from readmit.domain.address import InvalidAddress, domain_key

MY_APPS_HOSTS: Final = frozenset({"myapps.microsoft.com", "myapplications.microsoft.com"})
_NEVER: Final = re.compile(r"[\x00-\x20\\\x7f-\x9f]")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class InvalidRedirect(ValueError):
    """The text is no redirect URL that readmit accepts (E4)."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """An absolute http or https URL; `host` is an A-label or an IP address."""

    url: str
    host: str

    @property
    def host_unicode(self) -> str:
        """The host as people read it."""
        try:
            return idna.decode(self.host)
        except idna.IDNAError:
            return self.host

    @property
    def my_apps(self) -> bool:
        return self.host in MY_APPS_HOSTS

    @property
    def loopback(self) -> bool:
        return self.host in _LOOPBACK

    @property
    def tenant_hint(self) -> str | None:
        """The `tenantId` of a My Apps URL in any case; None where empty or absent (L43)."""
        for name, value in parse_qsl(urlsplit(self.url).query):
            if name.lower() == "tenantid" and value:
                return value
        return None


def parse(raw: str) -> Redirect:
    """Check and normalise: `https://myapp.com` becomes `https://myapp.com/` (L42); raises InvalidRedirect."""
    if _NEVER.search(raw) or len(raw) > 2048:
        raise InvalidRedirect("no spaces, controls or backslashes, at most 2,048 characters")
    try:
        parts = urlsplit(raw)
        port = parts.port
    except ValueError as error:
        raise InvalidRedirect(str(error)) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not raw.lower().startswith(f"{parts.scheme}://"):
        raise InvalidRedirect("an absolute http or https URL is needed")
    if "@" in parts.netloc:
        raise InvalidRedirect("no user information before the host")
    host = _host(parts.hostname)
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port is None else f"{shown}:{port}"
    return Redirect(urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, parts.fragment)), host)


def _host(name: str) -> str:
    if ":" in name:
        return name.lower()
    try:
        host = domain_key(name)
    except InvalidAddress as error:
        raise InvalidRedirect(str(error)) from error
    if not host.replace("-", "").replace(".", "").replace("_", "").isalnum() or ".." in host:
        raise InvalidRedirect(f"'{name}' is no host name")
    return host
