"""A relying party and a browser at a provider whose house every test shares a copy of."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from front import Person, Site
from relying_party import RelyingParty

from readmit import app
from world import copy_house, make_house


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("openid")
    make_house(folder).world.database.close()
    return folder


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Iterator[Site]:
    house = copy_house(template, tmp_path)
    front = app.application(house.world)
    yield Site(house, front)
    front.close()
    house.world.database.close()


@pytest.fixture
def rp(site: Site) -> RelyingParty:
    return RelyingParty(site)


@pytest.fixture
def person(site: Site) -> Person:
    return Person(site)
