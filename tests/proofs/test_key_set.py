"""Which of a provider's published keys verifies a token (security I3, RFC 7517)."""

from __future__ import annotations

from typing import Any

import pytest

from lying_provider import rsa_key
from readmit.domain.provider import Untrusted
from readmit.proofs.discovery import ProviderDown
from readmit.proofs.key_set import KeySet
from world import START


def published(name: str, **more: Any) -> dict[str, Any]:
    return {**rsa_key(name).as_dict(private=False), **more}


def kid_of(keys: object, **header: str) -> Any:
    return KeySet(lambda: {"keys": keys}).key_for({"alg": "RS256", **header}, START).kid


def test_the_key_that_the_token_names_is_taken() -> None:
    assert kid_of([published("first"), published("second")], kid="second") == "second"


def test_a_token_without_kid_is_verified_by_the_only_key_that_can_be_meant() -> None:
    others = [published("second", use="enc"), published("second", alg="PS256"), {"kty": "EC", "kid": "third"}]
    assert kid_of([*others, published("first")]) == "first"


@pytest.mark.parametrize("keys", [[], ["text"], [published("first"), published("second")]])
def test_where_no_key_or_several_fit_nothing_is_believed(keys: list[Any]) -> None:
    with pytest.raises(Untrusted, match="no key"):
        kid_of(keys)


@pytest.mark.parametrize("modulus", ["AQAB", None, 5, "****", "-" * 170])
def test_an_RSA_key_of_less_than_2048_bits_verifies_nothing(modulus: object) -> None:
    with pytest.raises(Untrusted, match="no key"):
        kid_of([published("first", n=modulus)])


def test_what_is_no_JWKS_is_no_answer_of_a_provider() -> None:
    with pytest.raises(ProviderDown, match="JWKS"):
        kid_of({"kid": "first"})
