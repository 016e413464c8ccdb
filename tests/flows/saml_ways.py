"""A SAML provider registered at Contoso, and a browser's way to it and back."""

from __future__ import annotations

from typing import Any

from ways import Way

from lying_saml import LyingSaml
from readmit.domain.audit import SYSTEM
from readmit.domain.provider import Provider
from readmit.flows import providers, upstream
from readmit.flows.browsers import Browser
from readmit.flows.providers import Registration
from readmit.flows.upstream import Answer
from readmit.proofs.saml import metadata
from readmit.storage import tenants
from world import House


def register(house: House, idp: LyingSaml, **more: Any) -> Provider:
    """Registered for `tailspin.example`, unless the test says otherwise."""
    fields: dict[str, Any] = {
        "domains": ("tailspin.example",),
        "kind": "saml",
        "name": "Tailspin",
        "metadata": metadata.read(idp.metadata()),
        **more,
    }
    tenant = house.read(tenants.get, house.contoso)
    found = house.write(providers.register, house.world, tenant, Registration(**fields), SYSTEM)
    assert isinstance(found, Provider)
    return found


def leave(way: Way) -> str:
    """The URL at the provider that the browser is sent to."""
    return upstream.ask(way.house.world, way.browser, way.flow_id)


def bring(way: Way, form: dict[str, str], provider_id: str | None = None) -> Answer:
    """The browser posts the provider's form; what its GET then says."""
    at = provider_id or way.look().flow.provider_id or ""
    answer = Answer(at, {"state": form["RelayState"]})
    assert way.house.write(upstream.park, way.house.world, answer, form["SAMLResponse"])
    return answer


def hear(way: Way, answer: Answer, browser: Browser | None = None) -> None:
    upstream.hear(way.house.world, browser or way.browser, way.flow_id, answer)


def prove_at(way: Way, idp: LyingSaml) -> None:
    """Off to the provider and back, as the browser does it."""
    answer = bring(way, idp.approve(leave(way)))
    assert way.house.read(upstream.waiting_flow, answer) == way.flow_id
    hear(way, answer)
