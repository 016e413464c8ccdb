"""Home identity providers of a readmit server (graph G47); Microsoft's cloud manages its own elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from readmit.client.errors import Stopped
from readmit.client.graph import GraphClient

_PATH: Final = "/readmit/v1/identityProviders"


def every(client: GraphClient) -> list[dict[str, Any]]:
    """All of the tenant, by name."""
    _only_readmit(client)
    return list(client.pages(_PATH))


def find(client: GraphClient, name: str) -> dict[str, Any]:
    """The one with this id, name, issuer or domain; raises Stopped where there is none or more than one."""
    found = [one for one in every(client) if name.casefold() in _names(one)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(str(one["id"]) for one in found)
        raise Stopped(f"{name} stands for several identity providers ({ids}); name one by its id.")
    raise Stopped(f"There is no identity provider '{name}'; `readmit idp list` shows them.")


def _names(one: Mapping[str, Any]) -> set[str]:
    names = (one["id"], one["displayName"], one["issuer"], *one["domains"])
    return {str(name).casefold() for name in names}


def add(client: GraphClient, body: Mapping[str, Any]) -> dict[str, Any]:
    """Register; the server asks the provider first. The answer has `redirectUri` and `warnings`."""
    _only_readmit(client)
    answer: dict[str, Any] = client.call("POST", _PATH, dict(body))
    return answer


def change(client: GraphClient, id: str, body: Mapping[str, Any]) -> None:
    """Write what is different."""
    client.call("PATCH", f"{_PATH}/{id}", dict(body))


def check(client: GraphClient, id: str) -> dict[str, Any]:
    """Ask it now: `problems` and `warnings`, lists of sentences."""
    answer: dict[str, Any] = client.call("POST", f"{_PATH}/{id}/check")
    return answer


def remove(client: GraphClient, id: str) -> None:
    """Take the registration away."""
    client.call("DELETE", f"{_PATH}/{id}")


def _only_readmit(client: GraphClient) -> None:
    if client.endpoint.cloud:
        raise Stopped(
            "Microsoft's cloud manages its identity providers in Entra; `readmit idp` is for readmit servers."
        )
