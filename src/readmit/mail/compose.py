"""The message on the wire: guarded headers around what was rendered, parsed again before it goes (security M1, M2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email import message_from_string, policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final

from readmit.domain.address import EmailAddress, domain_key
from readmit.mail.guard import LONGEST_NAME, LONGEST_SUBJECT, one_line
from readmit.mail.header import mailboxes, words
from readmit.mail.render import Rendered

_ALWAYS: Final = frozenset(
    {
        *("from", "to", "subject", "date", "message-id", "x-entity-ref-id"),
        *("auto-submitted", "content-language", "mime-version", "content-type"),
    }
)
_LONGEST_ID: Final = 200


class HeaderMismatch(Exception):
    """What was written does not read back as meant; the outbox parks the mail and alerts (security M2)."""


def compose(
    *,
    rendered: Rendered,
    language: str,
    from_address: str,
    from_name: str | None,
    to: str,
    cc: Sequence[tuple[str | None, str]] = (),
    reply_to: str | None,
    message_id: str,
    reference: str,
    date: datetime,
) -> bytes:
    """The message with CR LF line ends; domains are A-labels (A6). Raises HeaderMismatch.

    `cc` are (name, address). `message_id` stands in angle brackets and, like `reference` (X-Entity-Ref-ID), is the
    same in every copy of a mail (reliability section 1). `date` is aware. A local part that is not ASCII makes a
    message that only servers with SMTPUTF8 take.
    """
    try:
        meant = {"From": [_sender(from_name, from_address)], "To": [_recipient(None, to)]}
        if cc:
            meant["Cc"] = [_recipient(name, address) for name, address in cc]
        if reply_to:
            meant["Reply-To"] = [_sender(None, reply_to)]
        message = EmailMessage(_policy(meant))
        message["Date"] = date
        for name, addresses in meant.items():
            message[name] = mailboxes(name, addresses)
        message["Subject"] = words("Subject", one_line(rendered.subject, LONGEST_SUBJECT))
        message["Message-ID"] = one_line(message_id, _LONGEST_ID)
        message["X-Entity-Ref-ID"] = one_line(reference, _LONGEST_ID)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(rendered.text)
        message.add_alternative(rendered.html, subtype="html")
        # Setting content drops every header that begins with Content-.
        message["Content-Language"] = one_line(language, LONGEST_NAME)
        written = message.as_bytes()
    except (ValueError, MessageError) as error:
        raise HeaderMismatch(f"the mail cannot be written: {error}") from error
    _read_back(written, meant)
    return written


def wire_address(address: str) -> str:
    """The address with its domain as A-label, as headers and envelope carry it (A6). Raises ValueError."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or one_line(address, len(address)) != address:
        raise ValueError("an address has the form name@domain")
    return f"{local}@{domain_key(domain)}"


def _sender(name: str | None, address: str) -> Address:
    local, _, domain = wire_address(address).rpartition("@")
    return Address(one_line(name or "", LONGEST_NAME), local, domain)


def _recipient(name: str | None, address: str) -> Address:
    EmailAddress.parse(address)  # M3: what is stored is checked again where it is used
    return _sender(name, address)


def _policy(meant: dict[str, list[Address]]) -> policy.EmailPolicy[EmailMessage]:
    """Bodies are 7bit, so that every server takes them."""
    ascii_only = all(mailbox.username.isascii() for listed in meant.values() for mailbox in listed)
    return (policy.SMTP if ascii_only else policy.SMTPUTF8).clone(cte_type="7bit")


def _read_back(written: bytes, meant: dict[str, list[Address]]) -> None:
    read = message_from_string(written.decode("utf-8"), policy=policy.default)
    names = [name.lower() for name in read]
    expected = _ALWAYS | {name.lower() for name in meant}
    if sorted(names) != sorted(expected):
        raise HeaderMismatch(f"the headers read back as {', '.join(names)}")
    for name, listed in meant.items():
        found = [address.addr_spec for address in read[name].addresses]
        if found != [mailbox.addr_spec for mailbox in listed]:
            raise HeaderMismatch(f"the addresses of {name} read back otherwise")
