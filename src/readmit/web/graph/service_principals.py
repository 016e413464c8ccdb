"""Service principals (graph G34, G46)."""

from __future__ import annotations

from readmit.domain.application import ServicePrincipal
from readmit.flows import apps
from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph import lists, rights
from readmit.web.graph.app_body import read_principal
from readmit.web.graph.app_doors import common, done, found
from readmit.web.graph.app_shape import principal_item
from readmit.web.graph.body import object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.related import Relation, operations
from readmit.web.graph.render import created, entity, frame_of, graph_reply


def read(world: World, call: Call) -> Step:
    """GET /servicePrincipals/{id}, (appId='…')."""
    options = lists.options_of(call, "servicePrincipal", shape="single")
    principal = found(world, call, "servicePrincipal")
    frame = frame_of(call)
    item = principal_item(world.database.read(queries.dressed, principal), frame.version, options.select)
    body = entity(frame, lists.context("servicePrincipals", options.select, single=True), item)
    return graph_reply(call, 200, lists.told(world, call, options, item, body))


def listing(world: World, call: Call) -> Step:
    """GET /servicePrincipals."""
    return lists.listing(world, call, "servicePrincipal", "servicePrincipals")


def count(world: World, call: Call) -> Step:
    """GET /servicePrincipals/$count."""
    return lists.count(world, call, "servicePrincipal")


def create(world: World, call: Call) -> Step:
    """POST /servicePrincipals {appId}."""
    asked = read_principal(object_of(call), new=True)

    def render(principal: ServicePrincipal) -> Reply:
        frame = frame_of(call)
        item = principal_item(world.database.read(queries.dressed, principal), frame.version)
        return created(call, item, entity(frame, "servicePrincipals/$entity", item))

    return Write(render, apps.create_principal, world, caller_of(call), asked, correlation_id=call.request_id)


def update(world: World, call: Call) -> Step:
    """PATCH /servicePrincipals/{id}."""
    asked = read_principal(object_of(call), new=False)
    principal = found(world, call, "servicePrincipal")
    return Write(
        done, apps.update_principal, world, caller_of(call), principal.id, asked, correlation_id=call.request_id
    )


_RELATIONS = (
    Relation("memberOf", ("group", "directoryRole")),
    Relation("transitiveMemberOf", ("group", "directoryRole")),
    Relation("ownedObjects", ("group", "application", "servicePrincipal")),
)
OPERATIONS = (
    Operation("GET", "/servicePrincipals", listing, rights.READ_APPS),
    Operation("POST", "/servicePrincipals", create, rights.CREATE_APP),
    Operation("GET", "/servicePrincipals/$count", count, rights.READ_APPS),
    Operation("GET", "/servicePrincipals/{id}", read, rights.READ_APPS),
    Operation("PATCH", "/servicePrincipals/{id}", update, rights.WRITE_APP),
    *common("servicePrincipals", "servicePrincipal"),
    *operations("servicePrincipals", "servicePrincipal", _RELATIONS, rights.READ_APPS),
)
