"""What every journey of a foreign client starts from; `make journeys` collects them, `make test` does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import foreign
import pytest
import street
from chromium import launched
from house_of_guests import House, serving
from town import Town, founded
from visitor import Visiting, Visitor


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The clients are installed by `make journeys` alone."""
    return None if config.getoption("--clients") else True


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with serving(tmp_path_factory.mktemp("street"), street.seed()) as made:
        yield made


@pytest.fixture
def environ(house: House) -> dict[str, str]:
    """What a program is told: trust, the server, and the application it signs in as."""
    return {
        **foreign.trusting(house.data / "ca.pem"),
        "READMIT": house.base,
        "TENANT": "contoso.com",
        "CLIENT_ID": street.AUTOMATION,
        "CLIENT_SECRET": street.SECRET,
        "CONSOLE_ID": street.CONSOLE,
        "EXPENSES_ID": street.EXPENSES,
        "CROWD_TENANT": "crowd.onmicrosoft.com",
        "CROWD_CLIENT_ID": street.CROWD_AUTOMATION,
    }


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with founded(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Chromium is part of `make journeys` where it may be installed; without it these journeys are skipped by name."""
    with launched() as browser:
        yield browser


@pytest.fixture
def visiting(chromium: Any, town: Town) -> Iterator[Visiting]:
    """Makes a fresh browser of a person at each call."""
    made: list[Visitor] = []

    def fresh(**options: Any) -> Visitor:
        made.append(Visitor(chromium, town, **options))
        return made[-1]

    yield fresh
    for one in made:
        one.close()
