"""What the page of a flow shows: where its way stands, and who asks for what; reads only (lifecycle section 8)."""

from __future__ import annotations

from dataclasses import dataclass

from readmit.domain.guest import User
from readmit.domain.invitation import Invitation
from readmit.domain.passkey import Challenge, Passkey, Wanted
from readmit.domain.provider import Provider
from readmit.domain.redemption import Flow, Step, ToApplication, next_step
from readmit.domain.tenant import Tenant
from readmit.flows.arrive import to_consent
from readmit.flows.browsers import Browser
from readmit.flows.open_flow import checked_invitation, flow_of, tenant_of
from readmit.flows.passkey_step import still_wanted
from readmit.flows.prove import ONE_TIME, live_account
from readmit.flows.world import World
from readmit.storage import browser_flows, passcodes, passkeys, providers, queries_people, tenants, users
from readmit.storage.passcodes import Passcode
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class View:
    """What the page of a flow shows."""

    flow: Flow
    step: Step
    tenant: Tenant
    home: Tenant | None = None
    provider: Provider | None = None
    account: User | None = None
    """The live home sign-in of this browser."""
    guest: User | None = None
    invitation: Invitation | None = None
    inviter: str | None = None
    application: str | None = None
    scopes: tuple[str, ...] = ()
    code: Passcode | None = None
    one_time: bool = False
    passkeys: tuple[Passkey, ...] = ()
    """Of who has proved himself."""
    wanted: Wanted = Wanted.NOTHING
    challenge: Challenge | None = None
    """What the browser is asked to sign with a passkey."""

    @property
    def proved(self) -> bool:
        """Whether a passkey is asked for beside another proof, not instead of a code."""
        return self.wanted is not Wanted.NOTHING


def look(tx: Transaction, world: World, browser: Browser, flow_id: str) -> View:
    """The page that the flow is at; reads only. Raises DeadEnd P14, or what a dead invitation ends on."""
    flow = flow_of(tx, world, browser, flow_id)
    tenant = tenant_of(tx, flow)
    guest = users.live(tx, tenant.id, flow.user_id) if flow.user_id else None
    invitation = checked_invitation(tx, world, tenant, flow, guest)
    code = passcodes.of_flow(tx, flow.id)
    request = flow.target.request if isinstance(flow.target, ToApplication) else None
    scopes = to_consent(tx, request, flow.user_id) if request and flow.user_id else ()
    known = guest if flow.proof is not None and flow.kind == "sign_in" else None
    wanted = still_wanted(tx, tenant, flow, known) if known is not None else Wanted.NOTHING
    step = next_step(flow, code_sent=code is not None, consent_needed=bool(scopes), now=world.now(), passkey=wanted)
    return View(
        flow=flow,
        step=step,
        tenant=tenant,
        home=tenants.get(tx, flow.home_tenant_id) if flow.home_tenant_id else None,
        provider=providers.get(tx, tenant.id, flow.provider_id) if flow.provider_id else None,
        account=live_account(tx, world, browser, flow),
        guest=guest,
        invitation=invitation,
        inviter=_inviter(tx, invitation),
        application=queries_people.application_name(tx, tenant.id, request.client_id) if request else None,
        scopes=scopes,
        code=code,
        one_time=flow.proof is not None and flow.proof.amr == ONE_TIME,
        passkeys=passkeys.of_user(tx, known.id) if known is not None and wanted is not Wanted.NOTHING else (),
        wanted=wanted,
        challenge=passkeys.asked(tx, flow.id) if step in (Step.PASSKEY, Step.ADD_PASSKEY) else None,
    )


def _inviter(tx: Transaction, invitation: Invitation | None) -> str | None:
    if invitation is None:
        return None
    return queries_people.inviter_name(tx, invitation.inviter_type, invitation.inviter_id)


def way(tx: Transaction, browser: Browser, flow_id: str) -> tuple[Flow, Tenant] | None:
    """This browser's begun flow with its tenant, for a page that cannot be what the flow waits for."""
    flow = browser_flows.get(tx, flow_id, browser.flow_hash)
    tenant = tenants.get(tx, flow.tenant_id) if flow else None
    return (flow, tenant) if flow is not None and tenant is not None else None
