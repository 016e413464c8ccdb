"""Subscriptions: a receiver proves itself, then is told of every change at least once (graph G59, security I1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from front import Site
from test_delta import _rights

from readmit import app
from readmit.domain.subscription import LONGEST, MOST, Asked, Resource
from readmit.flows import housekeeping, notify
from readmit.storage import changes, tenants
from readmit.storage.transaction import Transaction
from receiver import Receiver, receiving
from world import make_house

__all__ = ["_rights"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with receiving(tmp_path_factory.mktemp("receivers") / "receiver") as receiver:
        yield receiver


@pytest.fixture
def receiver(running: Receiver) -> Receiver:
    fresh = Receiver()
    for name in ("statuses", "token", "media_type", "headers", "proved", "told", "tried"):
        setattr(running, name, getattr(fresh, name))
    return running


@pytest.fixture
def site(tmp_path: Path, receiver: Receiver) -> Iterator[Site]:
    """Contoso's house; its setting for development lets webhooks lead to loopback."""
    house = make_house(tmp_path)
    house.world = replace(house.world, webhooks=receiver.webhooks())
    allow_private(house, True)
    front = app.application(house.world)
    yield Site(house, front)
    front.close()
    house.world.database.close()


def allow_private(house: Any, allowed: bool) -> None:
    def change(tx: Transaction) -> None:
        tenant = tenants.get(tx, house.contoso)
        assert tenant is not None
        tenants.update(tx, replace(tenant, settings=replace(tenant.settings, privateWebhooks=allowed)))

    house.write(change)


def stamp(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def wanted(site: Site, receiver: Receiver, **more: Any) -> dict[str, Any]:
    return {
        "changeType": "updated,deleted",
        "notificationUrl": f"{receiver.url}/notices",
        "resource": "users",
        "expirationDateTime": stamp(site.house.clock() + timedelta(days=2)),
        "clientState": "a secret of the receiver",
        **more,
    }


def subscribe(site: Site, receiver: Receiver, **more: Any) -> dict[str, Any]:
    answer = site.graph("POST", "/v1.0/subscriptions", json=wanted(site, receiver, **more))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def deliver(site: Site) -> int:
    """Everything that is due once changes have gathered; how many subscriptions were served."""
    site.house.clock.pass_(seconds=1)
    served = 0
    while notify.tell_next(site.house.world, f"worker {served}"):
        served += 1
    return served


def later(site: Site, **gone: float) -> None:
    site.house.clock.pass_(**gone)
    site._token = None


def patch(site: Site, name: str, **values: Any) -> None:
    answer = site.graph("PATCH", f"/v1.0/users/{site.house.people[name]}", json=values)
    assert answer.status_code == 204, answer.text


# ----------------------------------------------------------------------- making


def test_a_subscription_is_made_read_renewed_and_ended(site: Site, receiver: Receiver) -> None:
    answer = site.graph("POST", "/v1.0/subscriptions", json=wanted(site, receiver))
    made = answer.json()
    assert answer.headers["location"] == f"https://localhost:8443/v1.0/subscriptions/{made['id']}"
    assert receiver.proved[0].startswith("/notices?validationToken=Validation%3A%20")
    assert {name: value for name, value in made.items() if value is not None} == {
        "@odata.context": "https://localhost:8443/v1.0/$metadata#subscriptions/$entity",
        "id": made["id"],
        "resource": "users",
        "applicationId": site.house.automation().app_id,
        "creatorId": site.house.automation().service_principal_id,
        "changeType": "updated,deleted",
        "clientState": "a secret of the receiver",
        "notificationUrl": f"{receiver.url}/notices",
        "expirationDateTime": made["expirationDateTime"],
    }
    path = f"/v1.0/subscriptions/{made['id']}"
    assert site.graph("GET", path).json() == made
    assert [one["id"] for one in site.graph("GET", "/beta/subscriptions").json()["value"]] == [made["id"]]
    end = stamp(site.house.clock() + timedelta(days=20))
    renewed = site.graph("PATCH", path, json={"expirationDateTime": end})
    assert (renewed.status_code, renewed.json()["expirationDateTime"]) == (200, end)
    assert site.graph("DELETE", path).status_code == 204
    assert site.graph("GET", path).status_code == 404
    assert site.graph("DELETE", path).status_code == 404


def test_each_of_several_subscriptions_is_found_by_its_id(site: Site, receiver: Receiver) -> None:
    made = {subscribe(site, receiver)["id"] for _ in range(3)}
    assert {site.graph("GET", f"/v1.0/subscriptions/{id.upper()}").json()["id"] for id in made} == made


def test_options_of_reading_are_kept_or_refused(site: Site, receiver: Receiver) -> None:
    made = subscribe(site, receiver)
    path = f"/v1.0/subscriptions/{made['id']}"
    chosen = site.graph("GET", f"{path}?$select=resource,changeType").json()
    assert chosen == {
        "@odata.context": "https://localhost:8443/v1.0/$metadata#subscriptions(resource,changeType)/$entity",
        "resource": "users",
        "changeType": "updated,deleted",
    }
    for refused in (f"{path}?$select=colour", f"{path}?$filter=id eq 'x'", "/v1.0/subscriptions?$search=%22x%22"):
        assert site.graph("GET", refused).status_code == 400, refused
    assert len(site.graph("GET", "/v1.0/subscriptions?$top=1").json()["value"]) == 1


def test_both_receivers_prove_themselves_beside_their_own_queries(site: Site, receiver: Receiver) -> None:
    subscribe(
        site,
        receiver,
        notificationUrl=f"{receiver.url}/notices?of=readmit",
        lifecycleNotificationUrl=f"{receiver.url}/lifecycle",
    )
    assert [path.partition("validationToken")[0] for path in receiver.proved] == ["/notices?of=readmit&", "/lifecycle?"]


@pytest.mark.parametrize(
    "fault", [{"statuses": [202]}, {"statuses": [302]}, {"token": "another"}, {"media_type": "application/json"}]
)
def test_who_does_not_repeat_the_token_is_not_subscribed(site: Site, receiver: Receiver, fault: dict[str, Any]) -> None:
    for name, value in fault.items():
        setattr(receiver, name, value)
    answer = site.graph("POST", "/v1.0/subscriptions", json=wanted(site, receiver))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "ValidationError")
    assert error["message"] == "Subscription validation request failed."
    assert site.graph("GET", "/v1.0/subscriptions").json()["value"] == []


