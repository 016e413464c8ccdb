"""A stateful model of invitation, redemption, sign-in and reset, with what must hold after every step.

Access stays; the old identity dies; one winner; nobody is in who proved neither the invited address nor the bound
identity; another browser's flow does not exist; no address belongs to two users; every acknowledged write has its
audit event and its owed mail; no code is guessed at more often than security C3 says. A crash changes none of it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from readmit.domain.address import EmailAddress
from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import DeadEnd, Refused, Throttled, TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import Accepted
from readmit.domain.redemption import ToMyApps
from readmit.flows import (
    arrive,
    authorize,
    bearer,
    codes,
    directory,
    links,
    look,
    methods,
    proceed,
    prove,
    redeem,
    refresh,
    refuse,
    removal,
    sign_in,
)
from readmit.flows.browsers import Browser, session_of
from readmit.flows.directory import UserChanges
from readmit.flows.issue import Exchange
from readmit.proofs import passcode
from readmit.storage import clients, passcodes, queries_tenants, users
from readmit.storage.database import Database
from world import CALLBACK, EXPENSES, PASSWORD, a_browser, copy_house

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
    renewals: int | None = None
    """For what hangs on the generation of a Pending guest: the count of renewals that it was made under."""


@dataclass
class Known:
    """What the model remembers of a guest: what never changes, who redeemed, how often access ended."""

    facts: dict[str, Any]
    bound: str | None
    life: int = 0
    renewals: int = 0
    """How often earlier links and open redemptions were ended (the model's own count of `gen`)."""
    tickets: list[tuple[str, int]] = field(default_factory=list)
    """Links, each with the count of renewals that it was made under."""
    flows: list[tuple[Browser, str, int]] = field(default_factory=list)
    """Begun redemptions of this guest, likewise."""


class _Undone(Exception):
    """Carries what a flow would have answered out of a transaction that is not to stand."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result


@dataclass
class Window:
    """A browser: its session and the flow that it shows."""

    secret: str
    session: str | None = None
    flow: str | None = None
    proved: str | None = None
    """What was proved in the flow: an account or `mail:` and a mailbox."""
    code: str | None = None
    """The code that was mailed for the flow last."""


def _has_links(model: Model) -> bool:
    return any(known.tickets for known in model.known.values())


def _has_flows(model: Model) -> bool:
    return any(window.flow for window in model.windows)


def _has_sessions(model: Model) -> bool:
    return any(window.session for window in model.windows)


def _has_deleted(model: Model) -> bool:
    return any(model.house.guest(guest_id).deleted for guest_id in model.known)


class Model(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.house = copy_house(self.template, self.folder)
        self.world = self.house.world
        self.abandoned: list[Database] = []
        self.known: dict[str, Known] = {}
        self.artefacts: list[Artefact] = []
        self.windows = [Window("a" * 43), Window("b" * 43)]
        self.sent = 0
        self.told: Counter[str] = Counter()
        """Audit events that acknowledged writes must have left, by activity."""
        self.wrong: Counter[tuple[str, int]] = Counter()
        """Wrong comparisons of codes, by mailbox and day."""
        self.refresh_tokens: list[tuple[str, int, str]] = []
        for guest_id in self.house.people.values():
            self._meet(guest_id)

    def teardown(self) -> None:
        for database in (*self.abandoned, self.world.database):
            database.close()
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

    def _would(self, flow: Any, *arguments: Any) -> Any:
        """What a flow would answer now; nothing of it stands."""

        def undone(tx: Any) -> None:
            raise _Undone(flow(tx, *arguments))

        try:
            self.house.write(undone)
        except _Undone as end:
            return end.result

    def _browser(self, window: Window) -> Browser:
        return a_browser(window.secret, window.session)

    # ------------------------------------------------------------- invitations

    @rule(address=ADDRESSES, send=st.booleans())
    def invite(self, address: str, send: bool) -> None:
        try:
            made = self.house.invite(address, send=send)
        except Refused:
            return
        if made.user.id in self.known:
            self.known[made.user.id].renewals += 1
        else:
            self._meet(made.user.id)
        self._keep_link(made)
        self.sent += send

    def _keep_link(self, made: Any) -> None:
        known = self.known[made.user.id]
        known.tickets.append((made.ticket, known.renewals))

    @rule(number=GUESTS, address=ADDRESSES, send=st.booleans())
    def reset(self, number: int, address: str, send: bool) -> None:
        guest_id = self._chosen(number)
        try:
            made = self.house.reset(guest_id, address, send=send)
        except Refused:
            return
        self._ended(guest_id)
        self.known[guest_id].bound = None
        self.known[guest_id].renewals += 1
        self._keep_link(made)
        self.sent += send
        assert made.user.redemption_state == "PendingAcceptance"

    @rule(number=GUESTS)
    def reset_in_place(self, number: int) -> None:
        mail = self.house.guest(self._chosen(number)).mail
        if mail is not None:
            self.reset(number, mail.given, False)

    # ------------------------------------------------------------------- links

    @precondition(_has_links)
    @rule(number=GUESTS, which=st.integers(0, 3), window=BROWSERS)
    def open_link(self, number: int, which: int, window: int) -> None:
        known = self.known[self._chosen(number)]
        if not known.tickets:
            return
        ticket, _ = known.tickets[-1 - which % len(known.tickets)]
        shown = self.windows[window]
        flow_id = self.world.new_id()
        try:
            flow = self.house.write(links.start, self.world, self._browser(shown), flow_id=flow_id, ticket=ticket)
        except DeadEnd:
            return
        if flow.kind == "redemption":
            known.flows.append((self._browser(shown), flow_id, known.renewals))
        shown.flow, shown.proved, shown.code = flow_id, None, None

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
        shown.flow, shown.proved, shown.code = flow_id, None, None

    @precondition(_has_flows)
    @rule(address=ADDRESSES, window=BROWSERS)
    def use_another_account(self, address: str, window: int) -> None:
        shown = self.windows[window]
        if self._look(shown) is None or shown.flow is None:
            return
        self.house.write(methods.use_other_account, self.world, self._browser(shown), shown.flow)
        shown.proved = None
        try:
            typed = EmailAddress.parse(address)
            self.house.write(methods.type_address, self.world, self._browser(shown), shown.flow, typed)
        except DeadEnd:
            return

    @precondition(_has_flows)
    @rule(address=st.sampled_from(ACCOUNTS), window=BROWSERS)
    def redeem_the_link_as_somebody(self, address: str, window: int) -> None:
        """A whole redemption in one step, by whoever holds the link."""
        self.use_another_account(address, window)
        self.prove_by_password(window, True)
        self.accept(window)

    @precondition(_has_links)
    @rule(number=GUESTS, which=st.sampled_from([0, 0, 0, 1]), window=BROWSERS, tokens=st.booleans())
    def follow_a_link_to_its_end(self, number: int, which: int, window: int, tokens: bool) -> None:
        """What most guests do: the link of the mail, the proof that it asks for, consent — and then an application."""
        self.windows[window].flow = None
        self.open_link(number, which, window)
        self._to_the_end(window, tokens)

    @rule(number=GUESTS, window=BROWSERS, tokens=st.booleans())
    def sign_in_to_the_end(self, number: int, window: int, tokens: bool) -> None:
        """A guest types his own address: an Accepted one signs in, a Pending one redeems (lifecycle L28, L29)."""
        mail = self.house.guest(self._chosen(number)).mail
        if mail is not None:
            self.begin_sign_in(mail.given, window)
            self._to_the_end(window, tokens)

    def _to_the_end(self, window: int, tokens: bool) -> None:
        view = self._look(self.windows[window])
        if view is None:
            return
        if view.flow.method == "home":
            self.prove_by_password(window, True)
        else:
            self.prove_by_code(window, True)
        self.accept(window)
        if tokens:
            self.sign_in_to_the_application(window)

    # ------------------------------------------------------------------ proofs

    @precondition(_has_flows)
    @rule(window=BROWSERS, right=st.booleans())
    def prove_by_password(self, window: int, right: bool) -> None:
        shown = self.windows[window]
        view = self._look(shown)
        if view is None or view.flow.method != "home" or view.flow.address is None:
            return
        given = PASSWORD if right else "not the password"
        asked = self._asked_for(view.flow)
        try:
            proved = prove.prove_by_password(self.world, self._browser(shown), view.flow.id, given)
        except (DeadEnd, Throttled):
            return
        assert right or proved.answer is prove.Answer.WRONG
        if proved.answer is prove.Answer.PROVED:
            shown.session = proved.session_token or shown.session
            shown.proved = asked
            self._proceed(shown)

    @precondition(_has_flows)
    @rule(window=BROWSERS, right=st.booleans())
    def prove_by_code(self, window: int, right: bool) -> None:
        """Whoever proves by a code reads the mailbox that the code was mailed to."""
        shown = self.windows[window]
        view = self._look(shown)
        if view is None:
            return
        try:
            if view.flow.method == "home":
                self.house.write(methods.use_code, self.world, self._browser(shown), view.flow.id)
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

    @precondition(_has_flows)
    @rule(window=BROWSERS)
    def prove_by_session(self, window: int) -> None:
        shown = self.windows[window]
        view = self._look(shown)
        if view is None or view.account is None or view.flow.address is None:
            return
        asked = self._asked_for(view.flow)
        self.house.write(prove.prove_by_session, self.world, self._browser(shown), view.flow.id)
        shown.proved = asked
        self._proceed(shown)

    def _asked_for(self, flow: Any) -> str | None:
        """Whose password the page asks for: another name of a guest leads to the account that redeemed."""
        account = self.house.read(prove.home_account, flow)
        return f"urn:readmit:tenant:{account.tenant_id}/{account.id}" if account is not None else None

    def _look(self, shown: Window) -> Any:
        if shown.flow is None:
            return None
        try:
            return self.house.read(look.look, self.world, self._browser(shown), shown.flow)
        except DeadEnd:
            return None

    def _proceed(self, shown: Window) -> None:
        self._take(shown, proceed.proceed)

    @precondition(_has_flows)
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
            self.house.write(refuse.refuse, self.world, self._browser(shown), shown.flow, end.page)
            return
        if not isinstance(result, arrive.Arrived):
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
            assert before.holds(invited), "an address that is off the object redeems nothing (L25)"
            self._given_way(guest_id, shown.proved)
            own = f"mail:{invited.key}"
            homes = [self._account(address) for address in ACCOUNTS if address == invited.given]
            assert shown.proved in [own, *homes], "only the invited address redeems (L25)"
            known.bound = shown.proved
        shown.session, shown.flow = result.session_token, None
        self._note_session(guest_id, result.session_token)

    def _given_way(self, guest_id: str, identity: str) -> None:
        """A mail binding whose address is off its object gives way to who proves the mailbox (lifecycle L26)."""
        for other, known in self.known.items():
            if other != guest_id and known.bound == identity and self.house.guest(other).deleted is None:
                known.bound = None
                known.renewals += 1
                self._ended(other)

    # ------------------------------------------------------------------- codes

    @precondition(_has_flows)
    @rule(window=BROWSERS)
    def ask_for_a_code(self, window: int) -> None:
        """The code is mailed now and may be typed much later."""
        shown = self.windows[window]
        view = self._look(shown)
        if view is None or view.flow.address is None:
            return
        try:
            if view.flow.method == "home":
                self.house.write(methods.use_code, self.world, self._browser(shown), view.flow.id)
            self.house.write(codes.request_code, self.world, self._browser(shown), view.flow.id)
        except DeadEnd:
            return
        made = self.house.read(passcodes.of_flow, view.flow.id)
        shown.code = passcode.code(self.world.keyring.key(codes.KEY), made.nonce)
        if made.real and made.user_id in self.known:
            self._note_code(made, self._browser(shown), shown.code)

    def _note_code(self, made: Any, browser: Browser, code: str) -> None:
        known = self.known[made.user_id]
        pending = not isinstance(self.house.guest(made.user_id).redemption, Accepted)

        def alive() -> bool:
            try:
                entered = self._would(codes.enter_code, self.world, browser, made.flow_id, code)
            except DeadEnd:
                return False
            return bool(entered.right) and self.house.read(passcodes.get, made.id) is not None

        renewals = known.renewals if pending else None
        self.artefacts.append(Artefact(made.user_id, known.life, alive, "code", renewals))

    @precondition(_has_flows)
    @rule(window=BROWSERS, right=st.booleans(), times=st.integers(1, 8))
    def type_a_code(self, window: int, right: bool, times: int) -> None:
        """The mailed one, or guesses; each that is compared and wrong is counted."""
        shown = self.windows[window]
        if shown.flow is None or shown.code is None:
            return
        for _ in range(1 if right else times):
            made = self.house.read(passcodes.of_flow, shown.flow)
            typed = shown.code if right else ""
            try:
                entered = self.house.write(codes.enter_code, self.world, self._browser(shown), shown.flow, typed)
            except DeadEnd:
                return
            after = self.house.read(passcodes.of_flow, shown.flow)
            assert entered.right <= right
            if made is not None and after is not None:
                day = int(self.world.now().timestamp()) // 86_400
                self.wrong[made.address.key, day] += after.tries - made.tries
            if entered.right:
                shown.proved = f"mail:{made.address.key}"
                self._proceed(shown)
                return

    # --------------------------------------------------------- other browsers

    @precondition(_has_flows)
    @rule(window=BROWSERS)
    def go_on_in_another_browser(self, window: int) -> None:
        """A flow is its browser's: with another's cookies it does not exist, however far it is (security N6, L6)."""
        shown, other = self.windows[window], self.windows[1 - window]
        if shown.flow is None:
            return
        stranger, flow = self._browser(other), shown.flow
        for step, arguments in (
            (redeem.accept, ()),
            (proceed.proceed, ()),
            (codes.request_code, ()),
            (codes.enter_code, (shown.code or "",)),
            (prove.prove_by_session, ()),
            (methods.use_other_account, ()),
        ):
            with pytest.raises(DeadEnd):
                self.house.write(step, self.world, stranger, flow, *arguments)
        with pytest.raises(DeadEnd):
            self.house.read(look.look, self.world, stranger, flow)

    @rule()
    def crash_and_restart(self) -> None:
        """The process is gone, the file stays: a new one opens it, and nothing has changed."""
        self.abandoned.append(self.world.database)
        self.world = replace(self.world, database=Database(self.world.database.path))
        self.house.world = self.world

    # --------------------------------------------------------------- artefacts

    def _note_session(self, guest_id: str, token: str) -> None:
        def alive() -> bool:
            session = self.house.read(session_of, token, self.world.now())
            entry = session.at(self.house.contoso) if session else None
            return entry is not None and entry.user_id == guest_id

        self.artefacts.append(Artefact(guest_id, self.known[guest_id].life, alive, "session"))

    @precondition(_has_sessions)
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
                bearer.authenticate(self.world, body["access_token"], lambda _: True)
            except Unauthenticated:
                return False
            return True

        def refresh_lives() -> bool:
            try:
                self.house.write(refresh.refresh, self.world, client, Exchange(body["refresh_token"]))
            except TokenRefused:
                return False
            return True

        self.refresh_tokens.append((guest_id, life, body["refresh_token"]))
        self.artefacts.append(Artefact(guest_id, life, access_lives, "access token"))
        self.artefacts.append(Artefact(guest_id, life, refresh_lives, "refresh token"))

    @precondition(lambda self: bool(self.refresh_tokens))
    @rule(which=st.integers(0, 9))
    def refresh(self, which: int) -> None:
        """A refresh token becomes the next ones while its life lasts, and no longer."""
        guest_id, life, token = self.refresh_tokens[-1 - which % len(self.refresh_tokens)]
        client = self.house.read(clients.get, self.house.contoso, EXPENSES)
        try:
            body = self.house.write(refresh.refresh, self.world, client, Exchange(token))
        except TokenRefused:
            return
        if isinstance(body, dict):
            assert life == self.known[guest_id].life, "a refresh token of an ended life gave new ones"
            self._note_tokens(guest_id, client, body)

    # --------------------------------------------------------------- directory

    @rule(number=GUESTS, address=ADDRESSES, keep=st.booleans())
    def change_mail(self, number: int, address: str, keep: bool) -> None:
        """PATCH of the addresses changes no binding; an invitation whose address goes is over for good (S9, G4)."""
        guest_id = self._chosen(number)
        before = self.house.guest(guest_id)
        if before.deleted is not None:
            return
        new = EmailAddress.parse(address)
        kept = tuple(own for own in before.addresses if own.key != new.key) if keep else ()
        changes = UserChanges({"mail": new, "otherMails": (new, *kept)})
        caller = self.house.automation("User.ReadWrite.All", "Directory.ReadWrite.All")
        try:
            self.house.write(directory.update_user, self.world, caller, guest_id, changes)
        except Refused:
            return
        after = self.house.guest(guest_id)
        assert after.redemption == before.redemption
        if not isinstance(before.redemption, Accepted):
            held, holds = ({own.key for own in user.addresses} for user in (before, after))
            self.known[guest_id].renewals += before.redemption.invited.key in held - holds

    @rule(number=GUESTS)
    def revoke(self, number: int) -> None:
        guest_id = self._chosen(number)
        if self.house.guest(guest_id).deleted is None:
            caller = self.house.automation("User.ReadWrite.All")
            self.house.write(directory.revoke_sessions, self.world, caller, guest_id)
            self._ended(guest_id)
            self.told["Update StsRefreshTokenValidFrom Timestamp"] += 1

    @rule(number=GUESTS, enabled=st.sampled_from([True, True, False]))
    def switch(self, number: int, enabled: bool) -> None:
        guest_id = self._chosen(number)
        if self.house.guest(guest_id).deleted is None:
            caller = self.house.automation("User.ReadWrite.All", "Directory.ReadWrite.All")
            was = self.house.guest(guest_id).enabled
            self.house.write(
                directory.update_user, self.world, caller, guest_id, UserChanges({"accountEnabled": enabled})
            )
            self.told["Disable account"] += was and not enabled
            if not enabled:
                self._ended(guest_id)

    @rule(number=GUESTS)
    def delete(self, number: int) -> None:
        guest_id = self._chosen(number)
        if self.house.guest(guest_id).deleted is None:
            caller = self.house.automation("User.ReadWrite.All")
            self.house.write(removal.delete_user, self.world, caller, guest_id)
            self.told["Delete user"] += 1
            self._ended(guest_id)
            self.known[guest_id].renewals += 1

    @precondition(_has_deleted)
    @rule(number=GUESTS)
    def restore(self, number: int) -> None:
        guest_id = self._chosen(number)
        if self.house.guest(guest_id).deleted is None:
            return
        try:
            caller = self.house.automation("User.ReadWrite.All")
            self.house.write(removal.restore_user, self.world, caller, guest_id)
            self.told["Restore user"] += 1
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
            known = self.known[artefact.guest]
            renewed = artefact.renewals is not None and artefact.renewals < known.renewals
            if artefact.life < known.life or renewed:
                assert not artefact.alive(), f"the {artefact.kind} of an ended life opens something"

    @invariant()
    def renewed_links_and_flows_redeem_nothing(self) -> None:
        for known in self.known.values():
            for ticket, renewals in known.tickets:
                assert renewals == known.renewals or not self._redeems(ticket)
            for browser, flow_id, renewals in known.flows:
                assert renewals == known.renewals or not self._goes_on(browser, flow_id)

    def _redeems(self, ticket: str) -> bool:
        try:
            return not self.house.read(links.open_link, self.world, ticket).redeemed
        except DeadEnd:
            return False

    def _goes_on(self, browser: Browser, flow_id: str) -> bool:
        try:
            return bool(self.house.read(look.look, self.world, browser, flow_id).flow.kind == "redemption")
        except DeadEnd:
            return False

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
        for activity, number in self.told.items():
            told = self.house.rows("SELECT COUNT(*) FROM audit_events WHERE activity = :a", a=activity)
            assert told[0][0] == number
        owed = self.house.rows("SELECT COUNT(*) FROM outbox WHERE kind IN ('invitation', 'reset')")[0][0]
        assert owed == self.sent

    @invariant()
    def no_code_is_guessed_at_more_often_than_C3_says(self) -> None:
        tries = self.house.rows("SELECT COALESCE(MAX(tries), 0) FROM passcodes")[0][0]
        assert tries <= 5
        assert max(self.wrong.values(), default=0) <= 40
