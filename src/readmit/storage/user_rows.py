"""A user as a row, and a row as a user."""

from __future__ import annotations

from typing import Any, Final

from readmit.domain.address import EmailAddress
from readmit.domain.guest import Accepted, Binding, NeverInvited, Pending, Redemption, User
from readmit.storage.columns import from_json, micros, micros_or_none, moment, moment_or_none, to_json
from readmit.storage.transaction import Row

COLUMNS: Final = (
    "id, tenant_id, upn, mail_nickname, display_name, user_type, created_at, sessions_valid_from, mail, other_mails,"
    " given_name, surname, preferred_language, account_enabled, generation, epoch, creation_type, converted,"
    " deleted_at, profile, external_state, external_state_changed_at, invited_address, redeemed_address,"
    " binding_kind, binding_issuer, binding_subject, binding_issuer_shown, binding_assigned_id"
)


def row_of(user: User) -> dict[str, Any]:
    """The columns of a User by the names that statements use."""
    row: dict[str, Any] = {
        "id": user.id,
        "tenant": user.tenant_id,
        "upn": user.upn,
        "upn_key": user.upn_key,
        "mail": user.mail.given if user.mail else None,
        "mail_key": user.mail.key if user.mail else None,
        "other_mails": to_json([mail.given for mail in user.other_mails]),
        "nickname": user.mail_nickname,
        "name": user.display_name,
        "given_name": user.given_name,
        "surname": user.surname,
        "user_type": user.user_type,
        "creation_type": "Invitation" if user.invited_user else None,
        "converted": int(user.converted),
        "enabled": int(user.enabled),
        "language": user.preferred_language,
        "profile": to_json(dict(user.profile)),
        "created": micros(user.created),
        "deleted": micros_or_none(user.deleted),
        "generation": user.generation,
        "epoch": user.epoch,
        "valid_from": micros(user.sessions_valid_from),
    }
    row.update(_redemption_columns(user.redemption))
    return row


_BINDING: Final = ("kind", "issuer", "subject", "shown", "assigned")
_NO_REDEMPTION: Final[dict[str, Any]] = dict.fromkeys(
    [
        "state",
        "changed",
        "invited",
        "invited_key",
        "redeemed",
        "redeemed_key",
        "kind",
        "issuer",
        "subject",
        "shown",
        "assigned",
    ]
)


def _redemption_columns(redemption: Redemption) -> dict[str, Any]:
    if isinstance(redemption, NeverInvited):
        return _NO_REDEMPTION
    columns = {
        **_NO_REDEMPTION,
        "state": "PendingAcceptance",
        "changed": micros(redemption.since),
        "invited": redemption.invited.given,
        "invited_key": redemption.invited.key,
    }
    if isinstance(redemption, Accepted):
        binding = redemption.binding
        columns |= {
            "state": "Accepted",
            "redeemed": redemption.redeemed.given,
            "redeemed_key": redemption.redeemed.key,
            "kind": binding.kind,
            "issuer": binding.issuer,
            "subject": binding.subject,
            "shown": binding.shown_issuer,
            "assigned": binding.assigned_id,
        }
    return columns


def user_of(row: Row) -> User:
    """A User from a row of COLUMNS."""
    return User(
        id=row[0],
        tenant_id=row[1],
        upn=row[2],
        mail_nickname=row[3],
        display_name=row[4],
        user_type=row[5],
        created=moment(row[6]),
        sessions_valid_from=moment(row[7]),
        mail=EmailAddress.stored(row[8]) if row[8] is not None else None,
        other_mails=tuple(EmailAddress.stored(mail) for mail in from_json(row[9])),
        given_name=row[10],
        surname=row[11],
        preferred_language=row[12],
        enabled=bool(row[13]),
        generation=row[14],
        epoch=row[15],
        invited_user=row[16] is not None,
        converted=bool(row[17]),
        deleted=moment_or_none(row[18]),
        profile=from_json(row[19]),
        redemption=_redemption(row),
    )


def _redemption(row: Row) -> Redemption:
    state, changed, invited, redeemed = row[20:24]
    if state is None:
        return NeverInvited()
    since = moment(changed)
    if state == "PendingAcceptance":
        return Pending(EmailAddress.stored(invited), since)
    binding = Binding(row[24], row[25], row[26], row[27], row[28])
    return Accepted(EmailAddress.stored(invited), since, binding, EmailAddress.stored(redeemed))
