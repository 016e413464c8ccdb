"""What keeps an Accepted guest from proving the bound identity: home account, provider, mailbox (L29, L30)."""

from __future__ import annotations

from collections.abc import Iterator

from readmit.domain.explanation.facts import Facts, Finding, mail_trouble, reset
from readmit.domain.guest import Accepted, User
from readmit.domain.refusals import NEW_ADDRESS, command


def _guest(facts: Facts) -> tuple[User, Accepted]:
    user = facts.user
    assert user is not None
    assert isinstance(user.redemption, Accepted)
    return user, user.redemption


def home(facts: Facts) -> Iterator[Finding]:
    (user, _), home = _guest(facts), facts.home
    if home is None or home.account == "live":
        return
    lost = home.account in ("deleted", "gone")
    if lost and home.successor:
        sentence = (
            f"The account at {home.tenant_name} that redeemed is gone, and another one has its address: it was set up "
            "again (P8)."
        )
        yield Finding("homeAccountRecreated", sentence, reset(user))
    elif lost:
        sentence = f"The account at {home.tenant_name} that redeemed was deleted there."
        yield Finding("homeAccountDeleted", sentence, reset(user, NEW_ADDRESS))
    elif home.account == "disabled":
        sentence = (
            f"The account at {home.tenant_name} that redeemed is disabled there; {home.tenant_name} can enable it."
        )
        yield Finding("homeAccountDisabled", sentence, reset(user, NEW_ADDRESS))
    else:
        sentence = f"The account at {home.tenant_name} that redeemed is a guest there itself now and proves nothing."
        yield Finding("homeAccountConverted", sentence, reset(user, NEW_ADDRESS))


def provider(facts: Facts) -> Iterator[Finding]:
    (user, redemption), provider = _guest(facts), facts.provider
    binding = redemption.binding
    if binding.kind in ("tenant", "mail"):
        return
    if provider is None:
        sentence = f"The identity provider that the guest redeemed with ({binding.issuer}) is not registered any more."
        yield Finding("providerGone", sentence, reset(user))
    elif not provider.enabled:
        sentence = f"The identity provider {provider.name} is switched off."
        yield Finding("providerOff", sentence, command("idp", "enable", provider.name))


def mailbox(facts: Facts) -> Iterator[Finding]:
    """A guest who redeemed by code needs codes, and the mailbox that redeemed (lifecycle L30)."""
    user, redemption = _guest(facts)
    if redemption.binding.kind != "mail":
        return
    redeemed = redemption.redeemed
    if not user.holds(redeemed):
        sentence = f"The guest redeemed by code at {redeemed}, which is not on the guest any more (P8)."
        yield Finding("addressGone", sentence, reset(user, None if user.addresses else NEW_ADDRESS))
    elif not facts.tenant.codes_allowed:
        sentence = "The guest redeemed by mailed code, and codes are off (P9)."
        yield Finding("codesOff", sentence, reset(user, None if facts.provable else NEW_ADDRESS))
    elif facts.code_mail is not None:
        trouble = mail_trouble(f"The last code's mail to {redeemed}", facts.code_mail)
        if trouble is not None:
            yield Finding("codeMailFailing", trouble, reset(user, NEW_ADDRESS))


def second_factor(facts: Facts) -> Iterator[Finding]:
    """Where two factors are wanted of guests, what this one shows beside the first (security C7)."""
    user, _ = _guest(facts)
    if facts.tenant.settings.guestStrength == "single" or not user.external:
        return
    wanted = f"{facts.tenant.display_name} wants two factors of its guests, and the guest"
    if facts.passkeys:
        count = "one passkey" if facts.passkeys == 1 else f"{facts.passkeys} passkeys"
        sentence = f"{wanted} has {count}; who has lost every one needs a reset: {reset(user)}"
    else:
        sentence = f"{wanted} has no passkey yet: unless the provider reports MFA, one is added at the next sign-in."
    yield Finding("secondFactor", sentence, blocks=False)
