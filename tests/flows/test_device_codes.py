"""Device codes beyond what the doors can bring about (security O9)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from applications import client

from readmit.domain.errors import Throttled
from readmit.domain.graph_permissions import READMIT_APP_ID
from readmit.flows import device
from readmit.flows.tokens import Asked
from world import House


def test_two_devices_never_share_a_code(house: House) -> None:
    """What a generator that is stuck gives twice is refused the second time, with nothing written."""
    app, graph = client(house, READMIT_APP_ID), Asked("https://graph.microsoft.com", graph=True)
    stuck = replace(house.world, new_secret=lambda: "s" * 43)
    arguments: dict[str, Any] = {"origin": "https://localhost:8443", "ip": "192.0.2.9"}
    house.write(device.start, stuck, app, graph, ("openid",), **arguments)
    with pytest.raises(Throttled):
        house.write(device.start, stuck, app, graph, ("openid",), **arguments)
    assert house.rows("SELECT COUNT(*) FROM device_codes") == [(1,)]
