"""Home identity providers below `/readmit/v1` (graph G47, G82): list, add, change, check, remove; never a secret."""

from __future__ import annotations

from typing import Any, Final

from readmit.domain.errors import NotFound, ReadOnly
from readmit.domain.provider import KINDS, PRESETS
from readmit.flows import administer_providers, upstream, upstream_saml
from readmit.flows.administer_providers import Added, Changes, Source
from readmit.flows.providers import Registration
from readmit.flows.world import World
from readmit.proofs.oidc import Inspection
from readmit.storage import queries_providers
from readmit.storage.queries_providers import ShownProvider
from readmit.web.call import Apart, Call, Reply, Step, Work, Write
from readmit.web.graph.body import Properties, object_of
from readmit.web.graph.operations import caller_of
from readmit.web.graph.render import graph_reply, no_content
from readmit.web.graph.times import stamp

_RESOURCE: Final = "IdentityProvider"
_FIXED: Final = ("kind", "preset", "entraTenantId", "issuer", "subjectAttribute")
"""Said at creation only: the bindings of guests hang on the issuer."""
_WRITABLE: Final = ("displayName", "domains", "clientId", "clientSecret", "enabled", "privateNetwork")
_METADATA: Final = ("metadata", "metadataUrl")
"""Of a SAML provider: its XML, or where this server fetches it. What is pinned of it is not shown."""
_SHOWN: Final = ("id", "entityId", "scopes", "hasClientSecret", "createdDateTime", "boundGuests", "redirectUri")
_LONGEST: Final = 255
_LONGEST_SECRET: Final = 2000
_LONGEST_METADATA: Final = 256 * 1024


def shown(world: World, found: ShownProvider) -> dict[str, Any]:
    """A provider on the wire."""
    provider = found.provider
    return {
        "id": provider.id,
        "displayName": provider.name,
        "kind": provider.kind,
        "preset": provider.preset,
        "issuer": provider.issuer,
        "domains": list(provider.domains),
        "clientId": provider.client_id,
        "hasClientSecret": found.has_secret,
        "scopes": list(provider.scopes),
        "enabled": provider.enabled,
        "privateNetwork": provider.private_network,
        "createdDateTime": stamp(found.created),
        "boundGuests": found.bound_guests,
        "subjectAttribute": provider.subject_attribute,
        "redirectUri": upstream.callback_uri(world, provider.id),
        "entityId": upstream_saml.entity_id(world, provider.id) if provider.kind == "saml" else None,
    }


def listing(world: World, call: Call) -> Step:
    """GET: all of the tenant, by name."""

    def render(found: list[ShownProvider]) -> Reply:
        return graph_reply(call, 200, {"value": [shown(world, one) for one in found]})

    return Work(render, world.database.read, queries_providers.every, caller_of(call).tenant_id)


def single(world: World, call: Call) -> Step:
    """GET of one."""
    id = call.parameters["id"]

    def render(found: ShownProvider | None) -> Reply:
        if found is None:
            raise NotFound(id)
        return graph_reply(call, 200, shown(world, found))

    return Work(render, world.database.read, queries_providers.one, caller_of(call).tenant_id, id)


def create(world: World, call: Call) -> Step:
    """POST: asks the provider itself; 201 with what to register there, and warnings."""
    body = Properties(object_of(call), ("id", *_FIXED, *_WRITABLE, *_METADATA), resource=_RESOURCE)
    caller = caller_of(call)

    def render(added: Added) -> Reply:
        found = world.database.read(queries_providers.one, caller.tenant_id, added.provider.id)
        assert found is not None
        reply = graph_reply(call, 201, {**shown(world, found), "warnings": list(added.warnings)})
        return reply.with_headers(("Location", f"{call.origin}/readmit/v1/identityProviders/{added.provider.id}"))

    return Apart(render, administer_providers.connect, world, caller, _registration(body), _source(body))


def _registration(body: Properties) -> Registration:
    if body.flag("enabled") is False:
        raise body.refuse_value("enabled")
    return Registration(
        domains=tuple(body.texts("domains", limit=_LONGEST) or ()),
        kind=_choice(body, "kind", KINDS) or "oidc",
        name=body.text("displayName", limit=_LONGEST),
        issuer=body.text("issuer", limit=_LONGEST),
        client_id=body.text("clientId", limit=_LONGEST),
        client_secret=body.text("clientSecret", limit=_LONGEST_SECRET),
        preset=_choice(body, "preset", PRESETS),
        private_network=bool(body.flag("privateNetwork")),
        entra_tenant_id=body.text("entraTenantId", limit=_LONGEST),
        subject_attribute=body.text("subjectAttribute", limit=_LONGEST),
        id=body.text("id", limit=_LONGEST),
    )


def _source(body: Properties) -> Source | None:
    """Where the metadata of a SAML provider comes from; one of the two, or neither."""
    text = body.text("metadata", limit=_LONGEST_METADATA, multiline=True)
    url = body.text("metadataUrl", limit=_LONGEST)
    if text is not None and url is not None:
        raise body.refuse_value("metadataUrl")
    return Source(text, url) if text is not None or url is not None else None


def _choice(body: Properties, name: str, allowed: tuple[Any, ...]) -> Any:
    value = body.text(name, limit=_LONGEST)
    if value is not None and value not in allowed:
        raise body.refuse_value(name)
    return value


def change(world: World, call: Call) -> Step:
    """PATCH: name, domains, client, secret (write only), switches. What is fixed is M5."""
    body = Properties(object_of(call), (*_FIXED, *_WRITABLE, *_METADATA, *_SHOWN), resource=_RESOURCE)
    for name in body:
        if name not in (*_WRITABLE, *_METADATA):
            raise ReadOnly(name, _RESOURCE)
    domains = body.texts("domains", limit=_LONGEST)
    wanted = Changes(
        name=body.needed_text("displayName", limit=_LONGEST) if "displayName" in body else None,
        enabled=body.flag("enabled"),
        domains=tuple(domains) if domains is not None else None,
        client_id=body.needed_text("clientId", limit=_LONGEST) if "clientId" in body else None,
        client_secret=body.text("clientSecret", limit=_LONGEST_SECRET) or "" if "clientSecret" in body else None,
        private_network=body.flag("privateNetwork"),
    )
    source, arguments = _source(body), (world, caller_of(call), call.parameters["id"], wanted)
    if source is not None:
        return Apart(lambda _: no_content(), administer_providers.alter, *arguments, source)
    return Write(lambda _: no_content(), administer_providers.change, *arguments)


def remove(world: World, call: Call) -> Step:
    """DELETE."""
    return Write(lambda _: no_content(), administer_providers.remove, world, caller_of(call), call.parameters["id"])


def check(world: World, call: Call) -> Step:
    """POST …/check: whether it answers now, and with what a sign-in needs."""

    def render(found: Inspection) -> Reply:
        return graph_reply(call, 200, {"problems": list(found.problems), "warnings": list(found.warnings)})

    return Apart(render, administer_providers.check, world, caller_of(call), call.parameters["id"])
