"""Where two organisations spare their people the consent page, the password leads straight to the target (graph G45)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from front import Person, Site, site

from readmit.domain.cross_tenant import Partner, UserConsent
from readmit.flows.invite import redeem_url
from readmit.storage import partners
from world import PASSWORD

__all__ = ["site"]


def test_a_redemption_without_a_consent_page_ends_signed_in(site: Site) -> None:
    house = site.house

    def agree(tx: Any) -> None:
        partners.insert(tx, house.contoso, Partner(house.fabrikam, None, None, UserConsent(inboundAllowed=True)))
        partners.insert(tx, house.fabrikam, Partner(house.contoso, None, None, UserConsent(outboundAllowed=True)))

    house.write(agree)
    invited = house.invite("bob@fabrikam.com")
    link = urlsplit(redeem_url(house.world, house.contoso, invited.invitation.id, invited.ticket))
    bob = Person(site)
    bob.open(f"{link.path}?{link.query}")
    bob.submit()
    bob.submit(password=PASSWORD)
    assert bob.path.startswith("https://localhost:8443/myapps")
    assert "Contoso" in bob.open("/myapps")
    assert house.guest(invited.user.id).redemption_state == "Accepted"
