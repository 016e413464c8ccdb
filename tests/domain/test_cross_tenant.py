"""Inbound rules as values: what can be written, and who is let in (graph G45)."""

from __future__ import annotations

from typing import Any

import pytest

from readmit.domain.cross_tenant import (
    EVERYBODY,
    EVERYTHING,
    OPEN,
    Inbound,
    InboundTrust,
    InvalidPolicy,
    NotHere,
    Rule,
    Target,
    UserConsent,
    Visitor,
)
from readmit.domain.tenant import InvalidSetting, TenantSettings

HOME, ONE, TWO = (f"00000000-0000-4000-9000-00000000000{number}" for number in (1, 2, 3))


def rule(access: str, *targets: tuple[str, str]) -> dict[str, Any]:
    return {"accessType": access, "targets": [{"target": target, "targetType": kind} for target, kind in targets]}


@pytest.mark.parametrize(
    ("people", "visitor", "admitted"),
    [
        (None, Visitor(HOME), True),
        (rule("allowed", ("AllUsers", "user")), Visitor(HOME), True),
        (rule("blocked", ("allusers", "user")), Visitor(HOME), False),
        (rule("allowed", (ONE, "user")), Visitor(HOME, ONE), True),
        (rule("allowed", (ONE.upper(), "user")), Visitor(HOME, ONE), True),
        (rule("allowed", (ONE, "user")), Visitor(HOME, TWO), False),
        (rule("allowed", (ONE, "user")), Visitor(HOME), None),
        (rule("blocked", (ONE, "user")), Visitor(HOME, TWO), True),
        (rule("blocked", (ONE, "user")), Visitor(HOME), None),
        (rule("allowed", (ONE, "group")), Visitor(HOME, TWO, frozenset({ONE})), True),
        (rule("allowed", (ONE, "group")), Visitor(HOME, TWO, frozenset()), False),
        (rule("blocked", (ONE, "group")), Visitor(HOME, TWO, frozenset({ONE})), False),
        (rule("blocked", (ONE, "group")), Visitor(HOME, TWO), None),
        (rule("allowed", (TWO, "user"), (ONE, "group")), Visitor(HOME, TWO), True),
    ],
)
def test_who_is_let_in(people: Any, visitor: Visitor, admitted: bool | None) -> None:
    assert Inbound.parse({"usersAndGroups": people}).admits(visitor) is admitted


def test_whoever_may_use_no_application_is_not_let_in() -> None:
    shut = Inbound.parse({"applications": rule("blocked", ("AllApplications", "application"))})
    assert shut.admits(Visitor(HOME, ONE)) is False
    assert Inbound().over(shut).applications == shut.applications
    assert shut.over(OPEN).usersAndGroups == EVERYBODY
    assert OPEN.over(shut) == Inbound(EVERYBODY, EVERYTHING)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"usersAndGroups": 7}, "usersAndGroups"),
        ({"usersAndGroups": {"accessType": "allowed"}}, "usersAndGroups.targets"),
        ({"usersAndGroups": rule("allowed", *[(ONE, "user")] * 501)}, "usersAndGroups.targets"),
        ({"usersAndGroups": {"accessType": "allowed", "targets": [7]}}, "usersAndGroups.targets"),
        ({"usersAndGroups": rule("no", (ONE, "user"))}, "usersAndGroups.accessType"),
        ({"usersAndGroups": rule("allowed", (ONE, "application"))}, "usersAndGroups.targets.targetType"),
        ({"usersAndGroups": rule("allowed", ("x", "user"))}, "usersAndGroups.targets.target"),
        ({"usersAndGroups": rule("allowed", (7, "user"))}, "usersAndGroups.targets.target"),  # type: ignore[arg-type]
        ({"nothing": None}, "nothing"),
    ],
)
def test_a_rule_that_cannot_be_says_where(given: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        Inbound.parse(given)
    assert refused.value.where == where


@pytest.mark.parametrize("target", ["Office365", ONE])
def test_single_applications_are_not_provided(target: str) -> None:
    with pytest.raises(NotHere):
        Inbound.parse({"applications": rule("allowed", (target, "application"))})


def test_flags_are_true_or_false_or_as_they_come() -> None:
    assert InboundTrust.parse({"isMfaAccepted": True, "isCompliantDeviceAccepted": None}) == InboundTrust(True)
    assert UserConsent.parse({}) == UserConsent()
    for given in ({"inboundAllowed": "yes"}, {"other": True}):
        with pytest.raises(InvalidPolicy):
            UserConsent.parse(given)


def test_targets_are_kept_once() -> None:
    found = Inbound.parse({"usersAndGroups": rule("allowed", (ONE, "user"), (ONE, "user"))}).usersAndGroups
    assert found == Rule("allowed", (Target(ONE, "user"),))


def test_tenant_settings_take_them_by_name() -> None:
    settings = TenantSettings.parse(
        {
            "b2bCollaborationInbound": {"usersAndGroups": rule("blocked", ("AllUsers", "user"))},
            "inboundTrust": {"isMfaAccepted": True},
            "primaryIdentityProviderPrecedenceOrder": ["externalFederation"],
        }
    )
    assert settings.b2bCollaborationInbound.applications == EVERYTHING
    assert settings.b2bCollaborationInbound.admits(Visitor(HOME)) is False
    assert settings.inboundTrust.isMfaAccepted
    assert TenantSettings.parse({"inboundTrust": InboundTrust()}).inboundTrust == InboundTrust()


@pytest.mark.parametrize(
    "given",
    [
        {"b2bCollaborationInbound": "open"},
        {"b2bCollaborationInbound": {"people": {}}},
        {"inboundTrust": {"isMfaAccepted": 1}},
        {"primaryIdentityProviderPrecedenceOrder": []},
        {"primaryIdentityProviderPrecedenceOrder": "externalFederation"},
        {"primaryIdentityProviderPrecedenceOrder": ["externalFederation", "externalFederation"]},
        {"primaryIdentityProviderPrecedenceOrder": [["externalFederation"]]},
    ],
)
def test_settings_that_cannot_be_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting):
        TenantSettings.parse(given)
