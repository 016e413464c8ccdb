"""Applying a seed file: one transaction, idempotent, and never bringing back a right that was taken away.

Each entry's key is remembered with the object it made, so that a second run finds the same guest also after a reset.
A second run creates only what no earlier run created; what differs since is listed and left (interfaces.md, seed file).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from readmit.domain import upn as upns
from readmit.domain.address import EmailAddress
from readmit.domain.application import Application, Assignment, PermissionGrant, Secret, ServicePrincipal, assignment_id
from readmit.domain.audit import SYSTEM
from readmit.domain.errors import AddressTaken, OperatorError, UpnTaken
from readmit.domain.graph_permissions import GRAPH_APP_ID, ROLE_IDS
from readmit.domain.group import Group
from readmit.domain.guest import Accepted, Binding, Pending, User, home_binding, mail_binding
from readmit.domain.invitation import Invitation
from readmit.domain.permission import DIRECTORY_ROLES
from readmit.domain.provider import InvalidProvider, binding_of
from readmit.domain.tenant import Tenant, TenantSettings
from readmit.flows import providers
from readmit.flows import tenants as new_tenants
from readmit.flows.providers import Registration
from readmit.flows.world import World
from readmit.storage import (
    apps,
    assignments,
    client_secrets,
    groups,
    invitations,
    roles,
    seeds,
    tenants,
    users,
)
from readmit.storage import providers as registered
from readmit.storage.transaction import Transaction
from readmit.tokens import from_base64url

_ROLE_IDS = {name: role_id for role_id, name in DIRECTORY_ROLES.items()}
_SECRET_LIFETIME = timedelta(days=50 * 365)
MY_APPS = "https://myapps.microsoft.com/"


# ------------------------------------------------------------------- the file


@dataclass(frozen=True, slots=True)
class SeedUser:
    upn: str
    display_name: str
    password: str | None = None
    mail: str | None = None
    roles: tuple[str, ...] = ()
    given_name: str | None = None
    surname: str | None = None
    enabled: bool = True
    preferred_language: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedApplication:
    display_name: str
    app_id: str | None = None
    client_secret: str | None = None
    permissions: tuple[str, ...] = ()
    delegated: tuple[str, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    web_redirect_uris: tuple[str, ...] = ()
    spa_redirect_uris: tuple[str, ...] = ()
    public_redirect_uris: tuple[str, ...] = ()
    identifier_uris: tuple[str, ...] = ()
    app_roles: tuple[Mapping[str, Any], ...] = ()
    assignment_required: bool = False
    homepage: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedGuest:
    email: EmailAddress
    display_name: str | None = None
    state: str = "PendingAcceptance"
    identity: Mapping[str, str] | None = None
    user_type: str = "Guest"
    preferred_language: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedGroup:
    display_name: str
    members: tuple[str, ...] = ()
    mail: str | None = None
    description: str | None = None
    role_assignable: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedAssignment:
    application: str
    role: str | None
    principal: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedProvider:
    registration: Registration
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedTenant:
    display_name: str
    initial_domain: str
    domains: tuple[str, ...] = ()
    id: str | None = None
    preferred_language: str | None = None
    privacy_url: str | None = None
    settings: TenantSettings = field(default_factory=TenantSettings)
    users: tuple[SeedUser, ...] = ()
    applications: tuple[SeedApplication, ...] = ()
    guests: tuple[SeedGuest, ...] = ()
    groups: tuple[SeedGroup, ...] = ()
    assignments: tuple[SeedAssignment, ...] = ()
    providers: tuple[SeedProvider, ...] = ()
    line: int = 0


@dataclass(slots=True)
class Report:
    """What a run did: entries made, and entries that are no longer as the file says."""

    made: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)


# --------------------------------------------------------------------- applying


def apply(world: World, wanted: tuple[SeedTenant, ...], *, force: bool = False) -> Report:
    """Hash what is to be hashed, then write everything in one transaction."""
    known = world.database.read(seeds.known)
    hashes: dict[tuple[str, str, str], str] = {}
    for tenant in wanted:
        for user in tenant.users:
            key = (tenant.initial_domain, "user", user.upn.lower())
            if user.password is not None and key not in known:
                hashes[key] = world.passwords.hash(user.password)
        for application in tenant.applications:
            key = (tenant.initial_domain, "application", _application_key(application))
            if application.client_secret is not None and key not in known:
                hashes[key] = world.passwords.hash(application.client_secret)
    return world.database.write(_apply, world, wanted, hashes, force)


def _application_key(application: SeedApplication) -> str:
    return application.app_id or application.display_name


class _Run:
    """One run over one file, inside its transaction."""

    def __init__(self, tx: Transaction, world: World, hashes: Mapping[tuple[str, str, str], str], force: bool) -> None:
        self.tx = tx
        self.world = world
        self.hashes = hashes
        self.force = force
        self.report = Report()
        self.known = seeds.known(tx)

    def once(self, scope: str, kind: str, key: str, make: Callable[[], str], applied: Any = None) -> str:
        """The id of the entry's object: made now, or by an earlier run."""
        found = self.known.get((scope, kind, key))
        if found is not None:
            return found
        object_id = make()
        seeds.remember(self.tx, scope=scope, kind=kind, key=key, object_id=object_id, applied=applied or {})
        self.known[(scope, kind, key)] = object_id
        self.report.made.append(f"{kind} {key}")
        return object_id


