"""readmit's list of invitations: filters, order, pages, and no option dropped (graph G47, lifecycle L9)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from front import Site, site

__all__ = ["site"]

PATH = "/readmit/v1/invitations"


@pytest.fixture
def invited(site: Site) -> dict[str, str]:
    """An invitation in each state, by the state; the newest was made last."""
    house = site.house
    made = {}
    made["superseded"] = house.invite("renewed@post.example").invitation.id
    made["pending"] = house.reset(house.invite("new@post.example").user.id, "new@post.example").invitation.id
    house.clock.pass_(minutes=1)
    guest = house.reset(house.invite("renewed@post.example").user.id, "renewed@post.example").invitation
    made["cancelled"] = guest.id
    assert site.graph("DELETE", f"{PATH}/{guest.id}").status_code == 204
    return made


def listed(site: Site, filter: str = "", **options: str) -> list[dict[str, Any]]:
    given = {**({"$filter": filter} if filter else {}), **options}
    query = "&".join(f"{name}={quote(value)}" for name, value in given.items())
    answer = site.graph("GET", f"{PATH}?{query}")
    assert answer.status_code == 200, answer.text
    found = list(answer.json()["value"])
    while "@odata.nextLink" in answer.json():
        parts = urlsplit(answer.json()["@odata.nextLink"])
        answer = site.graph("GET", f"{parts.path}?{parts.query}")
        found += answer.json()["value"]
    return found


def test_G47_states_addresses_and_times_are_filtered(site: Site, invited: dict[str, str]) -> None:
    everything = listed(site)
    for state in ("pending", "redeemed", "superseded", "expired", "cancelled"):
        found = {one["id"] for one in listed(site, f"state eq '{state}'")}
        assert found == {one["id"] for one in everything if one["state"] == state}
        assert (invited[state] in found) if state in invited else True
    others = listed(site, "state ne 'pending' and not (state eq 'redeemed')")
    assert {one["state"] for one in others} == {"superseded", "cancelled"}
    both = listed(
        site, "startswith(invitedUserEmailAddress,'NEW') or invitedUserEmailAddress eq 'Renewed@post.example'"
    )
    assert {one["invitedUserEmailAddress"] for one in both} == {"new@post.example", "renewed@post.example"}
    newest = everything[0]
    late = [one["createdDateTime"] for one in listed(site, f"createdDateTime ge {newest['createdDateTime']}")]
    assert set(late) == {newest["createdDateTime"]}
    by_user = listed(site, f"invitedUser/id eq '{newest['invitedUser']['id']}' and reset eq true")
    assert {one["reset"] for one in by_user} == {True}
    assert listed(site, "expiresDateTime eq null and mailState eq 'none'")
    assert listed(site, "inviter/type eq 'app' and generation ge 2")


def test_G47_an_invitation_that_is_over_is_expired(site: Site) -> None:
    from dataclasses import replace

    from readmit.storage import tenants

    house = site.house
    tenant = house.read(tenants.get, house.contoso)
    house.write(tenants.update, replace(tenant, settings=replace(tenant.settings, invitationLifetimeDays=1)))
    over = house.invite("over@post.example").invitation.id
    assert listed(site, "state eq 'expired'") == []
    house.clock.pass_(days=2)
    site._token = None
    assert [one["id"] for one in listed(site, "state eq 'expired'")] == [over]


def test_G47_every_page_is_reached_in_either_order(site: Site, invited: dict[str, str]) -> None:
    newest_first = [one["id"] for one in listed(site)]
    assert newest_first == [one["id"] for one in listed(site, **{"$top": "2"})]
    oldest_first = [one["createdDateTime"] for one in listed(site, **{"$top": "2", "$orderby": "createdDateTime"})]
    assert oldest_first == sorted(oldest_first)
    assert len(oldest_first) == len(newest_first)
    chosen = listed(site, **{"$top": "1", "$select": "id,state,invitedUser"})
    assert set(chosen[0]) == {"id", "state", "invitedUser"}
    single = site.graph("GET", f"{PATH}/{invited['pending'].upper()}?$select=state").json()
    assert single == {"state": "pending"}


@pytest.mark.parametrize(
    "query",
    [
        "$filter=state eq 'lost'",
        "$filter=nothing eq 1",
        "$filter=state",
        "$orderby=state",
        "$top=0",
        "$top=1000",
        "$skip=1",
        "$select=nothing",
        "$expand=invitedUser",
        "$search=x",
        "$skiptoken=x",
    ],
)
def test_G3_what_the_list_cannot_do_is_refused(site: Site, query: str) -> None:
    answer = site.graph("GET", f"{PATH}?{quote(query, safe='$=&')}")
    if query == "$filter=state eq 'lost'":
        assert answer.json()["value"] == []
        return
    assert answer.status_code == 400, answer.text
