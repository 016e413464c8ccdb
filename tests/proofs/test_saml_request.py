"""What a SAML provider is asked, how the request is signed, and what its administrator is told of this server."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree
from saml_meeting import ASKED

from lying_saml import PERSISTENT, asked, one
from readmit.proofs.saml import request, service
from world import START

SSO = "https://idp.tailspin.example/sso"


def url(**more: Any) -> str:
    fields: dict[str, Any] = {"persistent": True, **more}
    return request.sign_in_url(fields.pop("asked", ASKED), fields.pop("at", SSO), START, **fields)


def test_the_request_says_who_asks_for_what_and_where_to_answer() -> None:
    found = asked(url())
    assert (found.id, found.acs, found.sp, found.relay_state) == ("_request", ASKED.consumer, ASKED.service, "state")
    assert dict(found.xml.attrib) == {
        "ID": "_request",
        "Version": "2.0",
        "IssueInstant": "2026-01-31T10:30:00Z",
        "Destination": SSO,
        "ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        "AssertionConsumerServiceURL": ASKED.consumer,
    }
    assert one(found.xml, "NameIDPolicy").get("Format") == PERSISTENT
    assert list(found.query) == ["SAMLRequest", "RelayState"]


def test_a_configured_attribute_makes_the_NameID_the_providers_business() -> None:
    assert list(asked(url(persistent=False)).xml.iter("{*}NameIDPolicy")) == []


def test_an_address_with_a_query_keeps_it_and_the_typed_address_goes_along() -> None:
    made = url(at=f"{SSO}?idpid=7", login_hint="alice@tailspin.example")
    assert urlsplit(made).query.startswith("idpid=7&SAMLRequest=")
    assert asked(made).query["login_hint"] == "alice@tailspin.example"


def test_who_must_prove_himself_anew_is_said() -> None:
    assert asked(url(asked=replace(ASKED, fresh=START))).xml.get("ForceAuthn") == "true"


def test_a_signed_request_is_verified_by_the_certificate_in_our_metadata() -> None:
    key, certificate = service.new_key(START)
    made = url(key=key, login_hint="alice@tailspin.example")
    signed, _, rest = urlsplit(made).query.partition("&Signature=")
    public = x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()
    signature = base64.b64decode(asked(made).query["Signature"])
    public.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())  # type: ignore[union-attr, call-arg]
    with pytest.raises(InvalidSignature):
        public.verify(
            signature,
            signed.replace("RelayState=state", "RelayState=other").encode(),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )  # type: ignore[union-attr, call-arg]
    assert [part.partition("=")[0] for part in signed.split("&")] == ["SAMLRequest", "RelayState", "SigAlg"]
    assert "login_hint=" in rest


def test_our_metadata_says_where_to_post_and_that_assertions_are_signed() -> None:
    _, certificate = service.new_key(START)
    made = etree.fromstring(service.metadata(ASKED.service, ASKED.consumer, certificate, signs=True, persistent=True))
    role, consumer = one(made, "SPSSODescriptor"), one(made, "AssertionConsumerService")
    assert made.get("entityID") == ASKED.service
    assert (role.get("WantAssertionsSigned"), role.get("AuthnRequestsSigned")) == ("true", "true")
    assert consumer.get("Location") == ASKED.consumer
    assert consumer.get("Binding").endswith("HTTP-POST")
    assert one(made, "NameIDFormat").text == PERSISTENT
    assert one(made, "X509Certificate").text == certificate
    plain = etree.fromstring(service.metadata("a", "b", certificate, signs=False, persistent=False))
    assert one(plain, "SPSSODescriptor").get("AuthnRequestsSigned") == "false"
    assert list(plain.iter("{*}NameIDFormat")) == []
