"""T31: signature wrapping and parser differences. An altered answer is refused, or says who honestly signed in.

XSW1 to XSW8 are the permutations of Somorovsky et al., "On Breaking SAML" (USENIX Security 2012), each made from a
response that the provider has signed, with somebody else's name in it.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree
from saml_meeting import Meeting
from signxml import SignatureConfiguration, XMLVerifier

from lying_saml import DS, SAML, SAMLP, decoded, every, one, pair
from readmit.domain.provider import Untrusted

ALICE, MALLORY = "alice-at-tailspin", "mallory-at-tailspin"


@pytest.fixture
def meeting() -> Meeting:
    return Meeting()


def evil(element: Any, *, id: str | None = None) -> Any:
    """A copy that names Mallory; its signatures are left out."""
    made = copy.deepcopy(element)
    made.tail = None
    for signature in list(every(made, "Signature")):
        signature.getparent().remove(signature)
    one(made, "NameID").text = MALLORY
    made.set("ID", id or f"_{uuid.uuid4().hex}")
    return made


def without_signature(element: Any) -> Any:
    made = copy.deepcopy(element)
    made.tail = None
    signature = made.find(f"{{{DS}}}Signature")
    made.remove(signature)
    return made


def xsw1(response: Any) -> Any:
    """The signed response stands within its own signature, in an evil one."""
    root, signature = evil(response), copy.deepcopy(response.find(f"{{{DS}}}Signature"))
    signature.append(without_signature(response))
    root.insert(1, signature)
    return root


def xsw2(response: Any) -> Any:
    """The signed response stands beside its signature, in an evil one."""
    root, signature = evil(response), copy.deepcopy(response.find(f"{{{DS}}}Signature"))
    root.insert(1, without_signature(response))
    root.insert(2, signature)
    return root


def xsw3(response: Any) -> Any:
    """An evil assertion before the signed one."""
    signed = one(response, "Assertion")
    signed.addprevious(evil(signed))
    return response


def xsw4(response: Any) -> Any:
    """An evil assertion around the signed one."""
    signed = one(response, "Assertion")
    around = evil(signed)
    response.replace(signed, around)
    around.append(signed)
    return response


def xsw5(response: Any) -> Any:
    """The evil assertion keeps the signature; what was signed stands at the end."""
    signed = one(response, "Assertion")
    bare = without_signature(signed)
    one(signed, "NameID").text = MALLORY
    signed.set("ID", "_evil")
    response.append(bare)
    return response


def xsw6(response: Any) -> Any:
    """The evil assertion keeps the signature, and within it what was signed."""
    signed = one(response, "Assertion")
    bare = without_signature(signed)
    one(signed, "NameID").text = MALLORY
    signed.set("ID", "_evil")
    one(signed, "Signature").append(bare)
    return response


def xsw7(response: Any) -> Any:
    """An evil assertion in the response's extensions."""
    signed = one(response, "Assertion")
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(evil(signed, id=signed.get("ID")))
    response.insert(1, extensions)
    return response


def xsw8(response: Any) -> Any:
    """The evil assertion keeps the signature; what was signed is an object within it."""
    signed = one(response, "Assertion")
    bare = without_signature(signed)
    one(signed, "NameID").text = MALLORY
    signed.set("ID", "_evil")
    holder = etree.SubElement(one(signed, "Signature"), f"{{{DS}}}Object")
    holder.append(bare)
    return response


def signed_in_extensions(response: Any) -> Any:
    """The signed assertion is elsewhere, an unsigned one in its place."""
    signed = one(response, "Assertion")
    response.replace(signed, evil(signed))
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(signed)
    response.insert(1, extensions)
    return response


def same_id(response: Any) -> Any:
    """An evil assertion with the id of the signed one."""
    signed = one(response, "Assertion")
    signed.addprevious(evil(signed, id=signed.get("ID")))
    return response


def same_id_in_another_attribute(response: Any) -> Any:
    """The id of the signed assertion as `Id` of another element."""
    one(response, "Status").set("Id", one(response, "Assertion").get("ID"))
    return response


def foreign_namespace(response: Any) -> Any:
    """An evil assertion of another namespace, for readers that go by local names."""
    signed = one(response, "Assertion")
    made = evil(signed)
    made.tag = "{urn:evil}Assertion"
    signed.addprevious(made)
    return response


def advice(response: Any) -> Any:
    """The signed assertion as advice of an evil one, where the schema allows it."""
    signed = one(response, "Assertion")
    around = evil(signed)
    response.replace(signed, around)
    etree.SubElement(around, f"{{{SAML}}}Advice").append(signed)
    return response


def nested_response(response: Any) -> Any:
    """A whole second response in the first one."""
    second = evil(response)
    one(second, "Assertion").set("ID", "_evil")
    response.insert(0, second)
    return response