def _apply(
    tx: Transaction,
    world: World,
    wanted: tuple[SeedTenant, ...],
    hashes: Mapping[tuple[str, str, str], str],
    force: bool,
) -> Report:
    run = _Run(tx, world, hashes, force)
    made = [(seed, _tenant(run, seed)) for seed in wanted]
    for seed, tenant in made:
        for user in seed.users:
            _user(run, seed, tenant, user)
        for application in seed.applications:
            _application(run, seed, tenant, application)
        for entry in seed.providers:
            _provider(run, seed, tenant, entry)
    for seed, tenant in made:
        for guest in seed.guests:
            _guest(run, seed, tenant, guest)
        for group in seed.groups:
            _group(run, seed, tenant, group)
        for assignment in seed.assignments:
            _assignment(run, seed, tenant, assignment)
    return run.report


def _fail(line: int, text: str) -> OperatorError:
    return OperatorError(f"Seed file, line {line}: {text}.")


def _tenant(run: _Run, seed: SeedTenant) -> Tenant:
    scope = seed.initial_domain
    names = dict.fromkeys((*seed.domains, seed.initial_domain))
    found = tenants.by_domain(run.tx, seed.initial_domain)
    if found is not None:
        return _existing_tenant(run, seed, found)
    for name in names:
        _check_domain_is_free(run, seed, name)
    tenant = Tenant(
        id=seed.id or run.world.new_id(),
        display_name=seed.display_name,
        initial_domain=seed.initial_domain,
        domains=frozenset(names),
        default_domain=next(iter(names)),
        preferred_language=seed.preferred_language,
        privacy_url=seed.privacy_url,
        salt=run.world.new_secret(),
        settings=seed.settings,
    )
    if seed.id is not None and tenants.get(run.tx, seed.id) is not None:
        raise _fail(seed.line, f"the tenant id {seed.id} is another tenant's")
    run.once(scope, "tenant", scope, lambda: new_tenants.create(run.tx, run.world, tenant).id)
    return tenant


def _existing_tenant(run: _Run, seed: SeedTenant, found: Tenant) -> Tenant:
    scope = seed.initial_domain
    if seed.id is not None and seed.id != found.id:
        raise _fail(seed.line, f"the tenant {scope} is here already with the id {found.id}; give that one or none")
    run.once(scope, "tenant", scope, lambda: found.id)
    as_in_file = replace(
        found,
        display_name=seed.display_name,
        preferred_language=seed.preferred_language,
        privacy_url=seed.privacy_url,
        settings=seed.settings,
        domains=found.domains.union(seed.domains),
    )
    if as_in_file == found:
        return found
    if not run.force:
        run.report.differs.append(f"tenant {scope}")
        return found
    for name in sorted(as_in_file.domains - found.domains):
        _check_domain_is_free(run, seed, name)
        tenants.add_domain(run.tx, found.id, name, default=False)
    tenants.update(run.tx, as_in_file)
    run.report.applied.append(f"tenant {scope}")
    return as_in_file


