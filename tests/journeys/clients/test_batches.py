"""$batch by the Graph SDKs: absolute URLs and `depends_on` from Python, relative URLs and `dependsOn` from Node (graph G60)."""

from __future__ import annotations

from typing import Any

import foreign
import pytest
from house_of_guests import House

PYTHON = [foreign.BIN / "python", foreign.HERE / "python" / "sdk_batch.py"]
NODE = [foreign.BIN / "node", foreign.HERE / "node" / "batch.js"]
CHAIN = {"write": 204, "reset": 201, "read": 200, "nobody": 404}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param(PYTHON, {"statuses": CHAIN | {"never": 424}}, id="msgraph-sdk"),
        pytest.param(NODE, {"statuses": CHAIN, "code": "Request_ResourceNotFound"}, id="graph-client"),
    ],
)
def test_G60_a_chain_in_a_batch_resets_a_guest(
    house: House, environ: dict[str, str], command: list[Any], expected: dict[str, Any]
) -> None:
    """PATCH, then the reset, then a read; an unknown guest fails alone, and with it only what depends on it."""
    local = house.someone()
    guest = house.guest(f"{local}@fabrikam.com")
    facts = foreign.run(command, environ | {"GUEST": guest["id"], "NEW_ADDRESS": f"{local}@post.example"})
    assert facts == expected | {"read": [[guest["id"], "PendingAcceptance"]]}
    assert house.graph.user(guest["id"])["otherMails"] == [f"{local}@post.example"]
