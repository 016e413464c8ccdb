"""`/readmit/v1/identityProviders`: added if they answer, changed, switched, removed; never a secret (graph G47, G82)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from small_directory import ADA, HAL, MIA, Answer, Graph

from lying_provider import CLIENT, SECRET, LyingProvider, provider
from lying_saml import LyingSaml, pair
from readmit.domain.permission import SECURITY_ADMINISTRATOR
from readmit.storage import providers as table
from readmit.storage import roles

PATH = "/readmit/v1/identityProviders"
READ, WRITE = "Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess"
NOBODY = "00000000-0000-4000-9000-00000000dead"


@pytest.fixture(autouse=True)
def _rights(graph: Graph) -> None:
    graph.caller = graph.app(READ, WRITE)


@pytest.fixture
def wingtip() -> Iterator[LyingProvider]:
    with provider() as made:
        yield made


def body(at: LyingProvider, **more: Any) -> dict[str, Any]:
    given = {
        "displayName": "Wingtip",
        "issuer": at.issuer,
        "domains": ["wingtip.example"],
        "clientId": CLIENT,
        "clientSecret": SECRET,
        "privateNetwork": True,
        **more,
    }
    return {name: value for name, value in given.items() if value is not None}


def added(graph: Graph, at: LyingProvider, **more: Any) -> dict[str, Any]:
    answer = graph.ask("POST", PATH, body(at, **more))
    assert answer.status == 201, answer.body
    found: dict[str, Any] = answer.body
    return found


def refused(answer: Answer) -> str:
    assert (answer.status, answer.code) == (400, "Request_BadRequest"), answer.body
    return answer.message


def test_a_provider_that_answers_is_added_and_told_what_to_register(graph: Graph, wingtip: LyingProvider) -> None:
    answer = graph.ask("POST", PATH, body(wingtip))
    id = answer.body["id"]
    assert answer.status == 201
    assert answer.headers["Location"] == f"https://localhost:8443{PATH}/{id}"
    assert answer.body == {
        "id": id,
        "displayName": "Wingtip",
        "kind": "oidc",
        "preset": None,
        "issuer": wingtip.issuer,
        "domains": ["wingtip.example"],
        "clientId": CLIENT,
        "hasClientSecret": True,
        "scopes": ["openid", "email", "profile"],
        "enabled": True,
        "privateNetwork": True,
        "createdDateTime": "2026-01-31T10:30:04Z",
        "boundGuests": 0,
        "subjectAttribute": None,
        "redirectUri": f"/signin/callback/{id}",
        "entityId": None,
        "warnings": [
            "it does not say whether it takes PKCE; S256 is sent all the same, and should be switched on there"
        ],
    }
    assert wingtip.asked == ["/.well-known/openid-configuration", "/keys"]
    shown = {name: value for name, value in answer.body.items() if name != "warnings"}
    assert graph.get(f"{PATH}/{id}").body == shown
    assert graph.get(PATH).body == {"value": [shown]}


def test_a_secret_is_written_rotated_and_never_read(graph: Graph, wingtip: LyingProvider) -> None:
    id = added(graph, wingtip)["id"]
    assert graph.ask("PATCH", f"{PATH}/{id}", {"clientSecret": "another secret of wingtip"}).status == 204
    sealed = graph.world.database.read(table.secret, id)
    assert graph.world.keyring.unseal(sealed or "").decode() == "another secret of wingtip"
    assert "another secret" not in str(graph.get(f"{PATH}/{id}").body)
    assert "another secret" not in str(graph.run("SELECT * FROM audit_events")) + str(
        graph.run("SELECT * FROM audit_names")
    )
    assert graph.ask("PATCH", f"{PATH}/{id}", {"clientSecret": None}).status == 204
    assert graph.get(f"{PATH}/{id}").body["hasClientSecret"] is False
    assert graph.ask("PATCH", f"{PATH}/{id}", {"clientSecret": "and one more"}).status == 204
    told = graph.run("SELECT details FROM audit_events WHERE activity = 'Update identity provider' ORDER BY at, rowid")
    assert [row[0] for row in told] == [
        '{"changed":{"clientSecret":["one","a new one"]}}',
        '{"changed":{"clientSecret":["one","none"]}}',
        '{"changed":{"clientSecret":["none","a new one"]}}',
    ]


PROBLEMS: list[tuple[dict[str, Any], str]] = [
    (
        {"issuer": "https://idp.wingtip.example"},
        "names the issuer 'https://idp.wingtip.example', not 'http://localhost",
    ),
    ({"issuer": 7}, "names no issuer"),
    ({"code_challenge_methods_supported": ["plain"]}, "it does not take PKCE with S256"),
    ({"response_types_supported": ["id_token"]}, "it does not offer the code flow"),
    ({"id_token_signing_alg_values_supported": ["HS256"]}, "no algorithm that is accepted here (RS256, "),
    ({"jwks_uri": None}, "no usable jwks_uri"),
    ({"userinfo_endpoint": "https://["}, "no usable userinfo_endpoint"),
    ({"userinfo_endpoint": "https://idp.wingtip.example/a b"}, "no usable userinfo_endpoint"),
]


@pytest.mark.parametrize(("metadata", "says"), PROBLEMS)
def test_I1_a_provider_that_cannot_work_is_not_added_and_the_reason_is_named(
    graph: Graph, wingtip: LyingProvider, metadata: dict[str, Any], says: str
) -> None:
    wingtip.metadata = metadata
    before = graph.digest()
    message = refused(graph.ask("POST", PATH, body(wingtip)))
    assert message.startswith("Wingtip cannot be used: ")
    assert says in message
    assert graph.digest() == before


def test_I1_a_provider_without_keys_or_without_an_answer_is_not_added(graph: Graph, wingtip: LyingProvider) -> None:
    before = graph.digest()
    wingtip.answers = lambda path: (200, b'{"keys": [{"kty": "oct"}, 7]}') if path == "/keys" else None
    assert "publishes no key" in refused(graph.ask("POST", PATH, body(wingtip)))
    wingtip.answers = lambda path: (503, b"")
    assert "the provider answered 503" in refused(graph.ask("POST", PATH, body(wingtip)))
    nowhere = body(wingtip, issuer="http://localhost:1")
    assert "localhost did not answer (ConnectError)" in refused(graph.ask("POST", PATH, nowhere))
    assert graph.digest() == before


def test_T32_an_inside_address_needs_the_word_for_it(graph: Graph, wingtip: LyingProvider) -> None:
    inside = body(wingtip, issuer="https://localhost:1", privateNetwork=None)
    message = refused(graph.ask("POST", PATH, inside))
    assert "leads to an address that is not public, and privateNetwork (--private-network) is not given" in message


def test_warnings_are_told_and_do_not_refuse(graph: Graph, wingtip: LyingProvider) -> None:
    wingtip.metadata = {"code_challenge_methods_supported": ["S256"], "claims_supported": ["sub"]}
    told = added(graph, wingtip)["warnings"]
    assert told == [
        "it does not announce the claim email_verified; without it an invited address is proved by mailed code"
    ]


RULES: list[tuple[dict[str, Any], str]] = [
    ({"issuer": "mail"}, "The issuer 'mail' is one that readmit uses itself."),
    ({"clientId": None}, "An OIDC provider needs a clientId."),
    ({"domains": []}, "A provider needs the address domains that it speaks for."),
    ({"domains": ["contoso.com"]}, "contoso.com is a verified domain of this tenant; its members sign in here."),
    ({"preset": "entra", "issuer": None, "entraTenantId": "fabrikam"}, "'fabrikam' is no tenant id; Entra shows it"),
    ({"preset": "entra", "issuer": None}, "A provider needs its issuer; with the preset entra its tenant id"),
    ({"displayName": "\u202e"}, "A provider's name has 1 to 128 characters."),
]


@pytest.mark.parametrize(("given", "says"), RULES)
def test_what_cannot_be_is_refused_in_words_before_anybody_is_asked(
    graph: Graph, wingtip: LyingProvider, given: dict[str, Any], says: str
) -> None:
    assert says in refused(graph.ask("POST", PATH, body(wingtip, **given)))
    assert wingtip.asked == []


def test_a_name_a_domain_and_an_issuer_have_one_provider(graph: Graph, wingtip: LyingProvider) -> None:
    first = added(graph, wingtip)
    with provider() as tailspin:
        other = body(tailspin, displayName="wingTIP", domains=["tailspin.example"])
        assert refused(graph.ask("POST", PATH, other)) == "Another provider is called Wingtip already."
        second = added(graph, tailspin, displayName="Tailspin", domains=["tailspin.example"])
        path = f"{PATH}/{second['id']}"
        assert "called Wingtip" in refused(graph.ask("PATCH", path, {"displayName": "Wingtip"}))
        assert "has a provider already" in refused(graph.ask("PATCH", path, {"domains": ["wingtip.example"]}))
        assert graph.ask("PATCH", path, {"displayName": "Tailspin"}).status == 204
    assert "registered already" in refused(graph.ask("POST", PATH, body(wingtip, domains=["w.example"])))
    assert [one["id"] for one in graph.get(PATH).body["value"]] == [second["id"], first["id"]]


def test_presets_are_one_line(graph: Graph, wingtip: LyingProvider) -> None:
    tenant = "8F2B1D6A-1111-4222-8333-123456789ABC"
    entra = body(wingtip, preset="entra", issuer=None, entraTenantId=tenant, privateNetwork=None)
    message = refused(graph.ask("POST", PATH, entra))
    assert message.startswith("Wingtip cannot be used: login.microsoftonline.com ")
    google = {"preset": "google", "clientId": CLIENT}
    assert "accounts.google.com" in refused(graph.ask("POST", PATH, google))


def test_what_may_change_changes_and_is_noted_with_old_and_new(graph: Graph, wingtip: LyingProvider) -> None:
    path = f"{PATH}/{added(graph, wingtip)['id']}"
    change = {
        "displayName": "Wingtip Toys",
        "domains": ["wingtip.example", "WINGTIP.test"],
        "clientId": "another",
        "enabled": False,
        "privateNetwork": False,
    }
    assert graph.ask("PATCH", path, change).status == 204
    found = graph.get(path).body
    assert {name: found[name] for name in change} == {**change, "domains": ["wingtip.example", "wingtip.test"]}
    assert graph.audit()[-2:] == ["Add identity provider", "Update identity provider"]
    assert graph.ask("PATCH", path, change).status == 204
    assert graph.audit().count("Update identity provider") == 1
    details = graph.run("SELECT details FROM audit_events WHERE activity = 'Update identity provider'")[0][0]
    assert '"enabled":[true,false]' in details
    assert graph.ask("PATCH", path, {"enabled": True}).status == 204


@pytest.mark.parametrize("name", ["issuer", "kind", "preset", "id", "boundGuests", "redirectUri"])
def test_what_is_fixed_is_read_only(graph: Graph, wingtip: LyingProvider, name: str) -> None:
    path = f"{PATH}/{added(graph, wingtip)['id']}"
    answer = graph.ask("PATCH", path, {name: "x"})
    assert (answer.status, answer.message) == (400, f"Property '{name}' is read-only and cannot be set.")


def test_malformed_bodies_are_graphs_errors(graph: Graph, wingtip: LyingProvider) -> None:
    path = f"{PATH}/{added(graph, wingtip)['id']}"
    for method, where, given, says in (
        ("POST", PATH, {"kind": "ldap"}, "Invalid value specified for property 'kind' of resource 'IdentityProvider'."),
        ("POST", PATH, {"preset": "okta"}, "Invalid value specified for property 'preset'"),
        ("POST", PATH, {"enabled": False}, "Invalid value specified for property 'enabled'"),
        ("POST", PATH, {"domains": "x"}, "Property domains in payload has a value that does not match schema."),
        ("POST", PATH, {"issuer": "x" * 256}, "Invalid value specified for property 'issuer'"),
        ("POST", PATH, {"secret": "x"}, "Invalid property 'secret'."),
        ("PATCH", path, {"displayName": ""}, "A value is required for property 'displayName'"),
        ("PATCH", path, {"clientId": None}, "A value is required for property 'clientId'"),
        ("PATCH", path, {"domains": []}, "A provider needs the address domains"),
        ("PATCH", path, {"enabled": "no"}, "Property enabled in payload has a value that does not match schema."),
    ):
        answer = graph.ask(method, where, given)
        assert (answer.status, answer.message[: len(says)]) == (400, says)


def test_a_provider_is_checked_afresh(graph: Graph, wingtip: LyingProvider) -> None:
    path = f"{PATH}/{added(graph, wingtip)['id']}/check"
    assert graph.ask("POST", path).body["problems"] == []
    wingtip.answers = lambda path: (503, b"")
    answer = graph.ask("POST", path)
    assert (answer.status, answer.body) == (200, {"problems": ["the provider answered 503"], "warnings": []})


def test_removing_is_final_and_unknown_ones_are_404(graph: Graph, wingtip: LyingProvider) -> None:
    path = f"{PATH}/{added(graph, wingtip)['id']}"
    assert graph.ask("DELETE", path.upper().replace("/READMIT/V1", "/readmit/v1")).status == 204
    assert graph.audit()[-1] == "Delete identity provider"
    for method, where, given in (
        ("GET", path, None),
        ("PATCH", path, {"enabled": True}),
        ("DELETE", path, None),
        ("POST", f"{path}/check", None),
        ("GET", f"{PATH}/{NOBODY}", None),
    ):
        answer = graph.ask(method, where, given)
        assert (answer.status, answer.code) == (404, "Request_ResourceNotFound")


def test_paths_beside_it_are_unknown_or_take_other_methods(graph: Graph) -> None:
    assert graph.ask("PUT", PATH).status == 405
    assert graph.get(f"{PATH}/{NOBODY}/secret").message == "Resource not found for the segment 'secret'."
    assert graph.get("/readmit/v2/identityProviders").status == 400
    assert graph.get("/readmit/").message == "Resource not found for the segment 'readmit'."


# ---------------------------------------------------------------------------- SAML


def saml(idp: LyingSaml, **more: Any) -> dict[str, Any]:
    given = {"kind": "saml", "displayName": "Tailspin", "domains": ["tailspin.example"], **more}
    return {"metadata": idp.metadata().decode(), **given}


def test_a_SAML_provider_is_added_from_its_metadata(graph: Graph) -> None:
    idp = LyingSaml()
    answer = graph.ask("POST", PATH, saml(idp, subjectAttribute="employee", id=NOBODY))
    assert answer.status == 201, answer.body
    assert {
        name: answer.body[name] for name in ("id", "kind", "issuer", "subjectAttribute", "entityId", "redirectUri")
    } == {
        "id": NOBODY,
        "kind": "saml",
        "issuer": idp.entity_id,
        "subjectAttribute": "employee",
        "entityId": f"/signin/saml/{NOBODY}",
        "redirectUri": f"/signin/callback/{NOBODY}",
    }
    assert answer.body["warnings"] == []
    assert graph.ask("POST", f"{PATH}/{NOBODY}/check").body == {"problems": [], "warnings": []}


def test_a_SAML_providers_certificates_are_renewed_and_old_ones_warned_of(graph: Graph) -> None:
    idp = LyingSaml()
    path = f"{PATH}/{graph.ask('POST', PATH, saml(idp)).body['id']}"
    old = idp.metadata(pair("over", ends=2024)).decode()
    assert graph.ask("PATCH", path, {"metadata": old, "displayName": "Tailspin Toys"}).status == 204
    warned = graph.ask("POST", f"{path}/check").body["warnings"]
    assert ["expired on 2024" in text for text in warned] == [True]
    assert graph.get(path).body["displayName"] == "Tailspin Toys"
    assert graph.audit().count("Update identity provider") == 2
    other = LyingSaml(entity_id="urn:other").metadata().decode()
    before = graph.digest()
    assert "is of urn:other, not of" in refused(graph.ask("PATCH", path, {"metadata": other, "enabled": False}))
    assert graph.digest() == before


def test_I1_the_metadata_of_a_SAML_provider_is_fetched_guarded(graph: Graph, wingtip: LyingProvider) -> None:
    idp = LyingSaml()
    wingtip.answers = lambda path: (200, idp.metadata()) if path == "/metadata" else (404, b"")
    given = {name: value for name, value in saml(idp).items() if name != "metadata"}
    inside = {**given, "metadataUrl": f"{wingtip.issuer}/metadata"}
    assert "only https URLs are fetched" in refused(graph.ask("POST", PATH, inside))
    nowhere = {**given, "metadataUrl": f"{wingtip.issuer}/nowhere", "privateNetwork": True}
    assert "the provider answered 404; save the file and give it instead" in refused(graph.ask("POST", PATH, nowhere))
    added = graph.ask("POST", PATH, {**inside, "privateNetwork": True})
    assert added.status == 201, added.body
    renewed = graph.ask("PATCH", f"{PATH}/{added.body['id']}", {"metadataUrl": f"{wingtip.issuer}/metadata"})
    assert renewed.status == 204
    assert wingtip.asked == ["/nowhere", "/metadata", "/metadata"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"metadata": "<x/>"}, "his is no SAML 2.0 metadata"),
        ({"metadata": "no XML"}, "his metadata cannot be read"),
        ({"clientId": "x"}, "belong to an OIDC provider"),
        ({"kind": "oidc", "clientId": "x"}, "belong to a SAML provider"),
        ({"metadataUrl": "https://idp.tailspin.example/"}, "Invalid value specified for property 'metadataUrl'"),
    ],
)
def test_what_is_no_SAML_provider_is_refused(graph: Graph, more: dict[str, Any], says: str) -> None:
    assert says in refused(graph.ask("POST", PATH, saml(LyingSaml(), **more)))


CALLERS = [
    ((), None, False, False),
    ((READ,), None, True, False),
    ((WRITE,), None, False, True),
    (("Policy.ReadWrite.Authorization", "Directory.ReadWrite.All"), None, False, False),
    ((READ, WRITE), ADA, True, True),
    ((READ, WRITE), HAL, True, False),
    ((READ, WRITE), MIA, True, False),
]


@pytest.mark.parametrize(("permissions", "who", "reads", "writes"), CALLERS)
def test_D3_reading_is_as_for_policies_and_writing_takes_the_permission_and_a_security_administrator(
    graph: Graph, wingtip: LyingProvider, permissions: tuple[str, ...], who: str | None, reads: bool, writes: bool
) -> None:
    path = f"{PATH}/{added(graph, wingtip)['id']}"
    caller = graph.user(who, *permissions) if who else graph.app(*permissions)
    for where in (PATH, path):
        assert graph.get(where, caller=caller).status == (200 if reads else 403)
    before = graph.digest()
    statuses = [
        graph.ask("POST", PATH, {}, caller=caller).status,
        graph.ask("PATCH", path, {"enabled": True}, caller=caller).status,
        graph.ask("POST", f"{path}/check", caller=caller).status,
    ]
    assert statuses == ([400, 204, 200] if writes else [403, 403, 403])
    assert graph.digest() == before
    assert graph.ask("DELETE", path, caller=caller).status == (204 if writes else 403)


def test_a_security_administrator_may_write(graph: Graph, wingtip: LyingProvider) -> None:
    path = f"{PATH}/{added(graph, wingtip)['id']}"
    graph.world.database.write(roles.add, graph.caller.tenant_id, HAL, SECURITY_ADMINISTRATOR, id=NOBODY)
    assert graph.ask("PATCH", path, {"enabled": False}, caller=graph.user(HAL, WRITE)).status == 204