def _provider(run: _Run, seed: SeedTenant, tenant: Tenant, entry: SeedProvider) -> None:
    def make() -> str:
        try:
            return providers.register(run.tx, run.world, tenant, entry.registration, SYSTEM).id
        except InvalidProvider as error:
            raise _fail(entry.line, str(error)) from error

    key = entry.registration.domains[0] if entry.registration.domains else entry.registration.preset or ""
    provider_id = run.once(seed.initial_domain, "identityProvider", key, make)
    found = registered.get(run.tx, tenant.id, provider_id)
    if found is None or not found.enabled:
        run.report.differs.append(f"identityProvider {key}")


def _check_domain_is_free(run: _Run, seed: SeedTenant, name: str) -> None:
    if tenants.domain_owner(run.tx, name) is not None:
        raise _fail(seed.line, f"the domain {name} belongs to another tenant")


def _user(run: _Run, seed: SeedTenant, tenant: Tenant, entry: SeedUser) -> None:
    key = entry.upn.lower()
    user_id = run.once(seed.initial_domain, "user", key, lambda: _make_user(run, seed, tenant, entry))
    for name in entry.roles:
        if name not in _ROLE_IDS:
            raise _fail(entry.line, f"there is no directory role '{name}'")
        role_id = _ROLE_IDS[name]
        _right(
            run,
            seed.initial_domain,
            "role",
            f"{key} {name}",
            grant=lambda role_id=role_id: roles.add(run.tx, tenant.id, user_id, role_id, id=run.world.new_secret()),
            held=role_id in roles.roles_of(run.tx, user_id),
            alive=users.live(run.tx, tenant.id, user_id) is not None,
        )


def _right(
    run: _Run, scope: str, kind: str, key: str, *, grant: Callable[..., object], held: bool, alive: bool
) -> None:
    """A right is given once; taken away since, it stays away but for `--force`, never for a deleted object."""
    known = (scope, kind, key) in run.known
    if not known and alive:

        def make() -> str:
            grant()
            return key

        run.once(scope, kind, key, make)
    elif held:
        return
    elif known and run.force and alive:
        grant()
        run.report.applied.append(f"{kind} {key}")
    else:
        run.report.differs.append(f"{kind} {key}")


def _missing(run: _Run, right: tuple[str, str, str], line: int, text: str) -> None:
    """What a right names is not there: gone since an earlier run gave it, or a mistake in the file."""
    if right not in run.known:
        raise _fail(line, text)
    run.report.differs.append(f"{right[1]} {right[2]}")


def _make_user(run: _Run, seed: SeedTenant, tenant: Tenant, entry: SeedUser) -> str:
    existing = users.by_upn(run.tx, tenant.id, entry.upn)
    if existing is not None:
        return existing.id
    now = run.world.now()
    mail = EmailAddress.parse(entry.mail or entry.upn)
    user = User(
        id=run.world.new_id(),
        tenant_id=tenant.id,
        upn=entry.upn,
        mail_nickname=entry.upn.partition("@")[0],
        display_name=entry.display_name,
        user_type="Member",
        created=now,
        sessions_valid_from=now,
        mail=mail,
        given_name=entry.given_name,
        surname=entry.surname,
        enabled=entry.enabled,
        preferred_language=entry.preferred_language,
    )
    if mail.domain not in tenant.domains:
        raise _fail(entry.line, f"the domain of {entry.mail or entry.upn} is not one of the tenant's")
    _insert(run, user, entry.line)
    hashed = run.hashes.get((seed.initial_domain, "user", entry.upn.lower()))
    if hashed is not None:
        users.set_password(run.tx, user.id, hashed, now=now)
    return user.id


def _insert(run: _Run, user: User, line: int) -> None:
    try:
        users.insert(run.tx, user)
    except (AddressTaken, UpnTaken) as error:
        raise _fail(line, f"{user.mail} is somebody else's already") from error


# ----------------------------------------------------------------- applications


