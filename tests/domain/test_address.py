"""Addresses: what is accepted, and when two are the same (lifecycle L2, L14, security section 3)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmit.domain.address import EmailAddress, InvalidAddress, domain_key, key_of
from readmit.domain.text import fold


@pytest.mark.parametrize(
    ("given_address", "key"),
    [
        ("Alice@Fabrikam.COM", "alice@fabrikam.com"),
        ("o'brien+tag@Fabrikam.com", "o'brien+tag@fabrikam.com"),
        ("a.b@fabrikam.com", "a.b@fabrikam.com"),
        ("Ünï@fabrikam.com", "Ünï@fabrikam.com"),
        ("bob@Bücher.example", "bob@xn--bcher-kva.example"),
        ("bob@XN--BCHER-KVA.example", "bob@xn--bcher-kva.example"),
    ],
)
def test_A2_the_key_lowers_ascii_and_makes_the_domain_an_a_label(given_address: str, key: str) -> None:
    address = EmailAddress.parse(given_address)
    assert address.key == key
    assert address.given == given_address


def test_A4_a_non_ascii_local_part_compares_after_nfc_and_keeps_its_case() -> None:
    composed, decomposed = "é@x.example", "e\u0301@x.example"
    assert key_of(composed) == key_of(unicodedata.normalize("NFC", decomposed))
    assert key_of("É@x.example") != key_of("é@x.example")


@pytest.mark.parametrize("sign", list('~!#$%^&*()=[]{}\\/|;:"<>?, \t\n\r\x00\x7f\u200b\u2028'))
def test_L14_the_sign_is_refused_in_a_local_part(sign: str) -> None:
    with pytest.raises(InvalidAddress):
        EmailAddress.parse(f"a{sign}b@x.example")


@pytest.mark.parametrize(
    "raw",
    [
        *("", "@", "a@", "@x.example", "plain", ".a@x.example", "a.@x.example", "a..b@x.example", "a@b@x.example"),
        *("a@localhost", "a@x..example", "a@-x.example", "a@x-.example", "a@1.2.3.4", "a@[1.2.3.4]", "a@x_y.example"),
        *(
            f"{'a' * 65}@x.example",
            f"a@{'b' * 64}.example",
            "a@" + ".".join(["abcdefghi"] * 26),
            "a@xn--\u00ff.example",
        ),
        *("a@\u2024.example", "a@xn--zzzzzzz99999.example"),
    ],
)
def test_what_is_no_address_is_refused(raw: str) -> None:
    with pytest.raises(InvalidAddress):
        EmailAddress.parse(raw)


@pytest.mark.parametrize("sign", ["\u212a", "\uff41", "\u017f", "\u00aa", "\ufb01", "\u0130"])
def test_A3_what_normalisation_would_turn_into_ascii_is_refused(sign: str) -> None:
    with pytest.raises(InvalidAddress, match="looks like another"):
        EmailAddress.parse(f"a{sign}@x.example")
    with pytest.raises(InvalidAddress):
        EmailAddress.parse(f"a@b{sign}c.example")


def test_T30_two_characters_share_a_key_only_as_A2_says() -> None:
    """Over the whole basic plane: a key of one character is the character's own NFC, lowered if ASCII."""
    seen: dict[str, str] = {}
    for point in range(0x21, 0xFFFF):
        sign = chr(point)
        try:
            key = EmailAddress.parse(f"{sign}@x.example").key
        except (InvalidAddress, UnicodeEncodeError):
            continue
        other = seen.setdefault(key, sign)
        nfc = [unicodedata.normalize("NFC", one) for one in (other, sign)]
        assert nfc[0] == nfc[1] or (sign.isascii() and other.lower() == sign.lower())


def test_T30_no_letter_beyond_ASCII_hides_in_a_domain() -> None:
    """Over the whole basic plane: what such a domain is compared by says that it is none of ASCII (A3).

    Mapping a domain name drops soft hyphens and zero-width spaces, and takes an ideographic full stop for a dot.
    """
    for point in range(0x80, 0xFFFF):
        try:
            domain = EmailAddress.parse(f"a@b{chr(point)}c.example").domain
        except (InvalidAddress, UnicodeEncodeError):
            continue
        assert "xn--" in domain, hex(point)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused_and_keys_are_stable(text: str) -> None:
    try:
        address = EmailAddress.parse(text)
    except InvalidAddress:
        return
    assert EmailAddress.stored(text) == address
    assert key_of(address.key) == address.key or not address.local.isascii()


def test_parts_and_mask() -> None:
    address = EmailAddress.parse("alice@Bücher.example")
    assert (address.local, address.domain) == ("alice", "xn--bcher-kva.example")
    assert address.masked == "a•••@Bücher.example"
    assert str(address) == "alice@Bücher.example"


def test_a_domain_that_cannot_be_encoded_is_refused() -> None:
    with pytest.raises(InvalidAddress):
        domain_key("ex\u00e4mple..x")


def test_fold_lowers_nfc_and_keeps_none() -> None:
    assert fold(None) is None
    assert fold("ABC") == "abc"
    assert fold("E\u0301") == "é"
