"""Where a browser is sent: after redemption (lifecycle L42 to L44, security H7), and to applications (security O1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

import idna

from readmit.domain.address import InvalidAddress, domain_key

MY_APPS_HOSTS: Final = frozenset({"myapps.microsoft.com", "myapplications.microsoft.com"})
_NEVER: Final = re.compile(r"[\x00-\x20\\\x7f-\x9f]")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_AUTHORITY: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_URI: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
"""What a URI is made of (RFC 3986 section 2); letters beyond ASCII stand in it percent-encoded."""
_OF_BROWSERS: Final = frozenset(
    {"javascript", "data", "vbscript", "blob", "about", "file", "filesystem", "view-source", "ws", "wss"}
)
"""Schemes that lead into the browser or the machine, not to an application."""


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


def usable(uri: str) -> bool:
    """Whether an application's URI can be sent to as it is: in a header, in a policy, in a form (security O1, H4, H5).

    Absolute and without fragment (RFC 6749 3.1.2), with a plain host where it is http or https; schemes of native
    applications are fine (RFC 8252 7.1).
    """
    if not _URI.fullmatch(uri) or "#" in uri or len(uri) > 2048:
        return False
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return _AUTHORITY.fullmatch(parts.netloc) is not None and uri[len(parts.scheme) :].startswith("://")
    return bool(parts.scheme) and parts.scheme not in _OF_BROWSERS and ";" not in parts.netloc


def matches(registered: str, given: str) -> bool:
    """Exact match; on loopback the port is free (RFC 8252 7.3, also for `http://localhost`).

    What no browser can be sent to is nobody's: parsers of URLs pass over line breaks and tabs, headers do not.
    """
    if not usable(given):
        return False
    if registered == given:
        return True
    try:
        one, other = urlsplit(registered), urlsplit(given)
        other.port  # noqa: B018 - raises for what is no port
    except ValueError:
        return False
    loopback = one.scheme == "http" and one.hostname in _LOOPBACK and one.hostname == other.hostname
    return loopback and one._replace(netloc="") == other._replace(netloc="")


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
    rest = (_ascii(part) for part in (parts.path or "/", parts.query, parts.fragment))
    return Redirect(urlunsplit((parts.scheme, netloc, *rest)), host)


def _ascii(text: str) -> str:
    """As a browser sends it: a header holds no letters beyond ASCII."""
    return "".join(letter if letter.isascii() else quote(letter) for letter in text)


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
