"""Registering a SAML provider from its metadata, by seed and by an administrator; renewing what is pinned of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lying_saml import LyingSaml, pair
from readmit.cli import seed_file
from readmit.domain.audit import SYSTEM
from readmit.domain.errors import NotFound, OperatorError, ProviderRefused
from readmit.domain.provider import InvalidProvider, Provider
from readmit.domain.saml import Metadata
from readmit.flows import administer_providers, providers, seed
from readmit.flows.providers import Registration
from readmit.proofs.saml import metadata
from readmit.storage import providers as table
from world import START, House

TAILSPIN = LyingSaml()


def pinned(idp: LyingSaml = TAILSPIN, *more: Any) -> Metadata:
    return metadata.read(idp.metadata(*more))


def register(house: House, **more: Any) -> Provider:
    fields = {"domains": ("tailspin.example",), "kind": "saml", "metadata": pinned(), **more}
    found = house.write(administer_providers.add, house.world, house.automation(), Registration(**fields))
    assert isinstance(found, Provider)
    return found


def test_a_SAML_provider_is_what_its_metadata_says(house: House) -> None:
    made = register(house, subject_attribute="employee")
    assert (made.issuer, made.name, made.kind) == (TAILSPIN.entity_id, "idp.tailspin.example", "saml")
    assert house.read(table.get, house.contoso, made.id) == made
    assert house.read(table.metadata, made.id) == pinned()
    assert house.read(table.of_domain, house.contoso, "tailspin.example") == made
    assert house.read(table.metadata, "nobody") is None


def test_the_address_of_the_callback_may_be_known_beforehand(house: House) -> None:
    chosen = "11111111-1111-4111-8111-111111111111"
    assert register(house, id=chosen).id == chosen
    other = LyingSaml(entity_id="urn:other")
    with pytest.raises(ProviderRefused, match="another provider's"):
        register(house, id=chosen, domains=("other.example",), metadata=pinned(other))


def test_an_entity_id_that_is_no_URL_is_named_after_where_people_sign_in(house: House) -> None:
    assert register(house, metadata=pinned(LyingSaml(entity_id="urn:tailspin"))).name == "idp.tailspin.example"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"metadata": None}, "needs its metadata"),
        ({"client_id": "x"}, "belong to an OIDC provider"),
        ({"preset": "google"}, "belong to an OIDC provider"),
        ({"issuer": "https://idp.other.example"}, "is of https://idp.tailspin.example/saml, not of"),
        ({"subject_attribute": ""}, "1 to 255"),
        ({"subject_attribute": "x" * 256}, "1 to 255"),
        ({"id": "1"}, "a UUID"),
        ({"domains": ()}, "address domains"),
        ({"metadata": pinned(LyingSaml(entity_id="urn:readmit:x"))}, "readmit uses itself"),
        ({"metadata": pinned(LyingSaml(entity_id="https://localhost:8443/x"))}, "this server"),
        ({"metadata": pinned(LyingSaml(entity_id=""))}, "at most 255"),
        ({"metadata": pinned(LyingSaml(sign_in_url="http://idp.tailspin.example/sso"))}, "no https URL"),
        ({"kind": "oidc", "client_id": "x", "issuer": "https://idp.example"}, "'kind' is saml"),
    ],
)
def test_a_SAML_provider_that_cannot_be_is_refused_in_words(house: House, more: dict[str, Any], says: str) -> None:
    before = house.contents()
    with pytest.raises(ProviderRefused, match=says):
        register(house, **more)
    assert house.contents() == before


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://idp.example/sso#x", "https://[idp/sso"])
def test_metadata_with_a_sign_in_address_that_no_browser_is_sent_to_is_not_read(url: str) -> None:
    with pytest.raises(InvalidProvider, match="at no http or https address"):
        pinned(LyingSaml(sign_in_url=url))


def test_a_sign_in_address_may_have_a_query_and_stand_on_loopback_where_the_administrator_says_so(house: House) -> None:
    there = LyingSaml(sign_in_url="http://localhost:1/sso?idpid=7&x=y")
    assert house.read(table.metadata, register(house, metadata=pinned(there), private_network=True).id).sign_in_url == (
        "http://localhost:1/sso?idpid=7&x=y"
    )


def test_a_change_of_keys_is_pinned_anew_and_audited(house: House) -> None:
    made = register(house)
    renewed = pinned(TAILSPIN, pair("next"))
    house.write(providers.renew, house.world, house.contoso, made.id.upper(), renewed, actor=SYSTEM)
    assert house.read(table.metadata, made.id) == renewed
    told = house.rows("SELECT activity FROM audit_events WHERE target_id = :id ORDER BY rowid", id=made.id)
    assert [row[0] for row in told] == ["Add identity provider", "Update identity provider"]


def test_metadata_of_somebody_else_or_of_nobody_renews_nothing(house: House) -> None:
    made = register(house)
    before = house.contents()
    other = pinned(LyingSaml(entity_id="https://idp.other.example"))
    with pytest.raises(InvalidProvider, match=r"not of https://idp\.tailspin\.example/saml"):
        house.write(providers.renew, house.world, house.contoso, made.id, other, actor=SYSTEM)
    moved = pinned(LyingSaml(sign_in_url="http://idp.tailspin.example"))
    with pytest.raises(InvalidProvider, match="no https URL"):
        house.write(providers.renew, house.world, house.contoso, made.id, moved, actor=SYSTEM)
    with pytest.raises(NotFound):
        house.write(providers.renew, house.world, house.fabrikam, made.id, pinned(), actor=SYSTEM)
    assert house.contents() == before


# --------------------------------------------------------------------- the seed


def seeded(folder: Path, entry: str, *, guest: str = "") -> tuple[seed.SeedTenant, ...]:
    file = folder / "seed.yaml"
    file.write_text(
        "tenants:\n"
        "  - displayName: Contoso\n    initialDomain: contoso.onmicrosoft.com\n    domains: [contoso.com]\n"
        f"    identityProviders:\n      - {entry}\n{guest}",
        encoding="utf-8",
    )
    return seed_file.read(file, {})


ENTRY = "{domain: tailspin.example, kind: saml, metadata: tailspin-idp.xml}"


def test_a_seed_names_the_file_of_the_metadata_beside_it(house: House, tmp_path: Path) -> None:
    (tmp_path / "tailspin-idp.xml").write_bytes(TAILSPIN.metadata())
    guest = (
        "    guests:\n      - {email: alice@tailspin.example, state: Accepted, "
        f'identity: {{issuer: "{TAILSPIN.entity_id}", subject: alice-at-tailspin}}}}\n'
    )
    wanted = seeded(tmp_path, ENTRY, guest=guest)
    assert "identityProvider tailspin.example" in seed.apply(house.world, wanted).made
    assert house.rows("SELECT binding_kind FROM users WHERE binding_subject = 'alice-at-tailspin'") == [("saml",)]
    again = seed.apply(house.world, seeded(tmp_path, ENTRY, guest=guest))
    assert (again.made, "identityProvider tailspin.example" in again.differs) == ([], False)


def test_a_seed_whose_metadata_changed_differs_until_it_is_forced(house: House, tmp_path: Path) -> None:
    file = tmp_path / "tailspin-idp.xml"
    file.write_bytes(TAILSPIN.metadata())
    seed.apply(house.world, seeded(tmp_path, ENTRY))
    file.write_bytes(TAILSPIN.metadata(pair("next")))
    changed = seeded(tmp_path, ENTRY)
    assert "identityProvider tailspin.example" in seed.apply(house.world, changed).differs
    assert "identityProvider tailspin.example" in seed.apply(house.world, changed, force=True).applied
    assert "identityProvider tailspin.example" not in seed.apply(house.world, changed).differs
    file.write_bytes(LyingSaml(entity_id="urn:other").metadata())
    with pytest.raises(OperatorError, match=r"line 6: the metadata is of urn:other"):
        seed.apply(house.world, seeded(tmp_path, ENTRY), force=True)


def test_a_seed_with_metadata_that_pins_nothing_names_line_and_file(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"line 6: the metadata tailspin-idp\.xml cannot be read: No such file"):
        seeded(tmp_path, ENTRY)
    (tmp_path / "tailspin-idp.xml").write_text("<html/>")
    with pytest.raises(OperatorError, match=r"line 6: tailspin-idp\.xml: this is no SAML 2.0 metadata"):
        seeded(tmp_path, ENTRY)


def test_a_seed_may_name_the_id_and_the_attribute_that_says_who_it_is(house: House, tmp_path: Path) -> None:
    """With the id both addresses for the provider's administrator are known before the first start."""
    (tmp_path / "tailspin-idp.xml").write_bytes(TAILSPIN.metadata())
    entry = ENTRY.replace("}", ', id: "11111111-1111-4111-8111-11111111111A", subjectAttribute: employeeNumber}')
    seed.apply(house.world, seeded(tmp_path, entry))
    made = house.read(table.get, house.contoso, "11111111-1111-4111-8111-11111111111a")
    assert (made.issuer, made.subject_attribute) == (TAILSPIN.entity_id, "employeeNumber")
    with pytest.raises(OperatorError, match="line 6: a provider's id is a UUID"):
        seed.apply(
            house.world, seeded(tmp_path, ENTRY.replace("tailspin.example", "t2.example").replace("}", ", id: 7}"))
        )


def test_a_seed_warns_of_a_certificate_that_has_ended(tmp_path: Path) -> None:
    (tmp_path / "tailspin-idp.xml").write_bytes(TAILSPIN.metadata(pair("old", ends=2021)))
    (warning,) = seed_file.warnings(seeded(tmp_path, ENTRY), START)
    assert "expired on 2021-01-01" in warning