def _application(run: _Run, seed: SeedTenant, tenant: Tenant, entry: SeedApplication) -> None:
    key = _application_key(entry)
    principal_id = run.once(
        seed.initial_domain, "application", key, lambda: _make_application(run, seed, tenant, entry)
    )
    graph = apps.principal_by_app_id(run.tx, tenant.id, GRAPH_APP_ID)
    assert graph is not None
    alive = _live_application(run, tenant, principal_id)
    for name in entry.permissions:
        role_id = ROLE_IDS[name]
        made = _assigned(run, tenant, principal_id, "ServicePrincipal", graph.id, role_id)
        _right(
            run,
            seed.initial_domain,
            "permission",
            f"{key} {name}",
            grant=lambda made=made: assignments.add(run.tx, made),
            held=role_id in assignments.application_roles(run.tx, principal_id, graph.id),
            alive=alive,
        )
    if entry.delegated:
        grant = PermissionGrant(
            id=run.world.new_secret(),
            tenant_id=tenant.id,
            client_id=principal_id,
            resource_id=graph.id,
            consent_type="AllPrincipals",
            principal_id=None,
            scope=" ".join(entry.delegated),
        )
        _right(
            run,
            seed.initial_domain,
            "consent",
            key,
            grant=lambda: assignments.add_grant(run.tx, grant),
            held=seeds.consented(run.tx, principal_id, graph.id),
            alive=alive,
        )


def _live_application(run: _Run, tenant: Tenant, principal_id: str) -> bool:
    principal = apps.principal(run.tx, tenant.id, principal_id)
    return principal is not None and principal.deleted is None


def _assigned(run: _Run, tenant: Tenant, principal_id: str, kind: Any, resource_id: str, role_id: str) -> Assignment:
    sixteen = from_base64url(run.world.new_secret())[:16]
    return Assignment(
        id=assignment_id(principal_id, sixteen),
        tenant_id=tenant.id,
        principal_id=principal_id,
        principal_type=kind,
        resource_id=resource_id,
        app_role_id=role_id,
        created=run.world.now(),
    )


def _make_application(run: _Run, seed: SeedTenant, tenant: Tenant, entry: SeedApplication) -> str:
    now, new_id = run.world.now(), run.world.new_id
    app_id = entry.app_id or new_id()
    if apps.principal_by_app_id(run.tx, tenant.id, app_id) is not None:
        raise _fail(entry.line, f"the appId {app_id} is another application's")
    application = Application(
        id=new_id(),
        tenant_id=tenant.id,
        app_id=app_id,
        display_name=entry.display_name,
        created=now,
        app_roles=tuple(_role(run, role) for role in entry.app_roles),
        web_redirect_uris=entry.web_redirect_uris,
        spa_redirect_uris=entry.spa_redirect_uris,
        public_redirect_uris=entry.public_redirect_uris,
        identifier_uris=entry.identifier_uris,
        properties=entry.properties,
    )
    apps.insert_application(run.tx, application)
    principal = ServicePrincipal(
        id=new_id(),
        tenant_id=tenant.id,
        app_id=app_id,
        display_name=entry.display_name,
        created=now,
        assignment_required=entry.assignment_required,
        properties={"homepage": entry.homepage} if entry.homepage else {},
    )
    apps.insert_principal(run.tx, principal)
    hashed = run.hashes.get((seed.initial_domain, "application", _application_key(entry)))
    if hashed is not None and entry.client_secret is not None:
        secret = Secret(
            id=new_id(),
            application_id=application.id,
            kind="argon2",
            hash=hashed,
            hint=entry.client_secret[:3],
            display_name="seed",
            starts=now,
            ends=now + _SECRET_LIFETIME,
        )
        client_secrets.add(run.tx, secret)
    return principal.id


def _role(run: _Run, role: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": role.get("id") or run.world.new_id(),
        "allowedMemberTypes": role.get("allowedMemberTypes") or ["User", "Application"],
        "displayName": role.get("displayName") or role["value"],
        "description": role.get("description"),
        "value": role["value"],
        "isEnabled": role.get("isEnabled", True),
        "origin": "Application",
    }


