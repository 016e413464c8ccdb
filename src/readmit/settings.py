"""One frozen Settings from a TOML file, the environment and options; nobody else reads either (experience F2)."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from readmit.domain import security_contact
from readmit.domain.address import EmailAddress, InvalidAddress
from readmit.domain.errors import OperatorError

_PREFIX: Final = "READMIT_"
_OF_THE_CLIENT: Final = frozenset({"server", "tenant", "client_id", "client_secret", "ca_file", "debug", "cloud"})
"""READMIT_ variables that the commands over HTTP read; the server leaves them alone."""
_SECRET: Final = frozenset({"smtp", "database"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; the defaults serve a first start."""

    data: Path = Path("readmit-data")
    database: str | None = None
    """None: SQLite in the data folder."""
    host: str = "127.0.0.1"
    port: int = 8443
    seed: Path | None = None
    workers: int = 1
    """Processes that answer; they share the address, the database and its limits."""
    tls: bool = True
    public_url: str = ""
    smtp: str | None = None
    """`smtp://[user:password@]host[:port]` or `smtps://…`; None keeps mail in the data folder."""
    mail_from: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    extra_ca_certs: Path | None = None
    """A PEM file of authorities that are trusted beside the system's: of providers, webhooks and the SMTP server."""
    emulate: str | None = None
    microsoft_hosts: bool = True
    """Answer under Microsoft's host names too (security H1)."""
    security_contact: str | None = None
    """A URI for `/.well-known/security.txt` (security K4)."""

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        return self.data / "readmit.db"

    @property
    def throttle_path(self) -> Path:
        """The counters that several workers share; made anew at each start."""
        return self.data / "throttle.db"

    @property
    def mail_folder(self) -> Path:
        """Kept mail, when there is no SMTP server (reliability OB1)."""
        return self.data / "mail"


_NAMES: Final = tuple(field.name for field in fields(Settings))


def load(options: Mapping[str, Any], environ: Mapping[str, str], config: Path | None = None) -> Settings:
    """File, then environment, then options; later wins. Raises OperatorError for what is unknown or cannot be."""
    given: dict[str, Any] = {}
    given.update(_from_file(config))
    given.update(_from_environment(environ))
    given.update({name: value for name, value in options.items() if value is not None})
    values = {name: _value(name, value) for name, value in given.items()}
    settings = Settings(**values)
    if not settings.public_url:
        scheme = "https" if settings.tls else "http"
        settings = Settings(**{**values, "public_url": f"{scheme}://localhost:{settings.port}"})
    _check(settings)
    return settings


def effective(settings: Settings) -> dict[str, Any]:
    """The settings for a person's eyes: passwords in URLs are masked."""
    shown = {name: getattr(settings, name) for name in _NAMES}
    for name in _SECRET:
        if shown[name] is not None:
            shown[name] = _masked(shown[name])
    return {name: str(value) if isinstance(value, Path) else value for name, value in shown.items()}


def _from_file(config: Path | None) -> dict[str, Any]:
    if config is None:
        return {}
    try:
        values = tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise OperatorError(f"The configuration file {config} cannot be read: {reason}.", 2) from error
    for name in values:
        if name not in _NAMES:
            raise OperatorError(f"The configuration file {config} has the unknown key '{name}'{_nearest(name)}.", 2)
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variable, text in environ.items():
        if not variable.startswith(_PREFIX):
            continue
        name = variable.removeprefix(_PREFIX).lower()
        from_file = name.endswith("_file") and name.removesuffix("_file") in (_SECRET | _OF_THE_CLIENT)
        name = name.removesuffix("_file") if from_file else name
        if name in _OF_THE_CLIENT or name == "config":
            continue
        if name not in _NAMES:
            raise OperatorError(f"The environment has the unknown setting {variable}{_nearest(name)}.", 2)
        found[name] = _secret_file(variable, text) if from_file else text
    return found


def _secret_file(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise OperatorError(f"{variable} names the file {path}, which cannot be read: {error.strerror}.", 2) from error


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, _NAMES, n=1)
    return f"; the nearest known one is '{near[0]}'" if near else ""