def test_a_redirect_is_not_followed(site: Site, receiver: Receiver) -> None:
    receiver.statuses, receiver.headers = [307], {"location": f"{receiver.url}/elsewhere"}
    assert site.graph("POST", "/v1.0/subscriptions", json=wanted(site, receiver)).status_code == 400
    assert [path.partition("?")[0] for path in receiver.proved] == ["/notices"]


def test_I1_no_private_address_is_reached_unless_the_tenant_allows_it(site: Site, receiver: Receiver) -> None:
    allow_private(site.house, False)
    for url in (f"{receiver.url}/notices", "https://127.0.0.1/", "https://169.254.169.254/", "https://[::1]/"):
        answer = site.graph("POST", "/v1.0/subscriptions", json=wanted(site, receiver, notificationUrl=url))
        assert answer.json()["error"]["code"] == "ValidationError", url
    assert receiver.proved == []


def test_I1_a_setting_withdrawn_later_ends_the_telling(site: Site, receiver: Receiver) -> None:
    subscribe(site, receiver)
    allow_private(site.house, False)
    patch(site, "max", jobTitle="Buyer")
    deliver(site)
    assert receiver.tried == 0


ABSENT = "0b1c5c5e-0000-4000-8000-00000000dead"


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"changeType": None}, 400, "A value is required for property 'changeType' of resource 'Subscription'."),
        ({"changeType": "created"}, 400, "Invalid value specified for property 'changeType'"),
        ({"changeType": "updated,"}, 400, "Invalid value specified for property 'changeType'"),
        ({"resource": ""}, 400, "A value is required for property 'resource'"),
        ({"resource": "nothing"}, 400, "Invalid value specified for property 'resource'"),
        ({"resource": "me/messages"}, 501, "not yet supported"),
        ({"resource": "users/x/messages"}, 501, "not yet supported"),
        ({"resource": f"users/{ABSENT}"}, 404, ABSENT),
        ({"resource": f"groups/{ABSENT}/members"}, 404, ABSENT),
        ({"resource": "users/ada"}, 404, "ada"),
        ({"resource": "groups/ada"}, 400, "Invalid object identifier 'ada'."),
        ({"notificationUrl": "http://localhost/"}, 400, "Invalid value specified for property 'notificationUrl'"),
        ({"notificationUrl": "https://"}, 400, "Invalid value specified for property 'notificationUrl'"),
        ({"notificationUrl": "https://a@b.example/"}, 400, "Invalid value specified for property 'notificationUrl'"),
        ({"notificationUrl": "https://b.example/#x"}, 400, "Invalid value specified for property 'notificationUrl'"),
        ({"notificationUrl": "https://b.example:x/"}, 400, "Invalid value specified for property 'notificationUrl'"),
        ({"notificationUrl": "https://[::1/"}, 400, "Invalid value specified for property 'notificationUrl'"),
        ({"notificationUrl": "https://bü.example/"}, 400, "Invalid value specified for property 'notificationUrl'"),
        ({"lifecycleNotificationUrl": "ftp://b.example/"}, 400, "for property 'lifecycleNotificationUrl'"),
        ({"expirationDateTime": "tomorrow"}, 400, "Invalid value specified for property 'expirationDateTime'"),
        ({"expirationDateTime": "2001-01-01T00:00:00Z"}, 400, "for property 'expirationDateTime'"),
        ({"clientState": "x" * 129}, 400, "Invalid value specified for property 'clientState'"),
        ({"latestSupportedTlsVersion": "v9"}, 400, "for property 'latestSupportedTlsVersion'"),
        ({"includeResourceData": True}, 501, "not yet supported"),
        ({"encryptionCertificateId": "x"}, 501, "not yet supported"),
        ({"id": "x"}, 400, "Property 'id' is read-only and cannot be set."),
        ({"colour": "x"}, 400, "Invalid property 'colour'."),
    ],
)
def test_bad_values_are_refused_and_nobody_is_asked(
    site: Site, receiver: Receiver, change: dict[str, Any], status: int, message: str
) -> None:
    before = site.house.contents()
    answer = site.graph("POST", "/v1.0/subscriptions", json=wanted(site, receiver, **change))
    assert answer.status_code == status, answer.text
    assert message in answer.json()["error"]["message"]
    assert receiver.proved == []
    assert site.house.contents() == before


