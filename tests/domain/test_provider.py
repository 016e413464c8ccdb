"""What a provider's verified claims prove: an identity always, an address only where it speaks for it (T1, I4)."""

from __future__ import annotations

from typing import Any

import pytest

from readmit.domain.guest import Binding
from readmit.domain.provider import (
    CONSUMERS,
    GOOGLE_DOMAINS,
    GOOGLE_ISSUER,
    MICROSOFT_ISSUER,
    InvalidProvider,
    Preset,
    Provider,
    Untrusted,
    check_issuer,
    identity_of,
)

ENTRA = "https://login.microsoftonline.com/33ad69f9-da99-4bed-acd0-3f24235cb296/v2.0"
OBJECT = "5a0a1b1c-0000-4000-8000-00000000000a"


def registered(preset: Preset | None = None, issuer: str = "https://idp.wingtip.example", *domains: str) -> Provider:
    return Provider("p1", "t1", "Wingtip", "oidc", issuer, domains or ("wingtip.example",), "client", preset)


def claims(**changed: Any) -> dict[str, Any]:
    given = {"sub": "alice-1", "email": "Alice@wingtip.example", "email_verified": True, **changed}
    return {name: value for name, value in given.items() if value is not None}


def test_I4_an_address_of_its_own_domain_said_to_be_verified_is_proved() -> None:
    found = identity_of(registered(), claims())
    assert found.keys == ("alice@wingtip.example",)
    assert found.binding == Binding("oidc", "https://idp.wingtip.example", "alice-1", "", None)
    assert (found.binding.shown_issuer, found.binding.assigned_id) == ("https://idp.wingtip.example", "alice-1")
    assert found.shown == "Alice@wingtip.example"


@pytest.mark.parametrize("verified", [None, False, "true", 1, "True", ["true"], {}])
def test_T1_an_address_that_is_not_verified_by_json_true_is_not_proved(verified: object) -> None:
    assert identity_of(registered(), claims(email_verified=verified)).keys == ()


@pytest.mark.parametrize(
    "email", ["ceo@contoso.com", "alice@sub.wingtip.example", "alice@wingtip.example.evil", "alice"]
)
def test_T1_an_address_of_another_domain_is_not_proved_however_verified(email: str) -> None:
    assert identity_of(registered(), claims(email=email)).keys == ()


def test_T1_the_address_never_decides_who_it_is() -> None:
    first, second = (identity_of(registered(), claims(sub=sub)).binding for sub in ("alice-1", "mallory"))
    assert first != second


@pytest.mark.parametrize("subject", [None, "", 7, "x" * 256, "a\nb"])
def test_an_identity_without_a_usable_subject_is_none(subject: object) -> None:
    with pytest.raises(Untrusted):
        identity_of(registered(), claims(sub=subject))


def test_I4_an_entra_tenant_is_bound_by_object_id_and_proves_by_xms_edov() -> None:
    entra = registered("entra", ENTRA)
    given = claims(tid="33ad69f9-da99-4bed-acd0-3f24235cb296", oid=OBJECT, xms_edov=True)
    found = identity_of(entra, given)
    assert found.binding == Binding("oidc", ENTRA, OBJECT, "", None)
    assert (found.binding.shown_issuer, found.binding.assigned_id) == ("ExternalAzureAD", None)
    assert found.keys == ("alice@wingtip.example",)
    assert identity_of(entra, {**given, "xms_edov": "1"}).keys == ()
    for broken in ({"tid": "another"}, {"tid": ""}, {"tid": "v2.0"}, {"tid": None}, {"oid": "no id"}, {"oid": None}):
        with pytest.raises(Untrusted):
            identity_of(entra, {**given, **broken})


def test_google_proves_the_domains_it_lists() -> None:
    google = registered("google", GOOGLE_ISSUER, *GOOGLE_DOMAINS)
    found = identity_of(google, claims(email="alice@gmail.com"))
    assert found.keys == ("alice@gmail.com",)
    assert (found.binding.kind, found.binding.shown_issuer) == ("google", "google.com")
    assert identity_of(google, claims()).keys == ()


def test_a_microsoft_account_is_one_of_the_consumers_tenant() -> None:
    microsoft = registered("microsoft", MICROSOFT_ISSUER, "outlook.com")
    given = claims(email="alice@outlook.com", tid=CONSUMERS, xms_edov=True)
    found = identity_of(microsoft, given)
    assert (found.binding.kind, found.binding.shown_issuer, found.keys) == (
        "microsoft",
        "MicrosoftAccount",
        ("alice@outlook.com",),
    )
    with pytest.raises(Untrusted):
        identity_of(microsoft, {**given, "tid": "33ad69f9-da99-4bed-acd0-3f24235cb296"})


def test_categories_are_those_of_the_redemption_order() -> None:
    assert [registered(preset).category for preset in (None, "entra", "google", "microsoft")] == [
        "externalFederation",
        "azureActiveDirectory",
        "socialIdentityProviders",
        "socialIdentityProviders",
    ]


def test_I6_names_come_without_controls_and_within_their_lengths() -> None:
    given = claims(name="Alice\r\nBcc: x\u202e", given_name="  A  l ", family_name="y" * 100, email=None)
    found = identity_of(registered(), {**given, "preferred_username": "alice"})
    assert dict(found.names) == {"displayName": "Alice Bcc: x", "givenName": "A l", "surname": "y" * 64}
    assert (found.keys, found.shown) == ((), "alice")


OWN = frozenset({"https://localhost:8443"})


@pytest.mark.parametrize(
    "issuer",
    ["mail", "google.com", "facebook.com", "urn:readmit:tenant:x", "URN:Readmit:x", "https://localhost:8443/t/v2.0"],
)
def test_an_issuer_that_readmit_gives_out_itself_is_refused(issuer: str) -> None:
    with pytest.raises(InvalidProvider):
        check_issuer(issuer, OWN)


@pytest.mark.parametrize("issuer", ["", "https://x/" + "y" * 300, "https://x/\n"])
def test_an_issuer_is_a_url_of_some_length(issuer: str) -> None:
    with pytest.raises(InvalidProvider):
        check_issuer(issuer, OWN)


def test_any_other_issuer_is_fine() -> None:
    check_issuer("https://localhost:84430", OWN)
