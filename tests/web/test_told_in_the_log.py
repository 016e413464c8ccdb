"""What the caller is not told stands in the server's log: the missing right, what ails the database (lifecycle 18)."""

from __future__ import annotations

from typing import Any

import pytest
from front import Site, site
from structlog.testing import capture_logs

from readmit.domain.errors import GenericAuthorization, GuestInvitationsNotAllowed, InsufficientPrivileges
from readmit.domain.permission import HELPDESK_ADMINISTRATOR
from readmit.storage import roles

__all__ = ["site"]

NAMELESS = "User.Read"
RESETS = "the role Global Administrator or Helpdesk Administrator or User Administrator"


def _reset(guest: str) -> dict[str, Any]:
    return {
        "invitedUserEmailAddress": "alice@fabrikam.com",
        "inviteRedirectUrl": "https://myapps.microsoft.com",
        "invitedUser": {"id": guest},
        "resetRedemption": True,
    }


def test_L36_the_right_that_is_missing_stands_in_log_and_audit_and_not_in_the_answer(site: Site) -> None:
    house, alice = site.house, site.house.people["alice"]
    assert site.token
    house.write(roles.add, house.contoso, alice, HELPDESK_ADMINISTRATOR, id=house.world.new_id())
    with capture_logs() as logged:
        answer = site.graph("POST", "/v1.0/invitations", json=_reset(alice))
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert error["message"] == "Generic authorization exception."
    needs = "a person with the role Global Administrator: the target holds a directory role, or owns what has one"
    line = {"event": "denied", "log_level": "info", "request_id": error["innerError"]["request-id"], "needs": needs}
    assert line in logged
    assert house.rows("SELECT reason FROM audit_events WHERE result = 'failure'") == [
        (f"GenericAuthorization: needs {needs}",)
    ]


@pytest.mark.parametrize(
    ("name", "permissions", "refusal", "needs"),
    [
        ("gus", (), GenericAuthorization, RESETS),
        ("gus", (NAMELESS,), InsufficientPrivileges, "the permission Directory.ReadWrite.All or User.ReadWrite.All"),
    ],
)
def test_L36_a_refused_reset_names_role_or_permission(
    site: Site, name: str, permissions: tuple[str, ...], refusal: type[Exception], needs: str
) -> None:
    caller = site.house.person(name, *permissions)
    with pytest.raises(refusal) as raised:
        site.house.reset(site.house.people["alice"], "alice@fabrikam.com", caller)
    assert raised.value.needs == needs  # type: ignore[attr-defined]


def test_L34_a_refused_invitation_names_the_setting(site: Site) -> None:
    house = site.house
    house.write(lambda tx: tx.run("UPDATE tenants SET settings = json_set(settings, '$.allowInvitesFrom', 'none')"))
    with pytest.raises(GuestInvitationsNotAllowed) as raised:
        house.invite("new@post.example")
    assert raised.value.needs == "allowInvitesFrom wider than none"


def test_R7_why_the_store_is_unavailable_stands_in_the_log(site: Site) -> None:
    assert site.token
    (pages,) = site.house.rows("PRAGMA page_count")[0]
    site.house.write(lambda tx: tx.all(f"PRAGMA max_page_count={pages}"))
    body = {
        "invitedUserEmailAddress": "new@post.example",
        "inviteRedirectUrl": "https://myapps.microsoft.com",
        "invitedUserMessageInfo": {"customizedMessageBody": "x" * 5000},
    }
    with capture_logs() as logged:
        answers = [site.graph("POST", "/v1.0/invitations", json=body) for _ in range(5)]
    refused = [answer.json()["error"]["innerError"]["request-id"] for answer in answers if answer.status_code == 503]
    reasons = {line["request_id"]: line["reason"] for line in logged if line["event"] == "unavailable"}
    assert refused
    assert reasons == dict.fromkeys(refused, "database or disk is full")
