"""A reset is one call where the server adopts the address, PATCH, wait, POST elsewhere (lifecycle L18a)."""

from __future__ import annotations

import pytest
from scripted_graph import ANSWERS, Answer, error

from readmit.client import reset
from readmit.client.errors import GraphError, PartlyDone, PutBack, Stopped

ALICE = ANSWERS["user"]
USER = f"/v1.0/users/{ALICE['id']}"
POST, PATCH, GET = "POST /v1.0/invitations", f"PATCH {USER}", f"GET {USER}"
MADE = Answer(201, ANSWERS["invitation"])
NEW = "alice@post.example"
MOVED = {"mail": NEW, "otherMails": [NEW]}


def _body(address: str = NEW) -> dict[str, object]:
    return {"invitedUserEmailAddress": address, "invitedUser": {"id": ALICE["id"]}, "resetRedemption": True}


def test_readmit_needs_one_call(graph, client):
    graph.on(POST, MADE)
    assert reset.run(client, ALICE, _body())["status"] == "PendingAcceptance"
    assert graph.requests() == [POST]
    assert graph.last(POST).body == _body()


def test_a_server_that_does_not_adopt_gets_patch_then_post(graph, client, clock):
    graph.on(POST, error("E13"), MADE)
    graph.on(PATCH, Answer(204))
    graph.on(GET, MOVED)
    reset.run(client, ALICE, _body())
    assert graph.requests() == [POST, PATCH, GET, POST]
    assert graph.last(PATCH).body == MOVED
    assert clock.slept == []


def test_microsofts_cloud_gets_patch_first(graph, make_client):
    graph.on(POST, MADE)
    graph.on(PATCH, Answer(204))
    graph.on(GET, MOVED)
    reset.run(make_client(cloud=True), ALICE, _body())
    assert graph.requests() == [PATCH, GET, POST]


def test_keeping_the_old_address_takes_patch_first(graph, client):
    graph.on(POST, MADE)
    graph.on(PATCH, Answer(204))
    graph.on(GET, {"mail": NEW, "otherMails": [NEW, "alice@fabrikam.com"]})
    reset.run(client, ALICE, _body(), keep_old=True)
    assert graph.requests() == [PATCH, GET, POST]
    assert graph.last(PATCH).body == {"mail": NEW, "otherMails": [NEW, "alice@fabrikam.com"]}


def test_an_address_that_is_on_the_guest_is_not_patched(graph, make_client):
    graph.on(POST, MADE)
    reset.run(make_client(cloud=True), ALICE, _body("ALICE@fabrikam.com"), keep_old=True)
    assert graph.requests() == [POST]


def test_the_new_address_is_waited_for_with_growing_pauses(graph, make_client, clock):
    old = {"mail": "alice@fabrikam.com", "otherMails": ["alice@fabrikam.com"]}
    graph.on(POST, MADE)
    graph.on(PATCH, Answer(204))
    graph.on(GET, old, old, old, MOVED)
    reset.run(make_client(cloud=True), ALICE, _body())
    assert clock.slept == [0.5, 1.0, 2.0]


def test_a_replica_that_does_not_know_the_address_yet_is_asked_again(graph, make_client, clock):
    graph.on(POST, error("E13"), error("E13"), MADE)
    graph.on(PATCH, Answer(204))
    graph.on(GET, MOVED)
    reset.run(make_client(cloud=True), ALICE, _body())
    assert clock.slept == [0.5, 1.0]


def test_a_server_that_never_learns_the_address_is_partly_done(graph, make_client, clock):
    graph.on(POST, error("E13"))
    graph.on(PATCH, Answer(204))
    graph.on(GET, MOVED)
    with pytest.raises(PartlyDone):
        reset.run(make_client(cloud=True), ALICE, _body())
    assert graph.requests().count(POST) == 5
    assert clock.slept == [0.5, 1.0, 2.0, 4.0]


