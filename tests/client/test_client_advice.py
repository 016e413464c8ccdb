"""Each known refusal says what, why and what next, and keeps code and request id (experience CL6)."""

from __future__ import annotations

import pytest
from scripted_graph import ANSWERS

from readmit.client.advice import explain
from readmit.client.errors import ClientError, GraphError, PartlyDone, SignInError, Stopped, Unreachable


def _error(name: str, **more: object) -> GraphError:
    status, code, message = ANSWERS["errors"][name]
    return GraphError(status, code, message, request_id="r-1", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("E7", "people are members"),
        ("E8", "the address is that of 0b1c, a user of this organisation"),
        ("E9", "the address is that of 0b1c, who is blocked"),
        ("E11", "nobody here has the id, UPN or address nobody@post.example. See `readmit guest list`"),
        ("E12", "a member, not a guest"),
        ("E13", "the address is not on the guest"),
        ("E14", "may invite, not reset. Needs User.ReadWrite.All and, delegated, Helpdesk Administrator"),
        ("E15", "Guest Inviter"),
        ("E16", "User.Invite.All to invite, User.ReadWrite.All to reset"),
        ("E17", "does not accept guests of that domain"),
        ("E20", "another user holds this address"),
        ("M20", "`readmit login` anew"),
        ("M23", "Run the command again later"),
        ("M24", "Running it again is safe"),
    ],
)
def test_a_known_refusal_has_advice_and_keeps_graphs_words(name, words):
    status, code, message = ANSWERS["errors"][name]
    told = explain(_error(name))
    assert told.startswith(f"{status} {code}: ")
    assert words in told
    assert message in told
    assert told.endswith("request r-1]")
    assert "\n" not in told


def test_an_unknown_refusal_is_told_in_graphs_words():
    assert explain(_error("E18")) == (
        "400 BadRequest: Property customizedMessageBody exceeds the maximum length of 5000 characters. [request r-1]"
    )


def test_the_owner_of_a_taken_address_is_named():
    details = [{"code": "ObjectConflict", "message": "The address is held by 0b1c.", "target": "mail"}]
    assert "held by 0b1c" in explain(_error("E20", details=details))


def test_a_long_wait_is_told_in_seconds():
    assert "wait 3600 s" in explain(_error("M23", retry_after=3600.0))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("7000215", "client secret is wrong"),
        ("7000222", "client secret is expired"),
        ("700016", "does not know the application"),
        ("90002", "no such tenant"),
    ],
)
def test_a_refused_sign_in_says_what_to_check(number, words):
    told = explain(SignInError("invalid_client", f"AADSTS{number}: Why not. Trace ID: 1 Correlation ID: 2"))
    assert words in told
    assert f"[invalid_client: AADSTS{number}: Why not.]" in told
    assert "Trace ID" not in told


def test_an_unknown_sign_in_refusal_keeps_its_words():
    assert explain(SignInError("invalid_scope", "AADSTS70011: No.")).endswith("invalid_scope: AADSTS70011: No.")


def test_a_server_of_another_ca_is_not_taken_for_a_ca_that_is_missing():
    """Whoever named a CA needs the right server, rather than the lines of `readmit trust`."""
    reason = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"
    told = explain(Unreachable("https://localhost:8443", reason, "data/ca.pem"))
    assert told.startswith("Another server answers at https://localhost:8443 than the one whose CA is data/ca.pem:")


def test_plain_http_to_a_server_with_tls_is_told():
    told = explain(Unreachable("http://localhost:8443", "Server disconnected without sending a response."))
    assert told == "http://localhost:8443 hangs up on plain HTTP; write https:// for a server with TLS."


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate", "readmit trust"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate", "another name"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "does not speak TLS"),
        ("[Errno 111] Connection refused", "readmit serve"),
    ],
)
def test_no_answer_says_why_and_what_next(reason, words):
    told = explain(Unreachable("https://localhost:8443", reason))
    assert words in told
    assert "https://localhost:8443" in told


def test_a_step_that_stays_done_is_told_first():
    told = explain(PartlyDone("The address is written.", _error("E14")))
    assert told.startswith("The address is written. 403 Forbidden: ")


def test_every_error_of_the_client_has_a_sentence():
    assert explain(Stopped("Name that server itself.")) == "Name that server itself."
    assert explain(ClientError("anything")) == "anything"
