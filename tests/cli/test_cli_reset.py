"""`readmit reset`: says what stays and what ends, asks, resets, compares (experience CL3, lifecycle L6, L7, L18a)."""

from __future__ import annotations

import json

import pytest
from command_line import ALICE, USER
from scripted_graph import ANSWERS, Answer, error

POST, PATCH, GET = "POST /v1.0/invitations", f"PATCH {USER}", f"GET {USER}"
NEW = "alice@post.example"
AFTER = {**ALICE, "mail": NEW, "otherMails": [NEW], "externalUserState": "PendingAcceptance", "identities": []}

pytestmark = pytest.mark.usefixtures("data")


@pytest.fixture(autouse=True)
def after(graph):
    graph.on(GET, AFTER)


def _writes(graph):
    return [one for one in graph.requests() if not one.startswith("GET")]


def test_a_reset_shows_what_stays_and_what_ends_then_asks(readmit, graph):
    done = readmit("reset", "alice@fabrikam.com", "--to", NEW, input="y\n")
    assert done.code == 0
    assert "Alice <alice@fabrikam.com>, Accepted" in done.err
    assert "stays  groups: Project Falcon" in done.err
    assert "stays  app roles: Expenses: Approver, Expenses: default access" in done.err
    assert "ends   sign-in with ExternalAzureAD" in done.err
    assert "ends   sessions, tokens" in done.err
    assert f"then   {NEW} redeems anew; the invitation is mailed" in done.err
    assert "Reset this guest?" in done.err
    assert graph.last(POST).body == {
        "invitedUserEmailAddress": NEW,
        "inviteRedirectUrl": "https://myapps.microsoft.com",
        "sendInvitationMessage": True,
        "invitedUser": {"id": ALICE["id"]},
        "resetRedemption": True,
    }


def test_a_reset_compares_before_and_after(readmit):
    lines = readmit("reset", "alice@fabrikam.com", "--to", NEW, "--yes").out.splitlines()
    assert lines[0] == "property\tbefore\tafter\tresult"
    assert f"id\t{ALICE['id']}\t{ALICE['id']}\tkept" in lines
    assert "groups\tProject Falcon\tProject Falcon\tkept" in lines
    assert f"mail\talice@fabrikam.com\t{NEW}\tchanged" in lines
    assert "externalUserState\tAccepted\tPendingAcceptance\tchanged" in lines
    assert lines[-1] == f"inviteRedeemUrl  {ANSWERS['invitation']['inviteRedeemUrl']}"


def test_a_reset_for_machines_has_stable_names(readmit):
    done = readmit("reset", "alice@fabrikam.com", "--to", NEW, "--yes", "--json")
    assert done.err == ""
    assert list(done.json) == ["id", "userPrincipalName", "before", "after", "inviteRedeemUrl"]
    assert (done.json["before"]["mail"], done.json["after"]["mail"]) == ("alice@fabrikam.com", NEW)
    assert done.json["before"]["groups"] == done.json["after"]["groups"] == ["Project Falcon"]
    assert list(done.json["before"]) == list(done.json["after"])


@pytest.mark.parametrize(
    ("answer", "told"), [("n\n", "Nothing was changed."), ("\n", "Nothing was changed."), ("", "Give --yes")]
)
def test_without_a_yes_nothing_is_written(readmit, graph, answer, told):
    done = readmit("reset", "alice@fabrikam.com", "--to", NEW, input=answer)
    assert (done.code, done.out) == (1, "")
    assert told in done.err
    assert _writes(graph) == []


def test_an_interrupted_question_is_130(readmit, graph, monkeypatch):
    def interrupt(_: str = "") -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("click.termui.visible_prompt_func", interrupt)
    done = readmit("reset", "alice@fabrikam.com", "--to", NEW)
    assert (done.code, done.out) == (130, "")
    assert _writes(graph) == []


def test_quiet_does_not_hide_what_is_asked(readmit):
    assert "ends   sessions" in readmit("-q", "reset", "alice@fabrikam.com", input="n\n").err


def test_without_a_new_address_the_present_one_is_invited(readmit, graph):
    readmit("reset", ALICE["id"], "--yes", "--no-send")
    assert graph.last(POST).body["invitedUserEmailAddress"] == NEW
    assert graph.last(POST).body["sendInvitationMessage"] is False


