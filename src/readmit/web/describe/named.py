"""Names and path parameters of described operations."""

from __future__ import annotations

import re
from typing import Any, Final

_PLACEHOLDER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")


def plain_path(template: str) -> str:
    """A template without converters: `/{tenant}/x`."""
    return _PLACEHOLDER.sub(r"{\1}", template)


def path_parameters(template: str) -> list[dict[str, Any]]:
    """The placeholders of a path as parameters."""
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PLACEHOLDER.findall(template)
    ]


def operation_id(method: str, path: str) -> str:
    """A unique name: `get_readmit_users_id_redemptions`."""
    return "_".join([method.lower(), *(word for word in re.split(r"[^A-Za-z0-9]+", path) if word)])