def test_an_end_is_at_most_41760_minutes_ahead(site: Site, receiver: Receiver) -> None:
    last = site.house.clock() + LONGEST
    made = subscribe(site, receiver, expirationDateTime=stamp(last))
    beyond = {"expirationDateTime": stamp(last + timedelta(seconds=1))}
    assert site.graph("POST", "/v1.0/subscriptions", json=wanted(site, receiver, **beyond)).status_code == 400
    assert site.graph("PATCH", f"/v1.0/subscriptions/{made['id']}", json=beyond).status_code == 400
    changed = site.graph("PATCH", f"/v1.0/subscriptions/{made['id']}", json={"clientState": "x"})
    assert changed.json()["error"]["message"] == "Property 'clientState' is read-only and cannot be set."


def test_an_application_has_at_most_a_hundred(site: Site, receiver: Receiver) -> None:
    made = subscribe(site, receiver)

    def fill(tx: Transaction) -> None:
        names = [row[1] for row in tx.all("PRAGMA table_info(subscriptions)") if row[1] != "id"]
        columns = ", ".join(names)
        for number in range(MOST - 1):
            sql = f"INSERT INTO subscriptions (id, {columns}) SELECT :new, {columns} FROM subscriptions WHERE id = :id"
            tx.run(sql, {"new": f"filled-{number}", "id": made["id"]})

    site.house.write(fill)
    answer = site.graph("POST", "/v1.0/subscriptions", json=wanted(site, receiver))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Forbidden")


def test_creations_that_wait_for_slow_receivers_are_few(site: Site, receiver: Receiver) -> None:
    """503, so that slow receivers never hold all the threads that read lists."""
    webhooks = site.house.world.webhooks
    while webhooks._proving.acquire(blocking=False):
        pass
    answer = site.graph("POST", "/v1.0/subscriptions", json=wanted(site, receiver))
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


