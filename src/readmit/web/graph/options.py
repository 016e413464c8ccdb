"""The query options of a request with the rights they take: by what one may not read one must not ask (graph G65)."""

from __future__ import annotations

from readmit.domain.errors import InsufficientPrivileges
from readmit.web.call import Call
from readmit.web.graph.edm.model import TYPES, names_of
from readmit.web.graph.odata import options as query
from readmit.web.graph.odata import refusals
from readmit.web.graph.odata.options import Options, Shape
from readmit.web.graph.odata.properties import DIRECTORY_OBJECT, RESOURCES
from readmit.web.graph.odata.syntax import paths
from readmit.web.graph.operations import caller_of
from readmit.web.graph.user_shape import BASIC
from readmit.web.graph.viewer import Viewer

_BASIC = frozenset(name.lower() for name in BASIC)


def options_of(call: Call, kind: str, *, shape: Shape = "list") -> Options:
    """Raises UnsupportedQuery (Q1 to Q11), NotProvided, NotFound, InsufficientPrivileges for signInActivity."""
    options = query.parse(call.query, kind, call.headers, shape=shape, version=call.parameters.get("version", "v1.0"))
    _check_names(options, kind, call.parameters.get("version", "v1.0"))
    if kind == "user" and ("signInActivity" in (options.select or ()) or "signinactivity" in options.touched):
        _check_activity(call)
    return options


def _check_names(options: Options, kind: str, version: str) -> None:
    """Q1 for types without a catalogue, by the model; a type that the model only names takes any name."""
    if kind in RESOURCES or kind == DIRECTORY_OBJECT.name or kind not in TYPES or not TYPES[kind].properties:
        return
    known = {name.lower() for name in names_of(kind, version)}
    for name in options.select or ():
        if name != "*" and name.lower() not in known:
            raise refusals.unknown_in_select(name, kind)
    for path in paths(options.filter) if options.filter is not None else ():
        if path.steps[0].lower() not in known:
            raise refusals.unknown_in_filter(path.steps[0], kind)


def _check_activity(call: Call) -> None:
    """Who signed in when is told by the log, and to its readers (graph G28); a filter would tell it too."""
    if not caller_of(call).allowed(frozenset({"AuditLog.Read.All"})):
        raise InsufficientPrivileges


def check_veil(seen: Viewer, kind: str, options: Options) -> None:
    """Who sees basic properties only asks by them only, or the answer would tell the others (graph G65)."""
    if kind == "user" and seen.basic_users and not options.touched <= _BASIC:
        raise InsufficientPrivileges
