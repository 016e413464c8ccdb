"""What applications and service principals have in common: DELETE, owners, secrets (graph G46)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from readmit.domain.application import Secret
from readmit.domain.errors import NotFound
from readmit.flows import app_secrets, apps
from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph import rights
from readmit.web.graph.app_body import read_key_id, read_secret
from readmit.web.graph.app_shape import secret_shape
from readmit.web.graph.body import object_of, optional_object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.references import checked_id, reference_of
from readmit.web.graph.related import Relation, operations
from readmit.web.graph.render import frame_of, graph_reply, no_content

Answer = Callable[[World, Call], Step]


def found(world: World, call: Call, kind: apps.Kind) -> Any:
    """The live object that the path names, by object id, `appId` or `uniqueName`. Raises NotFound."""
    key, tenant_id = call.parameters["id"], caller_of(call).tenant_id
    object: Any
    if call.parameters.get("key") == "uniquename":
        object = world.database.read(queries.application_named, tenant_id, key)
    else:
        by_app = call.parameters.get("key") == "appid"
        reader: Any = queries.application if kind == "application" else queries.principal
        object = world.database.read(reader, tenant_id, key if by_app else checked_id(key), app_id=by_app)
    if object is None:
        raise NotFound(call.parameters["id"])
    return object


def _id(world: World, call: Call, kind: apps.Kind) -> str:
    if call.parameters.get("key") is None:
        return checked_id(call.parameters["id"])
    return str(found(world, call, kind).id)


def done(_result: Any) -> Reply:
    """204."""
    return no_content()


def _remove(kind: apps.Kind) -> Answer:
    def answer(world: World, call: Call) -> Step:
        arguments = (world, caller_of(call), kind, _id(world, call, kind))
        return Write(done, apps.delete_app, *arguments, correlation_id=call.request_id)

    return answer


def _add_owner(kind: apps.Kind) -> Answer:
    def answer(world: World, call: Call) -> Step:
        arguments = (world, caller_of(call), kind, _id(world, call, kind), reference_of(call))
        return Write(done, app_secrets.add_app_owner, *arguments, correlation_id=call.request_id)

    return answer


def _remove_owner(kind: apps.Kind) -> Answer:
    def answer(world: World, call: Call) -> Step:
        other = checked_id(call.parameters["other"])
        arguments = (world, caller_of(call), kind, _id(world, call, kind), other)
        return Write(done, app_secrets.remove_app_owner, *arguments, correlation_id=call.request_id)

    return answer


def _add_password(kind: apps.Kind) -> Answer:
    def answer(world: World, call: Call) -> Step:
        asked = read_secret(optional_object_of(call))
        arguments = (world, caller_of(call), kind, _id(world, call, kind), asked)

        def render(made: tuple[Secret, str]) -> Reply:
            frame = frame_of(call)
            head = (
                {} if frame.level == "none" else {"@odata.context": frame.context("microsoft.graph.passwordCredential")}
            )
            return graph_reply(call, 200, {**head, **secret_shape(*made)})

        return Write(render, app_secrets.add_password, *arguments, correlation_id=call.request_id)

    return answer


def _remove_password(kind: apps.Kind) -> Answer:
    def answer(world: World, call: Call) -> Step:
        key_id = read_key_id(object_of(call))
        arguments = (world, caller_of(call), kind, _id(world, call, kind), key_id)
        return Write(done, app_secrets.remove_password, *arguments, correlation_id=call.request_id)

    return answer


def common(owner: str, kind: apps.Kind) -> tuple[Operation, ...]:
    """The operations that both kinds have."""
    base = f"/{owner}/{{id}}"
    relations = (Relation("owners", ("user", "servicePrincipal"), references=True),)
    return (
        Operation("DELETE", base, _remove(kind), rights.WRITE_APP),
        Operation("POST", f"{base}/owners/$ref", _add_owner(kind), rights.WRITE_APP),
        Operation("DELETE", f"{base}/owners/{{other}}/$ref", _remove_owner(kind), rights.WRITE_APP),
        Operation("POST", f"{base}/addPassword", _add_password(kind), rights.WRITE_APP),
        Operation("POST", f"{base}/removePassword", _remove_password(kind), rights.WRITE_APP),
        *operations(owner, kind, relations, rights.READ_APPS),
    )