def test_a_user_sees_and_ends_his_own_alone(site: Site, receiver: Receiver) -> None:
    from readmit.domain.errors import NotFound
    from readmit.flows import subscriptions

    made = subscribe(site, receiver)
    world, ada = site.house.world, site.house.person("ada")
    assert site.house.read(subscriptions.mine, world, ada) == []
    with pytest.raises(NotFound):
        site.house.write(subscriptions.end, world, ada, made["id"])


# ---------------------------------------------------------------------- telling


def test_a_reset_is_told_with_ids_only(site: Site, receiver: Receiver) -> None:
    made = subscribe(site, receiver)
    site.house.reset(site.house.people["alice"], "alice@fabrikam.com")
    assert deliver(site) == 1
    assert not notify.tell_next(site.house.world, "at once")
    path = f"Users/{site.house.people['alice']}"
    assert receiver.told == [
        (
            "/notices",
            {
                "subscriptionId": made["id"],
                "subscriptionExpirationDateTime": made["expirationDateTime"],
                "tenantId": site.house.contoso,
                "clientState": "a secret of the receiver",
                "changeType": "updated",
                "resource": path,
                "resourceData": {
                    "@odata.type": "#Microsoft.Graph.User",
                    "@odata.id": path,
                    "id": site.house.people["alice"],
                },
            },
        )
    ]
    assert deliver(site) == 0


def test_creation_and_soft_delete_are_updates_and_a_purge_is_deleted(site: Site, receiver: Receiver) -> None:
    subscribe(site, receiver)
    new = site.house.invite("new@post.example").invitation.user_id
    deliver(site)
    assert site.graph("DELETE", f"/v1.0/users/{new}").status_code == 204
    deliver(site)
    assert site.graph("DELETE", f"/v1.0/directory/deletedItems/{new}").status_code == 204
    deliver(site)
    path = f"Users/{new}"
    assert receiver.heard() == [("updated", path), ("updated", path), ("deleted", path)]


def test_only_what_was_asked_for_is_told(site: Site, receiver: Receiver) -> None:
    falcon = site.graph("GET", "/v1.0/groups?$filter=displayName eq 'Falcon'").json()["value"][0]["id"]
    alice, max_ = site.house.people["alice"], site.house.people["max"]
    for name, resource in (("one", f"users/{alice}"), ("group", f"/groups/{falcon}"), ("all", "groups")):
        subscribe(site, receiver, resource=resource, notificationUrl=f"{receiver.url}/{name}")
    subscribe(site, receiver, resource=f"groups/{falcon}/members", notificationUrl=f"{receiver.url}/members")
    subscribe(site, receiver, changeType="deleted", notificationUrl=f"{receiver.url}/deleted")
    patch(site, "max", jobTitle="Buyer")
    deliver(site)
    assert receiver.told == []
    patch(site, "alice", jobTitle="Buyer")
    assert site.graph("PATCH", f"/v1.0/groups/{falcon}", json={"description": "Birds"}).status_code == 204
    deliver(site)
    told = [("updated", f"Groups/{falcon}")]
    assert receiver.heard("/one") == [("updated", f"Users/{alice}")]
    assert (receiver.heard("/group"), receiver.heard("/all"), receiver.heard("/members")) == (told, told, [])
    assert site.graph("DELETE", f"/v1.0/users/{max_}").status_code == 204
    deliver(site)
    assert receiver.heard("/members") == told
    assert receiver.heard("/deleted") == []


def test_many_changes_come_in_several_requests_and_none_is_lost(
    site: Site, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "_MOST", 3)
    subscribe(site, receiver)
    invited = [f"Users/{site.house.invite(f'n{number}@post.example').invitation.user_id}" for number in range(7)]
    deliver(site)
    assert receiver.tried >= 3
    assert {resource for _, resource in receiver.heard()} >= set(invited)


def test_a_refused_notice_is_repeated_until_it_is_taken(site: Site, receiver: Receiver) -> None:
    subscribe(site, receiver)
    receiver.statuses = [500, 404, 302]
    patch(site, "max", jobTitle="Buyer")
    for _ in range(4):
        assert deliver(site) == 1
        assert deliver(site) == 0
        later(site, minutes=10)
    assert receiver.heard() == [("updated", f"Users/{site.house.people['max']}")]
    assert receiver.tried == 4


