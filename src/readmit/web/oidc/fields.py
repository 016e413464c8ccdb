"""What a request of the token service says: its fields, each once, and the scopes it asks for (graph G73, G74)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from readmit.domain.errors import TokenRefused
from readmit.domain.grant import OPENID_SCOPES
from readmit.flows.tokens import Asked
from readmit.flows.world import World
from readmit.web.call import Call
from readmit.web.origins import origins_of

_MOST_FIELDS = 100


_LONGEST = 4_096
_LONGEST_HINT = 8_192


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a browser's request. `unusable`: given twice or too long, their values are left out."""

    values: dict[str, str]
    unusable: frozenset[str] = frozenset()


def parameters(call: Call) -> Parameters:
    """Of the query, or of the form of a POST; unknown ones are kept and ignored (RFC 6749 3.1)."""
    try:
        text = call.body.decode() if call.method == "POST" else call.query
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except (UnicodeDecodeError, ValueError):
        return Parameters({}, frozenset({""}))
    names = [name for name, _ in pairs]
    twice = {name for name in names if names.count(name) > 1}
    long = {name for name, value in pairs if len(value) > (_LONGEST_HINT if name == "id_token_hint" else _LONGEST)}
    unusable = frozenset(twice | long)
    # An empty parameter is one that was left out.
    return Parameters({name: value for name, value in pairs if name not in unusable and value}, unusable)


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


def required(fields: dict[str, str], name: str, *others: str) -> str:
    """A field that must be there, under one of its names (TE3, 900144)."""
    value = next((fields[known] for known in (name, *others) if fields.get(known)), "")
    if not value:
        text = f"The request body must contain the following parameter: '{name}'."
        raise TokenRefused("invalid_request", 900144, text)
    return value


def understands_challenges(fields: dict[str, str]) -> bool:
    """`claims` is read for one thing: whether the client understands claims challenges (`xms_cc` `CP1`, graph G73)."""
    text = fields.get("claims")
    if text is None:
        return False
    try:
        asked = msgspec.json.decode(text, type=_Claims)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise malformed() from error
    wanted = asked.access_token.get("xms_cc")
    values = wanted.get("values") if isinstance(wanted, dict) else None
    return isinstance(values, list) and any(isinstance(value, str) and value.lower() == "cp1" for value in values)


class _Claims(msgspec.Struct):
    access_token: dict[str, Any] = {}


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
