"""Why a guest cannot sign in, and the one command that mends it: facts in, findings out, the decisive one first.

What stands in the way now comes before what went wrong at the last try; a finding that does not block is only good to
know. Nothing here holds a link, a code or a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never

from readmit.domain.explanation import bound, last_try, pending
from readmit.domain.explanation.facts import Facts, Finding, when
from readmit.domain.guest import Accepted, NeverInvited, Pending
from readmit.domain.leaving import RETENTION
from readmit.domain.refusals import command

_Rule = Callable[[Facts], Iterator[Finding]]


def explain(facts: Facts) -> tuple[Finding, ...]:
    """The findings, the decisive one first; never empty."""
    found = [finding for rule in _rules(facts) for finding in rule(facts)]
    if not any(finding.blocks for finding in found):
        found += list(last_try.refused(facts) if facts.refusal is not None else last_try.way_is_free(facts))
    elif facts.refusal is not None:
        found.append(last_try.noted(facts.refusal))
    return tuple(sorted(found, key=lambda finding: not finding.blocks))


def _rules(facts: Facts) -> tuple[_Rule, ...]:
    user = facts.user
    if user is None:
        return (_domain, _unknown) if facts.former is None else (_moved,)
    if user.deleted is not None:
        return (_deleted,)
    match user.redemption:
        case NeverInvited():
            return (_never_invited,)
        case Pending():
            return (_disabled, pending.invites, _domain, pending.invitation, pending.proof, _code_lock, pending.mail)
        case Accepted():
            return (_disabled, bound.home, bound.provider, bound.mailbox, bound.second_factor, _code_lock)
        case _:
            assert_never(user.redemption)


def _unknown(facts: Facts) -> Iterator[Finding]:
    assert facts.address is not None
    sentence = f"Nobody here has the address {facts.address}."
    yield Finding("unknown", sentence, command("guest", "invite", facts.address.given))


def _moved(facts: Facts) -> Iterator[Finding]:
    """An address from before a reset opens nothing (lifecycle section 9, A and D)."""
    former = facts.former
    assert former is not None
    now = former.mail or former.upn
    sentence = f"Nobody here has the address {facts.address} any more; the guest who was invited with it is {now} now."
    yield Finding("addressMoved", sentence, command("guest", "explain", former.id))


def _deleted(facts: Facts) -> Iterator[Finding]:
    user = facts.user
    assert user is not None
    assert user.deleted is not None
    until = when(user.deleted + RETENTION)
    sentence = f"The guest was deleted on {when(user.deleted)}; until {until} everything but sessions comes back."
    yield Finding("deleted", sentence, command("guest", "restore", user.id))


def _never_invited(facts: Facts) -> Iterator[Finding]:
    user = facts.user
    assert user is not None
    if user.user_type == "Guest":
        sentence = "The user is a guest by name only: nobody has invited this object, so that nobody can redeem it."
        yield Finding("neverInvited", sentence, command("guest", "link", user.id))
    else:
        yield Finding("member", f"{user.upn} is a member of the organisation and signs in with a password here.")


def _disabled(facts: Facts) -> Iterator[Finding]:
    user = facts.user
    assert user is not None
    if not user.enabled:
        yield Finding("disabled", "The guest is disabled (P10).", command("guest", "enable", user.id))


def _domain(facts: Facts) -> Iterator[Finding]:
    redemption = facts.user.redemption if facts.user is not None else None
    address = redemption.invited if isinstance(redemption, Pending) else facts.address
    assert address is not None
    if not facts.admitted:
        sentence = (
            f"The cross-tenant access settings keep people of {address.domain} out (P5); an administrator changes them."
        )
        yield Finding("crossTenantBlocked", sentence)
    if facts.tenant.accepts_domain(address):
        return
    why = "is not on the list of allowed domains" if facts.tenant.settings.allowedDomains else "is blocked"
    sentence = f"{address.domain} {why}, so that nobody of it is invited or redeems (P5)."
    yield Finding("domainNotAccepted", sentence, command("policy", "accept", address.domain))


def _code_lock(facts: Facts) -> Iterator[Finding]:
    user, until = facts.user, facts.codes_locked_until
    assert user is not None
    if until is None:
        return
    if facts.known_locked:
        yield Finding("codesLocked", f"Too many codes were wrong; none is taken until {when(until)} (P13).")
    else:
        sentence = (
            f"Too many codes were wrong (P13): until {when(until)} only a browser that comes by a new link is heard."
        )
        yield Finding("codesLocked", sentence, command("guest", "link", user.id))
