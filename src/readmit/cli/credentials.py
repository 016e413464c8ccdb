"""Client credentials that `serve` leaves in the data folder for the commands beside it (interfaces.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from readmit import data_folder
from readmit.flows import local_client
from readmit.flows.world import World
from readmit.settings import Settings, is_loopback

FILE = "client-credentials.json"


def _reached(settings: Settings) -> str:
    """Where the commands beside the server reach it: by loopback, since a public URL may lead over a proxy."""
    scheme = "https" if settings.tls else "http"
    here = settings.host in ("0.0.0.0", "::") or is_loopback(settings.host)  # noqa: S104 - compared, not bound
    return f"{scheme}://localhost:{settings.port}" if here else settings.public_url


def write_credentials(world: World, ca: Path | None) -> None:
    """One hidden service principal for each tenant, its secret in a file of mode 0600, made anew at each start."""
    made = world.database.write(local_client.renew, world)
    record: dict[str, Any] = {
        "server": _reached(world.settings),
        "ca": str(ca.resolve()) if ca else None,
        "tenants": [
            {
                "id": entry.tenant.id,
                "displayName": entry.tenant.display_name,
                "initialDomain": entry.tenant.initial_domain,
                "domains": sorted(entry.tenant.domains),
                "clientId": entry.client_id,
                "clientSecret": entry.secret,
            }
            for entry in made
        ],
    }
    data_folder.write_secret(world.settings.data / FILE, json.dumps(record, indent=1).encode())
