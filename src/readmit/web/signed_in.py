"""Who looks at a page of his own: the sign-in of this browser at one organisation (security N2, lifecycle L43)."""

from __future__ import annotations

from dataclasses import dataclass

from readmit.domain.guest import User
from readmit.domain.session import SignIn
from readmit.domain.tenant import Tenant
from readmit.flows import browsers
from readmit.flows.world import World
from readmit.storage import queries_people, queries_tenants
from readmit.storage.sessions import Session
from readmit.web.call import Call, Step, Write
from readmit.web.cookies import session
from readmit.web.languages import language_of


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user of a tenant, signed in with this browser."""

    session: Session
    entry: SignIn
    user: User
    tenant: Tenant

    @property
    def csrf(self) -> str:
        return self.session.csrf

    def language(self, call: Call) -> str:
        """LA1: what the user set stands above the browser's languages."""
        return language_of(call, self.user.preferred_language, tenant=self.tenant.preferred_language)

    def at(self, path: str) -> str:
        """A page of this organisation."""
        return f"{path}?tenantId={self.tenant.id}"


def hint_of(call: Call) -> str:
    """The organisation that `tenantId`, in any case, names; empty if none."""
    return next((value for name, value in call.query_values().items() if name.lower() == "tenantid"), "")


def named_tenant(world: World, call: Call) -> Tenant | None:
    """The tenant that the hint names, by id or verified domain."""
    hint = hint_of(call)
    return world.database.read(queries_tenants.named, hint) if hint else None


def signed_in(world: World, call: Call) -> SignedIn | None:
    """The sign-in to the tenant of the hint; without one the newest of a guest, else the newest."""
    found = session(world, call)
    if found is None:
        return None
    entry = _entry(world, call, found)
    if entry is None:
        return None
    user = world.database.read(queries_people.person, entry.user_id)
    tenant = world.database.read(queries_tenants.named, entry.tenant_id)
    return SignedIn(found, entry, user, tenant) if user is not None and tenant is not None else None


def _entry(world: World, call: Call, found: Session) -> SignIn | None:
    if hint_of(call):
        tenant = named_tenant(world, call)
        return found.at(tenant.id) if tenant is not None else None
    guests = [entry for entry in found.sign_ins if world.database.read(queries_people.is_guest, entry.user_id)]
    return next(iter(guests or found.sign_ins), None)


def used(world: World, viewer: SignedIn, step: Step) -> Step:
    """`step`, after the last use of the sign-in was noted, which is owed at most every five minutes (security V5)."""
    if not viewer.entry.use_to_note(world.now()):
        return step
    return Write(lambda _: step, browsers.note_use, world, viewer.entry)
