"""The limits of SAML messages, at the limit and one beyond (reliability section 7, security I9)."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree
from saml_meeting import Meeting

from lying_saml import LyingSaml, encoded, pair
from readmit.domain.provider import InvalidProvider, Untrusted
from readmit.proofs.saml import metadata
from readmit.proofs.saml.response import LONGEST_ENCODED
from readmit.proofs.saml.xml import LONGEST


def padded(document: bytes, size: int) -> bytes:
    """The document with white space at its end, outside of everything that is signed."""
    return document + b" " * (size - len(document))


def test_a_message_has_at_most_256_KB() -> None:
    meeting = Meeting()
    honest: Any = etree.tostring(meeting.honest())
    assert meeting.believe(padded(honest, LONGEST)).name_id == "alice-at-tailspin"
    with pytest.raises(Untrusted, match="larger than 256 KB"):
        meeting.believe(padded(honest, LONGEST + 1))


def test_the_longest_message_fits_the_longest_field_with_and_without_line_breaks() -> None:
    text = encoded(bytes(LONGEST))
    lines = "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    assert len(text) < len(lines) <= LONGEST_ENCODED
    assert 1.05 * len(lines) > LONGEST_ENCODED, "and not much more"


def test_metadata_has_at_most_256_KB() -> None:
    honest = LyingSaml().metadata()
    assert metadata.read(padded(honest, LONGEST))
    with pytest.raises(InvalidProvider, match="larger than 256 KB"):
        metadata.read(padded(honest, LONGEST + 1))


def test_ten_certificates_are_pinned_and_eleven_are_not() -> None:
    nine = tuple(pair(f"more {number}", "ec") for number in range(9))
    assert len(metadata.read(LyingSaml().metadata(*nine)).certificates) == 10
    with pytest.raises(InvalidProvider, match="more than 10"):
        metadata.read(LyingSaml().metadata(*nine, pair("one more", "ec")))
