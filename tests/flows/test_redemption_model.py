"""The model and the flows agree; a broken flow is found by the model (R17, reliability section 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from redemption_model import Model

from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Pending
from readmit.storage import browser_flows
from world import make_house

QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": False, "database": None}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    house = make_house(folder)
    house.world.database.close()
    return folder


def test_R17_the_model_and_the_flows_agree(template: Path) -> None:
    """100 runs of 20 steps (reliability section 5)."""
    Model.template = template
    run_state_machine_as_test(Model, settings=settings(max_examples=100, stateful_step_count=20, **QUIET))


@pytest.fixture
def model(template: Path) -> Iterator[Model]:
    Model.template = template
    made = Model()
    yield made
    made.teardown()


def _play(model: Model, *steps: Callable[[], None]) -> None:
    """Walk the model's own rules; every invariant is looked at after each, as Hypothesis does."""
    for step in steps:
        step()
        for check in (
            model.access_stays,
            model.what_an_ended_life_left_is_dead,
            model.renewed_links_and_flows_redeem_nothing,
            model.the_binding_is_the_one_that_redeemed,
            model.one_redemption_commits_for_each_generation_and_one_is_open,
            model.no_address_belongs_to_two_users,
            model.every_write_has_its_event_and_its_mail,
            model.no_code_is_guessed_at_more_often_than_C3_says,
        ):
            check()


def _walks(model: Model) -> dict[str, list[Callable[[], None]]]:
    """Ways that a correct server walks without a complaint, and a broken one does not."""
    alice = sorted(model.known).index(model.house.people["alice"])
    home = "alice@fabrikam.com"
    max_, pat = (sorted(model.known).index(model.house.people[name]) for name in ("max", "pat"))
    mailbox = "max@post.example"
    asked = [lambda: model.begin_sign_in(mailbox, 0), lambda: model.ask_for_a_code(0)]
    return {
        "a session and its tokens end with a reset": [
            lambda: model.begin_sign_in(home, 0),
            lambda: model.prove_by_password(0, True),
            lambda: model.sign_in_to_the_application(0),
            lambda: model.reset(alice, home, False),
        ],
        "another identity comes second": [
            lambda: model.reset(alice, home, True),
            lambda: model.open_link(alice, 0, 0),
            lambda: model.prove_by_code(0, True),
            lambda: model.open_link(alice, 0, 1),
            lambda: model.prove_by_password(1, True),
            lambda: model.accept(1),
            lambda: model.accept(0),
        ],
        "another address holds the link": [
            lambda: model.reset(alice, "bob@fabrikam.com", False),
            lambda: model.open_link(alice, 0, 0),
            lambda: model.redeem_the_link_as_somebody(home, 0),
        ],
        "an old link is opened after a reset": [
            lambda: model.invite(home, False),
            lambda: model.reset(alice, home, False),
            lambda: model.open_link(alice, 1, 0),
            lambda: model.prove_by_password(0, True),
            lambda: model.accept(0),
        ],
        "a redemption is open while the guest is reset": [
            lambda: model.reset(alice, home, False),
            lambda: model.open_link(alice, 0, 0),
            lambda: model.prove_by_password(0, True),
            lambda: model.reset(alice, home, False),
            lambda: model.accept(0),
        ],
        "somebody else's address is adopted": [
            lambda: model.invite("carol@northwind.example", False),
            lambda: model.reset(alice, "carol@northwind.example", False),
        ],
        "a code is on its way while the guest is reset": [
            *asked,
            lambda: model.reset(max_, mailbox, False),
            lambda: model.type_a_code(0, True, 1),
        ],
        "another browser goes on with a flow": [*asked, lambda: model.go_on_in_another_browser(0)],
        "a code is guessed at": [*asked, lambda: model.type_a_code(0, False, 8)],
        "many codes of a day are guessed at": [*asked, lambda: model.type_a_code(0, False, 5)] * 9,
        "the address of an open invitation goes": [
            lambda: model.invite("pat@post.example", False),
            lambda: model.change_mail(pat, "other@post.example", False),
        ],
        "tokens and a session are revoked": [
            lambda: model.sign_in_to_the_end(alice, 0, True),
            lambda: model.refresh(0),
            lambda: model.revoke(alice),
            lambda: model.refresh(0),
        ],
        "the server crashes in the midst of a redemption": [
            lambda: model.reset(alice, home, True),
            lambda: model.open_link(alice, 0, 0),
            model.crash_and_restart,
            lambda: model.prove_by_password(0, True),
            model.crash_and_restart,
            lambda: model.accept(0),
            lambda: model.sign_in_to_the_application(0),
        ],
    }


