"""What is sent again, after which wait, and what never is (graph G64, M23, M24, reliability section 1)."""

from __future__ import annotations

import socket

import httpx2
import pytest
from scripted_graph import ANSWERS, DROPPED, TOKEN, Answer, ScriptedGraph, error

from readmit.client.errors import GraphError, Stopped, Unreachable
from readmit.client.transport import Outside, Transport, retry_after

LIST, INVITE, MAKE = "GET /v1.0/users", "POST /v1.0/invitations", "POST /v1.0/users"


@pytest.mark.parametrize("name", ["M23", "M24"])
def test_a_wait_that_the_server_asks_for_is_kept(graph, client, clock, name):
    graph.on(LIST, error(name, Retry_After="7"), error(name, Retry_After="3"), {"value": [1]})
    assert client.call("GET", "/v1.0/users") == {"value": [1]}
    assert clock.slept == [7.0, 3.0]


def test_the_sixth_refusal_is_final(graph, client, clock):
    graph.on(LIST, error("M23", Retry_After="1"))
    with pytest.raises(GraphError) as refused:
        client.call("GET", "/v1.0/users")
    assert (refused.value.status, refused.value.retry_after) == (429, 1.0)
    assert clock.slept == [1.0] * 5


def test_waits_double_where_the_server_names_none(graph, client, clock):
    graph.on(LIST, error("M24"), error("M24"), error("M24"), {"value": [1]})
    client.call("GET", "/v1.0/users")
    assert clock.slept == [1.0, 2.0, 4.0]


def test_a_date_to_retry_after_counts_from_the_answers_own_date():
    dates = {"date": "Sat, 31 Jan 2026 10:30:00 GMT", "retry-after": "Sat, 31 Jan 2026 10:30:45 GMT"}
    assert retry_after(httpx2.Response(503, headers=dates)) == 45.0
    assert retry_after(httpx2.Response(503, headers={"retry-after": dates["date"]})) is None
    assert retry_after(httpx2.Response(503, headers={"retry-after": "soon"})) is None


def test_nobody_waits_longer_than_five_minutes(graph, client, clock):
    graph.on(LIST, error("M23", Retry_After="3600"))
    with pytest.raises(GraphError) as refused:
        client.call("GET", "/v1.0/users")
    assert refused.value.retry_after == 3600
    assert clock.slept == []


def test_the_token_endpoint_is_waited_for_as_well(graph, client, clock):
    graph.on(TOKEN, error("M24", Retry_After="2"), Answer(200, {"expires_in": 60, "access_token": "late"}))
    client.sign_in()
    assert clock.slept == [2.0]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_broken_connection_is_made_anew_for_what_may_be_repeated(graph, client, method):
    graph.on(f"{method} /v1.0/users/1", DROPPED, DROPPED, Answer(204))
    assert client.call(method, "/v1.0/users/1", {"mail": "a@b.example"} if method == "PATCH" else None) is None
    assert len(graph.requests()) == 3


def test_an_invitation_is_sent_again_with_the_same_idempotency_key(graph, client, clock):
    graph.on(INVITE, DROPPED, error("M24", Retry_After="1"), Answer(201, ANSWERS["invitation"]))
    client.invite({"invitedUserEmailAddress": "a@b.example"})
    assert [one.headers["idempotency-key"] for one in graph.asked if one.path.endswith("invitations")] == ["id-1"] * 3


def test_two_invitations_have_two_idempotency_keys(graph, client):
    graph.on(INVITE, Answer(201, ANSWERS["invitation"]))
    graph.on("POST /beta/invitations", Answer(201, ANSWERS["invitation"]))
    client.invite({"invitedUserEmailAddress": "a@b.example"})
    client.call("POST", "/beta/invitations", {"invitedUserEmailAddress": "a@b.example"})
    keys = [one.headers["idempotency-key"] for one in graph.asked if one.path.endswith("invitations")]
    assert keys == ["id-1", "id-2"]


def test_another_post_is_not_sent_again_when_it_is_unknown_whether_it_was_done(graph, client, clock):
    graph.on(MAKE, DROPPED)
    with pytest.raises(Unreachable):
        client.call("POST", "/v1.0/users", {})
    graph.on(MAKE, error("M24", Retry_After="1"))
    with pytest.raises(GraphError):
        client.call("POST", "/v1.0/users", {})
    assert graph.requests() == [MAKE, MAKE]
    assert clock.slept == []


def test_another_post_that_was_throttled_had_no_effect_and_is_sent_again(graph, client):
    graph.on(MAKE, error("M23", Retry_After="1"), Answer(201, {"id": "1"}))
    assert client.call("POST", "/v1.0/users", {}) == {"id": "1"}


def test_a_connection_that_breaks_four_times_is_unreachable(graph, client, clock):
    graph.on(LIST, DROPPED)
    with pytest.raises(Unreachable) as unreachable:
        client.call("GET", "/v1.0/users")
    assert unreachable.value.server == graph.url
    assert (len(graph.requests()), len(clock.slept)) == (4, 3)


def test_a_server_that_never_answered_is_not_asked_twice(make_client, clock):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(Unreachable):
            make_client(login=nowhere, graph=nowhere).sign_in()
    assert clock.slept == []


def test_a_server_that_answered_before_is_waited_for_while_it_restarts(make_client, clock):
    server = ScriptedGraph()
    server.on(TOKEN, Answer(200, {"expires_in": 3599, "access_token": "t"}, {"Connection": "close"}))
    client = make_client(login=server.url, graph=server.url)
    client.sign_in()
    server.close()
    with pytest.raises(Unreachable):
        client.call("GET", "/v1.0/users")
    assert len(clock.slept) == 3


@pytest.mark.parametrize("body", [b"<html>sign in to the wifi</html>", [1, 2], {}])
def test_an_answer_that_is_not_graphs_is_told(graph, client, body):
    graph.on(LIST, Answer(200, body))
    with pytest.raises(Stopped, match="not as Graph does"):
        client.call("GET", "/v1.0/users")


def test_an_error_that_is_not_graphs_is_told(graph, client):
    graph.on(LIST, Answer(502, b"<html>bad gateway</html>"))
    with pytest.raises(Stopped, match=r"\(502\)"):
        client.call("GET", "/v1.0/users")


def test_graphs_error_keeps_code_message_request_id_and_details(graph, client):
    graph.on(INVITE, error("E20"))
    with pytest.raises(GraphError) as refused:
        client.invite({})
    assert (refused.value.status, refused.value.code) == (400, "Request_BadRequest")
    assert refused.value.request_id == "of-the-header"
    assert refused.value.details[0]["target"] == "mail"


def test_a_ca_file_that_is_none_is_told(tmp_path):
    outside = Outside(lambda _: None, lambda: "id")
    with pytest.raises(Stopped, match="CA file"):
        Transport("https://localhost", str(tmp_path / "none.pem"), outside)
    broken = tmp_path / "broken.pem"
    broken.write_text("not a certificate")
    with pytest.raises(Stopped, match="CA file"):
        Transport("https://localhost", str(broken), outside)
