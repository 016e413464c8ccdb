"""The long forms of the fault tests are asked for by `--faults`."""

from __future__ import annotations

import pytest
from killable import server

__all__ = ["server"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", action="store_true", help="the long forms of the fault tests")
