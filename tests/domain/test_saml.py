"""Whom a believed SAML assertion is about: a lasting name decides, an address counts only where it is spoken for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from readmit.domain.guest import Binding
from readmit.domain.provider import Provider, Untrusted, binding_of
from readmit.domain.saml import PERSISTENT, Assertion, identity_of

NOW = datetime(2026, 1, 31, tzinfo=UTC)
ENTITY = "https://idp.tailspin.example/saml"
EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"


def registered(**more: Any) -> Provider:
    fields: dict[str, Any] = {"domains": ("tailspin.example", "tailspin.test"), **more}
    return Provider("p1", "t1", "Tailspin", "saml", ENTITY, **fields)


def assertion(name_id: str = "alice-1", format: str = PERSISTENT, **attributes: tuple[str, ...]) -> Assertion:
    return Assertion("_a", NOW, name_id, format, attributes, NOW)


def named(attributes: dict[str, tuple[str, ...]]) -> Assertion:
    return Assertion("_a", NOW, "alice-1", PERSISTENT, attributes, NOW)


def test_a_persistent_NameID_is_the_identity_and_the_entity_id_its_issuer() -> None:
    found = identity_of(registered(), assertion())
    assert found.binding == Binding("saml", ENTITY, "alice-1", "", None)
    assert (found.binding.shown_issuer, found.binding.assigned_id) == (ENTITY, "alice-1")
    assert (found.keys, found.shown, found.names) == ((), "alice-1", {})
    assert binding_of(registered(), "alice-1") == found.binding


@pytest.mark.parametrize("name", ["urn:oid:0.9.2342.19200300.100.1.3", f"{CLAIMS}emailaddress", "mail", "email"])
def test_I4_an_address_in_a_registered_domain_is_proved(name: str) -> None:
    found = identity_of(registered(), named({name: ("Alice@tailspin.example",)}))
    assert (found.keys, found.shown) == (("alice@tailspin.example",), "Alice@tailspin.example")


@pytest.mark.parametrize(
    "address", ["ceo@contoso.com", "alice@sub.tailspin.example", "alice@tailspin.example.evil", "alice", "", "x" * 300]
)
def test_T1_any_other_address_is_not_proved(address: str) -> None:
    assert identity_of(registered(), assertion(mail=(address,))).keys == ()


def test_I6_the_shown_address_is_one_plain_line() -> None:
    assert identity_of(registered(), assertion(mail=("a\u202e\n@x",))).shown == "a @x"


def test_several_addresses_are_each_proved_by_their_domain_alone() -> None:
    mails = ("alice@tailspin.example", "ceo@contoso.com", "ALICE@tailspin.example", "a@tailspin.test")
    found = identity_of(registered(), assertion(mail=mails))
    assert found.keys == ("alice@tailspin.example", "a@tailspin.test")
    many = tuple(f"a{number}@tailspin.example" for number in range(100))
    assert len(identity_of(registered(), assertion(mail=many)).keys) == 20


@pytest.mark.parametrize(
    ("format", "says"),
    [
        ("urn:oasis:names:tc:SAML:2.0:nameid-format:transient", "transient"),
        ("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", "unspecified"),
        (EMAIL_FORMAT, "emailAddress"),
        ("", "unspecified"),
    ],
)
def test_a_NameID_that_may_change_is_refused_and_the_reason_says_what_to_configure(format: str, says: str) -> None:
    with pytest.raises(Untrusted, match=f"is {says}, not persistent, and no subjectAttribute"):
        identity_of(registered(), assertion(format=format))


def test_a_configured_attribute_is_the_identity_whatever_the_NameID() -> None:
    found = identity_of(
        registered(subject_attribute="employee"),
        assertion("alice@tailspin.example", EMAIL_FORMAT, employee=("E-1",)),
    )
    assert (found.binding.subject, found.binding.assigned_id) == ("E-1", "E-1")


@pytest.mark.parametrize("values", [(), ("E-1", "E-2"), ("",), ("x" * 256,), ("E\n1",)])
def test_a_configured_attribute_that_is_not_there_exactly_once_proves_nothing(values: tuple[str, ...]) -> None:
    with pytest.raises(Untrusted, match=r"no single subjectAttribute 'employee'; sent: mail, a\?b, employee"):
        identity_of(registered(subject_attribute="employee"), named({"mail": (), "a\nb": (), "employee": values}))


def test_the_reason_names_what_came_and_no_value_of_it() -> None:
    provider = registered(subject_attribute="employee")
    with pytest.raises(Untrusted, match=r"sent: no attributes$"):
        identity_of(provider, named({}))
    with pytest.raises(Untrusted) as told:
        identity_of(provider, named({f"{number}" * 200: ("secret",) for number in range(50)}))
    assert "secret" not in str(told.value)
    assert len(str(told.value)) < 1100


@pytest.mark.parametrize("name_id", ["", "x" * 256, "a\x00", "a\nb", "\u202eevil"])
def test_a_NameID_that_names_nobody_proves_nothing(name_id: str) -> None:
    with pytest.raises(Untrusted, match="no usable NameID"):
        identity_of(registered(), assertion(name_id))


@pytest.mark.parametrize(
    "attributes",
    [
        {"displayName": ("Alice T",), "givenName": ("Alice",), "sn": ("T",)},
        {
            "urn:oid:2.16.840.1.113730.3.1.241": ("Alice T",),
            "urn:oid:2.5.4.42": ("Alice",),
            "urn:oid:2.5.4.4": ("T",),
        },
        {
            "http://schemas.microsoft.com/identity/claims/displayname": ("Alice T",),
            f"{CLAIMS}givenname": ("Alice",),
            f"{CLAIMS}surname": ("T",),
        },
    ],
)
def test_I6_names_come_from_the_usual_attributes(attributes: dict[str, tuple[str, ...]]) -> None:
    assert identity_of(registered(), named(attributes)).names == {
        "displayName": "Alice T",
        "givenName": "Alice",
        "surname": "T",
    }


def test_the_first_value_that_is_there_is_the_name_and_ADFS_claim_name_is_none() -> None:
    given = {"displayName": ("", "Alice", "Bob"), f"{CLAIMS}name": ("alice@tailspin.example",)}
    assert identity_of(registered(), named(given)).names == {"displayName": "Alice"}
