"""Headers as they stand on the wire: encoded words and folding, one mailbox a line (RFC 5322 2.2.3, RFC 2047).

The library's own folding loses the quotes of long names and the spaces between encoded words in older Pythons.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.header import Header
from email.headerregistry import Address
from email.policy import EmailPolicy
from typing import Any, Final

_LINE: Final = 76
_LINE_END: Final = "\r\n"


class Folded(str):
    """A header's value that `EmailMessage` writes as it is: whatever has `name` and `fold` counts as a header there."""

    name: str

    def __new__(cls, name: str, value: str) -> Folded:
        made = super().__new__(cls, value)
        made.name = name
        return made

    def fold(self, *, policy: EmailPolicy[Any]) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def words(name: str, text: str) -> Folded:
    """A header of free text that passed the guard."""
    return Folded(name, _encoded(name, text))


def mailboxes(name: str, addresses: Sequence[Address]) -> Folded:
    """A header of mailboxes whose names passed the guard."""
    return Folded(name, f",{_LINE_END} ".join(_mailbox(name, address) for address in addresses))


def _mailbox(name: str, address: Address) -> str:
    if address.display_name.isascii():
        return str(address)
    return f"{_encoded(name, address.display_name)}{_LINE_END} <{address.addr_spec}>"


def _encoded(name: str, text: str) -> str:
    if text.isascii():
        return text
    return Header(text, "utf-8", maxlinelen=_LINE, header_name=name).encode(splitchars="", linesep=_LINE_END)
