"""What tests of the command say about it: how it ended, whom the server knows, what `serve` left behind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from scripted_graph import ANSWERS

ALICE = ANSWERS["user"]
USER = f"/v1.0/users/{ALICE['id']}"


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def credentials(server: str, *tenants: str) -> dict[str, Any]:
    """What `serve` leaves in its data folder."""
    entries = [
        {
            "id": f"id-of-{name}",
            "displayName": name.partition(".")[0].title(),
            "initialDomain": name,
            "domains": [name, name.replace(".onmicrosoft", "")],
            "clientId": "app",
            "clientSecret": "hush",
        }
        for name in tenants
    ]
    return {"server": server, "ca": None, "tenants": entries}
