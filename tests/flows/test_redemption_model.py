"""A stateful model of invitation, redemption, sign-in and reset, with what must hold after every step.

Access stays; the old identity dies; one winner; nobody is in who proved neither the invited address nor the bound
identity; no address belongs to two users; every acknowledged write has its audit event and its owed mail.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from readmit.domain.address import EmailAddress
from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import DeadEnd, Page, Refused, Throttled, TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import Accepted, Pending
from readmit.domain.redemption import ToMyApps
from readmit.flows import authorize, codes, directory, links, prove, redeem, removal, sign_in, tokens
from readmit.flows.authorize import Exchange
from readmit.flows.browsers import Browser, session_of
from readmit.flows.directory import UserChanges
from readmit.proofs import passcode
from readmit.storage import clients, passcodes, queries_tenants, users
from world import CALLBACK, EXPENSES, PASSWORD, a_browser, copy_house, make_house

ACCOUNTS = ("alice@fabrikam.com", "bob@fabrikam.com", "alice@northwind.example", "carol@northwind.example")
MAILBOXES = ("max@post.example", "pat@post.example", "new@post.example", "other@post.example")
ADDRESSES = st.sampled_from(ACCOUNTS + MAILBOXES)
GUESTS = st.integers(min_value=0, max_value=5)
BROWSERS = st.integers(min_value=0, max_value=1)


@dataclass
class Artefact:
    """Something that opens a guest's access while `life` is the guest's."""

    guest: str
    life: int
    alive: Callable[[], bool]
    kind: str


@dataclass
class Known:
    """What the model remembers of a guest: what never changes, who redeemed, how often access ended."""

    facts: dict[str, Any]
    bound: str | None
    life: int = 0
    tickets: list[str] = field(default_factory=list)


@dataclass
class Window:
    """A browser: its session and the flow that it shows."""

    secret: str
    session: str | None = None
    flow: str | None = None
    proved: str | None = None
    """What was proved in the flow: an account or `mail:` and a mailbox."""


class Model(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.house = copy_house(self.template, self.folder)
        self.world = self.house.world
        self.known: dict[str, Known] = {}
        self.artefacts: list[Artefact] = []
        self.windows = [Window("a" * 43), Window("b" * 43)]
        self.sent = 0
        for guest_id in self.house.people.values():
            self._meet(guest_id)

    def teardown(self) -> None:
        self.world.database.close()
        shutil.rmtree(self.folder)

    # -------------------------------------------------------------- the model

    def _meet(self, guest_id: str) -> None:
        redemption = self.house.guest(guest_id).redemption
        bound = self._identity(redemption.binding) if isinstance(redemption, Accepted) else None
        self.known[guest_id] = Known(self._facts(guest_id), bound)

    def _facts(self, guest_id: str) -> dict[str, Any]:
        user = self.house.guest(guest_id)
        groups = self.house.rows("SELECT group_id FROM group_members WHERE member_id = :id", id=guest_id)
        assigned = self.house.rows("SELECT id FROM app_role_assignments WHERE principal_id = :id", id=guest_id)
        sponsors = self.house.rows("SELECT sponsor_id FROM sponsors WHERE user_id = :id", id=guest_id)
        kept = {"upn": user.upn, "created": user.created, "type": user.user_type}
        return {**kept, "groups": sorted(groups), "assigned": sorted(assigned), "sponsors": sorted(sponsors)}

    def _identity(self, binding: Any) -> str:
        return f"mail:{binding.subject}" if binding.kind == "mail" else f"{binding.issuer}/{binding.subject}"

    def _account(self, address: str) -> str:
        tenant = self.house.fabrikam if address.endswith("fabrikam.com") else self.house.northwind
        user = self.house.read(users.by_upn, tenant, address)
        return f"urn:readmit:tenant:{tenant}/{user.id}"

    def _chosen(self, number: int) -> str:
        return sorted(self.known)[number % len(self.known)]

    def _ended(self, guest_id: str) -> None:
        self.known[guest_id].life += 1

    def _browser(self, window: Window) -> Browser:
        return a_browser(window.secret, window.session)

    # ------------------------------------------------------------- invitations

    @rule(address=ADDRESSES, send=st.booleans())
    def invite(self, address: str, send: bool) -> None:
        try:
            made = self.house.invite(address, send=send)
        except Refused:
            return
        if made.user.id not in self.known:
            self._meet(made.user.id)
        self.known[made.user.id].tickets.append(made.ticket)
        self.sent += send

    @rule(number=GUESTS, address=ADDRESSES, send=st.booleans())
    def reset(self, number: int, address: str, send: bool) -> None:
        guest_id = self._chosen(number)
        try:
            made = self.house.reset(guest_id, address, send=send)
        except Refused:
            return
        self._ended(guest_id)
        self.known[guest_id].bound = None
        self.known[guest_id].tickets.append(made.ticket)
        self.sent += send
        assert made.user.redemption_state == "PendingAcceptance"

    @rule(number=GUESTS)
    def reset_in_place(self, number: int) -> None:
        mail = self.house.guest(self._chosen(number)).mail
        if mail is not None:
            self.reset(number, mail.given, False)

    # ------------------------------------------------------------------- links

    @rule(number=GUESTS, which=st.integers(0, 3), window=BROWSERS)
    def open_link(self, number: int, which: int, window: int) -> None:
        known = self.known[self._chosen(number)]
        if not known.tickets:
            return
        ticket = known.tickets[-1 - which % len(known.tickets)]
        shown = self.windows[window]
        flow_id = self.world.new_id()
        try:
            self.house.write(links.start, self.world, self._browser(shown), flow_id=flow_id, ticket=ticket)
        except DeadEnd:
            return
        shown.flow, shown.proved = flow_id, None

    @rule(address=ADDRESSES, window=BROWSERS)
    def begin_sign_in(self, address: str, window: int) -> None:
        shown = self.windows[window]
        tenant = self.house.read(queries_tenants.named, self.house.contoso)
        flow_id = self.world.new_id()
        self.house.write(
            sign_in.start,
            self.world,
            self._browser(shown),
            flow_id=flow_id,
            tenant=tenant,
            target=ToMyApps(),
            typed=EmailAddress.parse(address),
        )
        shown.flow, shown.proved = flow_id, None

    @rule(address=ADDRESSES, window=BROWSERS)
    def use_another_account(self, address: str, window: int) -> None:
        shown = self.windows[window]
        if self._look(shown) is None or shown.flow is None:
            return
        self.house.write(prove.use_other_account, self.world, self._browser(shown), shown.flow)
        shown.proved = None
        try:
            typed = EmailAddress.parse(address)
            self.house.write(prove.type_address, self.world, self._browser(shown), shown.flow, typed)
        except DeadEnd:
            return

    @rule(address=st.sampled_from(ACCOUNTS), window=BROWSERS)
    def redeem_the_link_as_somebody(self, address: str, window: int) -> None:
        """A whole redemption in one step, by whoever holds the link."""
        self.use_another_account(address, window)
        self.prove_by_password(window, True)
        self.accept(window)

    # ------------------------------------------------------------------ proofs

    @rule(window=BROWSERS, right=st.booleans())
    def prove_by_password(self, window: int, right: bool) -> None:
        shown = self.windows[window]
        view = self._look(shown)
        if view is None or view.flow.method != "home" or view.flow.address is None:
            return
        given = PASSWORD if right else "not the password"
        try:
            proved = prove.prove_by_password(self.world, self._browser(shown), view.flow.id, given)
        except (DeadEnd, Throttled):
            return
        assert right or proved.answer is prove.Answer.WRONG
        if proved.answer is prove.Answer.PROVED:
            shown.session = proved.session_token or shown.session
            shown.proved = self._account(view.flow.address.given)
            self._proceed(shown)

    @rule(window=BROWSERS, right=st.booleans())
    def prove_by_code(self, window: int, right: bool) -> None:
        """Whoever proves by a code reads the mailbox that the code was mailed to."""
        shown = self.windows[window]
        view = self._look(shown)
        if view is None:
            return
        try:
            if view.flow.method == "home":
                self.house.write(prove.use_code, self.world, self._browser(shown), view.flow.id)
            self.house.write(codes.request_code, self.world, self._browser(shown), view.flow.id)
            made = self.house.read(passcodes.of_flow, view.flow.id)
            code = passcode.code(self.world.keyring.key(codes.KEY), made.nonce)
            typed = code if right else f"{(int(code) + 1) % 10**8:08d}"
            entered = self.house.write(codes.enter_code, self.world, self._browser(shown), view.flow.id, typed)
        except DeadEnd:
            return
        assert entered.right <= (right and made.real)
        if entered.right:
            shown.proved = f"mail:{made.address.key}"
            self._proceed(shown)

    @rule(window=BROWSERS)
    def prove_by_session(self, window: int) -> None:
        shown = self.windows[window]
        view = self._look(shown)
        if view is None or view.account is None or view.flow.address is None:
            return
        self.house.write(prove.prove_by_session, self.world, self._browser(shown), view.flow.id)
        shown.proved = self._account(view.flow.address.given)
        self._proceed(shown)

    def _look(self, shown: Window) -> Any:
        if shown.flow is None:
            return None
        try:
            return self.house.read(redeem.look, self.world, self._browser(shown), shown.flow)
        except DeadEnd:
            return None

    def _proceed(self, shown: Window) -> None:
        self._take(shown, redeem.proceed)

    @rule(window=BROWSERS)
    def accept(self, window: int) -> None:
        self._take(self.windows[window], redeem.accept)

    def _take(self, shown: Window, step: Any) -> None:
        """A step that may let the browser in; whoever is let in has proved the right thing."""
        if shown.flow is None:
            return
        was = {guest_id: self.house.guest(guest_id) for guest_id in self.known}
        try:
            result = self.house.write(step, self.world, self._browser(shown), shown.flow)
        except DeadEnd as end:
            self.house.write(redeem.refuse, self.world, self._browser(shown), shown.flow, end.page)
            return
        if not isinstance(result, redeem.Arrived):
            return
        session = self.house.read(session_of, result.session_token, self.world.now())
        entry = session.at(result.tenant.id)
        guest_id = entry.user_id
        before = was[guest_id]
        known = self.known[guest_id]
        assert shown.proved is not None
        if isinstance(before.redemption, Accepted):
            assert shown.proved == known.bound, "only the bound identity signs in (L29)"
        else:
            invited = before.redemption.invited
            own = f"mail:{invited.key}"
            homes = [self._account(address) for address in ACCOUNTS if address == invited.given]
            assert shown.proved in [own, *homes], "only the invited address redeems (L25)"
            known.bound = shown.proved
        shown.session, shown.flow = result.session_token, None
        self._note_session(guest_id, result.session_token)

    # --------------------------------------------------------------- artefacts

    def _note_session(self, guest_id: str, token: str) -> None:
        def alive() -> bool:
            session = self.house.read(session_of, token, self.world.now())
            entry = session.at(self.house.contoso) if session else None
            return entry is not None and entry.user_id == guest_id

        self.artefacts.append(Artefact(guest_id, self.known[guest_id].life, alive, "session"))

    @rule(window=BROWSERS)
    def sign_in_to_the_application(self, window: int) -> None:
        """A signed-in guest's code becomes tokens; each is an artefact of this life."""
        shown = self.windows[window]
        session = self.house.read(session_of, shown.session, self.world.now())
        entry = session.at(self.house.contoso) if session else None
        if entry is None or entry.user_id not in self.known:
            return
        request = AuthorizeRequest(
            tenant_id=self.house.contoso,
            client_id=EXPENSES,
            redirect_uri=CALLBACK,
            origin="https://localhost:8443",
            response_mode="query",
            resource="https://graph.microsoft.com",
            scopes=("openid", "offline_access", "User.Read"),
        )
        code = self.house.write(authorize.issue_code, self.world, request, entry)
        client = self.house.read(clients.get, self.house.contoso, EXPENSES)
        try:
            body = self.house.write(authorize.redeem_code, self.world, client, Exchange(code, CALLBACK))
        except TokenRefused:
            pytest.fail("a live session's code must be good")
        self._note_tokens(entry.user_id, client, body)

    def _note_tokens(self, guest_id: str, client: Any, body: dict[str, Any]) -> None:
        life = self.known[guest_id].life

        def access_lives() -> bool:
            try:
                tokens.authenticate(self.world, body["access_token"], lambda _: True)
            except Unauthenticated:
                return False
            return True

        def refresh_lives() -> bool:
            try:
                self.house.write(authorize.refresh, self.world, client, Exchange(body["refresh_token"]))
            except TokenRefused:
                return False
            return True

        self.artefacts.append(Artefact(guest_id, life, access_lives, "access token"))
        self.artefacts.append(Artefact(guest_id, life, refresh_lives, "refresh token"))

    # --------------------------------------------------------------- directory

    @rule(number=GUESTS, enabled=st.booleans())
    def switch(self, number: int, enabled: bool) -> None:
        guest_id = self._chosen(number)
        if self.house.guest(guest_id).deleted is None:
            caller = self.house.automation("User.ReadWrite.All", "Directory.ReadWrite.All")
            self.house.write(
                directory.update_user, self.world, caller, guest_id, UserChanges({"accountEnabled": enabled})
            )
            if not enabled:
                self._ended(guest_id)

    @rule(number=GUESTS)
    def delete(self, number: int) -> None:
        guest_id = self._chosen(number)
        if self.house.guest(guest_id).deleted is None:
            caller = self.house.automation("User.ReadWrite.All")
            self.house.write(removal.delete_user, self.world, caller, guest_id)
            self._ended(guest_id)

    @rule(number=GUESTS)
    def restore(self, number: int) -> None:
        guest_id = self._chosen(number)
        if self.house.guest(guest_id).deleted is None:
            return
        try:
            caller = self.house.automation("User.ReadWrite.All")
            self.house.write(removal.restore_user, self.world, caller, guest_id)
        except Refused:
            return
        redemption = self.house.guest(guest_id).redemption
        if not isinstance(redemption, Accepted):
            self.known[guest_id].bound = None

    @rule(minutes=st.sampled_from([1, 11, 61]))
    def wait(self, minutes: int) -> None:
        self.house.clock.pass_(minutes=minutes)

    # -------------------------------------------------------------- invariants

    @invariant()
    def access_stays(self) -> None:
        for guest_id, known in self.known.items():
            assert self._facts(guest_id) == known.facts

    @invariant()
    def what_an_ended_life_left_is_dead(self) -> None:
        for artefact in self.artefacts:
            if artefact.life < self.known[artefact.guest].life:
                assert not artefact.alive(), f"the {artefact.kind} of an ended life opens something"

    @invariant()
    def the_binding_is_the_one_that_redeemed(self) -> None:
        for guest_id, known in self.known.items():
            redemption = self.house.guest(guest_id).redemption
            bound = self._identity(redemption.binding) if isinstance(redemption, Accepted) else None
            assert bound == known.bound

    @invariant()
    def one_redemption_commits_for_each_generation_and_one_is_open(self) -> None:
        rows = self.house.rows(
            "SELECT user_id, generation, COUNT(*) FROM redemptions GROUP BY 1, 2 HAVING COUNT(*) > 1"
        )
        assert rows == []
        for guest_id, known in self.known.items():
            open_ones = self.house.rows(
                "SELECT 1 FROM redemptions WHERE user_id = :id AND ended_at IS NULL", id=guest_id
            )
            assert len(open_ones) == (known.bound is not None)

    @invariant()
    def no_address_belongs_to_two_users(self) -> None:
        held: dict[str, str] = {}
        for guest_id in self.known:
            user = self.house.guest(guest_id)
            for key in () if user.deleted else user.held_keys:
                assert held.setdefault(key, guest_id) == guest_id

    @invariant()
    def every_write_has_its_event_and_its_mail(self) -> None:
        resets = self.house.rows("SELECT COUNT(*) FROM invitations WHERE kind = 'reset'")[0][0]
        activity = "Invite external user with reset invitation status"
        told = self.house.rows(
            "SELECT COUNT(*) FROM audit_events WHERE activity = :a AND result = 'success'", a=activity
        )
        assert told[0][0] == resets
        redeemed = self.house.rows("SELECT COUNT(*) FROM redemptions")[0][0]
        seeded = 2
        activity = "Redeem external user invite"
        told = self.house.rows(
            "SELECT COUNT(*) FROM audit_events WHERE activity = :a AND result = 'success'", a=activity
        )
        assert told[0][0] == redeemed - seeded
        owed = self.house.rows("SELECT COUNT(*) FROM outbox WHERE kind IN ('invitation', 'reset')")[0][0]
        assert owed == self.sent


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
            model.the_binding_is_the_one_that_redeemed,
            model.one_redemption_commits_for_each_generation_and_one_is_open,
            model.no_address_belongs_to_two_users,
            model.every_write_has_its_event_and_its_mail,
        ):
            check()


