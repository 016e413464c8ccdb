"""Whom somebody tells of a weakness, as a URI of security.txt (RFC 9116 section 2.5.3)."""

from __future__ import annotations

from urllib.parse import urlsplit

from readmit.domain.address import EmailAddress, InvalidAddress


class InvalidContact(ValueError):
    """Neither an address nor a URI that RFC 9116 lets stand for one."""


def parse(value: str) -> str:
    """`https:`, `mailto:` or `tel:` as it was given; a plain address becomes `mailto:`. Raises InvalidContact."""
    value = value.strip()
    if not value.isascii() or not value.isprintable() or " " in value:
        raise InvalidContact
    try:
        parts = urlsplit(value)
        address = parts.path if parts.scheme == "mailto" else value if not parts.scheme else None
        if address is not None:
            EmailAddress.parse(address)
            return value if parts.scheme else f"mailto:{value}"
    except (InvalidAddress, ValueError) as error:
        raise InvalidContact from error
    web = parts.scheme == "https" and parts.hostname and "@" not in parts.netloc
    number = parts.scheme == "tel" and parts.path.startswith("+") and parts.path[1:].replace("-", "").isdigit()
    if not web and not number:
        raise InvalidContact
    return value