def _value(name: str, value: Any) -> Any:
    if name in ("port", "workers"):
        return _number(name, value, 0 if name == "port" else 1, 65535 if name == "port" else 64)
    if name in ("tls", "microsoft_hosts"):
        return _flag(name, value)
    if name in ("data", "seed", "extra_ca_certs"):
        return Path(value)
    if name == "trusted_proxies":
        return _networks(value)
    if name == "public_url":
        return _public(str(value))
    if name == "smtp":
        return _smtp(str(value))
    if name == "mail_from":
        return _sender(str(value))
    if name == "security_contact":
        return _contact(str(value))
    if name == "emulate" and value != "entra":
        raise OperatorError(f"'emulate' can be 'entra', not '{value}'.", 2)
    return str(value)


def _number(name: str, value: Any, low: int, high: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise OperatorError(f"'{name}' is a whole number from {low} to {high}, not '{value}'.", 2)
    return number


def _flag(name: str, value: Any) -> bool:
    text = str(value).lower()
    if text in ("true", "1", "yes", "on"):
        return True
    if text in ("false", "0", "no", "off"):
        return False
    raise OperatorError(f"'{name}' is true or false, not '{value}'.", 2)


def _networks(value: Any) -> tuple[str, ...]:
    entries = value.split(",") if isinstance(value, str) else list(value)
    for entry in entries:
        try:
            ip_network(entry.strip(), strict=False)
        except ValueError as error:
            raise OperatorError(f"'trusted_proxies' lists addresses or networks; '{entry}' is neither.", 2) from error
    return tuple(entry.strip() for entry in entries)


def _public(value: str) -> str:
    wrong = OperatorError(f"'public_url' looks like https://guests.example.com, not '{value}'.", 2)
    try:
        parts = urlsplit(value)
        more = parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc or parts.port == 0
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("http", "https") or not parts.hostname or more:
        raise wrong
    return value.rstrip("/")


def _smtp(value: str) -> str:
    """What names no server is told at the start: the mailer would find it out mail by mail."""
    wrong = OperatorError(
        "'smtp' looks like smtp://user:password@host:587 or smtps://host; in a password, # / ? and @ are written %23 "
        "%2F %3F and %40.",
        2,
    )
    try:
        parts = urlsplit(value)
        more = parts.path not in ("", "/") or parts.query or parts.fragment or parts.port == 0
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or more:
        raise wrong
    return value


def _sender(value: str) -> str:
    try:
        return EmailAddress.parse(value).given
    except InvalidAddress as error:
        raise OperatorError(f"'mail_from' is an address such as guests@example.com, not '{value}'.", 2) from error


def _contact(value: str) -> str:
    try:
        return security_contact.parse(value)
    except security_contact.InvalidContact as error:
        sentence = f"'security_contact' is an address or an https:, mailto: or tel:+ URI, not '{value}'."
        raise OperatorError(sentence, 2) from error


def _check(settings: Settings) -> None:
    public = urlsplit(settings.public_url)
    if public.scheme == "http" and (settings.tls or not is_loopback(public.hostname or "")):
        sentence = (
            f"'public_url' begins with https, not '{settings.public_url}': plain HTTP is for --no-tls on this machine "
            "alone, a proxy in front of it speaks TLS (security H3)."
        )
        raise OperatorError(sentence, 2)
    if not settings.tls and not settings.trusted_proxies and not is_loopback(settings.host):
        sentence = f"--no-tls is for loopback or behind trusted proxies; '{settings.host}' is neither (security H3)."
        raise OperatorError(sentence, 2)
    if settings.smtp is not None and settings.mail_from is None:
        raise OperatorError("'smtp' also needs 'mail_from', the address that mail comes from.", 2)
    if settings.extra_ca_certs is not None:
        _check_authorities(settings.extra_ca_certs)
    if settings.database is not None:
        raise OperatorError("'database' is not there yet: this version keeps its SQLite file in the data folder.", 2)


def _check_authorities(path: Path) -> None:
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:  # ssl.SSLError is one
        why = error.strerror if not isinstance(error, ssl.SSLError) else "it holds no certificate in PEM form"
        raise OperatorError(f"'extra_ca_certs' names the file {path}, which cannot be used: {why}.", 2) from error


def is_loopback(host: str) -> bool:
    """Whether a listener on `host` is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _masked(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    netloc = parts.netloc.replace(f":{parts.password}@", ":***@")
    return urlunsplit(parts._replace(netloc=netloc))
