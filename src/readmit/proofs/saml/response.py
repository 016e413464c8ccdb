"""An answer of a SAML provider, up to the bytes that it has signed (SAML 2.0 core section 3.2, security I9, T31).

Nothing of a message is believed but the one assertion, and of that only what the verifier returned. What stands around
it (status, destination, a second signature) may refuse an answer and can never add to it.
"""

from __future__ import annotations

import base64
from collections import Counter
from typing import Final

from readmit.domain.provider import TurnedBack, Untrusted
from readmit.domain.saml import Metadata
from readmit.proofs.saml.metadata import certificate
from readmit.proofs.saml.request import Asked
from readmit.proofs.saml.xml import ASSERTION, LONGEST, PROTOCOL, SIGNATURE, Element, Malformed, name, parse, parser

LONGEST_ENCODED: Final = LONGEST * 4 // 3 + LONGEST // 16
"""Characters of a message in base64, with line breaks."""
_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
_TRANSFORMS: Final = frozenset(
    (
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    )
)
_METHODS: Final = (
    *("RSA_SHA256", "RSA_SHA384", "RSA_SHA512", "ECDSA_SHA256", "ECDSA_SHA384", "ECDSA_SHA512"),
    *("SHA256_RSA_MGF1", "SHA384_RSA_MGF1", "SHA512_RSA_MGF1"),
)
_DIGESTS: Final = ("SHA256", "SHA384", "SHA512")


def signed_assertion(metadata: Metadata, asked: Asked, message: str) -> Element:
    """The one assertion of an encoded response, parsed anew from the bytes that a pinned key has signed.

    Raises Untrusted, and TurnedBack where the provider says that nobody signed in.
    """
    try:
        raw = base64.b64decode("".join(message.split()), validate=True)
        response = parse(raw)
        _check_form(response)
        _check_envelope(metadata, asked, response)
        return _verified(metadata, _only_assertion(response))
    except Malformed as error:
        raise Untrusted(f"the message is not believed: {error}") from error
    except ValueError as error:
        raise Untrusted("the message is no base64") from error


def _check_form(response: Element) -> None:
    """What no honest message has, and attacks on signatures need: comments, instructions, one id twice."""
    from lxml import etree

    if next(response.iter(etree.Comment, etree.ProcessingInstruction), None) is not None:
        raise Untrusted("a comment or a processing instruction in the message")
    ids = Counter(
        value
        for element in response.iter()
        for attribute, value in element.attrib.items()
        if attribute.rpartition("}")[2].lower() == "id"
    )
    if any(count > 1 for count in ids.values()):
        raise Untrusted("an id stands twice in the message")


def _check_envelope(metadata: Metadata, asked: Asked, response: Element) -> None:
    """The unsigned frame of an answer to our request. Status first: a refusal has no assertion."""
    if response.tag != name(PROTOCOL, "Response") or response.get("Version") != "2.0":
        raise Untrusted("no SAML 2.0 response")
    if response.get("InResponseTo") != asked.id:
        raise Untrusted("the response answers no request, or another one")
    if response.get("Destination", asked.consumer) != asked.consumer:
        raise Untrusted("the response's destination is somewhere else")
    issuers = response.findall(name(ASSERTION, "Issuer"))
    if len(issuers) > 1 or any(issuer.text != metadata.entity_id for issuer in issuers):
        raise Untrusted("the response's issuer is somebody else")
    codes = response.findall(f"{name(PROTOCOL, 'Status')}/{name(PROTOCOL, 'StatusCode')}")
    if len(codes) != 1:
        raise Untrusted("a response without one status")
    if codes[0].get("Value") != _SUCCESS:
        said = [code.get("Value", "").rpartition(":")[2][:40] for code in codes[0].iter(codes[0].tag)]
        raise TurnedBack(" ".join(said[:3]))


