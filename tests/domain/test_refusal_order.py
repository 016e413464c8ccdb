"""Graph G48: of two things that are wrong at once, the earlier row of the table answers — every pair of rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest

from readmit.domain import errors
from readmit.domain import permission as p
from readmit.domain.address import EmailAddress
from readmit.domain.guest import Accepted, Pending, User, home_binding
from readmit.domain.invitation import Found, Named, Request
from readmit.domain.invitation_rules import decide
from readmit.domain.permission import Caller, Wanted, check_invitation_rights
from readmit.domain.tenant import Tenant, TenantSettings

NOW = datetime(2026, 1, 31, tzinfo=UTC)
ALICE, NEW, OURS = (EmailAddress.parse(a) for a in ("alice@fabrikam.com", "new@post.example", "new@contoso.com"))
ALL = frozenset({"User.Invite.All", "User.ReadWrite.All"})
MEMBER = User("m", "t", "mia@contoso.com", "mia", "Mia", "Member", NOW, NOW)
GUEST = User(
    *("g", "t", "alice_fabrikam.com#EXT#@contoso.onmicrosoft.com", "alice_fabrikam.com#EXT#", "Alice", "Guest"),
    *(NOW, NOW, ALICE, (ALICE,)),
    redemption=Accepted(ALICE, NOW, home_binding("f", "u"), ALICE),
    generation=3,
    invited_user=True,
)
ADMIN = Caller("t", "app", "sp", "App", ALL, frozenset({p.GLOBAL_ADMINISTRATOR}), MEMBER)
INVITER = replace(ADMIN, roles=frozenset({p.GUEST_INVITER}))


def tenant(**settings: Any) -> Tenant:
    domains = frozenset({"contoso.com"})
    return Tenant("t", "C", "contoso.com", domains, "contoso.com", None, None, "s", TenantSettings.parse(settings))


def answer(wrong: set[str], kind: str) -> type[Exception] | None:
    """What a request of this kind hears when just these rows of the table apply."""
    target = replace(GUEST, redemption=Pending(ALICE, NOW)) if kind == "re-invite" else GUEST
    if kind == "convert" or "E12" in wrong:
        target = replace(MEMBER, mail=ALICE)
    if "E9" in wrong:
        target = replace(target, enabled=False)
    address = ALICE if kind in ("re-invite", "convert") else NEW
    if "E13" in wrong:
        address = NEW
    if "E7" in wrong:
        address = replace(OURS)
        if kind in ("re-invite", "convert") and "E13" not in wrong:
            target = replace(target, other_mails=(OURS,))
    settings: dict[str, Any] = {}
    if "E17" in wrong:
        settings["blockedDomains"] = [address.domain]
    if "E22" in wrong:
        settings["emailOneTimePasscode"] = False
    if kind == "invite":
        owner = {"E8": MEMBER, "E9": replace(MEMBER, enabled=False)}
        by_id, by_address = None, next((owner[row] for row in ("E9", "E8") if row in wrong), None)
    else:
        by_id = None if "E11" in wrong else target
        by_address = replace(MEMBER, id="other") if "E20" in wrong else None
    asked = Request(
        address,
        "https://myapps.microsoft.com/",
        user_id=None if kind == "invite" else target.id,
        reset=kind == "reset",
        sponsors=("s",) if "E6" in wrong else None,
    )
    found = Found(
        by_id=by_id,
        by_address=by_address,
        group_has_address="E21" in wrong,
        target_privileged="E14 target" in wrong,
        live_invitation=True,
    )
    named = Named("i", "n", "o", "u@contoso.com", NOW, "refuse" if "E13" in wrong else "adopt")
    caller = INVITER if "E14" in wrong else ADMIN
    if kind == "re-invite" and "E14" in wrong:
        found = replace(found, live_invitation=False)
    if "E14 target" in wrong:
        caller = replace(caller, user=None, roles=frozenset())
    try:
        decide(asked, caller, tenant(**settings), found, named)
    except errors.Refused as refusal:
        return type(refusal)
    return None


E: dict[str, type[Exception]] = {
    "E11": errors.NotFound,
    "E14": errors.GenericAuthorization,
    "E14 target": errors.GenericAuthorization,
    "E12": errors.NotExternal,
    "E13": errors.AddressNotOnUser,
    "E20": errors.AddressTaken,
    "E7": errors.VerifiedDomain,
    "E8": errors.InternalUser,
    "E9": errors.DisabledUser,
    "E21": errors.GroupAddress,
    "E6": errors.NewUserOnly,
    "E17": errors.DomainNotAllowed,
    "E22": errors.NobodyCanProve,
}
ROWS = {
    "reset": ["E11", "E14 target", "E12", "E13", "E20", "E7", "E21", "E6", "E17", "E22"],
    "convert": ["E11", "E14", "E13", "E7", "E9", "E21", "E6", "E17", "E22"],
    "re-invite": ["E11", "E14", "E13", "E7", "E9", "E21", "E6", "E17", "E22"],
    "invite": ["E7", "E8", "E21", "E17", "E22"],
}


@pytest.mark.parametrize("kind", sorted(ROWS))
def test_nothing_wrong_is_not_refused(kind: str) -> None:
    assert answer(set(), kind) is None


@pytest.mark.parametrize(("kind", "row"), [(kind, row) for kind, rows in sorted(ROWS.items()) for row in rows])
def test_one_thing_wrong_is_answered_by_its_row(kind: str, row: str) -> None:
    assert answer({row}, kind) is E[row]


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [(kind, first, second) for kind, rows in sorted(ROWS.items()) for first, second in combinations(rows, 2)],
)
def test_G48_of_two_things_wrong_the_earlier_row_answers(kind: str, first: str, second: str) -> None:
    assert answer({first, second}, kind) is E[first]


def test_E9_a_disabled_guest_is_reset_all_the_same() -> None:
    """Lifecycle L18."""
    assert answer({"E9"}, "reset") is None
    assert answer({"E9"}, "invite") is errors.DisabledUser


# ------------------------------------------------------------------------ rights


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(reset=True), Wanted(member=True)])
def test_G48_rights_are_judged_in_the_order_E16_E15_E14(wanted: Wanted) -> None:
    nobody = replace(INVITER, permissions=frozenset({"User.Read.All"}), roles=frozenset())
    closed = TenantSettings.parse({"allowInvitesFrom": "none"})
    with pytest.raises(errors.InsufficientPrivileges):
        check_invitation_rights(nobody, wanted, closed)
    with pytest.raises(errors.GuestInvitationsNotAllowed):
        check_invitation_rights(replace(nobody, permissions=ALL), wanted, closed)
    if wanted.strong:
        with pytest.raises(errors.GenericAuthorization):
            check_invitation_rights(replace(nobody, permissions=ALL), wanted, TenantSettings())
