"""A small real SAML identity provider that tells the truth unless a test asks it to lie; it signs with keys of its own."""

from __future__ import annotations

import base64
import ssl
import threading
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner
from signxml.algorithms import DigestAlgorithm, SignatureMethod

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"
DISPLAY_NAME = "urn:oid:2.16.840.1.113730.3.1.241"

Element = Any


@dataclass(frozen=True)
class Pair:
    """A private key and its self-signed certificate."""

    key: Any
    certificate: x509.Certificate

    @property
    def der(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()


@cache
def pair(name: str, kind: str = "rsa", *, begins: int = 2020, ends: int = 2040) -> Pair:
    """A pair for each name, made once in a run."""
    bits = {"rsa": 2048, "weak": 1024}
    key: Any = rsa.generate_private_key(65537, bits[kind]) if kind in bits else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(begins, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(ends, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return Pair(key, made)


class _Signer(XMLSigner):
    """Signs with SHA-1 as well, which the library refuses to do."""

    def check_deprecated_methods(self) -> None:
        return


@dataclass(frozen=True)
class Asked:
    """An AuthnRequest as it came with the browser."""

    id: str
    acs: str
    sp: str
    relay_state: str
    xml: Element
    query: dict[str, str]


def asked(url: str) -> Asked:
    """Reads the request in a URL of the HTTP-Redirect binding."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}
    xml = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"], validate=True), -15))
    assert xml.tag == f"{{{SAMLP}}}AuthnRequest"
    issuer = xml.find(f"{{{SAML}}}Issuer")
    assert issuer is not None
    return Asked(xml.get("ID"), xml.get("AssertionConsumerServiceURL"), issuer.text, query["RelayState"], xml, query)


def moment(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class LyingSaml:
    """`before` changes a response before it is signed, `after` what was signed; the rest are values of honest ones."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    entity_id: str = "https://idp.tailspin.example/saml"
    sign_in_url: str = "https://idp.tailspin.example/sso"
    name: str = "tailspin"
    name_id: str = "alice-at-tailspin"
    name_id_format: str | None = PERSISTENT
    attributes: dict[str, list[str]] = field(
        default_factory=lambda: {MAIL: ["alice@tailspin.example"], DISPLAY_NAME: ["Alice Tailspin"]}
    )
    wants_signed: bool = False
    signs: tuple[str, ...] = ("assertion",)
    """What is signed: `assertion`, `response`, in this order."""
    signer: Callable[[], XMLSigner] = lambda: XMLSigner(c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
    key: Any = None
    certificates: list[Any] | None = None
    """What KeyInfo names, where it is not the honest certificate."""
    login_host: str | None = None
    """An origin that the sign-in address leads on to, before anybody sees a page."""
    before: Callable[[Element], None] = lambda response: None
    after: Callable[[Element], Element | None] = lambda response: None

    # ------------------------------------------------------------- metadata

    def metadata(self, *more: Pair, **changed: str) -> bytes:
        keys = "".join(
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>'
            f"{one.der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for one in (pair(self.name), *more)
        )
        wanted = "true" if self.wants_signed else "false"
        url = self.sign_in_url.replace("&", "&amp;")
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="{MD}" entityID="{self.entity_id}">
  <md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}" WantAuthnRequestsSigned="{wanted}">
    {keys}
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example/post"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{url}"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>""".encode()

    # ------------------------------------------------------------- the answer

    def approve(self, url: str, **changed: str) -> dict[str, str]:
        """The form that the browser is sent back with, once somebody has signed in here."""
        request = asked(url)
        return {"SAMLResponse": self.respond(request), "RelayState": request.relay_state, **changed}

    def respond(self, request: Asked) -> str:
        """An encoded response to a request."""
        response = self.signed(self.response(request))
        response = changed if (changed := self.after(response)) is not None else response
        return encoded(etree.tostring(response))

    def response(self, request: Asked) -> Element:
        """A whole response, not yet signed."""
        now, until = moment(self.now()), moment(self.now() + timedelta(minutes=5))
        name_format = f' Format="{self.name_id_format}"' if self.name_id_format else ""
        attributes = "".join(
            f'<saml:Attribute Name="{name}">'
            + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in self.attributes.items()
        )
        statement = f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement>" if attributes else ""
        response = etree.fromstring(
            f"""<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_{uuid.uuid4().hex}" Version="2.0"
 IssueInstant="{now}" Destination="{request.acs}" InResponseTo="{request.id}"><saml:Issuer>{self.entity_id}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status><saml:Assertion ID="_{uuid.uuid4().hex}" Version="2.0"
 IssueInstant="{now}"><saml:Issuer>{self.entity_id}</saml:Issuer><saml:Subject><saml:NameID{name_format}>{self.name_id}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData
 NotOnOrAfter="{until}" Recipient="{request.acs}" InResponseTo="{request.id}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{now}" NotOnOrAfter="{until}"><saml:AudienceRestriction><saml:Audience>{request.sp}</saml:Audience>
</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{now}"><saml:AuthnContext>
<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef>
</saml:AuthnContext></saml:AuthnStatement>{statement}</saml:Assertion></samlp:Response>"""
        )
        self.before(response)
        return response

    def signed(self, response: Element) -> Element:
        """The response with the signatures that `signs` names, the inner one first."""
        if "assertion" in self.signs:
            assertion = response.find(f"{{{SAML}}}Assertion")
            signed = self.sign(etree.fromstring(etree.tostring(assertion, with_tail=False)))
            response.replace(assertion, signed)
        return self.sign(response) if "response" in self.signs else response

    def sign(self, element: Element) -> Element:
        """An enveloped signature, placed after the issuer as the schema wants it."""
        placeholder = etree.Element(f"{{{DS}}}Signature", Id="placeholder", nsmap={"ds": DS})
        element.insert(1, placeholder)
        own = pair(self.name)
        certificates = self.certificates if self.certificates is not None else [own.certificate]
        return self.signer().sign(
            element,
            key=self.key if self.key is not None else own.key,
            cert=certificates or None,
            reference_uri=element.get("ID"),
            id_attribute="ID",
        )


@contextmanager
def serving(idp: LyingSaml, folder: Path) -> Iterator[int]:
    """Its sign-in page over TLS on loopback: one button that posts the answer, without a script; the port."""
    own = pair(idp.name)
    chain = folder / f"{idp.name}.pem"
    chain.write_bytes(
        own.certificate.public_bytes(serialization.Encoding.PEM)
        + own.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if idp.login_host and self.path.startswith("/sso?"):
                self.send_response(302)
                self.send_header("location", f"{idp.login_host}/login?{self.path.partition('?')[2]}")
                self.end_headers()
                return
            request = asked(self.path) if "SAMLRequest=" in self.path else None
            form = idp.approve(self.path) if request else {}
            fields = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in form.items())
            at = request.acs if request else ""
            page = f'<!doctype html><title>IdP</title><form method="post" action="{at}">{fields}<button>Go on</button></form>'
            self.send_response(200 if request else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def encoded(xml: bytes) -> str:
    return base64.b64encode(xml).decode()


def decoded(message: str) -> Element:
    return etree.fromstring(base64.b64decode(message))


def sha1() -> XMLSigner:
    return _Signer(
        signature_algorithm=SignatureMethod.RSA_SHA1,
        digest_algorithm=DigestAlgorithm.SHA1,
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    )


def signing(method: SignatureMethod, digest: DigestAlgorithm = DigestAlgorithm.SHA256) -> Callable[[], XMLSigner]:
    return lambda: _Signer(
        signature_algorithm=method, digest_algorithm=digest, c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"
    )


def every(element: Element, local: str) -> Iterator[Element]:
    """All elements of this name, whatever their namespace."""
    return (found for found in element.iter("{*}" + local))


def one(element: Element, local: str) -> Element:
    return next(every(element, local))
