"""The logs: GET /auditLogs/directoryAudits and /auditLogs/signIns (graph G40 to G42, G46)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from readmit.domain.errors import NotFound
from readmit.flows.world import World
from readmit.storage import queries_records
from readmit.storage.queries_records import Asked
from readmit.web.call import Call, Reply, Step, Work
from readmit.web.graph import rights
from readmit.web.graph.log_shape import audit_item, sign_in_item
from readmit.web.graph.odata import options as query
from readmit.web.graph.odata import order
from readmit.web.graph.odata.options import Options
from readmit.web.graph.odata.to_sql import Mode
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.paging import conditions, next_link, position_of
from readmit.web.graph.render import Item, collection, entity, frame_of, graph_reply

_MODES: Final = ("default", "advanced")


@dataclass(frozen=True, slots=True)
class Log:
    """One log: its type, its set, what reads it (transaction, tenant id, Asked, limit), what makes an item of a row."""

    kind: str
    set_name: str
    read: Callable[[Any, str, Asked, int], list[Any]]
    make: Callable[[Any, str], Item]
    mode: Mode
    """Sign-ins take `ne` and `not` as they are: their list is no directory query of G51."""


AUDITS: Final = Log(
    "directoryAudit", "auditLogs/directoryAudits", queries_records.audit_events, audit_item, mode="default"
)
SIGN_INS: Final = Log("signIn", "auditLogs/signIns", queries_records.sign_ins, sign_in_item, mode="advanced")


def _listing(log: Log) -> Callable[[World, Call], Step]:
    def answer(world: World, call: Call) -> Step:
        frame, tenant_id = frame_of(call), caller_of(call).tenant_id
        options = query.parse(call.query, log.kind, call.headers, version=frame.version)
        asked = _asked(world, call, log, options)

        def render(rows: list[Any]) -> Reply:
            page = rows[: options.top]
            items = [_selected(log.make(row, frame.version), options.select) for row in page]
            link = next_link(world, call, options, page[-1].place) if len(rows) > options.top else None
            answer = collection(frame, _fragment(log, options), items, next_link=link)
            return graph_reply(call, 200, answer)

        return Work(render, world.database.read, log.read, tenant_id, asked, options.top + 1)

    return answer


def _single(log: Log) -> Callable[[World, Call], Step]:
    def answer(world: World, call: Call) -> Step:
        frame, id = frame_of(call), call.parameters["id"]
        options = query.parse(call.query, log.kind, call.headers, shape="single", version=frame.version)
        where = Asked(where="id = :key", parameters={"key": id if log is AUDITS else id.lower()})
        found = world.database.read(log.read, caller_of(call).tenant_id, where, 1)
        if not found:
            raise NotFound(id)
        item = _selected(log.make(found[0], frame.version), options.select)
        return graph_reply(call, 200, entity(frame, f"{_fragment(log, options)}/$entity", item))

    return answer


def _asked(world: World, call: Call, log: Log, options: Options) -> Asked:
    parameters: dict[str, Any] = {}
    where = [conditions(options, log.kind, parameters, mode=max(options.mode, log.mode, key=_MODES.index))]
    position = position_of(world, call, options)
    if position is not None:
        where.append(order.after(options.order, log.kind, position, parameters))
    return Asked(
        where=" AND ".join(f"({part})" for part in where if part),
        parameters=parameters,
        order=order.order_by(options.order, log.kind),
        keys=order.keys(options.order, log.kind),
    )


def _selected(item: Item, select: tuple[str, ...] | None) -> Item:
    return item if select is None else Item(item.kind, item.id, {name: item.body.get(name) for name in select})


def _fragment(log: Log, options: Options) -> str:
    return log.set_name if options.select is None else f"{log.set_name}({','.join(options.select)})"


OPERATIONS = tuple(
    operation
    for log in (AUDITS, SIGN_INS)
    for operation in (
        Operation("GET", f"/{log.set_name}", _listing(log), rights.READ_LOGS),
        Operation("GET", f"/{log.set_name}/{{id}}", _single(log), rights.READ_LOGS),
    )
)
