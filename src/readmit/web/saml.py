"""Our metadata for SAML providers, at the address that is our entity id towards each of them."""

from __future__ import annotations

from readmit.flows import service_provider
from readmit.flows.upstream_saml import SERVICE
from readmit.flows.world import World
from readmit.web.call import Call, Reply, Step
from readmit.web.http import Refusal

TEMPLATE = f"{SERVICE}/{{provider}}"


def metadata(world: World, call: Call) -> Step:
    """GET: public, the same for everybody, with addresses of the public URL alone (security H1)."""
    found = world.database.read(service_provider.metadata, world, call.parameters["provider"])
    if found is None:
        raise Refusal(404)
    return Reply(200, found, (("content-type", "application/samlmetadata+xml"), ("cache-control", "no-store")))
