"""Introspection and revocation: what a token is worth, and giving one back (RFC 7662, RFC 7009)."""

from __future__ import annotations

from typing import Any

from readmit.flows import introspection, tokens
from readmit.flows.world import World
from readmit.web.call import Call, Step, Work
from readmit.web.oidc.clients import client_of
from readmit.web.oidc.fields import fields_of, required
from readmit.web.oidc.token import done, tenant_id_of


def introspect(world: World, call: Call) -> Step:
    """RFC 7662: a client asks about a token of ours."""
    fields = fields_of(call)
    tenant_id = tenant_id_of(world, call)
    presented = client_of(call, fields, tenant_id)
    checked = required(fields, "token")

    def work() -> dict[str, Any]:
        client = tokens.authenticated_client(world, tenant_id, presented, confidential=True)
        return introspection.introspect(world, client, checked)

    return Work(done(call), work)


def revoke(world: World, call: Call) -> Step:
    """RFC 7009: a client gives back a refresh or access token; an unknown one is fine."""
    fields = fields_of(call)
    tenant_id = tenant_id_of(world, call)
    presented = client_of(call, fields, tenant_id)
    given = required(fields, "token")

    def work() -> dict[str, Any]:
        client = tokens.authenticated_client(world, tenant_id, presented)
        introspection.revoke(world, client, given)
        return {}

    return Work(done(call), work)
