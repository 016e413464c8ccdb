"""E-mail addresses: what is accepted, and the match key by which two of them are the same."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import idna

_REFUSED: Final = frozenset('~!#$%^&*()=[]{}\\/|;:"<>?,@')
_MASKED_TAIL: Final = 1
_OTHER_DOTS: Final = "\u3002\uff0e\uff61"


class InvalidAddress(ValueError):
    """The text is no address that readmit accepts (lifecycle L2, L14, security A3)."""


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address as given and the key that it is compared by (lifecycle L2, security A1, A2)."""

    given: str = field(compare=False)
    key: str

    @staticmethod
    def parse(raw: str) -> EmailAddress:
        """Check `raw` by lifecycle L14 and security A3; raises InvalidAddress with the reason."""
        return EmailAddress(raw, _checked_key(raw))

    @staticmethod
    @lru_cache(maxsize=65536)
    def stored(given: str) -> EmailAddress:
        """An address that was checked when it was written."""
        return EmailAddress(given, key_of(given))

    @property
    def local(self) -> str:
        return self.given.rpartition("@")[0]

    @property
    def domain(self) -> str:
        """The domain as a lower-case A-label."""
        return self.key.rpartition("@")[2]

    @property
    def masked(self) -> str:
        """What a page shows to somebody who has proved nothing: first letter and domain."""
        return f"{self.local[:_MASKED_TAIL]}•••@{self.given.rpartition('@')[2]}"

    def __str__(self) -> str:
        return self.given


def key_of(address: str) -> str:
    """The match key: local part ASCII-lower-cased if pure ASCII, domain as lower-case A-label (security A2)."""
    local, _, domain = address.rpartition("@")
    local = local.lower() if local.isascii() else unicodedata.normalize("NFC", local)
    return f"{local}@{domain_key(domain)}"


@lru_cache(maxsize=65536)
def domain_key(domain: str) -> str:
    """The lower-case A-label of a domain name; raises InvalidAddress."""
    if domain.isascii() and "xn--" not in domain.lower():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidAddress(f"'{domain}' is not a domain name") from error


def checked_domain(domain: str) -> str:
    """`domain_key` of something that an administrator wrote: it must be able to stand in an address."""
    return EmailAddress.parse(f"x@{domain}").domain


def _checked_key(raw: str) -> str:
    if not raw.isascii():
        _refuse_confusing(raw)
    local, at, domain = raw.rpartition("@")
    if not at or not local or not domain:
        raise InvalidAddress("an address has the form name@domain")
    _check_characters(local)
    if local[0] == "." or local[-1] == "." or ".." in local:
        raise InvalidAddress("a dot stands between other characters")
    key = f"{local}@{_checked_domain(domain)}"
    if len(local.encode()) > 64 or len(key.encode()) > 254:
        raise InvalidAddress("at most 64 octets before the @, 254 in all")
    return key_of(raw)


def _check_characters(text: str) -> None:
    for character in text:
        if character in _REFUSED or unicodedata.category(character)[0] in "CZ":
            raise InvalidAddress(f"the character {character!r} is not accepted")


def _refuse_confusing(raw: str) -> None:
    """Security A3: what normalisation would turn from non-ASCII into ASCII is refused, not mapped."""
    for character in raw:
        if ord(character) < 128:
            continue
        forms = unicodedata.normalize("NFKC", character) + character.lower()
        if any(ord(form) < 128 for form in forms) or character in _OTHER_DOTS or _vanishes(character):
            raise InvalidAddress(f"the character {character!r} looks like another one")


def _vanishes(character: str) -> bool:
    """Domain names are mapped by rules of their own (UTS 46), by a newer Unicode: they also drop characters."""
    try:
        mapped = idna.uts46_remap(character, std3_rules=True)
    except idna.IDNAError:
        return False
    return not mapped or any(ord(form) < 128 for form in mapped)


def _checked_domain(domain: str) -> str:
    key = domain_key(domain)
    labels = key.split(".")
    if len(labels) < 2 or not all(_is_label(label) for label in labels) or labels[-1].isdigit():
        raise InvalidAddress(f"'{domain}' is not a domain name")
    return key


def _is_label(label: str) -> bool:
    return (
        0 < len(label) <= 63
        and label.isascii()
        and label.replace("-", "").isalnum()
        and label[0] != "-"
        and label[-1] != "-"
    )