WRAPPED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "xsw1": ("response", xsw1),
    "xsw2": ("response", xsw2),
    "xsw3": ("assertion", xsw3),
    "xsw4": ("assertion", xsw4),
    "xsw5": ("assertion", xsw5),
    "xsw6": ("assertion", xsw6),
    "xsw7": ("assertion", xsw7),
    "xsw8": ("assertion", xsw8),
    "signed_in_extensions": ("assertion", signed_in_extensions),
    "same_id": ("assertion", same_id),
    "foreign_namespace": ("assertion", foreign_namespace),
    "advice": ("assertion", advice),
    "nested_response": ("assertion", nested_response),
}


def naively_verified(document: bytes) -> bool:
    """What a service provider sees that verifies some signature somewhere: for these attacks, a valid one."""
    config = SignatureConfiguration(ignore_ambiguous_key_info=True)
    XMLVerifier().verify(
        document,
        x509_cert=pair("tailspin").certificate,
        id_attribute="ID",
        expect_config=config,
        validate_schema=False,
    )
    return True


@pytest.mark.parametrize("attack", WRAPPED)
@pytest.mark.parametrize("both", [False, True], ids=["as signed", "response and assertion signed"])
def test_T31_xsw_an_answer_that_was_wrapped_is_refused(meeting: Meeting, attack: str, both: bool) -> None:
    signs, wrap = WRAPPED[attack]
    meeting.idp.signs = ("assertion", "response") if both else (signs,)
    made = etree.tostring(wrap(meeting.honest()))
    assert MALLORY.encode() in made
    assert both or "same_id" in attack or attack == "xsw7" or naively_verified(made), "the attack is a real one"
    with pytest.raises(Untrusted):
        meeting.believe(made)


def test_T31_an_id_that_stands_twice_in_attributes_of_different_names_is_refused(meeting: Meeting) -> None:
    with pytest.raises(Untrusted, match="stands twice"):
        meeting.believe(same_id_in_another_attribute(meeting.honest()))


@pytest.mark.parametrize("where", ["NameID", "Audience", "AttributeValue", "Issuer", "StatusCode"])
@pytest.mark.parametrize("what", [etree.Comment("x"), etree.ProcessingInstruction("x", "y")], ids=["comment", "pi"])
def test_T31_a_comment_within_a_text_does_not_cut_it(meeting: Meeting, where: str, what: Any) -> None:
    """CVE-2017-11427 and its kin: `mallory@x<!-- -->.evil` keeps its signature where comments are not signed."""
    meeting.idp.name_id = ALICE + ".evil"
    response = meeting.honest()
    element = one(response, where)
    whole, cut = element.text or "", copy.deepcopy(what)
    element.text, cut.tail = whole[:5], whole[5:]
    element.insert(0, cut)
    with pytest.raises(Untrusted, match="comment"):
        meeting.believe(response)


def test_T31_a_comment_that_was_signed_is_refused_as_well(meeting: Meeting) -> None:
    def before(response: Any) -> None:
        one(response, "NameID").append(etree.Comment("signed"))

    meeting.idp.before = before
    with pytest.raises(Untrusted, match="comment"):
        meeting.believe(meeting.respond())


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE x [<!ENTITY who "mallory">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE x [<!ENTITY % remote SYSTEM "http://127.0.0.1:1/x"> %remote;]>',
        "<!DOCTYPE x [<!ATTLIST x ID ID #IMPLIED>]>",
    ],
)
def test_T31_a_document_type_is_not_read(meeting: Meeting, head: str) -> None:
    with pytest.raises(Untrusted, match="document type"):
        meeting.believe(head.encode() + etree.tostring(meeting.honest()))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-7", "cp037"])
def test_T31_another_encoding_hides_nothing(meeting: Meeting, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY who "m">]><x>&who;</x>'
    with pytest.raises(Untrusted):
        meeting.believe(text.encode(encoding))


def test_T31_an_undeclared_entity_is_refused(meeting: Meeting) -> None:
    text = etree.tostring(meeting.honest()).replace(ALICE.encode(), b"&who;")
    with pytest.raises(Untrusted, match="no XML"):
        meeting.believe(text)


def test_T31_any_change_of_a_signed_byte_is_refused_or_changes_nothing(meeting: Meeting) -> None:
    """One character of the assertion after another, outside of its KeyInfo."""
    document = etree.tostring(meeting.honest()).decode()
    begin, end = document.index("<saml:Assertion"), document.index("</saml:Assertion>")
    key_info = range(document.index("<ds:KeyInfo"), document.index("</ds:KeyInfo>"))
    believed = 0
    for at in range(begin, end, 7):
        if at in key_info:
            continue
        changed = "x" if document[at] != "x" else "y"
        try:
            found = meeting.believe((document[:at] + changed + document[at + 1 :]).encode())
        except Untrusted:
            continue
        believed += 1
        assert found.name_id == ALICE
    assert believed == 0


def test_an_honest_answer_is_believed_with_either_or_both_signatures_around(meeting: Meeting) -> None:
    for signs in (("assertion",), ("assertion", "response")):
        meeting.idp.signs = signs
        message = meeting.respond()
        assert meeting.believe(message).name_id == ALICE
        assert one(decoded(message), "NameID").text == ALICE
