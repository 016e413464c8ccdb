"""A filter over related objects of several kinds without a cast: each kind is asked for what it has (graph G39)."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any, Final

from readmit.domain.permission import DIRECTORY_ROLES
from readmit.storage.directory_objects import Kind, Narrowed
from readmit.web.graph.odata import refusals, to_sql
from readmit.web.graph.odata.memory import fits
from readmit.web.graph.odata.properties import RESOURCES
from readmit.web.graph.odata.syntax import Node, paths
from readmit.web.graph.shapes import role_item

_SHARED: Final = ("id", "displayname", "mail", "mailnickname", "userprincipalname")
"""What may be asked of such a collection; an object that has no such property is not in the answer."""
_OF_ROLES: Final = frozenset({"id", "displayname"})


def narrowed(filter: Node, kinds: Sequence[Kind], parameters: MutableMapping[str, Any]) -> Narrowed:
    """What the filter says of each kind, in advanced mode. Raises UnsupportedQuery (Q1, Q6)."""
    names = {path.steps[0].lower(): path for path in paths(filter)}
    for name, path in names.items():
        if name not in _SHARED:
            raise refusals.unavailable(path.text, "DirectoryObject")
    found: dict[Kind, str | frozenset[str]] = {}
    for kind in kinds:
        if kind == "directoryRole":
            if names.keys() <= _OF_ROLES:
                found[kind] = frozenset(id for id in DIRECTORY_ROLES if fits(filter, role_item(id), advanced=True))
        elif all(name in RESOURCES[kind].properties for name in names):
            found[kind] = to_sql.condition(filter, kind, "advanced", parameters)
    return found
