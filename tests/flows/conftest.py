"""The house of the flow tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from world import House, copy_house, make_house


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a seeded database that every test copies."""
    folder = tmp_path_factory.mktemp("seeded")
    made = make_house(folder)
    made.world.database.close()
    return folder


@pytest.fixture
def house(seeded: Path, tmp_path: Path) -> Iterator[House]:
    made = copy_house(seeded, tmp_path)
    yield made
    made.world.database.close()
