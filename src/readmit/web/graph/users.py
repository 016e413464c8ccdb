"""Users: one by id or UPN, lists, creation, PATCH, DELETE, sessions (graph G27, G46)."""

from __future__ import annotations

from typing import Any

from readmit.domain.errors import NotFound
from readmit.domain.guest import User
from readmit.flows import directory, removal
from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call, Reply, Step, Work, Write
from readmit.web.graph import lists, rights
from readmit.web.graph.body import object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.render import created, entity, frame_of, graph_reply, no_content, value
from readmit.web.graph.user_body import UserBody, read_user
from readmit.web.graph.user_shape import Shown, user_item
from readmit.web.graph.viewer import viewer


def read(world: World, call: Call) -> Step:
    """GET /users/{id or UPN}, GET /me."""
    seen = viewer(world, call)
    options = lists.options_of(call, "user", shape="single")
    row = world.database.read(queries.user, seen.tenant.id, call.parameters["id"])
    if row is None:
        raise NotFound(call.parameters["id"])
    shown = Shown(row.user, seen.tenant, row.password_changed, row.activity)
    frame = frame_of(call)
    oneself = caller_of(call).id == row.user.id
    item = user_item(shown, frame.version, options.select, basic=seen.basic_users and not oneself)
    context = lists.context("users", options.select, single=True)
    body = entity(frame, context, item)
    return graph_reply(call, 200, lists.told(world, call, options, item, body))


def listing(world: World, call: Call) -> Step:
    """GET /users."""
    return lists.listing(world, call, "user", "users")


def count(world: World, call: Call) -> Step:
    """GET /users/$count."""
    return lists.count(world, call, "user")


def create(world: World, call: Call) -> Step:
    """POST /users."""
    asked = read_user(object_of(call))

    def render(user: User) -> Reply:
        seen = viewer(world, call)
        frame = frame_of(call)
        item = user_item(Shown(user, seen.tenant), frame.version)
        return created(call, item, entity(frame, "users/$entity", item))

    return Work(
        render,
        directory.create_user_with_password,
        world,
        caller_of(call),
        _changes(asked),
        asked.password,
        correlation_id=call.request_id,
    )


def update(world: World, call: Call) -> Step:
    """PATCH /users/{id or UPN}, PATCH /me."""
    asked = read_user(object_of(call))
    arguments = (world, caller_of(call), call.parameters["id"], _changes(asked))
    if asked.password is not None:
        return Work(
            _done,
            directory.update_user_with_password,
            *arguments,
            password=asked.password,
            correlation_id=call.request_id,
        )
    return Write(_done, directory.update_user, *arguments, correlation_id=call.request_id)


def remove(world: World, call: Call) -> Step:
    """DELETE /users/{id or UPN}."""
    return Write(
        _done, removal.delete_user, world, caller_of(call), call.parameters["id"], correlation_id=call.request_id
    )


def revoke(world: World, call: Call) -> Step:
    """POST /users/{id}/revokeSignInSessions, beta invalidateAllRefreshTokens."""

    def render(_done: None) -> Reply:
        return graph_reply(call, 200, value(frame_of(call), "Edm.Boolean", True))

    return Write(
        render, directory.revoke_sessions, world, caller_of(call), call.parameters["id"], correlation_id=call.request_id
    )


def _changes(asked: UserBody) -> directory.UserChanges:
    return directory.UserChanges(asked.values, asked.identities)


def _done(_result: Any) -> Reply:
    return no_content()


OPERATIONS = (
    Operation("GET", "/users", listing, rights.LIST_USERS),
    Operation("POST", "/users", create, rights.CREATE_USER),
    Operation("GET", "/users/$count", count, rights.LIST_USERS),
    Operation("GET", "/users/{id}", read, rights.READ_USER),
    Operation("PATCH", "/users/{id}", update, rights.UPDATE_USER),
    Operation("DELETE", "/users/{id}", remove, rights.REMOVE_USER),
    Operation("POST", "/users/{id}/revokeSignInSessions", revoke, rights.END_SESSIONS),
    Operation("POST", "/users/{id}/invalidateAllRefreshTokens", revoke, rights.END_SESSIONS, beta_only=True),
)
