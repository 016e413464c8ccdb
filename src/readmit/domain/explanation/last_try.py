"""What the sign-in log says of the last try, where nothing stands in the way of the next one."""

from __future__ import annotations

from collections.abc import Iterator

from readmit.domain import refusals
from readmit.domain.explanation import pending
from readmit.domain.explanation.facts import Facts, Finding, Try, when
from readmit.domain.guest import Accepted, Pending, User
from readmit.domain.refusals import NEW_ADDRESS, command


def refused(facts: Facts) -> Iterator[Finding]:
    """Nothing stands in the way, and yet somebody was refused: what the log says."""
    user, last = facts.user, facts.refusal
    assert user is not None
    assert last is not None
    meant = refusals.meaning(last.number, last.page)
    over = meant.standing or last.as_bound or (meant.code == "notAssigned" and facts.assigned)
    if meant.note or over:
        yield from way_is_free(facts)
        yield noted(last)
        return
    known = {
        "guest": user.id,
        "application": last.application or "APPLICATION",
        "provider": facts.provider.name if facts.provider is not None else last.issuer or "PROVIDER",
        "came": last.came if last.came is not None and "@" in last.came else NEW_ADDRESS,
        "address": NEW_ADDRESS,
    }
    line = command("guest", "show", last.holder) if last.holder is not None else meant.line(**known)
    advice = f"; {meant.advice}" if meant.advice else ""
    yield Finding(meant.code, f"At the last try, {when(last.at)}, {meant.why}{advice}{_who(facts, user, last)}.", line)


def _who(facts: Facts, user: User, last: Try) -> str:
    """Which account came, and which is bound, as far as the log has it."""
    told = [f"application {last.application}"] if last.application else []
    if last.came is not None or last.issuer is not None:
        told.append("came: " + " of ".join(one for one in (last.came, last.issuer) if one))
    if isinstance(user.redemption, Accepted):
        told.append(f"bound: {user.redemption.redeemed} of {facts.bound_to}")
    else:
        assert isinstance(user.redemption, Pending)
        told.append(f"invited: {user.redemption.invited}")
    if last.holder is not None:
        told.append(f"guest already: {last.holder}")
    return f" ({', '.join(told)})"


def noted(last: Try) -> Finding:
    """A refusal that is good to know."""
    meant = refusals.meaning(last.number, last.page)
    why = last.reason.rstrip(".") if last.reason and meant.code == "refused" else meant.why
    advice = f"; {meant.advice}" if meant.advice and meant.code != "refused" else ""
    at = f" at {last.application}" if last.application else ""
    sentence = f"The last refusal was AADSTS{last.number}{at} on {when(last.at)}: {why}{advice}."
    return Finding("lastRefusal", sentence, blocks=False)


def way_is_free(facts: Facts) -> Iterator[Finding]:
    """Nothing stands in the way: who is Pending has yet to redeem, who is Accepted can sign in."""
    if facts.user is not None and isinstance(facts.user.redemption, Pending):
        yield pending.not_redeemed(facts)
        return
    if facts.success is None:
        sentence = "Nothing stands in the way; since the redemption nobody has signed in."
    else:
        where = f" to {facts.success.application}" if facts.success.application else ""
        sentence = f"Nothing stands in the way; the last sign-in{where} went well on {when(facts.success.at)}."
    yield Finding("fine", sentence, blocks=False)