def test_a_guest_without_any_address_needs_a_new_one(readmit, graph):
    graph.on(GET, {**ALICE, "mail": None, "otherMails": []})
    done = readmit("reset", ALICE["id"], "--yes")
    assert done.code == 1
    assert "--to" in done.err
    assert _writes(graph) == []


def test_a_dry_run_prints_the_request_and_sends_none(readmit, graph):
    done = readmit("reset", "alice@fabrikam.com", "--to", NEW, "--dry-run")
    first, _, body = done.out.partition("\n")
    assert (done.code, first) == (0, f"POST {graph.url}/v1.0/invitations")
    assert json.loads(body)["invitedUserEmailAddress"] == NEW
    assert done.err == "Nothing was sent.\n"
    assert _writes(graph) == []


def test_a_dry_run_for_machines_lists_method_url_and_body(readmit, graph):
    done = readmit("reset", "alice@fabrikam.com", "--to", NEW, "--dry-run", "--keep-old-address", "--json")
    assert [(one["method"], one["url"]) for one in done.json["requests"]] == [
        ("PATCH", graph.url + USER),
        ("POST", f"{graph.url}/v1.0/invitations"),
    ]
    assert done.json["requests"][0]["body"] == {"mail": NEW, "otherMails": [NEW, "alice@fabrikam.com"]}
    assert _writes(graph) == []


def test_a_server_that_does_not_adopt_gets_both_steps(readmit, graph):
    graph.on(POST, error("E13"), Answer(201, ANSWERS["invitation"]))
    graph.on(PATCH, Answer(204))
    assert readmit("reset", "alice@fabrikam.com", "--to", NEW, "--yes").code == 0
    assert _writes(graph) == [POST, PATCH, POST]


def test_keeping_the_old_address_patches_first(readmit, graph):
    graph.on(PATCH, Answer(204))
    assert readmit("reset", "alice@fabrikam.com", "--to", NEW, "--yes", "--keep-old-address").code == 0
    assert _writes(graph) == [PATCH, POST]


def test_a_refusal_after_the_first_step_takes_it_back(readmit, graph):
    graph.on(PATCH, Answer(204))
    graph.on(POST, error("E14"))
    done = readmit("reset", "alice@fabrikam.com", "--to", NEW, "--yes", "--keep-old-address")
    assert (done.code, done.out) == (1, "")
    assert "may invite, not reset" in done.err
    assert done.err.endswith("The guest's addresses were put back as they were.\n")
    assert _writes(graph) == [PATCH, POST, PATCH]


def test_a_step_that_stays_is_partly_done(readmit, graph):
    graph.on(PATCH, Answer(204), error("E16"))
    graph.on(POST, error("E14"))
    done = readmit("reset", "alice@fabrikam.com", "--to", NEW, "--yes", "--keep-old-address")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(
        f"{NEW} is written on the guest, but the reset was not done; run the same command again."
    )
    assert "may invite, not reset" in done.err


def test_a_refused_reset_is_one_sentence_and_1(readmit, graph):
    graph.on(POST, error("E14"))
    done = readmit("reset", "alice@fabrikam.com", "--to", NEW, "--yes")
    assert (done.code, done.out) == (1, "")
    assert "Needs User.ReadWrite.All and, delegated, Helpdesk Administrator" in done.err
    assert "request of-the-header" in done.err
    assert _writes(graph) == [POST]


def test_a_member_is_refused_before_anything_is_written(readmit, graph):
    graph.on("GET /v1.0/users", {"value": [ANSWERS["member"]]})
    assert readmit("reset", "ada@contoso.com", "--to", NEW, "--yes", "--keep-old-address").code == 1
    assert _writes(graph) == []


def test_a_name_cannot_drive_the_terminal(readmit, graph):
    graph.on(GET, {**ALICE, "displayName": "\x1b[2Jnobody\nyes\u202e"})
    told = readmit("reset", ALICE["id"], "--to", NEW, input="n\n").err
    assert "\\x1b[2Jnobody\\nyes\\u202e <alice@fabrikam.com>" in told
    assert "\x1b" not in told
