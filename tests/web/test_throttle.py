"""Throttling on the wire: refused without effect, told when it works again, off unless asked for (graph G62 to G64)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from front import Site, site

from readmit import app
from readmit.domain.tenant import InvalidSetting, TenantSettings
from readmit.storage import tenants
from world import AUTOMATION, make_house

__all__ = ["site"]


def limit(site: Site, value: Any) -> None:
    house = site.house
    tenant = house.read(tenants.get, house.contoso)
    house.write(tenants.update, replace(tenant, settings=TenantSettings.parse({"throttle": value})))
    site.token  # noqa: B018 - the token's request comes before


def users(site: Site, query: str = "", **headers: str) -> httpx2.Response:
    return site.graph("GET", f"/v1.0/users{query}", headers=headers)


def test_without_a_limit_every_answer_tells_its_cost_and_nothing_else(site: Site) -> None:
    for _ in range(30):
        answer = users(site)
    assert answer.headers["x-ms-resource-unit"] == "2"
    assert users(site, "?$select=id&$top=5").headers["x-ms-resource-unit"] == "1"
    assert "x-ms-throttle-limit-percentage" not in answer.headers


def test_G64_beyond_the_limit_429_until_the_window_is_over_and_then_it_succeeds(site: Site) -> None:
    limit(site, {"resourceUnits": 20})
    site.house.clock.pass_(seconds=3)
    told = [users(site).headers.get("x-ms-throttle-limit-percentage") for _ in range(10)]
    assert told == [None] * 7 + ["0.8", "0.9", "1.0"]
    refused = users(site)
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["message"]) == (429, "TooManyRequests", "Too many requests.")
    assert refused.headers["retry-after"] == "7"
    assert refused.headers["x-ms-throttle-scope"] == f"Tenant_Application/Read/{AUTOMATION}/{site.house.contoso}"
    assert refused.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert refused.headers["x-ms-throttle-limit-percentage"] == "1.1"
    site.house.clock.pass_(seconds=6.9)
    assert users(site).status_code == 429
    site.house.clock.pass_(seconds=0.1)
    assert users(site).status_code == 200


def invite(site: Site, number: int) -> httpx2.Response:
    body = {"invitedUserEmailAddress": f"g{number}@post.example", "inviteRedirectUrl": "https://myapps.microsoft.com"}
    return site.graph("POST", "/v1.0/invitations", json=body)


def test_G62_invitations_have_a_limit_of_their_own_and_a_refused_one_has_no_effect(site: Site) -> None:
    limit(site, {"invitations": 2})
    assert [invite(site, number).status_code for number in range(2)] == [201, 201]
    before = site.house.contents()
    refused = invite(site, 2)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    assert refused.headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert refused.headers["x-ms-throttle-scope"].startswith("Tenant/Write/")
    assert site.house.contents() == before
    assert users(site).status_code == 200


def test_G62_writes_have_a_limit_of_their_own(site: Site) -> None:
    limit(site, {"writes": 1})
    url = f"/v1.0/users/{site.house.people['alice']}"
    assert [site.graph("PATCH", url, json={"jobTitle": str(n)}).status_code for n in range(2)] == [204, 429]


def test_G64_low_priority_is_refused_first(site: Site) -> None:
    limit(site, {"resourceUnits": 20})
    low = {"x-ms-throttle-priority": "Low"}
    assert [users(site, **low).status_code for _ in range(9)] == [200] * 8 + [429]
    assert users(site).status_code == 200


def test_items_of_a_batch_are_throttled_one_by_one(site: Site) -> None:
    limit(site, {"resourceUnits": 7})
    items = [{"id": str(number), "method": "GET", "url": "/users"} for number in range(5)]
    answer = site.graph("POST", "/v1.0/$batch", json={"requests": items})
    found = [(one["status"], one["headers"].get("Retry-After")) for one in answer.json()["responses"]]
    assert answer.status_code == 200
    assert sorted(found, key=str) == [(200, None)] * 3 + [(429, "10")] * 2


def test_emulate_entra_throttles_tenants_that_say_nothing_as_published(tmp_path: Path) -> None:
    house = make_house(tmp_path, emulate="entra")
    front = app.application(house.world)
    site = Site(house, front)
    statuses = [invite(site, number).status_code for number in range(151)]
    assert statuses == [201] * 150 + [429]
    tenant = house.read(tenants.get, house.contoso)
    house.write(tenants.update, replace(tenant, settings=TenantSettings.parse({"throttle": "off"})))
    house.clock.pass_(seconds=5)
    assert [invite(site, number).status_code for number in range(151)] == [201] * 151
    front.close()
    house.world.database.close()


@pytest.mark.parametrize("value", ["on", 7, {}, {"units": 7}, {"writes": 0}, {"writes": True}, {"writes": "7"}, []])
def test_a_setting_that_cannot_be_is_refused(value: object) -> None:
    with pytest.raises(InvalidSetting, match="'throttle' is off, graph"):
        TenantSettings.parse({"throttle": value})
