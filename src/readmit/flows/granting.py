"""A grant: made by a sign-in, alive while its user, home account and provider are (graph G78, lifecycle L24)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from readmit.domain import redirect
from readmit.domain.clock_skew import ahead
from readmit.domain.errors import TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import Accepted, Binding, User
from readmit.domain.passkey import suffices
from readmit.domain.redemption import Proof
from readmit.domain.session import SignIn
from readmit.domain.tenant import Tenant
from readmit.flows import consent, tokens
from readmit.flows.world import World
from readmit.storage import grants, providers, tenants, users
from readmit.storage.grants import Grant
from readmit.storage.transaction import Transaction

_REFRESH_HOURS: Final = 24
_EMULATED_HOURS: Final = 2_160
_GRANT_LIFETIME: Final = timedelta(days=90)
_SPA_LIFETIME: Final = timedelta(hours=24)


def revoked() -> TokenRefused:
    """TE8, 50173."""
    text = "The provided grant has expired due to it being revoked, a fresh auth token is needed."
    return TokenRefused("invalid_grant", 50173, text)


def malformed() -> TokenRefused:
    """TE8, 70000: what nobody here has issued to this client."""
    return TokenRefused("invalid_grant", 70000, "Provided grant is invalid or malformed.")


def inactive() -> TokenRefused:
    """TE8, 700082."""
    return TokenRefused("invalid_grant", 700082, "The refresh token has expired due to inactivity.")


def _second_factor_wanted() -> TokenRefused:
    """50076: the organisation has since come to want two factors of its guests (security C7)."""
    text = "Due to a configuration change made by your administrator, you must use multi-factor authentication."
    return TokenRefused("invalid_grant", 50076, text, suberror="basic_action")


def make_grant(tx: Transaction, world: World, request: AuthorizeRequest, sign_in: SignIn) -> Grant:
    """What the user granted by this sign-in; codes and tokens hang on it."""
    now = world.now()
    client = tokens.client_of(tx, request.tenant_id, request.client_id)
    spa = any(redirect.matches(uri, request.redirect_uri) for uri in client.spa_redirect_uris)
    lifetime = _SPA_LIFETIME if spa else _GRANT_LIFETIME
    grant = Grant(
        id=world.new_id(),
        tenant_id=request.tenant_id,
        user_id=sign_in.user_id,
        epoch=sign_in.epoch,
        client_id=client.app_id,
        session_id=sign_in.session_id or None,
        resource=request.resource,
        graph=request.graph,
        scope=" ".join(consent.granted_scopes(tx, request, sign_in.user_id)),
        origin=request.origin,
        amr=sign_in.amr,
        auth_time=sign_in.auth_time,
        proved=sign_in.at,
        nonce=request.nonce,
        home_user_id=sign_in.home_user_id,
        home_epoch=sign_in.home_epoch,
        created=now,
        expires=now + lifetime,
    )
    grants.insert(tx, grant)
    return grant


def check_alive(tx: Transaction, world: World, grant: Grant) -> None:
    """The user at the epoch of the grant; a guest's home account, or a proof that is young enough (lifecycle L24)."""
    user = users.live(tx, grant.tenant_id, grant.user_id)
    if user is None or user.epoch != grant.epoch:
        raise revoked()
    if ahead(grant.created, world.now()):
        raise inactive()
    if not user.enabled:
        raise TokenRefused("invalid_grant", 50057, "The user account is disabled.")
    if not isinstance(user.redemption, Accepted):
        return
    tenant = tenants.get(tx, grant.tenant_id)
    if tenant is not None and not suffices(user, tenant, grant.amr):
        raise _second_factor_wanted()
    if user.redemption.binding.kind == "tenant":
        _check_home(tx, user.redemption.binding.issuer.rpartition(":")[2], grant)
        return
    if not provider_serves(tx, user):
        raise revoked()
    hours = _REFRESH_HOURS if user.redemption.binding.kind == "mail" or tenant is None else _hours_of(world, tenant)
    if world.now() >= grant.proved + timedelta(hours=hours):
        raise inactive()


def _hours_of(world: World, tenant: Tenant) -> int:
    """The tenant's own word, else Microsoft's ninety days where Microsoft is emulated, else a day (lifecycle L24)."""
    if tenant.settings.guestRefreshHours is not None:
        return tenant.settings.guestRefreshHours
    return _EMULATED_HOURS if world.settings.emulate == "entra" else _REFRESH_HOURS


def provider_serves(tx: Transaction, user: User) -> bool:
    """Whether the outside provider of a guest, if he has one, is there and on (security I7)."""
    return not isinstance(user.redemption, Accepted) or vouches(tx, user.tenant_id, user.redemption.binding)


def vouches(tx: Transaction, tenant_id: str, binding: Binding) -> bool:
    """Whether who stands behind an identity still may: a mailbox, a home tenant here, or a provider that is on."""
    if binding.kind in ("mail", "tenant"):
        return True
    provider = providers.by_issuer(tx, tenant_id, binding.issuer)
    return provider is not None and provider.enabled


def stands_at_home(tx: Transaction, proof: Proof, user: User) -> bool:
    """Whether the home account of a fresh proof is still the one that gave it: live, enabled, nothing of it revoked.

    A live sign-in of the guest stands for a proof whatever became of the account: it lives on (lifecycle L24). What a
    user's own password proves is held against his own counters.
    """
    if proof.began is not None or proof.home_user_id in (None, user.id):
        return True
    account = users.live(tx, proof.home_tenant_id or "", proof.home_user_id or "")
    return account is not None and account.enabled and not account.external and account.epoch == proof.home_epoch


def _check_home(tx: Transaction, home_tenant_id: str, grant: Grant) -> None:
    home = users.live(tx, home_tenant_id, grant.home_user_id or "")
    if home is None or not home.enabled or home.external or home.epoch != grant.home_epoch:
        raise revoked()
