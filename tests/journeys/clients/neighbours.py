"""The companies next door: real OpenID providers as processes of their own, over https, with a private authority."""

from __future__ import annotations

import json
import random
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import foreign
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import RSAKey

CLIENT, SECRET = "readmit at the neighbours", "a secret of the neighbours: with + and %"
PASSWORD: Final = "a-password-of-the-neighbours"


def free_port() -> int:
    """Outside of the range that connections start from: it must still be free after a restart."""
    while True:
        port = random.randrange(20_000, 30_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


class Authority:
    """A private certificate authority; `ca` is its PEM file."""

    def __init__(self, folder: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the neighbours")])
        usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
        usage |= {"digital_signature": True, "key_cert_sign": True, "crl_sign": True}
        usage |= {"encipher_only": False, "decipher_only": False}
        self._certificate = (
            self._begun(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca = folder / "neighbours.pem"
        self.ca.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def certify(self, folder: Path) -> None:
        """`cert.pem` and `key.pem` for the loopback names."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            self._begun(name, key)
            .add_extension(names, critical=False)
            .add_extension(issuer_key, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        (folder / "key.pem").write_bytes(pem)

    def _begun(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )


@dataclass
class Neighbour:
    """A company with a provider: where it stands, for which domain it speaks, and its process while it runs."""

    name: str
    domain: str
    host: str
    folder: Path
    authority: Authority
    redirect_uri: str = ""
    """Where readmit wants browsers back; known once the provider is registered there."""
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.authority.certify(self.folder)

    @property
    def issuer(self) -> str:
        return f"https://{self.host}:{self.port}"

    def start(self, **more: str) -> None:
        """Bring the provider up; `more` goes into its environment."""
        self.process = foreign.start(self._command(), self._environ() | more, self.folder / "log")
        for _ in range(1200):
            assert self.process.poll() is None, (self.folder / "log").read_text()[-4000:]
            if self._listens():
                return
            time.sleep(0.05)
        raise AssertionError(f"{self.name} was not ready within a minute")

    def stop(self) -> None:
        if self.process is not None:
            foreign.stop(self.process)
            self.process = None
            # What `node` has started ends a moment after it; who starts anew must not take the old one for the new one.
            while self._listens():
                time.sleep(0.05)

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection((self.host, self.port)):
            return True
        return False

    def restart(self, **more: str) -> None:
        self.stop()
        self.start(**more)

    @contextmanager
    def otherwise(self, **more: str) -> Iterator[None]:
        """The provider runs like this in the block, and as ever after it."""
        self.restart(**more)
        try:
            yield
        finally:
            self.restart()

    @contextmanager
    def gone(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.start()

    def _environ(self) -> dict[str, str]:
        return foreign.trusting(self.authority.ca)

    def _command(self) -> list[str | Path]:
        raise NotImplementedError


class Wingtip(Neighbour):
    """oidc-provider (Node). Addresses come from userinfo, the ID token holds `sub` alone, as is its default.

    Its sign-in page takes any password, and names an account by its `sub`.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.slow = 0.0
        self.people: dict[str, dict[str, Any]] = {}
        self.renew_keys()
        self._write()

    def employs(self, login: str, *, sub: str | None = None, name: str = "", **claims: Any) -> str:
        """An account there; with another `sub` the one before is deleted, and this one made anew. Its address."""
        self.dismisses(login)
        address = f"{login}@{self.domain}"
        given, _, family = (name or login.title()).partition(" ")
        named = {"name": name or login.title(), "given_name": given, "family_name": family}
        person = {"sub": sub or f"{login}-1", "email": address, "email_verified": True, **named, **claims}
        self.people[person["sub"]] = person
        self._write()
        return address

    def dismisses(self, login: str) -> None:
        """The account is deleted."""
        address = f"{login}@{self.domain}"
        self.people = {sub: one for sub, one in self.people.items() if one["email"] != address}
        self._write()

    def account(self, login: str) -> str:
        """What a person types at the sign-in page."""
        return next(sub for sub, one in self.people.items() if one["email"] == f"{login}@{self.domain}")

    @contextmanager
    def sluggish(self, seconds: float) -> Iterator[None]:
        """Its token endpoint answers only after so long."""
        self.slow = seconds
        self._write()
        try:
            yield
        finally:
            self.slow = 0.0
            self._write()

    def renew_keys(self) -> None:
        """Other signing keys from the next start on."""
        key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        (self.folder / "keys.json").write_text(json.dumps({"keys": [key.as_dict(private=True)]}))

    def _write(self) -> None:
        told = json.dumps({"people": self.people, "slow": self.slow})
        (self.folder / "company.new").write_text(told)
        (self.folder / "company.new").replace(self.folder / "company.json")

    def _environ(self) -> dict[str, str]:
        told = {"FOLDER": str(self.folder), "ISSUER": self.issuer, "REDIRECT_URI": self.redirect_uri}
        return super()._environ() | told | {"CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET, "NODE_ENV": "production"}

    def _command(self) -> list[str | Path]:
        return [foreign.BIN / "node", foreign.HERE / "node" / "provider.js"]


class _Nano(Neighbour):
    """nanoidp (Python), of which this server knows one protocol."""

    people: tuple[str, ...] = ()

    def start(self, **more: str) -> None:
        common = {
            "config_version": 1,
            "jwt": {"keys_dir": str(self.folder / "keys")},
            "session": {"secret_key": SECRET, "enforce_password_check": True},
        }
        users = {name: self._person(name) for name in self.people}
        self._write("settings", common | self._settings())
        self._write("users", {"config_version": 1, "users": users})
        super().start(**more)

    def _write(self, name: str, told: dict[str, Any]) -> None:
        (self.folder / f"{name}.yaml").write_text(json.dumps(told))

    def _settings(self) -> dict[str, Any]:
        raise NotImplementedError

    def _person(self, name: str) -> dict[str, Any]:
        return {"password": PASSWORD, "email": f"{name}@{self.domain}"}

    def _command(self) -> list[str | Path]:
        return [foreign.BIN / "python", foreign.HERE / "python" / "provider.py", self.folder, str(self.port)]


class Tailspin(_Nano):
    """OpenID Connect. `sub` is the name of the account."""

    def _settings(self) -> dict[str, Any]:
        # It compares the parts of Basic as they come, without decoding them.
        method = {"token_endpoint_auth_method": "client_secret_post"}
        client = {"client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [self.redirect_uri], **method}
        return {"oauth": {"issuer": self.issuer, "audience": CLIENT, "require_pkce": True, "clients": [client]}}


class Litware(_Nano):
    """SAML 2.0. The NameID is a login name, so an attribute says for good who somebody is."""

    SUBJECT = "employeeNumber"

    @property
    def entity_id(self) -> str:
        return f"{self.issuer}/saml"

    def number(self, name: str) -> str:
        return f"litware-{name}"

    def metadata(self) -> str:
        """The file that the company hands out."""
        context = ssl.create_default_context(cafile=self.authority.ca)
        with urllib.request.urlopen(f"{self.entity_id}/metadata", context=context) as answer:
            return str(answer.read().decode())

    def _settings(self) -> dict[str, Any]:
        return {"oauth": {"issuer": self.issuer}, "saml": {"default_acs_url": "", "strict_binding": True}}

    def _person(self, name: str) -> dict[str, Any]:
        return super()._person(name) | {"attributes": {self.SUBJECT: self.number(name), "displayName": "Alice Litware"}}
