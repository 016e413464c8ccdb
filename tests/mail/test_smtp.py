"""What a server says becomes an outcome per recipient, and when the next try is (reliability OB3, security A6)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mail_messages import message

from readmit.domain.errors import OperatorError
from readmit.mail.smtp import Outcome, backoff, send

ANA, BO, CY = "ana@new.example", "bo@contoso.com", "cy@contoso.com"
SENDER = "readmit@contoso.com"


class Handler:
    """Answers as told by step or recipient; keeps what it took."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.taken: list[Envelope] = []
        self.encrypted: list[bool] = []

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        answer = self.answers.get("mail", "250 OK")
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        answer = self.answers.get(address.partition("@")[0], "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        self.taken.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return self.answers.get("data", "250 taken")


@contextmanager
def serving(factory: Callable[[], Any]) -> Iterator[int]:
    """A server on a free loopback port, in a thread with a loop of its own; yields the port."""
    started: Queue[tuple[int, Callable[[], object]]] = Queue()

    async def serve() -> None:
        loop, stopped, protocols = asyncio.get_running_loop(), asyncio.Event(), []

        def connected() -> Any:
            protocols.append(factory())
            return protocols[-1]

        server = await loop.create_server(connected, "127.0.0.1", 0)
        started.put((server.sockets[0].getsockname()[1], lambda: loop.call_soon_threadsafe(stopped.set)))
        await stopped.wait()
        server.close()
        for protocol in protocols:
            if protocol.transport is not None:
                protocol.transport.abort()
        for _ in range(5):  # turns of the loop in which the connections end
            await asyncio.sleep(0)

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    port, stop = started.get(timeout=5)
    try:
        yield port
    finally:
        stop()
        thread.join(5)


@contextmanager
def smtp_server(handler: Handler, **options: Any) -> Iterator[str]:
    options = {"hostname": "test.example", "enable_SMTPUTF8": True} | options
    with serving(lambda: SMTP(handler, loop=asyncio.get_running_loop(), **options)) as port:
        yield f"smtp://127.0.0.1:{port}"


def states(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {recipient: outcome.state for recipient, outcome in outcomes.items()}


def test_a_taken_mail_is_accepted_for_each_recipient_and_arrives_as_it_is() -> None:
    handler = Handler()
    raw = message(text=".a line that begins with a dot\n")
    with smtp_server(handler) as url:
        outcomes = send(url, SENDER, [ANA, BO], raw)
    assert states(outcomes) == {ANA: "accepted", BO: "accepted"}
    assert [(taken.mail_from, taken.rcpt_tos) for taken in handler.taken] == [(SENDER, [ANA, BO])]
    assert handler.taken[0].content == raw


def test_OB3_refusals_count_per_recipient() -> None:
    handler = Handler(bo="550 5.1.1 no such mailbox", cy="450 4.2.0 greylisted")
    with smtp_server(handler) as url:
        outcomes = send(url, SENDER, [ANA, BO, CY], message())
    assert states(outcomes) == {ANA: "accepted", BO: "permanent", CY: "temporary"}
    assert outcomes[BO].text == "550 5.1.1 no such mailbox"
    assert handler.taken[0].rcpt_tos == [ANA]


def test_OB3_when_nobody_is_taken_nothing_is_sent() -> None:
    handler = Handler(ana="550 no")
    with smtp_server(handler) as url:
        assert states(send(url, SENDER, [ANA], message())) == {ANA: "permanent"}
    assert handler.taken == []


@pytest.mark.parametrize(
    ("step", "answer", "state"),
    [
        ("mail", "550 sender refused", "permanent"),
        ("mail", "451 later", "temporary"),
        ("data", "554 spam", "permanent"),
        ("data", "452 disk full", "temporary"),
    ],
)
def test_OB3_the_answer_to_a_whole_mail_counts_for_all(step: str, answer: str, state: str) -> None:
    with smtp_server(Handler(**{step: answer})) as url:
        outcomes = send(url, SENDER, [ANA, BO], message())
    assert outcomes == dict.fromkeys([ANA, BO], Outcome(state, answer))  # type: ignore[arg-type]


def test_a_recipient_refused_before_a_refused_mail_keeps_its_own_answer() -> None:
    with smtp_server(Handler(bo="550 unknown", data="451 later")) as url:
        assert states(send(url, SENDER, [BO, ANA], message())) == {BO: "permanent", ANA: "temporary"}


def test_a_server_that_closes_with_421_is_temporary_for_the_rest() -> None:
    with smtp_server(Handler(bo="421 closing")) as url:
        assert states(send(url, SENDER, [ANA, BO], message())) == {ANA: "temporary", BO: "temporary"}


def test_a_server_that_is_away_is_temporary_for_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outcomes = send(f"smtp://127.0.0.1:{port}", SENDER, [ANA, BO], message())
    assert states(outcomes) == {ANA: "temporary", BO: "temporary"}
    assert "ConnectionRefusedError" in outcomes[ANA].text


def test_R6_a_server_that_never_greets_is_temporary_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        assert states(send(url, SENDER, [ANA], message(), timeout=0.1)) == {ANA: "temporary"}


class Scripted(asyncio.Protocol):
    """Answers each line with the next of a script; None closes the connection."""

    def __init__(self, *script: str | None) -> None:
        self.script = list(script)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.answer()

    def data_received(self, data: bytes) -> None:
        self.answer()

    def answer(self) -> None:
        line = self.script.pop(0) if self.script else None
        if line is None:
            self.transport.close()
        else:
            self.transport.write(f"{line}\r\n".encode())


@pytest.mark.parametrize(
    "script",
    [
        ("554 no service",),
        ("220 hello", "250 OK", "250 OK", "250 OK", "354 go", None),
        ("220 hello", "250 OK", "250 OK", "250 OK", None),
        ("220 hello", "250 OK", "299\xff nonsense\x00", None),
        ("nonsense",),
    ],
)
def test_R4_a_refused_or_lost_connection_is_temporary(script: tuple[str | None, ...]) -> None:
    with serving(lambda: Scripted(*script)) as port:
        assert states(send(f"smtp://127.0.0.1:{port}", SENDER, [ANA], message(), timeout=2)) == {ANA: "temporary"}


def test_a_lost_goodbye_does_not_undo_an_accepted_mail() -> None:
    script = ("220 hello", "250 OK", "250 OK", "250 OK", "354 go", "250 taken", None)
    with serving(lambda: Scripted(*script)) as port:
        assert states(send(f"smtp://127.0.0.1:{port}", SENDER, [ANA], message(), timeout=2)) == {ANA: "accepted"}


def test_a_lost_goodbye_does_not_soften_a_refusal() -> None:
    with serving(lambda: Scripted("220 hello", "250 OK", "550 no", None)) as port:
        assert states(send(f"smtp://127.0.0.1:{port}", SENDER, [ANA], message(), timeout=2)) == {ANA: "permanent"}


def test_A6_the_envelope_carries_a_labels() -> None:
    handler = Handler()
    with smtp_server(handler) as url:
        outcomes = send(url, "readmit@bücher.example", ["ana@例え.example"], message(to="ana@例え.example"))
    assert states(outcomes) == {"ana@例え.example": "accepted"}
    assert handler.taken[0].mail_from == "readmit@xn--bcher-kva.example"
    assert handler.taken[0].rcpt_tos == ["ana@xn--r8jz45g.example"]


def test_A6_a_local_part_that_is_not_ascii_needs_smtputf8() -> None:
    raw, handler = message(to="anaïs@new.example"), Handler()
    with smtp_server(handler) as url:
        assert states(send(url, SENDER, ["anaïs@new.example"], raw)) == {"anaïs@new.example": "accepted"}
    assert handler.taken[0].rcpt_tos == ["anaïs@new.example"]
    with smtp_server(handler, enable_SMTPUTF8=False) as url:
        outcomes = send(url, SENDER, ["anaïs@new.example"], raw)
    assert states(outcomes) == {"anaïs@new.example": "permanent"}
    assert "SMTPUTF8" in outcomes["anaïs@new.example"].text
    assert len(handler.taken) == 1


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"us:er", b"p@ss")
    return AuthResult(success=good, handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_the_user_and_password_of_the_url_sign_in() -> None:
    handler = Handler()
    options = {"auth_required": True, "auth_require_tls": False, "authenticator": _authenticate}
    with smtp_server(handler, **options) as url:
        port = url.rpartition(":")[2]
        good = send(f"smtp://us%3Aer:p%40ss@127.0.0.1:{port}", SENDER, [ANA], message())
        bad = send(f"smtp://us%3Aer:wrong@127.0.0.1:{port}", SENDER, [ANA], message())
        none = send(url, SENDER, [ANA], message())
    assert (states(good), states(bad)) == ({ANA: "accepted"}, {ANA: "temporary"})
    assert bad[ANA].text.startswith("535")
    assert none[ANA].text.startswith("530")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate for 127.0.0.1 in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(pem, pkcs8, serialization.NoEncryption()) + built.public_bytes(serialization.Encoding.PEM)
    )
    return path


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_starttls_is_used_where_it_is_offered(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    handler = Handler()
    with smtp_server(handler, tls_context=_context(certificate), require_starttls=True) as url:
        assert states(send(url, SENDER, [ANA], message())) == {ANA: "accepted"}
    assert handler.encrypted == [True]


def test_an_authority_may_be_trusted_beside_the_systems(certificate: Path) -> None:
    handler = Handler()
    with smtp_server(handler, tls_context=_context(certificate), require_starttls=True) as url:
        assert states(send(url, SENDER, [ANA], message(), extra_ca=certificate)) == {ANA: "accepted"}
    assert handler.encrypted == [True]


def test_a_certificate_that_nobody_vouches_for_is_temporary(certificate: Path) -> None:
    handler = Handler()
    with smtp_server(handler, tls_context=_context(certificate)) as url:
        outcomes = send(url, SENDER, [ANA], message())
    assert states(outcomes) == {ANA: "temporary"}
    assert "SSLCertVerificationError" in outcomes[ANA].text
    assert handler.taken == []


def test_a_password_is_not_sent_in_clear_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = Handler()
    resolve = socket.getaddrinfo

    def elsewhere(host: str, *rest: Any, **named: Any) -> Any:
        return resolve("127.0.0.1" if host == "mail.example" else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", elsewhere)
    with smtp_server(handler) as url:
        outcomes = send(f"smtp://user:pass@mail.example:{url.rpartition(':')[2]}", SENDER, [ANA], message())
    assert "STARTTLS" in outcomes[ANA].text
    assert handler.taken == []


@pytest.mark.parametrize("url", ["", "mail.example:25", "http://mail.example", "smtp://", "smtp://u:geheim@:x"])
def test_a_url_that_names_no_server_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(OperatorError, match="smtp://HOST:PORT") as refused:
        send(url, SENDER, [ANA], message())
    assert "geheim" not in refused.value.sentence


def test_OB3_waits_double_from_a_minute_to_four_hours_and_end_after_72() -> None:
    waits = [backoff(tries, 0) for tries in range(1, 30)]
    assert waits[:10] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 32, 64, 128, 240, 240)]
    spent = [wait for wait in waits if wait is not None]
    assert waits[len(spent) :] == [None] * (29 - len(spent))
    assert timedelta(hours=68) < sum(spent, timedelta()) <= timedelta(hours=72)


def test_OB3_jitter_moves_a_wait_by_a_fifth() -> None:
    assert backoff(1, 1) == timedelta(seconds=72)
    assert backoff(1, -1) == timedelta(seconds=48)


@pytest.mark.parametrize(("tries", "jitter"), [(0, 0), (1, 1.1), (1, -1.1)])
def test_a_wait_of_no_try_or_too_much_jitter_is_refused(tries: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="tries"):
        backoff(tries, jitter)
