"""The query options of a request with the rights they take: by what one may not read one must not ask (graph G65)."""

from __future__ import annotations

from readmit.domain.errors import InsufficientPrivileges
from readmit.web.call import Call
from readmit.web.graph.odata import options as query
from readmit.web.graph.odata.options import Options, Shape
from readmit.web.graph.operations import caller_of
from readmit.web.graph.user_shape import BASIC
from readmit.web.graph.viewer import Viewer

_BASIC = frozenset(name.lower() for name in BASIC)


def options_of(call: Call, kind: str, *, shape: Shape = "list") -> Options:
    """Raises UnsupportedQuery (Q1 to Q11), NotProvided, NotFound, InsufficientPrivileges for signInActivity."""
    options = query.parse(call.query, kind, call.headers, shape=shape, version=call.parameters.get("version", "v1.0"))
    if kind == "user" and ("signInActivity" in (options.select or ()) or "signinactivity" in options.touched):
        _check_activity(call)
    return options


def _check_activity(call: Call) -> None:
    """Who signed in when is told by the log, and to its readers (graph G28); a filter would tell it too."""
    if not caller_of(call).allowed(frozenset({"AuditLog.Read.All"})):
        raise InsufficientPrivileges


def check_veil(seen: Viewer, kind: str, options: Options) -> None:
    """Who sees basic properties only asks by them only, or the answer would tell the others (graph G65)."""
    if kind == "user" and seen.basic_users and not options.touched <= _BASIC:
        raise InsufficientPrivileges
