"""Which SAML answers are believed: whose signature, about which request, to whom, when (security I9, T31)."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from saml_meeting import ASKED, HEARD, Meeting
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from lying_saml import SAML, SAMLP, TRANSIENT, encoded, every, moment, one, pair, sha1, signing
from readmit.domain.provider import TurnedBack, Untrusted
from readmit.proofs.saml import metadata
from readmit.proofs.saml.response import signed_assertion
from world import START


@pytest.fixture
def meeting() -> Meeting:
    return Meeting()


def test_an_honest_answer_says_who_signed_in(meeting: Meeting) -> None:
    found = meeting.believe(meeting.respond())
    assert (found.name_id, found.name_id_format.rpartition(":")[2]) == ("alice-at-tailspin", "persistent")
    assert found.attributes["urn:oid:0.9.2342.19200300.100.1.3"] == ("alice@tailspin.example",)
    assert found.until == START + timedelta(minutes=5)
    assert not found.multi_factor
    assert found.id.startswith("_")


# ------------------------------------------------------------------- signatures


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        (SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA256),
        (SignatureMethod.RSA_SHA512, DigestAlgorithm.SHA512),
        (SignatureMethod.RSA_SHA384, DigestAlgorithm.SHA384),
        (SignatureMethod.SHA256_RSA_MGF1, DigestAlgorithm.SHA256),
    ],
)
def test_SHA_256_and_better_with_RSA_count(meeting: Meeting, method: SignatureMethod, digest: DigestAlgorithm) -> None:
    meeting.idp.signer = signing(method, digest)
    assert meeting.believe(meeting.respond()).name_id == "alice-at-tailspin"


def test_ECDSA_counts_and_each_of_several_pinned_keys_is_tried(meeting: Meeting) -> None:
    curve = pair("curve", "ec")
    for more in ((curve,), (pair("other"), curve)):
        meeting.pinned = metadata.read(meeting.idp.metadata(*more))
        meeting.idp.signer, meeting.idp.key = signing(SignatureMethod.ECDSA_SHA256), curve.key
        meeting.idp.certificates = []
        assert meeting.believe(meeting.respond()).name_id == "alice-at-tailspin"


def test_the_dates_of_a_pinned_certificate_decide_nothing(meeting: Meeting) -> None:
    old = pair("old", ends=2021)
    meeting.pinned = metadata.read(meeting.idp.metadata(old))
    meeting.idp.key, meeting.idp.certificates = old.key, []
    assert meeting.believe(meeting.respond()).name_id == "alice-at-tailspin"


def test_KeyInfo_is_not_needed_and_not_looked_at(meeting: Meeting) -> None:
    mallory = pair("mallory")
    meeting.idp.certificates = [mallory.certificate]
    assert meeting.believe(meeting.respond()).name_id == "alice-at-tailspin"
    meeting.idp.key = mallory.key
    with pytest.raises(Untrusted, match="no pinned key"):
        meeting.believe(meeting.respond())


def test_a_foreign_public_key_in_KeyInfo_is_not_looked_at(meeting: Meeting) -> None:
    """KeyInfo is not signed: whoever carries the message may write there what he likes."""
    response = meeting.honest()
    ds, numbers = "{http://www.w3.org/2000/09/xmldsig#}", pair("mallory").key.public_key().public_numbers()
    value = etree.SubElement(etree.SubElement(one(response, "KeyInfo"), f"{ds}KeyValue"), f"{ds}RSAKeyValue")
    etree.SubElement(value, f"{ds}Modulus").text = base64.b64encode(numbers.n.to_bytes(256)).decode()
    etree.SubElement(value, f"{ds}Exponent").text = "AQAB"
    assert meeting.believe(response).name_id == "alice-at-tailspin"


def test_I9_what_is_read_is_what_the_verifier_returned(meeting: Meeting) -> None:
    """It was parsed from the signed bytes: the signature itself, which nobody signed, is not in it."""
    signed = signed_assertion(metadata.read(meeting.idp.metadata()), ASKED, meeting.respond())
    assert signed.getroottree().getroot() is signed
    assert list(every(signed, "Signature")) == []


def test_T31_SHA_1_does_not_count(meeting: Meeting) -> None:
    meeting.idp.signer = sha1
    with pytest.raises(Untrusted, match="signature algorithm"):
        meeting.believe(meeting.respond())
    meeting.idp.signer = signing(SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA1)
    with pytest.raises(Untrusted, match="digest algorithm"):
        meeting.believe(meeting.respond())


@pytest.mark.parametrize("method", [SignatureMethod.RSA_SHA224, SignatureMethod.HMAC_SHA256])
def test_T31_weaker_hashes_and_shared_secrets_do_not_count(meeting: Meeting, method: SignatureMethod) -> None:
    meeting.idp.signer = signing(method)
    if method is SignatureMethod.HMAC_SHA256:
        meeting.idp.key, meeting.idp.certificates = pair("tailspin").der.encode(), []
    with pytest.raises(Untrusted, match="signature algorithm"):
        meeting.believe(meeting.respond())


@pytest.mark.parametrize("signs", [(), ("response",)], ids=["nothing signed", "the response alone signed"])
def test_T31_an_assertion_that_is_not_signed_itself_is_refused(meeting: Meeting, signs: tuple[str, ...]) -> None:
    meeting.idp.signs = signs
    with pytest.raises(Untrusted, match="is not signed"):
        meeting.believe(meeting.respond())


def test_T31_two_assertions_are_refused_even_if_both_are_signed(meeting: Meeting) -> None:
    first, second = meeting.honest(), meeting.honest()
    first.append(one(second, "Assertion"))
    with pytest.raises(Untrusted, match="2 assertions"):
        meeting.believe(first)


def test_an_encrypted_assertion_is_refused_with_what_to_do(meeting: Meeting) -> None:
    response = meeting.honest()
    holder = etree.Element(f"{{{SAML}}}EncryptedAssertion")
    response.replace(one(response, "Assertion"), holder)
    with pytest.raises(Untrusted, match="in the clear"):
        meeting.believe(response)


def test_an_answer_without_an_assertion_is_refused(meeting: Meeting) -> None:
    response = meeting.honest()
    response.remove(one(response, "Assertion"))
    with pytest.raises(Untrusted, match="0 assertions"):
        meeting.believe(response)


def _moved(response: Any) -> None:
    """The signature at the end of the subject: still enveloped, still valid."""
    one(response, "Subject").append(one(response, "Signature"))


def _doubled(response: Any) -> None:
    one(response, "Assertion").append(copy.deepcopy(one(response, "Signature")))


def _transformed(response: Any) -> None:
    one(response, "Transform").set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")


def _object(response: Any) -> None:
    etree.SubElement(one(response, "Signature"), "{http://www.w3.org/2000/09/xmldsig#}Object")


def _whole_document(response: Any) -> None:
    one(response, "Reference").set("URI", "")


def _foreign(response: Any) -> None:
    one(response, "Signature").tag = "{urn:x}Signature"


def _elsewhere(response: Any) -> None:
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    response.insert(1, extensions)
    extensions.append(one(response, "Assertion"))


def _no_id(response: Any) -> None:
    del one(response, "Assertion").attrib["ID"]


def _no_value(response: Any) -> None:
    one(response, "SignatureValue").text = None


FORMS: dict[str, tuple[Callable[[Any], None], str]] = {
    "moved": (_moved, "not in its place"),
    "doubled": (_doubled, "more than one signature"),
    "another transform": (_transformed, "transform"),
    "an object": (_object, "object"),
    "the whole document": (_whole_document, "something else"),
    "an assertion elsewhere": (_elsewhere, "assertion is not in its place"),
    "a foreign signature": (_foreign, "more than one signature"),
    "no id": (_no_id, "something else"),
    "no value": (_no_value, "no pinned key"),
}


@pytest.mark.parametrize("form", FORMS)
def test_T31_a_signature_has_one_form(meeting: Meeting, form: str) -> None:
    change, says = FORMS[form]
    response = meeting.honest()
    change(response)
    with pytest.raises(Untrusted, match=says):
        meeting.believe(response)


# ------------------------------------------------------- what is said, when, to whom


def _attribute(local: str, name: str, value: str | None) -> Callable[[Any], None]:
    def change(response: Any) -> None:
        element = one(response, local)
        element.attrib.pop(name, None)
        if value is not None:
            element.set(name, value)

    return change


def _text(local: str, text: str, *, within: str = "Response") -> Callable[[Any], None]:
    def change(response: Any) -> None:
        one(next(response.iter("{*}" + within)), local).text = text

    return change


def _without(local: str) -> Callable[[Any], None]:
    def change(response: Any) -> None:
        element = one(response, local)
        element.getparent().remove(element)

    return change


def _twice(local: str) -> Callable[[Any], None]:
    def change(response: Any) -> None:
        element = one(response, local)
        element.addnext(copy.deepcopy(element))

    return change


def _with(parent: str, child: str) -> Callable[[Any], None]:
    return lambda response: etree.SubElement(one(response, parent), f"{{{SAML}}}{child}")


def _second_restriction(response: Any) -> None:
    restriction = copy.deepcopy(one(response, "AudienceRestriction"))
    one(restriction, "Audience").text = "https://other.example"
    one(response, "Conditions").append(restriction)


HOUR = moment(START + timedelta(hours=1))
HOUR_AGO = moment(START - timedelta(hours=1))
CONFIRMATION, CONDITIONS, ASSERTION = "SubjectConfirmationData", "Conditions", "Assertion"
LIES: dict[str, tuple[Callable[[Any], None], str]] = {
    "no response": (lambda response: setattr(response, "tag", f"{{{SAMLP}}}LogoutResponse"), "no SAML 2.0 response"),
    "SAML 1.1": (_attribute("Response", "Version", "1.1"), "no SAML 2.0 response"),
    "IdP-initiated": (_attribute("Response", "InResponseTo", None), "answers no request"),
    "another request": (_attribute("Response", "InResponseTo", "_other"), "answers no request"),
    "another destination": (_attribute("Response", "Destination", "https://sp.example/acs"), "destination"),
    "another issuer of the response": (_text("Issuer", "https://evil.example"), "response's issuer"),
    "no status": (_without("Status"), "without one status"),
    "two statuses": (_twice("Status"), "without one status"),
    "an older assertion": (_attribute(ASSERTION, "Version", "1.1"), "no SAML 2.0 assertion"),
    "another issuer": (_text("Issuer", "https://evil.example", within=ASSERTION), "assertion's issuer"),
    "no issuer": (
        lambda response: one(response, ASSERTION).remove(one(one(response, ASSERTION), "Issuer")),
        "0 elements Issuer",
    ),
    "issued in an hour": (_attribute(ASSERTION, "IssueInstant", HOUR), "do the clocks agree"),
    "issued never": (_attribute(ASSERTION, "IssueInstant", None), "IssueInstant"),
    "no conditions": (_without(CONDITIONS), "0 elements Conditions"),
    "two conditions": (_twice(CONDITIONS), "2 elements Conditions"),
    "valid in an hour": (_attribute(CONDITIONS, "NotBefore", HOUR), "not valid yet"),
    "valid an hour ago": (_attribute(CONDITIONS, "NotOnOrAfter", HOUR_AGO), "no longer valid"),
    "a condition unheard of": (_with(CONDITIONS, "Condition"), "not understood"),
    "another audience": (_text("Audience", "https://sp.example"), "audience"),
    "no audience": (_without("AudienceRestriction"), "audience"),
    "an empty audience": (_without("Audience"), "audience"),
    "a second audience restriction": (_second_restriction, "audience"),
    "another recipient": (_attribute(CONFIRMATION, "Recipient", "https://sp.example/acs"), "recipient"),
    "no recipient": (_attribute(CONFIRMATION, "Recipient", None), "recipient"),
    "an assertion to another request": (_attribute(CONFIRMATION, "InResponseTo", "_other"), "assertion answers"),
    "an assertion to no request": (_attribute(CONFIRMATION, "InResponseTo", None), "assertion answers"),
    "confirmed without end": (_attribute(CONFIRMATION, "NotOnOrAfter", None), "NotOnOrAfter"),
    "confirmed until an hour ago": (_attribute(CONFIRMATION, "NotOnOrAfter", HOUR_AGO), "no longer valid"),
    "confirmed in an hour": (_attribute(CONFIRMATION, "NotBefore", HOUR), "not valid yet"),
    "no bearer": (
        _attribute("SubjectConfirmation", "Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
        "0 bearer",
    ),
    "two bearers": (_twice("SubjectConfirmation"), "2 bearer"),
    "no confirmation": (_without("SubjectConfirmation"), "0 bearer"),
    "no subject": (_without("Subject"), "0 elements Subject"),
    "no NameID": (_without("NameID"), "0 elements NameID"),
    "two NameIDs": (_twice("NameID"), "2 elements NameID"),
    "a NameID in parts": (_with("NameID", "Part"), "something else than text"),
    "a NameID of another provider": (_attribute("NameID", "NameQualifier", "https://evil.example"), "qualified"),
    "a NameID for another service": (_attribute("NameID", "SPNameQualifier", "https://sp.example"), "another service"),
    "nobody signed in": (_without("AuthnStatement"), "nobody signed in"),
    "an ended session": (_attribute("AuthnStatement", "SessionNotOnOrAfter", HOUR_AGO), "session"),
    "a time without zone": (_attribute(ASSERTION, "IssueInstant", "2026-01-31T10:30:00"), "IssueInstant"),
    "a time beyond all times": (_attribute(ASSERTION, "IssueInstant", "9999-12-31T23:59:59-14:00"), "IssueInstant"),
    "a time that is none": (_attribute(ASSERTION, "IssueInstant", "2026-02-31T10:30:00Z"), "IssueInstant"),
}


@pytest.mark.parametrize("lie", LIES)
def test_I9_an_assertion_that_is_not_for_us_now_about_our_request_is_refused(meeting: Meeting, lie: str) -> None:
    """The provider itself signs each of them."""
    change, says = LIES[lie]
    meeting.idp.before = change
    with pytest.raises(Untrusted, match=says):
        meeting.believe(meeting.respond())


def test_a_minute_is_let_pass_in_either_direction_and_no_second_more(meeting: Meeting) -> None:
    message = meeting.respond()
    for seconds, believed in ((-61, False), (-60, True), (0, True), (359, True), (360, False)):
        meeting.clock.time = START + timedelta(seconds=seconds)
        if believed:
            assert meeting.believe(message)
        else:
            with pytest.raises(Untrusted, match="do the clocks agree"):
                meeting.believe(message)


def test_a_clock_that_is_an_hour_off_is_named_in_the_reason(meeting: Meeting) -> None:
    for hours in (-1, 1):
        meeting.idp.now = lambda hours=hours: meeting.clock() + timedelta(hours=hours)
        with pytest.raises(Untrusted, match="do the clocks agree"):
            meeting.believe(meeting.respond())


def test_fractions_zones_and_a_session_that_goes_on_are_read(meeting: Meeting) -> None:
    def before(response: Any) -> None:
        one(response, ASSERTION).set("IssueInstant", "2026-01-31T11:30:00.123456789+01:00")
        one(response, "AuthnStatement").set("SessionNotOnOrAfter", HOUR)
        for name in ("NotBefore", "NotOnOrAfter"):
            del one(response, CONDITIONS).attrib[name]
        _with(CONDITIONS, "OneTimeUse")(response)

    meeting.idp.before = before
    assert meeting.believe(meeting.respond()).until == START + timedelta(minutes=5)


def test_an_end_at_the_end_of_time_is_an_end(meeting: Meeting) -> None:
    meeting.idp.before = _attribute(CONFIRMATION, "NotOnOrAfter", "9999-12-31T23:59:59Z")
    assert meeting.believe(meeting.respond()).until == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_what_need_not_be_there_may_be_absent(meeting: Meeting) -> None:
    def before(response: Any) -> None:
        response.remove(response.find(f"{{{SAML}}}Issuer"))
        del response.attrib["Destination"]
        one(response, "NameID").set("NameQualifier", meeting.idp.entity_id)
        one(response, "NameID").set("SPNameQualifier", ASKED.service)

    meeting.idp.before, meeting.idp.attributes = before, {}
    meeting.idp.name_id_format = TRANSIENT
    found = meeting.believe(meeting.respond())
    assert (found.attributes, found.name_id_format) == ({}, TRANSIENT)


def test_values_of_attributes_are_texts_and_anything_else_is_left_out(meeting: Meeting) -> None:
    def before(response: Any) -> None:
        etree.SubElement(one(response, "AttributeValue"), f"{{{SAML}}}NameID").text = "inner"

    meeting.idp.attributes = {"mail": ["a@tailspin.example", "b@tailspin.example"], "empty": [""]}
    meeting.idp.before = before
    assert meeting.believe(meeting.respond()).attributes == {"mail": ("b@tailspin.example",), "empty": ("",)}


@pytest.mark.parametrize(
    "context", ["https://refeds.org/profile/mfa", "http://schemas.microsoft.com/claims/multipleauthn"]
)
def test_a_second_factor_is_told(meeting: Meeting, context: str) -> None:
    meeting.idp.before = _text("AuthnContextClassRef", context)
    assert meeting.believe(meeting.respond()).multi_factor


def test_a_fresh_sign_in_that_was_asked_for_is_a_fresh_one(meeting: Meeting) -> None:
    fresh = replace(ASKED, fresh=START)
    assert meeting.believe(meeting.respond(), fresh)
    meeting.idp.before = _attribute("AuthnStatement", "AuthnInstant", HOUR_AGO)
    with pytest.raises(Untrusted, match="anew"):
        meeting.believe(meeting.respond(), fresh)
    assert meeting.believe(meeting.respond())


# ------------------------------------------------------------------- refusals, junk


def test_a_status_other_than_success_turns_the_person_back(meeting: Meeting) -> None:
    def before(response: Any) -> None:
        response.remove(one(response, ASSERTION))
        code = one(response, "StatusCode")
        code.set("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
        etree.SubElement(code, code.tag, Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed")

    meeting.idp.before, meeting.idp.signs = before, ()
    with pytest.raises(TurnedBack, match="Responder AuthnFailed"):
        meeting.believe(meeting.respond())


JUNK = {
    "no base64": "<xml/>",
    "half base64": "abc",
    "letters that base64 does not have": "PHg+ü",
    "what replaces broken UTF-8": "\ufffd",
    "nothing": "",
    "no XML": encoded(b"saml"),
    "null bytes": encoded(bytes(100)),
    "no UTF-8": encoded(b"\xff\xfe<x/>"),
    "too much": encoded(b"<x>" + b" " * 256 * 1024 + b"</x>"),
    "deep": encoded(b"<x>" * 5000 + b"</x>" * 5000),
    "a lone assertion": encoded(f'<saml:Assertion xmlns:saml="{SAML}"/>'.encode()),
}


@pytest.mark.parametrize("junk", JUNK)
def test_what_is_no_answer_at_all_is_refused(meeting: Meeting, junk: str) -> None:
    with pytest.raises(Untrusted):
        meeting.believe(JUNK[junk])


def test_base64_may_be_broken_into_lines(meeting: Meeting) -> None:
    message = meeting.respond()
    lines = "\r\n".join(message[at : at + 76] for at in range(0, len(message), 76))
    assert meeting.believe(lines)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_V6_whatever_is_done_to_an_answer_it_is_refused_or_honest(meeting: Meeting, data: Any) -> None:
    """Elements are moved, copied, dropped, renamed; no other exception leaves the reader."""
    response = _honest(meeting)
    for _ in range(data.draw(st.integers(1, 4))):
        elements = [element for element in response.iter() if element is not response]
        if not elements:
            break
        element = data.draw(st.sampled_from(elements))
        match data.draw(st.sampled_from(["drop", "copy", "move", "rename", "retext", "unset"])):
            case "drop":
                element.getparent().remove(element)
            case "copy":
                data.draw(st.sampled_from(elements)).append(copy.deepcopy(element))
            case "move":
                target = data.draw(st.sampled_from(elements))
                if element not in [target, *target.iterancestors()]:
                    target.append(element)
            case "rename":
                element.tag = data.draw(st.sampled_from([one.tag for one in elements]))
            case "retext":
                element.text = data.draw(st.sampled_from(["", "x", "AAAA", "alice", None]))
            case _ if element.attrib:
                element.attrib.pop(data.draw(st.sampled_from(sorted(element.attrib))))
    try:
        found = meeting.believe(response)
    except (Untrusted, TurnedBack):
        return
    assert found.name_id == "alice-at-tailspin"


_KEPT: dict[str, bytes] = {}


def _honest(meeting: Meeting) -> Any:
    if "it" not in _KEPT:
        _KEPT["it"] = etree.tostring(meeting.idp.signed(meeting.idp.response(HEARD)))
    return etree.fromstring(_KEPT["it"])


def test_the_message_is_a_form_field_in_plain_base64(meeting: Meeting) -> None:
    assert base64.b64decode(meeting.respond(), validate=True).startswith(b"<samlp:Response")
    assert len(list(every(meeting.honest(), "Signature"))) == 1