@pytest.mark.parametrize("walk", range(13))
def test_the_walks_that_find_defects_are_walked_without_a_complaint(model: Model, walk: int) -> None:
    walks = list(_walks(model).values())
    assert len(walks) == 13
    _play(model, *walks[walk])


def _sign_anybody_in(user: Any, _proof: Any) -> Any:
    if user is None:
        raise DeadEnd(Page.UNKNOWN_ACCOUNT)
    return user


def _unbound_without_epoch(self: Any, now: Any, invited: Any) -> Any:
    return replace(self, redemption=Pending(invited, now), generation=self.generation + 1)


def _unbound_without_generation(self: Any, now: Any, invited: Any) -> Any:
    return replace(self, redemption=Pending(invited, now), epoch=self.epoch + 1, sessions_valid_from=now)


def _open_whatever_generation(user: Any, _invitation: Any, _tenant: Any, **_: Any) -> Any:
    if user is None or not isinstance(user.redemption, Pending):
        raise DeadEnd(Page.NO_INVITATION)
    return user.redemption


def _of_any_browser(tx: Any, flow_id: str, _hash: str) -> Any:
    row = tx.one("SELECT browser_hash FROM flows WHERE id = :id", {"id": flow_id})
    return _of_its_browser(tx, flow_id, row[0]) if row else None


_of_its_browser = browser_flows.get
DEFECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "sessions and tokens survive a reset": (
        "a session and its tokens end with a reset",
        {
            "readmit.storage.access.end_access": lambda *_, **__: {},
            "readmit.domain.guest.User.unbound": _unbound_without_epoch,
        },
    ),
    "any identity signs in": (
        "another identity comes second",
        {
            "readmit.flows.proceed.check_sign_in": _sign_anybody_in,
            "readmit.flows.redeem.check_sign_in": _sign_anybody_in,
        },
    ),
    "any address redeems": (
        "another address holds the link",
        {
            "readmit.flows.proceed.check_proof": lambda *_: None,
            "readmit.flows.redeem.check_proof": lambda *_: None,
        },
    ),
    "a reset leaves the generation": (
        "an old link is opened after a reset",
        {"readmit.domain.guest.User.unbound": _unbound_without_generation},
    ),
    "links of any generation redeem": (
        "an old link is opened after a reset",
        {
            "readmit.flows.links.check_open": _open_whatever_generation,
            "readmit.flows.open_flow.check_open": _open_whatever_generation,
        },
    ),
    "an open redemption outlives the reset": (
        "a redemption is open while the guest is reset",
        {
            "readmit.storage.access.end_access": lambda *_, **__: {},
            "readmit.flows.open_flow.check_open": _open_whatever_generation,
        },
    ),
    "a taken address is adopted": (
        "somebody else's address is adopted",
        {
            "readmit.storage.users.by_address": lambda *_: None,
            "readmit.storage.users._write_addresses": lambda *_: None,
        },
    ),
    "history is left open": (
        "a session and its tokens end with a reset",
        {"readmit.storage.invitations.end_history": lambda *_: 0},
    ),
    "owed mail is forgotten": (
        "another identity comes second",
        {"readmit.storage.outbox.owe": lambda *_: None},
    ),
    "the audit event is forgotten": (
        "another identity comes second",
        {"readmit.storage.audit.append": lambda *_, **__: None},
    ),
    "a code outlives the reset": (
        "a code is on its way while the guest is reset",
        {"readmit.domain.counters.Counters.hold": lambda *_: True},
    ),
    "a flow is anybody's": (
        "another browser goes on with a flow",
        {"readmit.storage.browser_flows.get": _of_any_browser},
    ),
    "tries of a code are not limited": (
        "a code is guessed at",
        {"readmit.flows.codes._TRIES_PER_CODE": 99},
    ),
    "wrong codes of a day are not limited": (
        "many codes of a day are guessed at",
        {"readmit.flows.codes.WRONG_PER_DAY": 99},
    ),
    "an invitation outlives its address": (
        "the address of an open invitation goes",
        {
            "readmit.domain.guest.User.holds": lambda *_: True,
            "readmit.storage.invitations.cancel": lambda *_: 0,
        },
    ),
    "a revocation ends nothing": (
        "tokens and a session are revoked",
        {
            "readmit.domain.directory.access_ended": lambda user, _now: replace(user, generation=user.generation),
            "readmit.storage.access.end_access": lambda *_, **__: {},
        },
    ),
}


@pytest.mark.parametrize("defect", sorted(DEFECTS))
def test_R17_a_planted_defect_is_found(model: Model, monkeypatch: pytest.MonkeyPatch, defect: str) -> None:
    """Each invariant can fail: the model complains where the code is broken."""
    walk, broken = DEFECTS[defect]
    for target, replacement in broken.items():
        monkeypatch.setattr(target, replacement)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        _play(model, *_walks(model)[walk])
