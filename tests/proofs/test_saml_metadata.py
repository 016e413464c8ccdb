"""What is pinned of a SAML provider's metadata, and which files are refused in words (security I9)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from lying_saml import SAMLP, LyingSaml, pair
from readmit.domain.provider import InvalidProvider
from readmit.proofs.saml import metadata

HONEST = LyingSaml().metadata().decode()
SIGN_IN = "https://idp.tailspin.example/sso"
NOW = datetime(2026, 1, 31, tzinfo=UTC)


def read(text: str | bytes) -> metadata.Metadata:
    return metadata.read(text if isinstance(text, bytes) else text.encode())


def test_entity_id_sign_in_address_and_signing_certificates_are_pinned() -> None:
    found = read(HONEST)
    assert (found.entity_id, found.sign_in_url) == (
        "https://idp.tailspin.example/saml",
        "https://idp.tailspin.example/sso",
    )
    assert found.certificates == (pair("tailspin").der,)
    assert not found.wants_signed_requests
    assert metadata.warnings(found, NOW) == []


def test_two_certificates_of_a_change_of_keys_are_both_pinned_and_one_that_repeats_is_pinned_once() -> None:
    found = read(LyingSaml().metadata(pair("next", "ec"), pair("tailspin")))
    assert found.certificates == (pair("tailspin").der, pair("next", "ec").der)


def test_a_provider_may_want_its_requests_signed() -> None:
    assert read(LyingSaml(wants_signed=True).metadata()).wants_signed_requests


def test_a_certificate_may_be_broken_into_lines_and_the_file_may_have_comments_and_a_byte_order_mark() -> None:
    der = pair("tailspin").der
    broken = "\n".join(der[at : at + 64] for at in range(0, len(der), 64))
    text = HONEST.replace(der, f"\n{broken}\n").replace("<md:IDPSSO", "<!-- ours --><md:IDPSSO", 1)
    assert read(b"\xef\xbb\xbf" + text.encode()) == read(HONEST)


def test_a_certificate_for_encryption_signs_nothing() -> None:
    both = LyingSaml().metadata(pair("secret")).decode()
    only = both.replace('use="signing"', 'use="encryption"', 2).replace('use="encryption"', 'use="signing"', 1)
    assert read(only).certificates == (pair("tailspin").der,)


def test_a_file_of_several_entities_counts_if_one_of_them_is_an_identity_provider() -> None:
    entity = HONEST.partition("?>")[2]
    service = '<md:EntityDescriptor entityID="https://sp.example"><md:SPSSODescriptor/></md:EntityDescriptor>'
    wrapped = (
        f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{service}{{}}</md:EntitiesDescriptor>'
    )
    assert read(wrapped.format(entity)) == read(HONEST)
    with pytest.raises(InvalidProvider, match="describes 2 identity providers"):
        read(wrapped.format(entity + entity))
    with pytest.raises(InvalidProvider, match="describes 0 identity providers"):
        read(wrapped.format(""))


def _unknown_key() -> str:
    """The honest certificate, but for the number that says what kind of key it has."""
    der = base64.b64decode(pair("tailspin").der)
    rsa = bytes.fromhex("06092a864886f70d010101")
    assert rsa in der
    changed = base64.b64encode(der.replace(rsa, rsa[:-1] + b"\x7f")).decode()
    return HONEST.replace(pair("tailspin").der, changed)


UNKNOWN_KEY = _unknown_key()
BILLION = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
REFUSED = {
    "nothing": ("", "no XML"),
    "no XML": ("saml please", "no XML"),
    "HTML": ("<html><body/></html>", "no SAML 2.0 metadata"),
    "a DTD": (HONEST.replace("<md:Entity", f"{BILLION}<md:Entity", 1), "document type"),
    "a DTD in UTF-16": (HONEST.replace("UTF-8", "UTF-16").encode("utf-16"), "not UTF-8"),
    "a message": (f'<samlp:Response xmlns:samlp="{SAMLP}"/>', "a SAML message"),
    "no role": (HONEST.replace("IDPSSODescriptor", "SPSSODescriptor"), "describes no SAML 2.0 identity provider"),
    "an older protocol": (HONEST.replace(SAMLP, "urn:oasis:names:tc:SAML:1.1:protocol"), "no SAML 2.0 identity"),
    "no redirect binding": (HONEST.replace("HTTP-Redirect", "SOAP"), "HTTP-Redirect"),
    "no certificate": (HONEST.replace("X509Certificate", "X509SKI"), "no signing certificate"),
    "a certificate that is none": (HONEST.replace(pair("tailspin").der, "AAAA"), "cannot be read"),
    "a certificate of an unknown kind of key": (UNKNOWN_KEY, "cannot be read"),
    "a certificate in no base64": (HONEST.replace(pair("tailspin").der, "****"), "cannot be read"),
    "a certificate with a comment": (HONEST.replace(pair("tailspin").der, f"<!---->{pair('tailspin').der}"), "text"),
    "a short key": (LyingSaml().metadata(pair("weak", "weak")), "weak or unknown key"),
    "too many certificates": (LyingSaml().metadata(*(pair("tailspin") for _ in range(10))), "more than 10"),
    "too much": (HONEST + " " * 256 * 1024, "256 KB"),
    "a script for a sign-in address": (HONEST.replace(SIGN_IN, "javascript:alert(1)"), "no http or https address"),
    "another header in the sign-in address": (HONEST.replace(SIGN_IN, "https://a.b/&#13;&#10;c: d"), "no http or"),
    "a sign-in address that is too long": (HONEST.replace("/sso", "/" + "x" * 2000), "HTTP-Redirect"),
}


@pytest.mark.parametrize("lie", REFUSED)
def test_metadata_that_pins_nothing_is_refused_in_words(lie: str) -> None:
    text, says = REFUSED[lie]
    with pytest.raises(InvalidProvider, match=says):
        read(text)


def test_T31_an_external_entity_is_not_fetched() -> None:
    stolen = '<!DOCTYPE x SYSTEM "file:///etc/passwd">'
    with pytest.raises(InvalidProvider, match="document type"):
        read(HONEST.replace("<md:Entity", f"{stolen}<md:Entity", 1))


def test_a_certificate_that_has_ended_or_not_begun_is_a_warning() -> None:
    for chosen, says in ((pair("old", ends=2021), "expired on 2021-01-01"), (pair("new", begins=2030), "from 2030")):
        found = read(LyingSaml().metadata(chosen))
        (warning,) = metadata.warnings(found, NOW)
        assert says in warning