def test_after_four_hours_missed_is_told_and_later_changes_still_come(site: Site, receiver: Receiver) -> None:
    made = subscribe(site, receiver, lifecycleNotificationUrl=f"{receiver.url}/lifecycle")
    receiver.statuses = [500, 500]
    patch(site, "max", jobTitle="Buyer")
    deliver(site)
    patch(site, "alice", jobTitle="Seller")
    later(site, hours=4)
    deliver(site)
    assert receiver.heard("/lifecycle") == [("missed", "users")]
    assert receiver.heard("/notices") == [("updated", f"Users/{site.house.people['alice']}")]
    lifecycle = next(notice for path, notice in receiver.told if path == "/lifecycle")
    assert (lifecycle["subscriptionId"], lifecycle["tenantId"]) == (made["id"], site.house.contoso)


def test_missed_is_repeated_too(site: Site, receiver: Receiver) -> None:
    subscribe(site, receiver, lifecycleNotificationUrl=f"{receiver.url}/lifecycle")
    patch(site, "max", jobTitle="Buyer")
    receiver.statuses = [500]
    deliver(site)
    later(site, hours=4)
    receiver.statuses = [500, 500]
    deliver(site)
    assert receiver.told == []
    later(site, minutes=1)
    deliver(site)
    assert receiver.heard("/lifecycle") == [("missed", "users")]


def test_missed_that_waits_does_not_hold_up_notices(site: Site, receiver: Receiver) -> None:
    subscribe(site, receiver, lifecycleNotificationUrl=f"{receiver.url}/lifecycle")
    patch(site, "max", jobTitle="Buyer")
    receiver.statuses = [500]
    deliver(site)
    later(site, hours=4)
    receiver.statuses = [500, 500]
    deliver(site)
    patch(site, "alice", jobTitle="Seller")
    deliver(site)
    assert receiver.heard("/notices") == [("updated", f"Users/{site.house.people['alice']}")]
    assert receiver.heard("/lifecycle") == []


def test_missed_alone_is_told_while_notices_wait(site: Site, receiver: Receiver) -> None:
    subscribe(site, receiver, lifecycleNotificationUrl=f"{receiver.url}/lifecycle")
    patch(site, "max", jobTitle="Buyer")
    receiver.statuses = [500]
    deliver(site)
    later(site, hours=4)
    receiver.statuses = [500, 500]
    deliver(site)
    patch(site, "alice", jobTitle="Seller")
    receiver.statuses = [500, 500, 500]
    deliver(site)
    later(site, seconds=1)
    site.house.write(lambda tx: tx.run("UPDATE subscriptions SET missed_due_at = 0"))
    receiver.statuses = []
    assert deliver(site) == 1
    assert (receiver.heard("/lifecycle"), receiver.heard("/notices")) == ([("missed", "users")], [])


def test_a_worker_that_died_is_taken_over_and_two_do_not_tell_at_once(site: Site, receiver: Receiver) -> None:
    from readmit.storage import subscriptions

    subscribe(site, receiver)
    patch(site, "max", jobTitle="Buyer")
    now = site.house.clock()
    held = site.house.write(subscriptions.lease, "dead", now=now, until=now + timedelta(seconds=60))
    assert held is not None
    assert deliver(site) == 0
    later(site, seconds=61)
    assert deliver(site) == 1
    assert len(receiver.told) == 1
    assert not site.house.write(subscriptions.save, held, held.progress)


def test_who_could_not_ask_now_is_not_told(site: Site, receiver: Receiver) -> None:
    subscribe(site, receiver)
    principal = site.house.automation().service_principal_id

    def enable(enabled: int) -> None:
        sql = "UPDATE service_principals SET account_enabled = :enabled WHERE id = :id"
        site.house.write(lambda tx: tx.run(sql, {"enabled": enabled, "id": principal}))

    patch(site, "max", jobTitle="Buyer")
    enable(0)
    assert deliver(site) == 0
    enable(1)
    assert deliver(site) == 1


def test_an_application_that_has_lost_its_rights_is_not_told(site: Site, receiver: Receiver) -> None:
    subscribe(site, receiver)
    patch(site, "max", jobTitle="Buyer")
    principal = site.house.automation().service_principal_id
    site.house.write(lambda tx: tx.run("DELETE FROM app_role_assignments WHERE principal_id = :id", {"id": principal}))
    assert deliver(site) == 1
    assert receiver.tried == 0


