"""Handing a message to an SMTP server: what each recipient's answer was, and when to try again (reliability OB3)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from readmit.domain.errors import OperatorError
from readmit.mail.compose import wire_address
from readmit.mail.guard import one_line

_LONGEST_ANSWER: Final = 300
_PORTS: Final = {"smtp": 25, "smtps": 465}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_CLOSING: Final = 421
_FIRST_DELAY: Final = timedelta(minutes=1)
_LONGEST_DELAY: Final = timedelta(hours=4)
_GIVE_UP_AFTER: Final = timedelta(hours=72)
_JITTER: Final = 0.2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recipient; `text` is the server's answer or the trouble, on one line."""

    state: Literal["accepted", "temporary", "permanent"]
    text: str


class _Ended(Exception):
    """One outcome for everybody who is not refused yet."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


def send(
    url: str,
    envelope_from: str,
    recipients: Sequence[str],
    message: bytes,
    *,
    timeout: float = 30,
    extra_ca: Path | None = None,
) -> dict[str, Outcome]:
    """Hand `message` to the server of `url` for each recipient; the keys of the answer are `recipients` as given.

    `url` is `smtp://user:password@host:port` (STARTTLS where it is offered, and always before a password unless the
    host is this machine) or `smtps://…`. `timeout` is in seconds, for the connection and for each step; `extra_ca` has
    authorities that are trusted beside the system's. Trouble with the connection is temporary for everybody. Raises
    OperatorError for a URL that names no server.
    """
    server = server_of(url)
    outcomes: dict[str, Outcome] = {}
    try:
        sender = wire_address(envelope_from) if envelope_from else ""
        client = _connected(server, timeout, sender, _trust(extra_ca))
        try:
            _deliver(client, sender, recipients, message, outcomes=outcomes)
        finally:
            # What was answered stays answered, however the server takes its leave.
            with suppress(OSError, smtplib.SMTPException):
                client.quit()
            client.close()
    except _Ended as end:
        rest = end.outcome
    except smtplib.SMTPResponseException as error:
        # A greeting or a login that fails says nothing about the recipients.
        rest = Outcome("temporary", _spoken(error.smtp_code, error.smtp_error))
    except (OSError, ValueError, smtplib.SMTPException) as error:
        rest = Outcome("temporary", one_line(f"{type(error).__name__}: {error}", _LONGEST_ANSWER))
    else:
        return outcomes
    return {recipient: outcomes.get(recipient, rest) for recipient in recipients}


def server_of(url: str) -> SplitResult:
    """The parts of an SMTP URL. Raises OperatorError, whose sentence does not repeat the password."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in _PORTS and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known:
        raise OperatorError("The SMTP URL names no server: write smtp://HOST:PORT or smtps://HOST:PORT.")
    return parts


def backoff(tries: int, jitter: float) -> timedelta | None:
    """How long to wait after that many tries: 1 minute doubling to 4 hours; None once 72 hours are spent (OB3).

    `tries` is 1 after the first. `jitter` from -1 to 1 moves the wait by up to 20 %.
    """
    if tries < 1 or not -1 <= jitter <= 1:
        raise ValueError("tries begin at 1, jitter lies between -1 and 1")
    waits: list[timedelta] = [min(_FIRST_DELAY * 2 ** min(number, 20), _LONGEST_DELAY) for number in range(tries)]
    if sum(waits, timedelta()) > _GIVE_UP_AFTER:
        return None
    return waits[-1] * (1 + _JITTER * jitter)


def _trust(extra_ca: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if extra_ca is not None:
        context.load_verify_locations(extra_ca)
    return context


def _connected(server: SplitResult, timeout: float, sender: str, context: ssl.SSLContext) -> smtplib.SMTP:
    """Greeted, encrypted where that is offered, signed in where the URL says so."""
    host, port = server.hostname or "", server.port or _PORTS[server.scheme]
    # The name of this machine would be looked up in the DNS, which may take long, and is nobody's business.
    name = sender.rpartition("@")[2] or "localhost"
    if server.scheme == "smtps":
        client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, local_hostname=name, timeout=timeout, context=context)
    else:
        client = smtplib.SMTP(host, port, local_hostname=name, timeout=timeout)
    try:
        client.ehlo_or_helo_if_needed()
        encrypted = server.scheme == "smtps" or _start_tls(client, context)
        if server.username:
            if not encrypted and host not in _LOOPBACK:
                raise _Ended(Outcome("temporary", "The server offers no STARTTLS; the password is not sent in clear."))
            client.login(unquote(server.username), unquote(server.password or ""))
    except BaseException:
        client.close()
        raise
    return client


def _start_tls(client: smtplib.SMTP, context: ssl.SSLContext) -> bool:
    if not client.has_extn("starttls"):
        return False
    client.starttls(context=context)
    client.ehlo_or_helo_if_needed()
    return True


def _deliver(
    client: smtplib.SMTP,
    sender: str,
    recipients: Sequence[str],
    message: bytes,
    *,
    outcomes: dict[str, Outcome],
) -> None:
    """One transaction (RFC 5321 3.3); fills `outcomes`. Raises _Ended for those who are not in it."""
    wired = {recipient: _wire(recipient, outcomes) for recipient in recipients}
    options = _options(client, [sender, *wired.values()], message)
    _expect(client.mail(sender, options))
    taken = []
    for recipient, address in wired.items():
        if address:
            answer = _outcome(client.rcpt(address))
            if answer.state == "accepted":
                taken.append(recipient)
            else:
                outcomes[recipient] = answer
    if taken:
        _expect(_data(client, message))
        outcomes |= dict.fromkeys(taken, Outcome("accepted", "The server took the mail."))


def _wire(recipient: str, outcomes: dict[str, Outcome]) -> str:
    try:
        return wire_address(recipient)
    except ValueError as error:
        outcomes[recipient] = Outcome("permanent", one_line(str(error), _LONGEST_ANSWER))
        return ""


def _options(client: smtplib.SMTP, addresses: Sequence[str], message: bytes) -> list[str]:
    """A non-ASCII local part needs SMTPUTF8, else the mail fails at once, visibly (security A6)."""
    head = message.partition(b"\r\n\r\n")[0]
    if head.isascii() and all(address.isascii() for address in addresses):
        return []
    if not client.has_extn("smtputf8"):
        raise _Ended(Outcome("permanent", "An address is not ASCII and the server does not offer SMTPUTF8."))
    return ["SMTPUTF8", "BODY=8BITMIME"]


def _data(client: smtplib.SMTP, message: bytes) -> tuple[int, bytes]:
    try:
        return client.data(message)
    except smtplib.SMTPDataError as error:
        spoken = error.smtp_error
        return error.smtp_code, spoken if isinstance(spoken, bytes) else spoken.encode()


def _expect(answer: tuple[int, bytes]) -> None:
    outcome = _outcome(answer)
    if outcome.state != "accepted":
        raise _Ended(outcome)


def _outcome(answer: tuple[int, bytes]) -> Outcome:
    code, spoken = answer
    text = _spoken(code, spoken)
    if code == _CLOSING:
        raise _Ended(Outcome("temporary", text))
    if 200 <= code < 300:
        return Outcome("accepted", text)
    return Outcome("permanent" if 500 <= code < 600 else "temporary", text)


def _spoken(code: int, spoken: bytes | str) -> str:
    words = spoken if isinstance(spoken, str) else spoken.decode("utf-8", "replace")
    return one_line(f"{code} {words}", _LONGEST_ANSWER)