# ----------------------------------------------------------------------- guests


def _guest(run: _Run, seed: SeedTenant, tenant: Tenant, entry: SeedGuest) -> None:
    run.once(seed.initial_domain, "guest", entry.email.key, lambda: _make_guest(run, tenant, entry))


def _make_guest(run: _Run, tenant: Tenant, entry: SeedGuest) -> str:
    existing = users.by_address(run.tx, tenant.id, entry.email.key)
    if existing is not None:
        if not existing.external:
            raise _fail(entry.line, f"{entry.email} is the address of a member")
        return existing.id
    if tenant.verified(entry.email):
        raise _fail(entry.line, f"{entry.email} is on a verified domain of the tenant; a guest is from outside")
    now, address = run.world.now(), entry.email
    names = upns.candidates(address, tenant.initial_domain)
    upn = next(name for name in names if users.upn_is_free(run.tx, tenant.id, name))
    user = User(
        id=run.world.new_id(),
        tenant_id=tenant.id,
        upn=upn,
        mail_nickname=upn.rpartition("@")[0],
        display_name=entry.display_name or address.local,
        user_type="Member" if entry.user_type == "Member" else "Guest",
        created=now,
        sessions_valid_from=now,
        mail=address,
        other_mails=(address,),
        preferred_language=entry.preferred_language,
        redemption=Pending(address, now),
        generation=1,
        invited_user=True,
    )
    if entry.state == "Accepted":
        binding = _binding(run, tenant, entry)
        if users.by_binding(run.tx, tenant.id, binding) is not None:
            raise _fail(entry.line, f"the identity of {address} is another guest's already")
        user = replace(user, redemption=Accepted(address, now, binding, address))
    _insert(run, user, entry.line)
    _invited(run, tenant, user, address)
    if entry.state == "Accepted":
        invitations.redeemed(run.tx, run.world.new_id(), user, now)
    return user.id


def _invited(run: _Run, tenant: Tenant, user: User, address: EmailAddress) -> None:
    """A seeded guest has an invitation of generation 1, without a link."""
    graph = apps.principal_by_app_id(run.tx, tenant.id, GRAPH_APP_ID)
    assert graph is not None
    invitations.insert(
        run.tx,
        Invitation(
            id=run.world.new_id(),
            tenant_id=tenant.id,
            user_id=user.id,
            generation=1,
            kind="invite",
            address=address,
            redirect_url=MY_APPS,
            send=False,
            inviter_type="app",
            inviter_id=graph.id,
            created=run.world.now(),
        ),
    )


def _binding(run: _Run, tenant: Tenant, entry: SeedGuest) -> Binding:
    identity = entry.identity or {}
    if identity.get("kind") == "mail":
        return mail_binding(entry.email)
    if "tenant" in identity:
        home = tenants.get(run.tx, identity["tenant"]) or tenants.by_domain(run.tx, identity["tenant"].lower())
        if home is None:
            raise _fail(entry.line, f"there is no tenant {identity['tenant']}")
        account = users.by_upn(run.tx, home.id, identity.get("user", ""))
        if account is None:
            raise _fail(entry.line, f"the tenant {identity['tenant']} has no user {identity.get('user')}")
        return home_binding(home.id, account.id)
    issuer, subject = identity["issuer"], identity["subject"]
    provider = registered.by_issuer(run.tx, tenant.id, issuer)
    return binding_of(provider, subject) if provider else Binding("oidc", issuer, subject, issuer, subject)


# ---------------------------------------------------------------- groups, roles


def _group(run: _Run, seed: SeedTenant, tenant: Tenant, entry: SeedGroup) -> None:
    scope = seed.initial_domain
    group_id = run.once(scope, "group", entry.display_name, lambda: _make_group(run, tenant, entry))
    alive = groups.live(run.tx, tenant.id, group_id) is not None
    for member in entry.members:
        key = f"{entry.display_name} {member.lower()}"
        found = _principal(run, seed, tenant, member)
        if found is None:
            _missing(run, (scope, "member", key), entry.line, f"there is no user, guest or group '{member}'")
            continue
        _right(
            run,
            scope,
            "member",
            key,
            grant=lambda found=found: groups.add_member(run.tx, group_id, found.id, found.kind),
            held=seeds.is_member(run.tx, group_id, found.id),
            alive=alive and found.alive,
        )


