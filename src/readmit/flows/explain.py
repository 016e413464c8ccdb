"""Why a guest cannot sign in: the facts, gathered in one read; domain/explanation decides. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from readmit.domain.address import EmailAddress, InvalidAddress
from readmit.domain.errors import NotFound
from readmit.domain.explanation.facts import Facts, Finding, Home, Mail, ProviderState, Try
from readmit.domain.explanation.rules import explain as decide
from readmit.domain.guest import Accepted, Pending, User
from readmit.domain.sign_in_log import PORTALS
from readmit.domain.tenant import Tenant
from readmit.flows import inbound
from readmit.flows.attempt import address_hash
from readmit.flows.codes import WRONG_PER_DAY
from readmit.flows.methods import provable
from readmit.flows.world import World
from readmit.storage import (
    attempts,
    clients,
    invitations,
    mail_blocks,
    passkeys,
    providers,
    queries_explain,
    tenants,
    users,
)
from readmit.storage.queries_explain import OutboxRow
from readmit.storage.queries_records import ShownSignIn
from readmit.storage.transaction import Transaction

_HOME = "urn:readmit:tenant:"


@dataclass(frozen=True, slots=True)
class Explained:
    """Whom it is about, what was known, and what follows."""

    user: User | None
    facts: Facts
    findings: tuple[Finding, ...]


def explain(tx: Transaction, world: World, tenant_id: str, who: str) -> Explained:
    """`who` is an id, a UPN or an address; an address that nobody has is explained too. Raises NotFound for an id."""
    tenant = tenants.get(tx, tenant_id)
    if tenant is None:
        raise NotFound(who)
    user, address = _meant(tx, tenant, who)
    facts = Facts(world.now(), tenant, address)
    if user is None and address is not None:
        tried = queries_explain.last_with_address(tx, tenant.id, address_hash(world, address.key))
        facts = replace(
            facts,
            admitted=inbound.invitable(tx, tenant, address),
            former=queries_explain.once_invited(tx, tenant.id, address.key),
            refusal=_try(tx, tenant, tried) if tried is not None else None,
        )
    if user is not None:
        facts = _of_user(tx, world, tenant, user, address)
    return Explained(user, facts, decide(facts))


def _meant(tx: Transaction, tenant: Tenant, who: str) -> tuple[User | None, EmailAddress | None]:
    if _is_id(who):
        user = users.get(tx, tenant.id, who)
        if user is None:
            raise NotFound(who)
        return user, None
    user = users.by_upn(tx, tenant.id, who)
    if user is not None:
        return user, None
    deleted = queries_explain.deleted_user(tx, tenant.id, who.lower())
    try:
        address = EmailAddress.parse(who)
    except InvalidAddress as error:
        if deleted is None:
            raise NotFound(who) from error
        return deleted, None
    found = users.by_address(tx, tenant.id, address.key)
    return found or queries_explain.deleted_user(tx, tenant.id, address.key), address


def _is_id(who: str) -> bool:
    try:
        UUID(who)
    except ValueError:
        return False
    return "@" not in who


def _of_user(tx: Transaction, world: World, tenant: Tenant, user: User, address: EmailAddress | None) -> Facts:
    now, redemption = world.now(), user.redemption
    if user.deleted is not None:
        return Facts(now, tenant, address, user)
    if isinstance(redemption, Pending):
        return _pending(tx, world, user, redemption, Facts(now, tenant, address, user))
    if isinstance(redemption, Accepted):
        return _accepted(tx, tenant, user, redemption, Facts(now, tenant, address, user))
    return Facts(now, tenant, address, user)


def _pending(tx: Transaction, world: World, user: User, redemption: Pending, known: Facts) -> Facts:
    invited, now, tenant = redemption.invited, known.now, known.tenant
    newest = invitations.live(tx, user, now) or invitations.newest(tx, user)
    proved = provable(tx, tenant, invited)
    until, also_known = (None, False) if proved else _locked(tx, tenant, invited, now)
    since = newest.created if newest is not None else redemption.since
    refusal = _refusal(tx, tenant, user, since)
    provider = providers.of_domain(tx, tenant.id, invited.domain)
    return Facts(
        now=now,
        tenant=tenant,
        address=known.address,
        user=user,
        invitation=newest,
        mail=_mail(queries_explain.invitation_mail(tx, user), kept=world.settings.smtp is None),
        mail_blocked=mail_blocks.blocked(tx, tenant.id, invited.key),
        codes_locked_until=until,
        known_locked=also_known,
        provider=ProviderState(provider.name, provider.enabled) if provider is not None else None,
        admitted=inbound.invitable(tx, tenant, invited),
        provable=proved,
        refusal=refusal[0] if refusal else None,
        redeemed_before=queries_explain.redeemed_before(tx, user.id),
    )


def _accepted(tx: Transaction, tenant: Tenant, user: User, redemption: Accepted, known: Facts) -> Facts:
    binding, now, since = redemption.binding, known.now, redemption.since
    by_code = binding.kind == "mail"
    until, also_known = _locked(tx, tenant, redemption.redeemed, now) if by_code else (None, False)
    with_pages = queries_explain.last_success(tx, tenant.id, user.id, since, interactive=True)
    refusal = _refusal(tx, tenant, user, with_pages.at if with_pages is not None else since)
    success = queries_explain.last_success(tx, tenant.id, user.id, since)
    provider = providers.by_issuer(tx, tenant.id, binding.issuer)
    return Facts(
        now=now,
        tenant=tenant,
        address=known.address,
        user=user,
        bound_to=_issuer_name(tx, tenant, binding.issuer),
        code_mail=_mail(queries_explain.code_mail(tx, user, since)) if by_code else None,
        codes_locked_until=until,
        known_locked=also_known,
        home=_home(tx, redemption) if binding.kind == "tenant" else None,
        provider=ProviderState(provider.name, provider.enabled) if provider is not None else None,
        provable=provable(tx, tenant, redemption.redeemed),
        refusal=refusal[0] if refusal else None,
        success=_try(tx, tenant, success) if success is not None else None,
        assigned=refusal is not None and _assigned(tx, tenant, user, refusal[1]),
        passkeys=len(passkeys.of_user(tx, user.id)),
    )


def _mail(row: OutboxRow | None, *, kept: bool = False) -> Mail | None:
    return Mail(row.state, row.created, row.finished, row.error, kept) if row is not None else None


def _locked(tx: Transaction, tenant: Tenant, address: EmailAddress, now: datetime) -> tuple[datetime | None, bool]:
    """Until when codes of unknown browsers are not taken, and whether those of known ones are not either (C3)."""
    subject = f"{tenant.id}:{address.key}"
    wrong = {
        scope: attempts.current(tx, scope, subject, now=now, length=attempts.DAY) for scope in ("code", "code-known")
    }
    if wrong["code"] < WRONG_PER_DAY:
        return None, False
    return attempts.period_end(now, attempts.DAY), wrong["code-known"] >= WRONG_PER_DAY


def _home(tx: Transaction, redemption: Accepted) -> Home:
    """The account behind a binding at a home tenant here, as it is now (lifecycle section 9, B)."""
    home_id = redemption.binding.issuer.removeprefix(_HOME)
    tenant, subject = tenants.get(tx, home_id), redemption.binding.subject
    name = tenant.display_name if tenant is not None else home_id
    heir = users.by_account(tx, home_id, redemption.redeemed.key)
    successor = heir is not None and heir.id != subject
    account = users.get(tx, home_id, subject)
    if account is None:
        return Home(name, "gone", successor)
    if account.deleted is not None:
        return Home(name, "deleted", successor)
    if account.external:
        return Home(name, "converted", successor)
    return Home(name, "live" if account.enabled else "disabled", successor)


def _refusal(tx: Transaction, tenant: Tenant, user: User, since: datetime) -> tuple[Try, ShownSignIn] | None:
    """The newest refusal, and who had come instead."""
    found = queries_explain.last_refusal(tx, tenant.id, user.id, since)
    if found is None:
        return None
    event = queries_explain.who_came(tx, tenant.id, found)
    if event is None:
        return _try(tx, tenant, found), found
    details, names = event.details, event.names.get(user.id, {})
    told = replace(
        _try(tx, tenant, found),
        came=names.get("account"),
        holder=details.get("holder"),
        as_bound=bool(details.get("asBound")),
    )
    return told, found


def _try(tx: Transaction, tenant: Tenant, row: ShownSignIn) -> Try:
    return Try(
        at=row.at,
        number=row.error,
        page=row.page,
        reason=row.reason,
        application=PORTALS.get(row.app_id or "", row.app_name),
        issuer=_issuer_name(tx, tenant, row.issuer) if row.issuer is not None else None,
    )


def _issuer_name(tx: Transaction, tenant: Tenant, issuer: str) -> str:
    """A home tenant here and a registered provider by name; `mail` and what is not registered any more as it is."""
    if issuer.startswith(_HOME):
        home = tenants.get(tx, issuer.removeprefix(_HOME))
        return home.display_name if home is not None else issuer
    provider = providers.by_issuer(tx, tenant.id, issuer)
    return provider.name if provider is not None else issuer


def _assigned(tx: Transaction, tenant: Tenant, user: User, refusal: ShownSignIn) -> bool:
    """Whether the application that refused would not ask for an assignment any more."""
    client = clients.get(tx, tenant.id, refusal.app_id) if refusal.app_id is not None else None
    if client is None or not client.assignment_required:
        return True
    return bool(clients.granted_roles(tx, user.id, client.service_principal_id))
