"""A browser's way through the flows: what the pages do, without pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from readmit.domain.address import EmailAddress
from readmit.domain.redemption import Step, Target, ToMyApps
from readmit.flows import codes, links, prove, redeem, sign_in
from readmit.flows.arrive import Arrived
from readmit.flows.browsers import Browser
from readmit.flows.invite import Invited
from readmit.flows.look import View, look
from readmit.flows.proceed import proceed
from readmit.proofs import passcode
from readmit.storage import passcodes, queries_tenants
from world import PASSWORD, House, a_browser


@dataclass
class Way:
    """One flow in one browser."""

    house: House
    browser: Browser
    flow_id: str

    def look(self) -> View:
        return self.house.read(look, self.house.world, self.browser, self.flow_id)

    @property
    def step(self) -> Step:
        return self.look().step

    def do(self, flow: Any, *arguments: Any) -> Any:
        return self.house.write(flow, self.house.world, self.browser, self.flow_id, *arguments)

    def password(self, given: str = PASSWORD) -> prove.Proved:
        proved = prove.prove_by_password(self.house.world, self.browser, self.flow_id, given)
        if proved.session_token:
            self.browser = Browser(proved.session_token, self.browser.ip, self.browser.flow_secret)
        return proved

    def ask_code(self) -> str:
        """The code that is mailed; nobody but the mailbox reads it."""
        self.do(codes.request_code)
        return self.mailed_code()

    def mailed_code(self) -> str:
        made = self.house.read(passcodes.of_flow, self.flow_id)
        return passcode.code(self.house.world.keyring.key(codes.KEY), made.nonce)

    def code(self, typed: str | None = None) -> codes.Entered:
        return self.do(codes.enter_code, typed if typed is not None else self.ask_code())

    def proceed(self) -> Any:
        return self.do(proceed)

    def accept(self) -> Any:
        return self.do(redeem.accept)

    def redeem_by_code(self) -> Arrived:
        assert self.code().right
        self.proceed()
        arrived = self.accept()
        assert isinstance(arrived, Arrived)
        return arrived


def follow(house: House, invited: Invited, browser: Browser | None = None) -> Way:
    """Open the link and press its button."""
    browser, flow_id = browser or a_browser(), house.world.new_id()
    house.write(links.start, house.world, browser, flow_id=flow_id, ticket=invited.ticket)
    return Way(house, browser, flow_id)


def begin(
    house: House,
    address: str | None,
    browser: Browser | None = None,
    *,
    target: Target | None = None,
    tenant: str | None = None,
) -> Way:
    """A sign-in, with the address typed."""
    browser, flow_id = browser or a_browser(), house.world.new_id()
    found = house.read(queries_tenants.named, tenant or house.contoso)
    typed = EmailAddress.parse(address) if address else None
    house.write(
        sign_in.start,
        house.world,
        browser,
        flow_id=flow_id,
        tenant=found,
        target=target or ToMyApps(),
        typed=typed,
    )
    return Way(house, browser, flow_id)