def _make_group(run: _Run, tenant: Tenant, entry: SeedGroup) -> str:
    group = Group(
        id=run.world.new_id(),
        tenant_id=tenant.id,
        display_name=entry.display_name,
        created=run.world.now(),
        description=entry.description,
        mail=EmailAddress.parse(entry.mail) if entry.mail else None,
        mail_nickname="".join(c for c in entry.display_name.lower() if c.isascii() and c.isalnum()) or "group",
        group_types=("Unified",) if entry.mail else (),
        mail_enabled=entry.mail is not None,
        is_assignable_to_role=entry.role_assignable,
    )
    groups.insert(run.tx, group)
    return group.id


@dataclass(frozen=True, slots=True)
class _Principal:
    """Who a right is for."""

    kind: Literal["user", "group"]
    id: str
    alive: bool


def _principal(run: _Run, seed: SeedTenant, tenant: Tenant, name: str) -> _Principal | None:
    """A user, guest or group by its key in the file: the same object also after a reset, and when it is deleted."""
    scope = seed.initial_domain
    for kind, key in (("guest", _key(name)), ("user", name.lower())):
        found = run.known.get((scope, kind, key))
        if found is not None:
            return _Principal("user", found, users.live(run.tx, tenant.id, found) is not None)
    group_id = run.known.get((scope, "group", name))
    if group_id is not None:
        return _Principal("group", group_id, groups.live(run.tx, tenant.id, group_id) is not None)
    user = users.by_address(run.tx, tenant.id, _key(name)) or users.by_upn(run.tx, tenant.id, name)
    return _Principal("user", user.id, alive=True) if user is not None else None


def _key(name: str) -> str:
    return EmailAddress.stored(name).key if "@" in name else name


def _assignment(run: _Run, seed: SeedTenant, tenant: Tenant, entry: SeedAssignment) -> None:
    scope, kind = seed.initial_domain, "appRoleAssignment"
    key = f"{entry.application} {entry.role or 'default'} {entry.principal.lower()}"
    resource = _resource(run, seed, tenant, entry.application)
    role_id = _role_id(run, tenant, resource, entry) if resource else None
    found = _principal(run, seed, tenant, entry.principal)
    if resource is None:
        _missing(run, (scope, kind, key), entry.line, f"there is no application '{entry.application}'")
    elif role_id is None:
        text = f"the application '{entry.application}' has no role '{entry.role}'"
        _missing(run, (scope, kind, key), entry.line, text)
    elif found is None:
        _missing(run, (scope, kind, key), entry.line, f"there is no user, guest or group '{entry.principal}'")
    else:
        made = _assigned(run, tenant, found.id, "Group" if found.kind == "group" else "User", resource, role_id)
        _right(
            run,
            scope,
            kind,
            key,
            grant=lambda: assignments.add(run.tx, made),
            held=role_id in assignments.application_roles(run.tx, found.id, resource),
            alive=found.alive,
        )


def _resource(run: _Run, seed: SeedTenant, tenant: Tenant, name: str) -> str | None:
    """The live service principal of an entry of this file, also when it was renamed since, or else of this name."""
    for application in seed.applications:
        if name in (application.display_name, application.app_id):
            principal_id = run.known[(seed.initial_domain, "application", _application_key(application))]
            return principal_id if _live_application(run, tenant, principal_id) else None
    return seeds.principal_named(run.tx, tenant.id, name)


def _role_id(run: _Run, tenant: Tenant, resource_id: str, entry: SeedAssignment) -> str | None:
    if entry.role is None:
        return "00000000-0000-0000-0000-000000000000"
    principal = apps.principal(run.tx, tenant.id, resource_id)
    assert principal is not None
    application = apps.home_application(run.tx, tenant.id, principal.app_id)
    for role in application.app_roles if application else ():
        if entry.role in (role.get("value"), role.get("displayName"), role.get("id")):
            return str(role["id"])
    return None
