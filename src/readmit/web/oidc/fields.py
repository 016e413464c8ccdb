"""What a request of the token service says: its fields, each once, and the scopes it asks for (graph G73, G74)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from readmit.domain.errors import TokenRefused
from readmit.domain.grant import OPENID_SCOPES
from readmit.flows.tokens import Asked
from readmit.flows.world import World
from readmit.web.call import Call
from readmit.web.origins import origins_of

_MOST_FIELDS = 100


def fields_of(call: Call) -> dict[str, str]:
    """The form; a query string and unknown fields are ignored, a field twice is refused (TE3)."""
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(call.body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except (UnicodeDecodeError, ValueError) as error:
        raise malformed() from error
    for name, value in pairs:
        if name in found:
            raise malformed()
        found[name] = value
    return found


def malformed() -> TokenRefused:
    """TE3, 9002313."""
    return TokenRefused("invalid_request", 9002313, "Invalid request. Request is malformed or invalid.")


def required(fields: dict[str, str], name: str) -> str:
    """A field that must be there (TE3, 900144)."""
    value = fields.get(name, "")
    if not value:
        text = f"The request body must contain the following parameter: '{name}'."
        raise TokenRefused("invalid_request", 900144, text)
    return value


def asked_default(world: World, scope: str) -> Asked:
    """Client credentials want `{resource}/.default` and nothing else (TE5)."""
    parts = scope.split()
    if len(parts) != 1 or not parts[0].endswith("/.default"):
        text = (
            f"The provided value for scope {scope[:120]} is not valid. Client credential flows must have a scope "
            "value with /.default suffixed to the resource identifier."
        )
        raise TokenRefused("invalid_scope", 1002012, text)
    resource = parts[0].removesuffix("/.default")
    return Asked(resource, graph=origins_of(world.settings).is_graph(resource))


def asked_scopes(world: World, scope: str) -> tuple[Asked, tuple[str, ...]]:
    """Delegated scopes: one resource at most (TE5); bare names are Graph's (graph G74)."""
    origins = origins_of(world.settings)
    resources: set[str] = set()
    names: list[str] = []
    for part in dict.fromkeys(scope.split()):
        resource, slash, name = part.rpartition("/")
        if not slash:
            names.append(part)
            if part not in OPENID_SCOPES:
                resources.add("https://graph.microsoft.com")
        else:
            names.append(name)
            resources.add(resource.rstrip("/"))
    if len({"graph" if origins.is_graph(name) else name for name in resources}) > 1:
        text = f"The provided value for the input parameter 'scope' is not valid. The scope {scope[:120]} is not valid."
        raise TokenRefused("invalid_scope", 70011, text)
    resource = min(resources, default="https://graph.microsoft.com")
    return Asked(resource, graph=origins.is_graph(resource)), tuple(names)
