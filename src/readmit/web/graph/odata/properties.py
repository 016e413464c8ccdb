"""What can be asked of each resource: the catalogues together (graph G27, G39, G42)."""

from __future__ import annotations

from typing import Final

from readmit.web.graph.odata.catalogue_directory import APPLICATION, GROUP, SERVICE_PRINCIPAL
from readmit.web.graph.odata.catalogue_own import INVITATION
from readmit.web.graph.odata.catalogue_records import (
    APP_ROLE_ASSIGNMENT,
    DIRECTORY_AUDIT,
    GRANT,
    ROLE_ASSIGNMENT,
    SIGN_IN,
)
from readmit.web.graph.odata.catalogue_user import USER
from readmit.web.graph.odata.property import Property, Resource, by_path

_IN_TABLES: Final = (
    USER,
    GROUP,
    APPLICATION,
    SERVICE_PRINCIPAL,
    DIRECTORY_AUDIT,
    SIGN_IN,
    APP_ROLE_ASSIGNMENT,
    GRANT,
    ROLE_ASSIGNMENT,
    INVITATION,
)
RESOURCES: Final[dict[str, Resource]] = {resource.name: resource for resource in _IN_TABLES}
"""What has a table of its own."""
DIRECTORY_OBJECT: Final = Resource(
    "directoryObject",
    "DirectoryObject",
    "directory_objects",
    by_path(Property("id", "{t}.id", "guid", "D")),
    unfilterable=tuple(
        dict.fromkeys(
            name.partition("/")[0]
            for resource in (USER, GROUP, APPLICATION, SERVICE_PRINCIPAL)
            for name in resource.names()
            if name != "id"
        )
    ),
)
"""Members, owners, memberOf without a cast; whoever reads them names the alias of his table (graph G39)."""


def resource(name: str) -> Resource:
    """By the type's name without namespace."""
    return DIRECTORY_OBJECT if name == DIRECTORY_OBJECT.name else RESOURCES[name]
