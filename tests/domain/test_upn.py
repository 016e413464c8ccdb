"""The UPN of a guest (lifecycle L19, L20)."""

from __future__ import annotations

from itertools import islice

import pytest

from readmit.domain.address import EmailAddress
from readmit.domain.upn import candidates


@pytest.mark.parametrize(
    ("address", "first"),
    [
        ("alice@fabrikam.com", "alice_fabrikam.com#EXT#@contoso.onmicrosoft.com"),
        ("o'brien+x@fabrikam.com", "o'brien_x_fabrikam.com#EXT#@contoso.onmicrosoft.com"),
        ("jürgen@bücher.example", "xn--jrgen-kva_xn--bcher-kva.example#EXT#@contoso.onmicrosoft.com"),
    ],
)
def test_L19_the_name_comes_from_the_invited_address(address: str, first: str) -> None:
    assert next(candidates(EmailAddress.parse(address), "contoso.onmicrosoft.com")) == first


def test_L20_a_taken_name_gets_a_number() -> None:
    names = list(islice(candidates(EmailAddress.parse("a@b.example"), "c.example"), 3))
    assert names == [f"a_b.example{number}#EXT#@c.example" for number in ("", "_2", "_3")]
