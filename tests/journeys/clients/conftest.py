"""What every journey of a foreign client starts from; `make journeys` collects them, `make test` does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import foreign
import pytest
import street
from house_of_guests import House, serving


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
