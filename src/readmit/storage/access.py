"""What ends a user's access: his sign-ins, grants, codes, tokens and open flows (lifecycle L6, S11, S12)."""

from __future__ import annotations

from typing import Final

from readmit.storage.transaction import Transaction

_KINDS: Final = ("signIns", "grants", "authorizationCodes", "refreshTokens", "flows", "passcodes")
_COUNT: Final = """
SELECT (SELECT COUNT(*) FROM sign_ins WHERE user_id = :id),
       (SELECT COUNT(*) FROM grants WHERE user_id = :id),
       (SELECT COUNT(*) FROM authorization_codes c JOIN grants g ON g.id = c.grant_id WHERE g.user_id = :id),
       (SELECT COUNT(*) FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id WHERE g.user_id = :id),
       (SELECT COUNT(*) FROM flows WHERE user_id = :id AND (kind = 'sign_in' OR kind = :kind)),
       (SELECT COUNT(*) FROM passcodes p JOIN flows f ON f.id = p.flow_id
         WHERE f.user_id = :id AND (f.kind = 'sign_in' OR f.kind = :kind))
"""
_EMPTY_SESSIONS: Final = """
DELETE FROM sessions WHERE id IN (SELECT session_id FROM sign_ins WHERE user_id = :id)
  AND NOT EXISTS (SELECT 1 FROM sign_ins s WHERE s.session_id = sessions.id AND s.user_id <> :id)
"""


def end_access(tx: Transaction, user_id: str, *, redemptions: bool = True) -> dict[str, int]:
    """Delete what lets this user in; how many of each kind died, kinds of none left out (lifecycle L49).

    `redemptions=False` leaves open redemption flows: revoking ends access, not an invitation (lifecycle S11).
    The counters `generation` and `epoch` decide; what a concurrent writer adds under old ones is dead all the same.
    """
    parameters = {"id": user_id, "kind": "redemption" if redemptions else "sign_in"}
    counted = tx.one(_COUNT, parameters)
    assert counted is not None
    died = {kind: count for kind, count in zip(_KINDS, counted, strict=True) if count}
    if "signIns" in died:
        tx.run(_EMPTY_SESSIONS, {"id": user_id})
        tx.run("DELETE FROM sign_ins WHERE user_id = :id", {"id": user_id})
    if "grants" in died:
        tx.run("DELETE FROM grants WHERE user_id = :id", {"id": user_id})
    if "flows" in died:
        tx.run("DELETE FROM flows WHERE user_id = :id AND (kind = 'sign_in' OR kind = :kind)", parameters)
    return died


def end_sign_in_flows(tx: Transaction, user_id: str) -> int:
    """Delete the ways on which this user has proved himself already, in whichever browser; how many (security N3)."""
    return tx.run("DELETE FROM flows WHERE user_id = :id AND kind = 'sign_in'", {"id": user_id})


def end_redemption(tx: Transaction, user_id: str, *, but: str = "") -> int:
    """Delete the open redemption flows of a guest with their codes, but one; how many (lifecycle S7, S9, S15)."""
    sql = "DELETE FROM flows WHERE user_id = :id AND kind = 'redemption' AND id <> :but"
    return tx.run(sql, {"id": user_id, "but": but})


def end_consents(tx: Transaction, user_id: str) -> int:
    """Delete the consents that the user gave himself; an administrator's stay (lifecycle L6); how many."""
    sql = "DELETE FROM permission_grants WHERE principal_id = :id AND given_by = 'user'"
    return tx.run(sql, {"id": user_id})


def end_consents_for(tx: Transaction, user_id: str, service_principal_id: str) -> int:
    """Delete the consents that the user gave himself to one application (security O10); how many."""
    sql = "DELETE FROM permission_grants WHERE principal_id = :id AND client_id = :client AND given_by = 'user'"
    return tx.run(sql, {"id": user_id, "client": service_principal_id})
