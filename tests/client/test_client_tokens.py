"""Where tokens come from, how long they live, and where they never go (graph G72 to G75, security D5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from scripted_graph import TOKEN, Answer, ScriptedGraph, error

from readmit.client.errors import GraphError, SignInError, Stopped
from readmit.client.graph import Endpoint, GraphClient

ME = "GET /v1.0/organization"


def _token(text: str, expires_in: int = 3599) -> Answer:
    return Answer(200, {"token_type": "Bearer", "expires_in": expires_in, "access_token": text})


def test_a_token_is_asked_for_with_client_credentials_and_graphs_default_scope(graph, client):
    client.sign_in()
    assert graph.last(TOKEN).body == {
        "grant_type": "client_credentials",
        "client_id": "app",
        "client_secret": "hush",
        "scope": "https://graph.microsoft.com/.default",
    }


def test_a_cloud_is_asked_for_its_own_graph(graph, make_client):
    make_client(cloud=True).sign_in()
    assert graph.last(TOKEN).body["scope"] == f"{graph.url}/.default"


def test_a_token_serves_many_calls_until_two_minutes_before_its_end(graph, client, clock):
    graph.on(TOKEN, _token("one"), _token("two"))
    graph.on(ME, {"value": [1]})
    client.call("GET", "/v1.0/organization")
    clock.now += 3599 - 121
    client.call("GET", "/v1.0/organization")
    assert graph.requests(tokens=True).count(TOKEN) == 1
    clock.now += 1.5
    client.call("GET", "/v1.0/organization")
    assert graph.requests(tokens=True).count(TOKEN) == 2
    assert graph.last(ME).headers["authorization"] == "Bearer two"


def test_a_token_that_was_revoked_meanwhile_is_renewed_once(graph, client):
    graph.on(TOKEN, _token("one"), _token("two"))
    graph.on(ME, {"value": [1]}, error("M20"), {"value": [2]})
    client.call("GET", "/v1.0/organization")
    assert client.call("GET", "/v1.0/organization") == {"value": [2]}
    assert graph.last(ME).headers["authorization"] == "Bearer two"


def test_a_fresh_token_that_is_refused_is_an_error_at_once(graph, client):
    graph.on(ME, error("M20"))
    with pytest.raises(GraphError) as refused:
        client.call("GET", "/v1.0/organization")
    assert refused.value.status == 401
    assert graph.requests() == [ME]


def test_a_refused_sign_in_keeps_the_servers_words(graph, client):
    graph.on(TOKEN, Answer(401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid secret."}))
    with pytest.raises(SignInError) as refused:
        client.call("GET", "/v1.0/organization")
    assert (refused.value.error, refused.value.description) == ("invalid_client", "AADSTS7000215: Invalid secret.")
    assert graph.requests() == []


def test_a_token_does_not_follow_a_redirect(graph: ScriptedGraph, client: GraphClient):
    elsewhere = ScriptedGraph()
    try:
        graph.on(ME, Answer(307, None, {"Location": f"{elsewhere.url}/v1.0/organization"}))
        with pytest.raises(Stopped, match="redirects to"):
            client.call("GET", "/v1.0/organization")
        assert elsewhere.asked == []
    finally:
        elsewhere.close()


def test_a_secret_does_not_follow_a_redirect(graph, client):
    graph.on(TOKEN, Answer(307, None, {"Location": "https://elsewhere.example/token"}))
    with pytest.raises(Stopped, match=r"redirects to https://elsewhere\.example"):
        client.sign_in()


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/v1.0/users?$skiptoken=x",
        "http://localhost:1/v1.0/users",
        "https://graph.microsoft.com@elsewhere.example/v1.0/users",
        "ftp://localhost/v1.0/users",
        "v1.0/users",
    ],
)
def test_a_token_does_not_follow_a_foreign_next_link(graph, client, link):
    graph.on("GET /v1.0/users", {"value": [{"id": "1"}], "@odata.nextLink": link})
    with pytest.raises(Stopped, match="security D5"):
        list(client.pages("/v1.0/users"))
    assert graph.requests() == ["GET /v1.0/users"]


def test_a_next_link_that_is_no_link_is_told(graph, client):
    graph.on("GET /v1.0/users", {"value": [], "@odata.nextLink": "https://localhost:99999/v1.0/users"})
    with pytest.raises(Stopped, match="no address of a server"):
        list(client.pages("/v1.0/users"))


def test_a_link_without_scheme_stays_at_the_server(graph, client):
    assert client.url("//elsewhere.example/v1.0/users") == f"{graph.url}//elsewhere.example/v1.0/users"


def test_a_tenant_cannot_leave_its_place_in_the_path(graph: ScriptedGraph, make_client: Callable[..., GraphClient]):
    with pytest.raises(SignInError):
        make_client(tenant="../elsewhere?x=").sign_in()
    assert graph.requests(tokens=True) == ["POST /../elsewhere?x=/oauth2/v2.0/token"]


def test_the_secret_is_not_shown_with_the_endpoint():
    assert "hush" not in repr(Endpoint("https://a", "https://a", "t", "app", "hush"))
