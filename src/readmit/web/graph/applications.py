"""Applications (graph G33, G46)."""

from __future__ import annotations

from readmit.domain.application import Application
from readmit.flows import apps
from readmit.flows.world import World
from readmit.storage import queries
from readmit.storage.queries_apps import ApplicationRow
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph import lists, rights
from readmit.web.graph.app_body import read_application
from readmit.web.graph.app_doors import common, done, found
from readmit.web.graph.app_shape import application_item
from readmit.web.graph.body import object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.render import created, entity, frame_of, graph_reply
from readmit.web.graph.viewer import viewer


def read(world: World, call: Call) -> Step:
    """GET /applications/{id}, (appId='…')."""
    seen = viewer(world, call)
    options = lists.options_of(call, "application", shape="single")
    application = found(world, call, "application")
    row = world.database.read(queries.dressed, application)
    item = application_item(row, seen.tenant.default_domain, options.select)
    body = entity(frame_of(call), lists.context("applications", options.select, single=True), item)
    return graph_reply(call, 200, lists.told(world, call, options, item, body))


def listing(world: World, call: Call) -> Step:
    """GET /applications."""
    return lists.listing(world, call, "application", "applications")


def count(world: World, call: Call) -> Step:
    """GET /applications/$count."""
    return lists.count(world, call, "application")


def create(world: World, call: Call) -> Step:
    """POST /applications."""
    asked = read_application(object_of(call), new=True)
    seen = viewer(world, call)

    def render(application: Application) -> Reply:
        item = application_item(ApplicationRow(application), seen.tenant.default_domain)
        return created(call, item, entity(frame_of(call), "applications/$entity", item))

    return Write(render, apps.create_application, world, caller_of(call), asked, correlation_id=call.request_id)


def update(world: World, call: Call) -> Step:
    """PATCH /applications/{id}."""
    asked = read_application(object_of(call), new=False)
    application = found(world, call, "application")
    return Write(
        done, apps.update_application, world, caller_of(call), application.id, asked, correlation_id=call.request_id
    )


OPERATIONS = (
    Operation("GET", "/applications", listing, rights.READ_APPS),
    Operation("POST", "/applications", create, rights.CREATE_APP),
    Operation("GET", "/applications/$count", count, rights.READ_APPS),
    Operation("GET", "/applications/{id}", read, rights.READ_APPS),
    Operation("PATCH", "/applications/{id}", update, rights.WRITE_APP),
    *common("applications", "application"),
)