def _walks(model: Model) -> dict[str, list[Callable[[], None]]]:
    """Ways that a correct server walks without a complaint, and a broken one does not."""
    alice = sorted(model.known).index(model.house.people["alice"])
    home = "alice@fabrikam.com"
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
    }


@pytest.mark.parametrize("walk", range(4))
def test_the_walks_that_find_defects_are_walked_without_a_complaint(model: Model, walk: int) -> None:
    _play(model, *list(_walks(model).values())[walk])


def _sign_anybody_in(user: Any, _proof: Any) -> Any:
    if user is None:
        raise DeadEnd(Page.UNKNOWN_ACCOUNT)
    return user


def _unbound_without_epoch(self: Any, now: Any, invited: Any) -> Any:
    return replace(self, redemption=Pending(invited, now), generation=self.generation + 1)


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
        {"readmit.flows.redeem.check_sign_in": _sign_anybody_in},
    ),
    "any address redeems": (
        "another address holds the link",
        {"readmit.flows.redeem.check_proof": lambda *_: None},
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
}


@pytest.mark.parametrize("defect", sorted(DEFECTS))
def test_R17_a_planted_defect_is_found(model: Model, monkeypatch: pytest.MonkeyPatch, defect: str) -> None:
    """Each invariant can fail: the model complains where the code is broken."""
    walk, broken = DEFECTS[defect]
    for target, replacement in broken.items():
        monkeypatch.setattr(target, replacement)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        _play(model, *_walks(model)[walk])
