"""Who reads, and what of the directory is veiled for him (graph G65, G67)."""

from __future__ import annotations

import msgspec

from readmit.domain.directory import limited_guest, sees_basics_only
from readmit.domain.errors import InsufficientPrivileges
from readmit.domain.tenant import Tenant
from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call
from readmit.web.graph.operations import caller_of
from readmit.web.graph.rights import USER_READ


class Viewer(msgspec.Struct, frozen=True):
    """Who reads: his tenant, and what of it is veiled for him."""

    tenant: Tenant
    basic_users: bool
    limited: bool
    """A guest below the level of members: basic properties, no hidden groups (graph G67)."""


def viewer(world: World, call: Call) -> Viewer:
    """The tenant of the token and the veils of graph G65 and G67."""
    caller = caller_of(call)
    tenant = world.database.read(queries.tenant, caller.tenant_id)
    if tenant is None:
        raise InsufficientPrivileges
    settings = tenant.settings
    return Viewer(tenant, sees_basics_only(caller, settings, USER_READ), limited_guest(caller, settings))
