"""`readmit idp`: providers are listed, added in one line, rotated, checked, switched and removed (interfaces, CL3, D5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command_line import Done
from scripted_graph import Answer, ScriptedGraph

PATH = "/readmit/v1/identityProviders"
WINGTIP: dict[str, Any] = {
    "id": "0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f00d1",
    "displayName": "Wingtip",
    "kind": "oidc",
    "preset": None,
    "issuer": "https://idp.wingtip.example",
    "domains": ["wingtip.example"],
    "clientId": "readmit",
    "hasClientSecret": True,
    "scopes": ["openid", "email", "profile"],
    "enabled": True,
    "privateNetwork": False,
    "createdDateTime": "2026-01-31T10:30:00Z",
    "boundGuests": 2,
    "redirectUri": "https://guests.example.com/signin/callback/0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f00d1",
}
ONE = f"{PATH}/{WINGTIP['id']}"
ADD = ("idp", "add", "Wingtip", "--issuer", "https://idp.wingtip.example", "--domain", "wingtip.example")
CLIENT = ("--client-id", "readmit")

pytestmark = pytest.mark.usefixtures("data")


@pytest.fixture(autouse=True)
def wingtip(graph: ScriptedGraph) -> None:
    graph.on(f"GET {PATH}", {"value": [WINGTIP]})
    graph.on(f"POST {PATH}", Answer(201, {**WINGTIP, "warnings": ["it is slow"]}))
    graph.on(f"POST {ONE}/check", {"problems": [], "warnings": []})
    for method in ("PATCH", "DELETE"):
        graph.on(f"{method} {ONE}", Answer(204))


def test_a_list_shows_who_signs_in_by_whom(readmit):
    done = readmit("idp", "list")
    assert done.out.splitlines() == [
        "displayName\tkind\tdomains\tissuer\tenabled\tboundGuests",
        "Wingtip\toidc\twingtip.example\thttps://idp.wingtip.example\tyes\t2",
    ]
    assert readmit("idp", "list", "--json").json == [WINGTIP]


def test_an_empty_list_says_what_to_do(readmit, graph):
    graph.on(f"GET {PATH}", {"value": []})
    done = readmit("idp", "list")
    assert (done.code, done.out) == (0, "")
    assert "`readmit idp add`" in done.err


@pytest.mark.parametrize("name", ["wingtip", WINGTIP["id"], "https://idp.wingtip.example", "WINGTIP.example"])
def test_a_provider_is_named_by_name_id_issuer_or_domain(readmit, name):
    assert readmit("idp", "show", name, "--json").json == WINGTIP
    assert f"{'redirectUri':<16}  {WINGTIP['redirectUri']}" in readmit("idp", "show", name).out.splitlines()


def test_an_unknown_and_an_ambiguous_name_are_refused(readmit, graph):
    done = readmit("idp", "show", "tailspin")
    assert (done.code, done.err) == (1, "There is no identity provider 'tailspin'; `readmit idp list` shows them.\n")
    graph.on(f"GET {PATH}", {"value": [WINGTIP, {**WINGTIP, "id": "another"}]})
    done = readmit("idp", "remove", "wingtip", "--yes")
    assert done.code == 1
    assert f"({WINGTIP['id']}, another); name one by its id" in done.err
    assert graph.requests().count(f"DELETE {ONE}") == 0


def test_adding_is_one_line_and_prints_what_to_register(readmit, graph, home: Path):
    (home / "secret").write_text("hush\n")
    done = readmit(*ADD, *CLIENT, "--client-secret-file", "secret")
    assert done.code == 0
    assert f"redirect URI  {WINGTIP['redirectUri']}" in done.out.splitlines()
    assert done.err.splitlines() == [
        "Wingtip: it is slow.",
        "At the provider: add the redirect URI to the client; code flow, PKCE with S256, scopes openid email profile.",
    ]
    assert graph.last(f"POST {PATH}").body == {
        "displayName": "Wingtip",
        "kind": "oidc",
        "issuer": "https://idp.wingtip.example",
        "domains": ["wingtip.example"],
        "clientId": "readmit",
        "clientSecret": "hush",
    }
    assert "hush" not in done.out + done.err


def test_presets_and_what_else_is_known_go_along(readmit, graph, monkeypatch):
    monkeypatch.setenv("READMIT_IDP_ADD_CLIENT_SECRET", "hush")
    graph.on(f"POST {PATH}", Answer(201, {**WINGTIP, "preset": "entra", "warnings": []}))
    options = ("--tenant-id", "8f2b1d6a-1111-4222-8333-123456789abc", "--private-network", "--id", WINGTIP["id"])
    domains = ("--domain", "a.example", "--domain", "b.example")
    done = readmit("idp", "add", "fabrikam", "--preset", "entra", *options, *domains, *CLIENT, "--json")
    assert done.json["preset"] == "entra"
    assert done.err == ""
    assert graph.last(f"POST {PATH}").body == {
        "displayName": "fabrikam",
        "kind": "oidc",
        "preset": "entra",
        "entraTenantId": "8f2b1d6a-1111-4222-8333-123456789abc",
        "domains": ["a.example", "b.example"],
        "clientId": "readmit",
        "clientSecret": "hush",
        "privateNetwork": True,
        "id": WINGTIP["id"],
    }
    assert "xms_edov" in readmit("idp", "add", "fabrikam", "--preset", "entra", *CLIENT).err


def test_a_SAML_provider_is_one_line_as_well(readmit, graph, home: Path):
    (home / "idp.xml").write_text("<EntityDescriptor/>", encoding="utf-8-sig")
    entity_id = f"https://guests.example.com/signin/saml/{WINGTIP['id']}"
    graph.on(f"POST {PATH}", Answer(201, {**WINGTIP, "kind": "saml", "entityId": entity_id, "warnings": []}))
    line = ("idp", "add", "tailspin", "--kind", "saml", "--domain", "tailspin.example")
    done = readmit(*line, "--metadata", "idp.xml", "--subject-attribute", "employee")
    assert done.code == 0, done.err
    assert f"entity id       {entity_id}" in done.out.splitlines()
    assert f"consumer (ACS)  {WINGTIP['redirectUri']}" in done.out.splitlines()
    assert "import this server's metadata" in done.err
    expected = {
        "displayName": "tailspin",
        "kind": "saml",
        "domains": ["tailspin.example"],
        "subjectAttribute": "employee",
    }
    assert graph.last(f"POST {PATH}").body == {**expected, "metadata": "<EntityDescriptor/>"}
    assert readmit(*line, "--metadata", "https://idp.tailspin.example/m").code == 0
    assert graph.last(f"POST {PATH}").body["metadataUrl"] == "https://idp.tailspin.example/m"
    assert readmit(*line, "--metadata", "nowhere.xml").code == 2
    assert readmit("idp", "set", "Wingtip", "--metadata", "idp.xml").code == 0
    assert graph.last(f"PATCH {ONE}").body == {"metadata": "<EntityDescriptor/>"}


def secrets(readmit, graph, *options: str, input: str = "") -> tuple[Done, Any]:
    done = readmit(*ADD, *CLIENT, *options, input=input)
    sent = [one.body for one in graph.asked if str(one) == f"POST {PATH}"]
    return done, sent[-1].get("clientSecret", "absent") if sent else None


def test_D5_a_secret_as_an_argument_is_taken_with_a_warning(readmit, graph):
    done, sent = secrets(readmit, graph, "--client-secret", "hush")
    assert (done.code, sent) == (0, "hush")
    assert "stays in the shell's history" in done.err


def test_D5_a_secret_may_come_from_stdin_or_a_named_file(readmit, graph, home: Path, monkeypatch):
    assert secrets(readmit, graph, "--client-secret-file", "-", input="piped\n")[1] == "piped"
    (home / "named").write_text("named")
    monkeypatch.setenv("READMIT_IDP_ADD_CLIENT_SECRET_FILE", "named")
    assert secrets(readmit, graph)[1] == "named"


def test_D5_without_a_secret_nothing_is_asked_of_the_server(readmit, graph, home: Path):
    (home / "empty").write_text("\n")
    for options, says in (
        ((), "--client-secret-file, or --public if it has none"),
        (("--client-secret-file", "nowhere"), "nowhere cannot be read"),
        (("--client-secret-file", "empty"), "empty holds no secret"),
        (("--public", "--client-secret", "x"), "Give one of --client-secret-file, --client-secret and --public"),
    ):
        done, sent = secrets(readmit, graph, *options)
        assert (done.code, sent) == (2, None)
        assert says in done.err
    assert secrets(readmit, graph, "--public") == (readmit(*ADD, *CLIENT, "--public"), None)


def test_what_the_server_says_of_a_provider_is_the_sentence(readmit, graph):
    message = "Wingtip cannot be used: idp.wingtip.example leads to an address that is not public."
    graph.on(f"POST {PATH}", Answer(400, {"error": {"code": "Request_BadRequest", "message": message}}))
    done = readmit(*ADD, *CLIENT, "--public")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"400 Request_BadRequest: {message}")


def test_a_secret_is_rotated_and_other_things_are_set(readmit, graph, home: Path):
    (home / "secret").write_text("new\n")
    done = readmit("idp", "set", "Wingtip", "--client-secret-file", "secret")
    assert done.code == 0
    assert graph.last(f"PATCH {ONE}").body == {"clientSecret": "new"}
    assert done.err == "Changed: clientSecret.\n"
    options = ("--name", "Toys", "--domain", "toys.example", "--client-id", "x", "--public-network", "--public")
    assert readmit("idp", "set", "Wingtip", *options, "--json").json == WINGTIP
    assert graph.last(f"PATCH {ONE}").body == {
        "displayName": "Toys",
        "domains": ["toys.example"],
        "clientId": "x",
        "privateNetwork": False,
        "clientSecret": None,
    }


def test_nothing_to_set_is_wrong_usage(readmit, graph):
    done = readmit("idp", "set", "Wingtip")
    assert (done.code, graph.requests()) == (2, [])
    assert "Say what is to change" in done.err


def test_a_check_ends_with_1_where_nobody_could_sign_in(readmit, graph):
    assert readmit("idp", "check", "Wingtip").err == "Wingtip answers as it should.\n"
    graph.on(f"GET {PATH}", {"value": [{**WINGTIP, "enabled": False}]})
    assert "but it is switched off" in readmit("idp", "check", "Wingtip").err
    graph.on(f"GET {PATH}", {"value": [{**WINGTIP, "kind": "saml"}]})
    assert readmit("idp", "check", "Wingtip").err == "Wingtip has nothing pinned that is over.\n"
    graph.on(f"POST {ONE}/check", {"problems": ["the provider answered 503"], "warnings": ["it is slow"]})
    done = readmit("idp", "check", "Wingtip", "--json")
    assert (done.code, done.json["problems"]) == (1, ["the provider answered 503"])
    assert done.err == "Wingtip: it is slow.\nWingtip cannot be used: the provider answered 503.\n"


def test_switching_off_says_who_is_cut_off_and_asks(readmit, graph):
    done = readmit("idp", "disable", "Wingtip", input="n\n")
    assert done.code == 1
    assert done.err.startswith(
        "2 guests sign in by Wingtip (https://idp.wingtip.example), and cannot until it is switched on again.\n"
    )
    assert f"PATCH {ONE}" not in graph.requests()
    assert readmit("idp", "disable", "Wingtip", input="y\n").code == 0
    assert graph.last(f"PATCH {ONE}").body == {"enabled": False}
    assert readmit("idp", "disable", "Wingtip", "--yes", "--json").json == WINGTIP
    done = readmit("idp", "enable", "Wingtip", "--json")
    assert (done.json, graph.last(f"PATCH {ONE}").body) == (WINGTIP, {"enabled": True})
    assert done.err == "Wingtip is on. 2 guests can sign in again.\n"


def test_CL3_removing_says_how_many_are_bound_and_asks(readmit, graph):
    done = readmit("idp", "remove", "Wingtip")
    assert done.code == 1
    assert "2 guests sign in by Wingtip (https://idp.wingtip.example)" in done.err
    assert "until each is reset, or the same issuer is added again" in done.err
    assert f"DELETE {ONE}" not in graph.requests()
    assert readmit("idp", "remove", "Wingtip", "--yes", "--json").json == {"id": WINGTIP["id"], "boundGuests": 2}
    assert graph.requests()[-1] == f"DELETE {ONE}"


def test_CL3_beyond_ten_guests_their_number_is_typed_or_given(readmit, graph):
    for number, word in ((0, "No guest is bound to"), (1, "1 guest signs in"), (11, "11 guests sign")):
        graph.on(f"GET {PATH}", {"value": [{**WINGTIP, "boundGuests": number}]})
        done = readmit("idp", "remove", "Wingtip", input="n\n")
        assert done.err.startswith(word)
        assert done.code == 1
    for options, typed, code in (
        (("--yes",), "", 1),
        ((), "y\n", 1),
        (("--expect", "12"), "", 1),
        ((), "11\n", 0),
        (("--expect", "11"), "", 0),
    ):
        assert readmit("idp", "remove", "Wingtip", *options, input=typed).code == code, (options, typed)
    assert graph.requests().count(f"DELETE {ONE}") == 2
    assert "it is about 11 guests" in readmit("idp", "remove", "Wingtip", "--expect", "12").err


def test_microsofts_cloud_manages_its_own(readmit, monkeypatch, graph):
    for name, value in (("CLOUD", "public"), ("CLIENT_ID", "app"), ("CLIENT_SECRET", "hush"), ("TENANT", "contoso")):
        monkeypatch.setenv(f"READMIT_{name}", value)
    done = readmit("idp", "list")
    assert done.code == 1
    assert "Microsoft's cloud manages its identity providers in Entra" in done.err
    assert readmit(*ADD, *CLIENT, "--public").code == 1
