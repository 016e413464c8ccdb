"""Options of the whole suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", action="store_true", help="the long forms of the fault tests")
    parser.addoption("--clients", action="store_true", help="the journeys of foreign clients (make journeys)")
