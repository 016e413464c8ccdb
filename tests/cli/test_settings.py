"""Settings from file, environment and options: what cannot be is refused at the start, in one sentence (experience F2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from readmit.domain.errors import OperatorError
from readmit.settings import Settings, effective, load


def _refused(environ: dict[str, str] | None = None, config: Path | None = None, **options: Any) -> str:
    with pytest.raises(OperatorError) as raised:
        load(options, environ or {}, config)
    assert raised.value.exit_code == 2
    return raised.value.sentence


def test_the_defaults_serve_a_first_start():
    assert load({}, {}) == Settings(public_url="https://localhost:8443")


def test_F2_options_win_over_the_environment_and_that_over_the_file(tmp_path):
    file = tmp_path / "readmit.toml"
    file.write_text('port = 1\nhost = "::1"\nmicrosoft_hosts = false\n')
    loaded = load({"port": 3, "host": None}, {"READMIT_PORT": "2", "READMIT_WORKERS": "2", "PORT": "9"}, file)
    assert (loaded.port, loaded.host, loaded.workers, loaded.microsoft_hosts) == (3, "::1", 2, False)
    assert loaded.public_url == "https://localhost:3"


def test_F2_an_unknown_key_names_the_nearest_known_one(tmp_path):
    file = tmp_path / "readmit.toml"
    file.write_text("prot = 1")
    assert _refused(config=file) == (
        f"The configuration file {file} has the unknown key 'prot'; the nearest known one is 'port'."
    )
    assert _refused({"READMIT_PROT": "1"}) == (
        "The environment has the unknown setting READMIT_PROT; the nearest known one is 'port'."
    )


def test_a_configuration_file_that_cannot_be_read_is_told(tmp_path):
    file = tmp_path / "none.toml"
    assert _refused(config=file) == f"The configuration file {file} cannot be read: No such file or directory."
    file.write_text("port =")
    assert _refused(config=file).startswith(f"The configuration file {file} cannot be read: Invalid value")


def test_a_secret_comes_from_a_file_and_is_shown_to_nobody(tmp_path):
    file = tmp_path / "smtp"
    file.write_text("smtp://ana:hush@mail.example:587\n")
    loaded = load({"mail_from": "guests@contoso.com"}, {"READMIT_SMTP_FILE": str(file)})
    assert loaded.smtp == "smtp://ana:hush@mail.example:587"
    assert effective(loaded)["smtp"] == "smtp://ana:***@mail.example:587"
    missing = _refused({"READMIT_SMTP_FILE": str(tmp_path / "none")})
    assert missing.endswith("cannot be read: No such file or directory.")


@pytest.mark.parametrize(
    "url",
    [
        "guests",
        "ftp://a.example",
        "https://",
        "https://a.example/x",
        "https://a.example?x",
        "https://a.example#x",
        "https://ana@a.example",
        "https://a.example:x",
        "https://[a",
        "https://a.example:0",
    ],
)
def test_H1_a_public_url_is_an_origin(url):
    assert _refused(public_url=url) == f"'public_url' looks like https://guests.example.com, not '{url}'."


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("http://localhost:8443", {}),
        ("http://guests.example", {"tls": False}),
        ("http://guests.example", {"tls": False, "host": "0.0.0.0", "trusted_proxies": "10.0.0.0/8"}),
    ],
)
def test_H3_a_public_url_without_tls_is_for_this_machine_alone(url, options):
    """Links in mail would lead to a port that speaks TLS, or cookies would not come back from the browser."""
    assert _refused(public_url=url, **options).startswith(f"'public_url' begins with https, not '{url}'")


def test_H3_plain_http_is_for_loopback_or_a_trusted_proxy():
    assert load({"tls": False}, {}).public_url == "http://localhost:8443"
    proxied = {"tls": False, "host": "0.0.0.0", "trusted_proxies": "10.0.0.0/8", "public_url": "https://guests.example"}
    assert load(proxied, {}).trusted_proxies == ("10.0.0.0/8",)
    assert "is for loopback or behind trusted proxies" in _refused(tls=False, host="0.0.0.0")


@pytest.mark.parametrize("address", ["nope", "Guests <guests@contoso.com>", "guests@contoso.com\r\nBcc: x@y.example"])
def test_the_sender_of_mail_is_an_address(address):
    sentence = _refused(smtp="smtp://mail.example", mail_from=address)
    assert sentence == f"'mail_from' is an address such as guests@example.com, not '{address}'."


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"port": 65536}, "from 0 to 65535, not '65536'"),
        ({"port": "x"}, "from 0 to 65535, not 'x'"),
        ({"workers": 0}, "from 1 to 64, not '0'"),
        ({"microsoft_hosts": "maybe"}, "is true or false, not 'maybe'"),
        ({"trusted_proxies": "10.0.0.0/8,x"}, "'x' is neither"),
        ({"emulate": "google"}, "can be 'entra', not 'google'"),
        ({"smtp": "mail.example"}, "looks like smtp://"),
        ({"smtp": "smtp://mail.example"}, "also needs 'mail_from'"),
        ({"database": "postgresql://x"}, "is not there yet"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(options, words):
    assert words in _refused(**options)


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example:abc",
        "smtp://mail.example:0",
        "smtp://[",
        "smtp://ana:123#sh@mail.example",
        "smtp://ana:123/sh@mail.example",
        "smtp://ana:123?sh@mail.example",
    ],
)
def test_OB3_an_smtp_url_that_leads_nowhere_is_told_at_the_start_and_not_mail_by_mail(url):
    sentence = _refused(smtp=url, mail_from="guests@contoso.com")
    assert "'smtp' looks like smtp://" in sentence
    assert "sh@" not in sentence, "the password is not repeated"
