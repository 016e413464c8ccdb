"""Tenant settings by their names, and the domain list (lifecycle L37)."""

from __future__ import annotations

from typing import Any

import pytest

from readmit.domain.address import EmailAddress
from readmit.domain.tenant import InvalidSetting, Tenant, TenantSettings


def test_the_defaults_are_those_of_the_specs() -> None:
    settings = TenantSettings.parse({})
    assert settings.allowInvitesFrom == "everyone"
    assert settings.maxCcRecipients == 1
    assert settings.passcodeMinutes == 10
    assert settings.newAddressOnReset is None


def test_every_kind_of_setting_is_read() -> None:
    given = {
        "allowInvitesFrom": "none",
        "maxCcRecipients": 20,
        "invitationLifetimeDays": None,
        "blockedDomains": ["Bücher.example"],
        "allowOtherAccount": True,
        "newAddressOnReset": "refuse",
    }
    settings = TenantSettings.parse(given)
    assert settings.blockedDomains == ("xn--bcher-kva.example",)
    assert settings.newAddressOnReset == "refuse"
    assert settings.allowOtherAccount


@pytest.mark.parametrize(
    "given",
    [
        {"unknown": 1},
        {"allowInvitesFrom": "everybody"},
        {"maxCcRecipients": 21},
        {"domainListsName": "x" * 257},
        {"domainListsDescription": 1},
        {"maxCcRecipients": True},
        {"maxCcRecipients": "1"},
        {"invitationLifetimeDays": 0},
        {"passcodeMinutes": 31},
        {"allowedDomains": "x.example"},
        {"allowedDomains": [1]},
        {"allowedDomains": ["xn--\u00ff"]},
        {"blockedDomains": ["*.wingtip.example"]},
        {"blockedDomains": ["@wingtip.example"]},
        {"blockedDomains": ["wingtip"]},
        {"allowedDomains": [""]},
        {"allowOtherAccount": "yes"},
        {"technicalNotificationMails": "ada@contoso.com"},
        {"technicalNotificationMails": ["ada"]},
        {"technicalNotificationMails": [f"a{number}@contoso.com" for number in range(1000)]},
        {"allowedDomains": ["a.example"], "blockedDomains": ["b.example"]},
        {"blockedDomains": ["a" * 60 + ".example"] * 400},
    ],
)
def test_what_a_setting_cannot_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting):
        TenantSettings.parse(given)


def tenant(**settings: Any) -> Tenant:
    chosen = TenantSettings.parse(settings)
    domains = frozenset({"contoso.com", "contoso.onmicrosoft.com"})
    return Tenant("t", "Contoso", "contoso.onmicrosoft.com", domains, "contoso.com", None, None, "salt", chosen)


@pytest.mark.parametrize(
    ("settings", "accepted"),
    [
        ({}, True),
        ({"blockedDomains": ["fabrikam.com"]}, False),
        ({"blockedDomains": ["other.example"]}, True),
        ({"allowedDomains": ["other.example"]}, False),
        ({"allowedDomains": ["FABRIKAM.com"]}, True),
        ({"blockedDomains": ["a.fabrikam.com"]}, True),
    ],
)
def test_L37_the_list_means_exact_domains(settings: dict[str, Any], accepted: bool) -> None:
    assert tenant(**settings).accepts_domain(EmailAddress.parse("a@fabrikam.com")) is accepted


def test_verified_domains_and_codes() -> None:
    assert tenant().verified(EmailAddress.parse("a@CONTOSO.com"))
    assert not tenant().verified(EmailAddress.parse("a@sub.contoso.com"))
    assert tenant().codes_allowed
    assert not tenant(emailOneTimePasscode=False).codes_allowed