def by_ada(site: Site, receiver: Receiver, watched: Resource) -> None:
    from readmit.flows import subscriptions

    end = site.house.clock() + timedelta(days=2)
    asked = Asked(watched, "users", ("updated",), f"{receiver.url}/notices", end)
    subscriptions.subscribe(site.house.world, site.house.person("ada"), asked)


def consent(site: Site, scope: str) -> None:
    from readmit.domain.graph_permissions import GRAPH_APP_ID
    from readmit.storage import apps

    resource = site.house.read(apps.principal_by_app_id, site.house.contoso, GRAPH_APP_ID)
    values = {
        "tenant": site.house.contoso,
        "client": site.house.automation().service_principal_id,
        "resource": resource.id,
        "scope": scope,
    }
    sql = (
        "INSERT INTO permission_grants (id, tenant_id, client_id, resource_id, consent_type, scope)"
        " VALUES ('g', :tenant, :client, :resource, 'AllPrincipals', :scope)"
    )
    site.house.write(lambda tx: tx.run(sql, values))


@pytest.mark.parametrize("scope", [None, "User.Invite.All", "User.Read", "User.Read.All"])
def test_a_user_is_told_by_what_was_consented_to(site: Site, receiver: Receiver, scope: str | None) -> None:
    ada = site.house.person("ada").id
    by_ada(site, receiver, Resource("user"))
    by_ada(site, receiver, Resource("user", ada))
    if scope is not None:
        consent(site, scope)
    site.house.write(lambda tx: tx.run("UPDATE users SET given_name = 'Augusta' WHERE id = :id", {"id": ada}))
    deliver(site)
    assert len(receiver.heard()) == {"User.Read": 1, "User.Read.All": 2}.get(scope or "", 0)


def test_a_tenant_without_graph_tells_nobody(site: Site, receiver: Receiver) -> None:
    subscribe(site, receiver)
    patch(site, "max", jobTitle="Buyer")
    site.house.write(lambda tx: tx.run("UPDATE service_principals SET app_id = 'x' WHERE app_id LIKE '00000003%'"))
    deliver(site)
    assert receiver.tried == 0


def test_an_ended_subscription_is_told_nothing_and_swept(site: Site, receiver: Receiver) -> None:
    subscribe(site, receiver)
    assert notify.anybody(site.house.world)
    later(site, days=3)
    site.house.invite("new@post.example")
    assert not notify.anybody(site.house.world)
    assert deliver(site) == 0
    housekeeping.sweep(site.house.world)
    assert site.house.rows("SELECT COUNT(*) FROM subscriptions") == [(0,)]


def test_a_log_that_was_swept_before_it_was_told_is_missed(site: Site, receiver: Receiver) -> None:
    """Only after days without a worker."""
    end = stamp(site.house.clock() + timedelta(days=20))
    subscribe(site, receiver, expirationDateTime=end, lifecycleNotificationUrl=f"{receiver.url}/lifecycle")
    subscribe(site, receiver, expirationDateTime=end)
    site.house.invite("lost@post.example")
    site.house.write(changes.mark, site.house.clock(), timedelta(0))
    later(site, days=9)
    site.house.invite("new@post.example")
    housekeeping.sweep(site.house.world)
    deliver(site)
    assert receiver.heard("/lifecycle") == [("missed", "users")]
    assert len(receiver.heard("/notices")) == 2


def test_a_lease_lost_between_look_and_take_is_no_failure(site: Site, receiver: Receiver) -> None:
    from readmit.storage import subscriptions

    subscribe(site, receiver)
    patch(site, "max", jobTitle="Buyer")
    world, now = site.house.world, site.house.clock()

    def taken_meanwhile(flow: Any, *arguments: Any, **named: Any) -> Any:
        database.write(subscriptions.lease, "quicker", now=now, until=now + timedelta(seconds=60))
        return database.write(flow, *arguments, **named)

    class Raced:
        read = staticmethod(world.database.read)
        write = staticmethod(taken_meanwhile)

    database = world.database
    assert notify.tell_next(replace(world, database=Raced()), "slower") is False  # type: ignore[arg-type]
    assert receiver.tried == 0
