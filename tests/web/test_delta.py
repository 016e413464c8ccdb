"""Delta queries: everything once, then every change, nothing lost whoever makes it (graph G58)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from front import Site, site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readmit.flows import housekeeping
from readmit.web.graph import delta_reader

__all__ = ["site"]

PERMISSIONS = ("Group.ReadWrite.All", "Directory.Read.All", "User.ReadWrite.All", "User.Invite.All")


@pytest.fixture(autouse=True)
def _rights(site: Site) -> None:
    """Automation may read and write groups as well."""
    from readmit.domain.application import Assignment, assignment_id
    from readmit.domain.graph_permissions import GRAPH_APP_ID, ROLE_IDS
    from readmit.storage import apps, assignments
    from world import AUTOMATION

    house = site.house
    principal = house.read(apps.principal_by_app_id, house.contoso, AUTOMATION)
    resource = house.read(apps.principal_by_app_id, house.contoso, GRAPH_APP_ID)
    for number, name in enumerate(PERMISSIONS[:2]):
        granted = Assignment(
            id=assignment_id(principal.id, bytes([number]) * 16),
            tenant_id=house.contoso,
            principal_id=principal.id,
            principal_type="ServicePrincipal",
            resource_id=resource.id,
            app_role_id=ROLE_IDS[name],
            created=house.clock(),
        )
        house.write(assignments.add, granted)


def follow(site: Site, link: str, **headers: str) -> httpx2.Response:
    parts = urlsplit(link)
    return site.graph("GET", f"{parts.path}?{parts.query}", headers=headers)


@dataclass
class Consumer:
    """Keeps a picture of a collection by its delta links alone."""

    site: Site
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    link: str = ""
    pages: int = 0

    def catch_up(self) -> list[dict[str, Any]]:
        """Follow links until a delta link; the items on the way."""
        told: list[dict[str, Any]] = []
        link = self.link or self.url
        while True:
            answer = follow(self.site, link, **self.headers)
            assert answer.status_code == 200, answer.text
            body = answer.json()
            self.pages += 1
            for item in body["value"]:
                told.append(item)
                self._take(item)
            assert ("@odata.nextLink" in body) != ("@odata.deltaLink" in body)
            if "@odata.deltaLink" in body:
                self.link = body["@odata.deltaLink"]
                return told
            link = body["@odata.nextLink"]

    def _take(self, item: dict[str, Any]) -> None:
        id = item["id"]
        if "@removed" in item:
            self.objects.pop(id, None)
            self.members.pop(id, None)
            return
        self.objects.setdefault(id, {}).update({name: value for name, value in item.items() if "@" not in name})
        for member in item.get("members@delta", ()):
            kept = self.members.setdefault(id, set())
            (kept.discard if "@removed" in member else kept.add)(member["id"])


def listed(site: Site, path: str) -> dict[str, dict[str, Any]]:
    """A full read of a collection, as delta tells it: without what is not set."""
    body = site.graph("GET", path).json()
    assert "@odata.nextLink" not in body
    return {
        item["id"]: {name: value for name, value in item.items() if value not in (None, [])} for item in body["value"]
    }


def settled(picture: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        id: {name: value for name, value in item.items() if value not in (None, [])} for id, item in picture.items()
    }


def check(site: Site, consumer: Consumer, path: str) -> None:
    consumer.catch_up()
    assert settled(consumer.objects) == listed(site, path)


def test_first_everything_then_nothing_then_what_changed(site: Site) -> None:
    consumer = Consumer(site, "/v1.0/users/delta")
    check(site, consumer, "/v1.0/users?$top=999")
    assert consumer.catch_up() == []
    alice = site.house.people["alice"]
    site.graph("PATCH", f"/v1.0/users/{alice}", json={"jobTitle": "Buyer", "givenName": "Alice"})
    told = consumer.catch_up()
    assert [item["id"] for item in told] == [alice]
    assert told[0]["jobTitle"] == "Buyer"
    check(site, consumer, "/v1.0/users?$top=999")


def test_everything_that_can_happen_to_a_guest_arrives(site: Site) -> None:
    select = "id,mail,otherMails,externalUserState,userPrincipalName,identities,accountEnabled"
    consumer = Consumer(site, f"/beta/users/delta?$select={select}")
    full = f"/beta/users?$top=999&$select={select}"
    check(site, consumer, full)
    body = {"invitedUserEmailAddress": "new@post.example", "inviteRedirectUrl": "https://myapps.microsoft.com"}
    new = site.graph("POST", "/v1.0/invitations", json=body).json()["invitedUser"]["id"]
    check(site, consumer, full)
    assert consumer.objects[new]["externalUserState"] == "PendingAcceptance"
    alice = site.house.people["alice"]
    reset = {
        **body,
        "invitedUserEmailAddress": "alice@new.example",
        "invitedUser": {"id": alice},
        "resetRedemption": True,
    }
    assert site.graph("POST", "/v1.0/invitations", json=reset).status_code == 201
    check(site, consumer, full)
    assert consumer.objects[alice]["mail"] == "alice@new.example"
    assert site.graph("PATCH", f"/v1.0/users/{alice}", json={"accountEnabled": False}).status_code == 204
    check(site, consumer, full)
    assert consumer.objects[alice]["accountEnabled"] is False
    assert site.graph("DELETE", f"/v1.0/users/{new}").status_code == 204
    assert consumer.catch_up() == [{"id": new, "@removed": {"reason": "changed"}}]
    assert site.graph("POST", f"/v1.0/directory/deletedItems/{new}/restore", json={}).status_code == 200
    check(site, consumer, full)
    assert new in consumer.objects
    site.graph("DELETE", f"/v1.0/users/{new}")
    site.graph("DELETE", f"/v1.0/directory/deletedItems/{new}")
    assert consumer.catch_up() == [{"id": new, "@removed": {"reason": "deleted"}}]


def test_what_nobody_sees_is_not_told(site: Site) -> None:
    """A plain re-invite of an Accepted guest raises his generation and nothing else."""
    consumer = Consumer(site, "/v1.0/users/delta")
    consumer.catch_up()
    site.house.invite("alice@fabrikam.com")
    assert consumer.catch_up() == []


def test_return_minimal_tells_only_what_changed_also_where_it_is_null_now(site: Site) -> None:
    alice = site.house.people["alice"]
    site.graph("PATCH", f"/v1.0/users/{alice}", json={"givenName": "Alice", "jobTitle": "Buyer"})
    consumer = Consumer(site, "/v1.0/users/delta", {"Prefer": "return=minimal"})
    consumer.catch_up()
    site.graph("PATCH", f"/v1.0/users/{alice}", json={"givenName": None})
    assert consumer.catch_up() == [{"id": alice, "givenName": None}]
    site.graph("PATCH", f"/v1.0/users/{alice}", json={"accountEnabled": False})
    assert consumer.catch_up() == [], "accountEnabled was not asked for"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"jobTitle": "Head"}, {"jobTitle": "Head"}),
        ({"jobTitle": None, "city": "Bern"}, {"jobTitle": None, "city": "Bern"}),
        ({"businessPhones": ["+41 1"]}, {"businessPhones": ["+41 1"]}),
        ({"employeeOrgData": {"division": "North"}}, {"employeeOrgData": {"costCenter": None, "division": "North"}}),
    ],
)
def test_G58_return_minimal_is_silent_on_what_else_a_profile_may_hold(
    site: Site, written: dict[str, Any], told: dict[str, Any]
) -> None:
    """A property told as null is erased by whoever copies it; one that nobody changed is not told at all."""
    alice = site.house.people["alice"]
    select = "jobTitle,city,officeLocation,businessPhones,mobilePhone,employeeOrgData,companyName"
    site.graph("PATCH", f"/v1.0/users/{alice}", json={"jobTitle": "Buyer", "companyName": "Fabrikam"})
    minimal = Consumer(site, f"/v1.0/users/delta?$select={select}", {"Prefer": "return=minimal"})
    whole = Consumer(site, f"/v1.0/users/delta?$select={select}")
    minimal.catch_up()
    whole.catch_up()
    site.graph("PATCH", f"/v1.0/users/{alice}", json=written)
    assert minimal.catch_up() == [{"id": alice, **told}]
    assert whole.catch_up() == [{"id": alice, "jobTitle": "Buyer", "companyName": "Fabrikam", **told}]


def test_G58_a_group_tells_the_changed_one_of_its_further_properties(site: Site) -> None:
    group = make_group(site, "themed")
    consumer = Consumer(site, "/v1.0/groups/delta?$select=theme,preferredLanguage", {"Prefer": "return=minimal"})
    consumer.catch_up()
    assert site.graph("PATCH", f"/v1.0/groups/{group}", json={"theme": "Teal"}).status_code == 204
    assert consumer.catch_up() == [{"id": group, "theme": "Teal"}]


def test_G58_a_row_of_an_older_readmit_names_the_whole_profile(site: Site) -> None:
    alice = site.house.people["alice"]
    consumer = Consumer(site, "/v1.0/users/delta?$select=jobTitle,city", {"Prefer": "return=minimal"})
    consumer.catch_up()
    site.graph("PATCH", f"/v1.0/users/{alice}", json={"jobTitle": "Head"})
    site.house.write(lambda tx: tx.run("UPDATE changes SET columns = 'profile ' WHERE columns = 'profile:jobTitle '"))
    assert consumer.catch_up() == [{"id": alice, "jobTitle": "Head", "city": None}]


def groups_of(site: Site) -> dict[str, set[str]]:
    found = {}
    for group in site.graph("GET", "/v1.0/groups?$top=999").json()["value"]:
        members = site.graph("GET", f"/v1.0/groups/{group['id']}/members?$top=999").json()["value"]
        found[group["id"]] = {member["id"] for member in members}
    return found


def check_groups(site: Site, consumer: Consumer) -> None:
    check(site, consumer, "/v1.0/groups?$top=999")
    told = {id: members for id, members in consumer.members.items() if members}
    assert told == {id: members for id, members in groups_of(site).items() if members}


def make_group(site: Site, name: str) -> str:
    body = {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True}
    made = site.graph("POST", "/v1.0/groups", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def join(site: Site, group: str, member: str) -> None:
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{member}"}
    assert site.graph("POST", f"/v1.0/groups/{group}/members/$ref", json=reference).status_code == 204


def test_memberships_come_and_go_with_groups_and_with_members(site: Site) -> None:
    consumer = Consumer(site, "/v1.0/groups/delta")
    check_groups(site, consumer)
    people = site.house.people
    group = make_group(site, "Buyers")
    join(site, group, people["alice"])
    join(site, group, people["max"])
    check_groups(site, consumer)
    assert site.graph("DELETE", f"/v1.0/groups/{group}/members/{people['max']}/$ref").status_code == 204
    told = consumer.catch_up()
    gone = {"@odata.type": "#microsoft.graph.user", "id": people["max"], "@removed": {"reason": "deleted"}}
    assert told[0]["members@delta"] == [gone]
    check_groups(site, consumer)
    site.graph("DELETE", f"/v1.0/users/{people['alice']}")
    check_groups(site, consumer)
    assert people["alice"] not in consumer.members[group]
    site.graph("POST", f"/v1.0/directory/deletedItems/{people['alice']}/restore", json={})
    check_groups(site, consumer)
    assert people["alice"] in consumer.members[group]
    site.graph("DELETE", f"/v1.0/groups/{group}")
    check_groups(site, consumer)
    assert group not in consumer.objects


@pytest.mark.parametrize("prefer", ["", "return=minimal"])
def test_what_is_restored_is_told_whole(site: Site, prefer: str) -> None:
    """Whoever was told of its removal has forgotten it."""
    headers = {"prefer": prefer}
    people, groups = Consumer(site, "/v1.0/users/delta", headers), Consumer(site, "/v1.0/groups/delta", headers)
    people.catch_up()
    groups.catch_up()
    user, group = site.house.people["max"], next(iter(groups.members))
    before = people.objects[user], groups.objects[group], groups.members[group] - {user}
    for path, id in (("users", user), ("groups", group)):
        assert site.graph("DELETE", f"/v1.0/{path}/{id}").status_code == 204
    people.catch_up()
    groups.catch_up()
    assert user not in people.objects
    assert group not in groups.objects
    for id in (group, user):
        assert site.graph("POST", f"/v1.0/directory/deletedItems/{id}/restore", json={}).status_code == 200
        people.catch_up()
        groups.catch_up()
    assert settled(people.objects)[user] == before[0]
    assert settled(groups.objects)[group] == before[1]
    assert groups.members[group] == before[2] | {user}


def test_pages_and_a_group_larger_than_a_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_reader, "PAGE", 2)
    monkeypatch.setattr(delta_reader, "MEMBERS", 2)
    first, second = make_group(site, "First"), make_group(site, "Second")
    for name in ("alice", "max", "pat"):
        join(site, first, site.house.people[name])
        join(site, second, site.house.people[name])
    consumer = Consumer(site, "/v1.0/groups/delta")
    check_groups(site, consumer)
    assert consumer.pages > 3
    everybody = Consumer(site, "/v1.0/users/delta")
    check(site, everybody, "/v1.0/users?$top=999")
    for name in ("alice", "max", "pat"):
        site.graph("PATCH", f"/v1.0/users/{site.house.people[name]}", json={"jobTitle": name})
    everybody.pages = 0
    check(site, everybody, "/v1.0/users?$top=999")
    assert everybody.pages == 2


def test_what_changes_while_the_first_pages_are_read_is_not_lost(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_reader, "PAGE", 1)
    consumer = Consumer(site, "/v1.0/users/delta")
    first = site.graph("GET", consumer.url).json()
    consumer._take(first["value"][0])
    consumer.link = first["@odata.nextLink"]
    site.graph("PATCH", f"/v1.0/users/{first['value'][0]['id']}", json={"jobTitle": "Changed"})
    consumer.catch_up()
    check(site, consumer, "/v1.0/users?$top=999")


def test_latest_begins_now_without_objects(site: Site) -> None:
    body = site.graph("GET", "/v1.0/users/delta?$deltatoken=latest&$select=mail").json()
    assert body["value"] == []
    consumer = Consumer(site, "", link=body["@odata.deltaLink"])
    alice = site.house.people["alice"]
    site.graph(
        "PATCH",
        f"/v1.0/users/{alice}",
        json={"otherMails": ["alice@fabrikam.com", "x@post.example"], "mail": "x@post.example"},
    )
    assert consumer.catch_up() == [{"id": alice, "mail": "x@post.example"}]


def test_a_filter_by_ids_lives_in_the_token(site: Site) -> None:
    people = site.house.people
    wanted = f"id eq '{people['alice']}' or id eq '{people['max']}'"
    consumer = Consumer(site, f"/v1.0/users/delta?$filter={wanted}")
    consumer.catch_up()
    assert set(consumer.objects) == {people["alice"], people["max"]}
    for name in ("alice", "pat"):
        site.graph("PATCH", f"/v1.0/users/{people[name]}", json={"jobTitle": "Changed"})
    assert [item["id"] for item in consumer.catch_up()] == [people["alice"]]


def test_members_may_be_left_out(site: Site) -> None:
    for select, told in (("displayName", False), ("displayName,members", True)):
        value = site.graph("GET", f"/v1.0/groups/delta?$select={select}").json()["value"]
        assert any("members@delta" in group for group in value) is told
        assert all(set(group) <= {"id", "displayName", "members@delta"} for group in value)


@pytest.mark.parametrize(
    "options",
    [
        "$top=5",
        "$orderby=displayName",
        '$search="displayName:a"',
        "$count=true",
        "$expand=memberOf",
        "$filter=mail eq 'x'",
        "$filter=not(id eq 'x')",
        "$filter=id ne 'x'",
        "$select=signInActivity",
    ],
)
def test_other_options_are_refused(site: Site, options: str) -> None:
    answer = site.graph("GET", f"/v1.0/users/delta?{options}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")


def test_Q6_a_refused_filter_of_changes_names_its_property(site: Site) -> None:
    answer = site.graph("GET", "/v1.0/users/delta?$filter=id eq 'x' or userType eq 'Guest'").json()["error"]
    text = "Unsupported or invalid query filter clause specified for property 'userType' of resource 'User'."
    assert answer["message"] == text
    answer = site.graph("GET", "/v1.0/directoryRoles?$filter=startswith(displayName,'G')").json()["error"]
    assert answer["message"] == text.replace("userType", "displayName").replace("'User'", "'DirectoryRole'")


def test_at_most_fifty_ids(site: Site) -> None:
    ids = [f"id eq '00000000-0000-4000-8000-{number:012}'" for number in range(51)]
    assert site.graph("GET", f"/v1.0/users/delta?$filter={' or '.join(ids[:50])}").status_code == 200
    assert site.graph("GET", f"/v1.0/users/delta?$filter={' or '.join(ids)}").status_code == 400


STEPS = ("patch", "reset", "delete", "restore", "purge", "invite", "join", "leave", "group", "drop", "regain", "look")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5), st.integers(0, 5)), max_size=25))
def test_a_consumer_of_delta_links_ends_with_the_picture_of_a_full_read(site: Site, steps: Any) -> None:
    """Whatever happens in whatever order, and whenever the consumer looks."""
    people, groups = Consumer(site, "/v1.0/users/delta"), Consumer(site, "/v1.0/groups/delta")
    for what, one, other in steps:
        _do(site, what, one, other)
        if what == "look":
            people.catch_up()
            groups.catch_up()
    check(site, people, "/v1.0/users?$top=999")
    check_groups(site, groups)


def _do(site: Site, what: str, one: int, other: int) -> None:
    """One step of the story; what cannot be done now is refused and changes nothing."""
    house = site.house
    users = [row[0] for row in house.rows("SELECT id FROM users WHERE invited_address IS NOT NULL ORDER BY id")]
    groups = [row[0] for row in house.rows("SELECT id FROM groups ORDER BY id")]
    user, group = users[one % len(users)] if users else "", groups[other % len(groups)] if groups else ""
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user}"}
    body = {
        "invitedUserEmailAddress": f"g{one}{other}@post.example",
        "inviteRedirectUrl": "https://myapps.microsoft.com",
    }
    asked: dict[str, tuple[str, str, Any]] = {
        "patch": ("PATCH", f"/users/{user}", {"jobTitle": str(other)}),
        "reset": ("POST", "/invitations", {**body, "invitedUser": {"id": user}, "resetRedemption": True}),
        "delete": ("DELETE", f"/users/{user}", None),
        "restore": ("POST", f"/directory/deletedItems/{user}/restore", {}),
        "purge": ("DELETE", f"/directory/deletedItems/{user}", None),
        "invite": ("POST", "/invitations", body),
        "join": ("POST", f"/groups/{group}/members/$ref", reference),
        "leave": ("DELETE", f"/groups/{group}/members/{user}/$ref", None),
        "drop": ("DELETE", f"/groups/{group}", None),
        "regain": ("POST", f"/directory/deletedItems/{group}/restore", {}),
    }
    if what == "group":
        make_group(site, f"Group{one}{other}")
    elif what in asked:
        method, path, payload = asked[what]
        answer = site.graph(method, f"/v1.0{path}", **({"json": payload} if payload is not None else {}))
        assert answer.status_code < 500, answer.text


def test_a_delta_link_lives_seven_days_and_then_says_to_begin_anew(site: Site) -> None:
    consumer = Consumer(site, "/v1.0/users/delta")
    consumer.catch_up()
    site.house.clock.pass_(days=7)
    site._token = None
    assert consumer.catch_up() == []
    site.house.clock.pass_(days=7, seconds=1)
    site._token = None
    answer = follow(site, consumer.link)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (410, "resyncRequired")
    assert error["message"] == "The delta token is no longer valid."
    assert answer.headers["location"] == "https://localhost:8443/v1.0/users/delta?$deltatoken="
    consumer.objects, consumer.link = {}, answer.headers["location"]
    check(site, consumer, "/v1.0/users?$top=999")


@pytest.mark.parametrize("token", ["x", "AAAA", "latest1", "A" * 5000])
def test_a_forged_token_is_410_and_a_forged_skip_token_400(site: Site, token: str) -> None:
    assert site.graph("GET", f"/v1.0/users/delta?$deltatoken={token}").status_code == 410
    answer = site.graph("GET", f"/v1.0/users/delta?$skiptoken={token}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Directory_ExpiredPageToken")


def test_a_token_belongs_to_its_collection(site: Site) -> None:
    consumer = Consumer(site, "/v1.0/users/delta")
    consumer.catch_up()
    assert follow(site, consumer.link.replace("/users/", "/groups/")).status_code == 410
    assert follow(site, consumer.link.replace("/v1.0/", "/beta/")).status_code == 410


def test_the_log_is_swept_behind_every_living_token(site: Site) -> None:
    house = site.house
    consumer = Consumer(site, "/v1.0/users/delta")
    for _ in range(40):
        site.graph("PATCH", f"/v1.0/users/{house.people['alice']}", json={"jobTitle": str(_)})
        consumer.catch_up()
        housekeeping.sweep(house.world)
        house.clock.pass_(hours=12)
        site._token = None
    assert len(house.rows("SELECT seq FROM changes")) < 25
    site.graph("PATCH", f"/v1.0/users/{house.people['max']}", json={"jobTitle": "Last"})
    assert [item["id"] for item in consumer.catch_up()] == [house.people["max"], house.people["alice"]][:1]


@pytest.mark.parametrize("loss", ["seq > 0", "seq > (SELECT MAX(seq) - 2 FROM changes)", "seq < 10000"])
def test_a_log_that_lacks_what_the_reader_needs_is_410(site: Site, loss: str) -> None:
    """An older copy of the database is back, or the log was swept too early: silence would be a loss."""
    consumer = Consumer(site, "/v1.0/users/delta")
    consumer.catch_up()
    if loss == "seq < 10000":
        site.house.write(
            lambda tx: tx.run(
                "INSERT INTO changes SELECT 20000, tenant_id, kind, object_id, '', NULL, NULL FROM changes LIMIT 1"
            )
        )
    site.house.write(lambda tx: tx.run(f"DELETE FROM changes WHERE {loss}"))
    answer = follow(site, consumer.link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "resyncRequired")
    begun_anew = Consumer(site, answer.headers["location"])
    begun_anew.catch_up()
    assert begun_anew.objects == consumer.objects


def test_G65_basic_reading_does_not_open_delta(site: Site) -> None:
    from readmit.domain.directory import check_access
    from readmit.domain.errors import InsufficientPrivileges
    from readmit.web.graph.rights import DELTA_USERS

    caller = site.house.automation("User.ReadBasic.All")
    with pytest.raises(InsufficientPrivileges):
        check_access(caller, DELTA_USERS, None)


def set_manager(site: Site, of: str, manager: str) -> None:
    body = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{manager}"}
    assert site.graph("PUT", f"/v1.0/users/{of}/manager/$ref", json=body).status_code == 204


def test_G58_managers_are_told_when_they_begin_change_and_end(site: Site) -> None:
    alice, hal, ada = (site.house.people[name] for name in ("alice", "max", "pat"))

    def user(id: str, **more: Any) -> dict[str, Any]:
        return {"@odata.type": "#microsoft.graph.user", "id": id, **more}

    gone = {"@removed": {"reason": "deleted"}}
    set_manager(site, alice, ada)
    consumer = Consumer(site, "/v1.0/users/delta?$select=displayName,manager", {"prefer": "return=minimal"})
    first = {item["id"]: item.get("manager@delta") for item in consumer.catch_up()}
    assert first[alice] == [user(ada)]
    assert first[hal] is None
    set_manager(site, alice, hal)
    assert consumer.catch_up() == [{"id": alice, "manager@delta": [user(ada, **gone), user(hal)]}]
    assert site.graph("DELETE", f"/v1.0/users/{alice}/manager/$ref").status_code == 204
    assert consumer.catch_up()[-1] == {"id": alice, "manager@delta": [user(hal, **gone)]}
    set_manager(site, alice, ada)
    names = Consumer(site, "/v1.0/users/delta?$select=displayName")
    assert all("manager@delta" not in item for item in names.catch_up())


def test_G58_a_manager_in_deleted_items_is_told_as_none_and_again_when_restored(site: Site) -> None:
    alice, bob = site.house.people["alice"], site.house.people["max"]
    set_manager(site, alice, bob)
    consumer = Consumer(site, "/v1.0/users/delta?$select=manager", {"prefer": "return=minimal"})
    consumer.catch_up()
    assert site.graph("DELETE", f"/v1.0/users/{bob}").status_code == 204
    told = {item["id"]: item for item in consumer.catch_up()}
    assert told[alice]["manager@delta"][0]["@removed"] == {"reason": "deleted"}
    assert site.graph("POST", f"/v1.0/directory/deletedItems/{bob}/restore").status_code == 200
    told = {item["id"]: item for item in consumer.catch_up()}
    assert told[alice]["manager@delta"] == [{"@odata.type": "#microsoft.graph.user", "id": bob}]


def test_G58_the_longest_question_gets_a_link_that_leads_on(site: Site) -> None:
    """Fifty ids and every property fit into the token."""
    whole = site.graph("GET", "/beta/users?$top=1").json()["value"][0]
    wanted = ",".join(name for name in whole if name != "signInActivity")
    ids = " or ".join(f"id eq '{number:08}-0000-4000-8000-000000000000'" for number in range(50))
    first = site.graph("GET", "/beta/users/delta", params={"$filter": ids, "$select": f"{wanted},manager"})
    assert first.status_code == 200, first.text
    assert follow(site, first.json()["@odata.deltaLink"]).status_code == 200