def _only_assertion(response: Element) -> Element:
    """The assertion, if the whole document has exactly one, in its place and in the clear."""
    found = list(response.iter("{*}Assertion", "{*}EncryptedAssertion"))
    if any(element.tag == name(ASSERTION, "EncryptedAssertion") for element in found):
        raise Untrusted("an encrypted assertion; let the provider send it signed and in the clear, over https")
    if len(found) != 1:
        raise Untrusted(f"{len(found)} assertions in the message")
    if found[0].tag != name(ASSERTION, "Assertion") or found[0].getparent() is not response:
        raise Untrusted("the assertion is not in its place")
    return found[0]


def _verified(metadata: Metadata, assertion: Element) -> Element:
    """Verify the assertion by itself, outside of its message, and read it again from what was signed."""
    from lxml import etree

    _check_signature_form(assertion)
    alone = etree.tostring(assertion, with_tail=False)
    for encoded in metadata.certificates:
        signed = _signed_bytes(alone, encoded)
        if signed is not None:
            break
    else:
        raise Untrusted("the signature is of no pinned key, or what was signed has been changed")
    found = parse(signed)
    if found.tag != name(ASSERTION, "Assertion") or found.get("ID") != assertion.get("ID"):
        raise Untrusted("something else than the assertion was signed")
    return found


def _check_signature_form(assertion: Element) -> None:
    """One enveloped signature, directly in the assertion, over the whole of it and nothing else."""
    signatures = list(assertion.iter("{*}Signature"))
    if not signatures:
        raise Untrusted("the assertion is not signed; a signed response around it does not count")
    if len(signatures) != 1 or signatures[0].tag != name(SIGNATURE, "Signature"):
        raise Untrusted("more than one signature in the assertion")
    if signatures[0].getparent() is not assertion:
        raise Untrusted("the signature is not in its place")
    references = list(signatures[0].iter("{*}Reference"))
    id = assertion.get("ID")
    if not id or len(references) != 1 or references[0].get("URI") != f"#{id}":
        raise Untrusted("the signature is about something else")
    transforms = [transform.get("Algorithm") for transform in references[0].iter("{*}Transform")]
    if len(set(transforms)) != len(transforms) or not _TRANSFORMS.issuperset(transforms):
        raise Untrusted("a transform that is not accepted")
    if next(signatures[0].iter("{*}Object"), None) is not None:
        raise Untrusted("an object in the signature")
    _check_algorithms(signatures[0])


def _check_algorithms(signature: Element) -> None:
    """SHA-256 or better, by a private key: said in words here, held again by the verifier."""
    from signxml.algorithms import DigestAlgorithm, SignatureMethod

    methods = {SignatureMethod[method].value for method in _METHODS}
    digests = {DigestAlgorithm[digest].value for digest in _DIGESTS}
    if any(found.get("Algorithm") not in methods for found in signature.iter("{*}SignatureMethod")):
        raise Untrusted("a signature algorithm that is not accepted")
    if any(found.get("Algorithm") not in digests for found in signature.iter("{*}DigestMethod")):
        raise Untrusted("a digest algorithm that is not accepted")


def _signed_bytes(document: bytes, encoded: str) -> bytes | None:
    """What was signed, if the key of this certificate signed it with an algorithm that counts.

    A pinned certificate only carries its key (SAML 2.0 metadata interoperability profile): its dates decide nothing,
    and what KeyInfo says is not looked at.
    """
    from lxml import etree
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

    pinned = certificate(encoded)
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=frozenset(SignatureMethod[method] for method in _METHODS),
        digest_algorithms=frozenset(DigestAlgorithm[digest] for digest in _DIGESTS),
        ignore_ambiguous_key_info=True,
        verification_time=pinned.not_valid_before_utc,
    )
    try:
        found = XMLVerifier().verify(
            document, x509_cert=pinned, id_attribute="ID", parser=parser(), expect_config=expected
        )
    except (SignXMLException, etree.LxmlError, ValueError, TypeError):
        return None
    assert isinstance(found, VerifyResult)
    return found.signed_data