def test_an_address_that_never_becomes_readable_is_partly_done(graph, make_client, clock):
    graph.on(PATCH, Answer(204))
    graph.on(GET, {"mail": None, "otherMails": []})
    with pytest.raises(PartlyDone) as partly:
        reset.run(make_client(cloud=True), ALICE, _body())
    assert isinstance(partly.value.cause, Stopped)
    assert NEW in partly.value.done
    assert sum(clock.slept) == 60.5
    assert POST not in graph.requests()


@pytest.mark.parametrize(
    ("state", "told"), [("Accepted", "as they were."), ("PendingAcceptance", "has to be sent anew.")]
)
def test_a_refusal_after_the_patch_puts_the_addresses_back(graph, make_client, state, told):
    """The guest signs in by the old address: a reset that is refused must not take it away."""
    graph.on(PATCH, Answer(204))
    graph.on(GET, MOVED)
    graph.on(POST, error("E14"))
    with pytest.raises(PutBack) as refused:
        reset.run(make_client(cloud=True), {**ALICE, "externalUserState": state}, _body())
    assert isinstance(refused.value.cause, GraphError)
    assert refused.value.cause.status == 403
    assert refused.value.done.endswith(told)
    assert graph.requests() == [PATCH, GET, POST, PATCH]
    assert graph.last(PATCH).body == {"mail": ALICE["mail"], "otherMails": ALICE["otherMails"]}


def test_addresses_that_cannot_be_put_back_are_partly_done(graph, make_client):
    graph.on(PATCH, Answer(204), error("E16"))
    graph.on(GET, MOVED)
    graph.on(POST, error("E14"))
    with pytest.raises(PartlyDone) as partly:
        reset.run(make_client(cloud=True), ALICE, _body())
    assert NEW in partly.value.done
    assert partly.value.cause.status == 403


def test_an_unknown_outcome_after_the_patch_leaves_the_new_address(graph, make_client):
    """The reset may have been done: the old address would undo it."""
    graph.on(PATCH, Answer(204))
    graph.on(GET, MOVED)
    graph.on(POST, Answer(500, {"error": {"code": "x", "message": "y"}}))
    with pytest.raises(PartlyDone):
        reset.run(make_client(cloud=True), ALICE, _body())
    assert graph.requests().count(PATCH) == 1


def test_a_refused_patch_is_a_plain_refusal(graph, client):
    graph.on(POST, error("E13"))
    graph.on(PATCH, error("E20"))
    with pytest.raises(GraphError) as refused:
        reset.run(client, ALICE, _body())
    assert refused.value.code == "Request_BadRequest"
    assert graph.requests() == [POST, PATCH]


def test_another_refusal_of_the_one_call_patches_nothing(graph, client):
    graph.on(POST, error("E14"))
    with pytest.raises(GraphError):
        reset.run(client, ALICE, _body())
    assert graph.requests() == [POST]


@pytest.mark.parametrize(
    ("mail", "others", "keep_old", "expected"),
    [
        ("old@a.example", ["x@a.example", "OLD@a.example", "y@a.example"], False, ["x@a.example", NEW, "y@a.example"]),
        ("old@a.example", ["x@a.example"], False, [NEW, "x@a.example"]),
        (None, [], False, [NEW]),
        (None, ["x@a.example"], True, [NEW, "x@a.example"]),
        ("old@a.example", ["x@a.example"], True, [NEW, "old@a.example", "x@a.example"]),
        ("old@a.example", ["x@a.example", "old@a.example"], True, [NEW, "x@a.example", "old@a.example"]),
        ("old@a.example", [NEW.upper(), "old@a.example"], False, [NEW.upper()]),
    ],
)
def test_the_new_address_takes_the_place_of_the_old_one_and_none_stands_twice(mail, others, keep_old, expected):
    written = reset.addresses({"mail": mail, "otherMails": others}, NEW, keep_old=keep_old)
    assert written == {"mail": NEW, "otherMails": expected}


def test_a_plan_sends_nothing_and_names_the_requests():
    planned = reset.plan(ALICE, _body(), patch_first=True)
    assert [(one.method, one.path) for one in planned] == [("PATCH", USER), ("POST", "/v1.0/invitations")]
    assert len(reset.plan(ALICE, _body())) == 1
