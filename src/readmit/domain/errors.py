"""The one tree of errors. Doors translate them: status and code stand in `web/http.py`, pages in `web/pages.py`.

    ReadmitError
    ├── OperatorError                 one sentence for the person at the terminal
    ├── DeadEnd                       a page of lifecycle section 16 (P1 to P14)
    ├── TokenRefused                  an OAuth error of graph G79
    ├── Unavailable                   overload, or the store is busy or down (M24)
    └── Refused                       the caller asked for something that is not done
        ├── Malformed … WrongMediaType, WrongType, UnknownProperty, ReadOnly, InvalidValue, MissingValue
        ├── NotFound, InvalidIdentifier, NotProvided, UnsupportedQuery, TokenExpired, FailedDependency
        ├── Denied … InsufficientPrivileges, GuestInvitationsNotAllowed, GenericAuthorization
        ├── Conflict … UpnTaken, AddressTaken, Duplicate, ReferenceExists, ReferenceAbsent, NotAReference,
        │              LastAdministrator, OwnAdministration, RoleAlreadyGranted
        ├── invitation rules … ResetWithoutId, NotExternal, AddressNotOnUser, VerifiedDomain, InternalUser,
        │                      DisabledUser, GroupAddress, NewUserOnly, DomainNotAllowed, CrossTenantBlocked,
        │                      NobodyCanProve, TooLong, TooManyCopies, KeyReused
        ├── ProviderRefused
        ├── subscriptions … ValidationFailed, TooManySubscriptions
        └── Throttled

Numbers E are of lifecycle section 17, M of graph section 5.
"""

from __future__ import annotations

from enum import StrEnum


class ReadmitError(Exception):
    """Whatever readmit itself raises on purpose."""


class OperatorError(ReadmitError):
    """One sentence that says what is wrong and what to do; the command ends with `exit_code`."""

    def __init__(self, sentence: str, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code


class Unavailable(ReadmitError):
    """M24: the outcome is unknown; repeating is safe after `retry_after` seconds."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__("The service is temporarily unavailable.")
        self.retry_after = retry_after


class Page(StrEnum):
    """The dead ends that a guest can meet (lifecycle section 16)."""

    UNKNOWN_LINK = "P1"
    RENEWED = "P2"
    EXPIRED = "P3"
    NO_INVITATION = "P4"
    NOT_ACCEPTED_HERE = "P5"
    OTHER_ADDRESS = "P6"
    ALREADY_A_GUEST = "P7"
    UNKNOWN_ACCOUNT = "P8"
    CODES_OFF = "P9"
    BLOCKED = "P10"
    NOT_ASSIGNED = "P11"
    DECLINED = "P12"
    WRONG_CODE = "P13"
    CLOSED = "P14"
    PROVIDER_REFUSED = "PU1"
    """The home identity provider let nobody in, or the person turned back there."""
    PROVIDER_DOWN = "PU2"
    """It does not answer."""
    PROVIDER_UNTRUSTED = "PU3"
    """Its answer cannot be believed (security I3)."""


class DeadEnd(ReadmitError):
    """A step that cannot go on; `page` says which text the guest reads, `details` fills its placeholders."""

    def __init__(self, page: Page, **details: str) -> None:
        super().__init__(page.value)
        self.page = page
        self.details = details


class TokenRefused(ReadmitError):
    """An OAuth error (graph G79, TE1 to TE11): `error`, Microsoft's number and first sentence."""

    def __init__(self, error: str, number: int, text: str, *, status: int = 400, suberror: str | None = None) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.error = error
        self.number = number
        self.text = text
        self.status = status
        self.suberror = suberror


class Refused(ReadmitError):
    """The caller's request is not carried out; nothing in the directory changed."""


class Malformed(Refused):
    """M1, E5: the body is not one JSON object."""


class WrongMediaType(Refused):
    """M2: the body's Content-Type is not JSON."""


class PropertyRefused(Refused):
    """A property of the body: `name` as the caller wrote it, `resource` the type it was looked for on."""

    def __init__(self, name: str, resource: str = "User") -> None:
        super().__init__(f"{type(self).__name__}: {name}")
        self.name = name
        self.resource = resource


class WrongType(PropertyRefused):
    """M3."""


class UnknownProperty(PropertyRefused):
    """M4."""


class ReadOnly(PropertyRefused):
    """M5."""


class InvalidValue(PropertyRefused):
    """M6, E3, E4; `why` says what would do."""

    def __init__(self, name: str, resource: str = "User", why: str = "") -> None:
        super().__init__(name, resource)
        self.why = why


class MissingValue(PropertyRefused):
    """M7, E1, E2."""


class NotFound(Refused):
    """M10, E11: `id` as the caller wrote it."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id


class InvalidIdentifier(NotFound):
    """M11: not a UUID where one is needed."""


class NotProvided(Refused):
    """M12: known to Graph, not provided here."""


class UnsupportedQuery(Refused):
    """Q1 to Q11: `code` and `message` as graph G56 gives them."""

    def __init__(self, message: str, code: str = "Request_UnsupportedQuery") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Denied(Refused):
    """The caller lacks a right; `needs` names it, for the server's log and the audit alone (lifecycle section 18)."""

    def __init__(self, needs: str = "") -> None:
        super().__init__(needs)
        self.needs = needs


class InsufficientPrivileges(Denied):
    """M19, E16."""


class GuestInvitationsNotAllowed(Denied):
    """E15: `allowInvitesFrom` excludes the caller."""


class GenericAuthorization(Denied):
    """E14: the role for a reset, a conversion or a `Member` is missing, or the target holds one."""


class Conflict(Refused):
    """Another object has what the caller wants to write."""


class UpnTaken(Conflict):
    """M13."""


class AddressTaken(Conflict):
    """M14, E20: `target` is `mail`, `otherMails` or `userPrincipalName`; `owner` the other object's id."""

    def __init__(self, target: str, owner: str) -> None:
        super().__init__(f"{target} is held by {owner}")
        self.target = target
        self.owner = owner


class Duplicate(Conflict):
    """M15."""


class ReferenceExists(Conflict):
    """M16: `name` is `members`, `owners` or `sponsors`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ReferenceAbsent(ReferenceExists):
    """M17."""


class RoleAlreadyGranted(Conflict):
    """M18, first text."""


class LastAdministrator(Conflict):
    """The directory would be left without a Global Administrator who can sign in (readmit's text)."""


class OwnAdministration(Conflict):
    """Nobody takes the role of Global Administrator from himself (Microsoft's text)."""


class NotAReference(Conflict):
    """M18, second text."""


class ResetWithoutId(Refused):
    """E10."""


class NotExternal(Refused):
    """E12."""


class AddressNotOnUser(Refused):
    """E13."""


class VerifiedDomain(Refused):
    """E7."""


class InternalUser(Refused):
    """E8: `id` of the internal user who has the address."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id


class DisabledUser(InternalUser):
    """E9."""


class GroupAddress(Refused):
    """E21."""


class NewUserOnly(PropertyRefused):
    """E6."""


class CrossTenantBlocked(Refused):
    """E17 by inbound cross-tenant settings: the home organisation's people may not come in."""


class DomainNotAllowed(Refused):
    """E17."""


class NobodyCanProve(Refused):
    """E22."""


class TooLong(PropertyRefused):
    """E18: `limit` in characters."""

    def __init__(self, name: str, limit: int) -> None:
        super().__init__(name)
        self.limit = limit


class TooManyCopies(Refused):
    """E19."""

    def __init__(self, limit: int) -> None:
        super().__init__(str(limit))
        self.limit = limit


class FailedDependency(Refused):
    """A request of a batch whose prerequisite failed was not run (graph G60)."""


class KeyReused(Refused):
    """The Idempotency-Key was used for another body (graph G49)."""


class TokenExpired(Refused):
    """A delta token that is no longer valid (graph G58); `location` begins anew."""

    def __init__(self, location: str) -> None:
        super().__init__("resync")
        self.location = location


class ProviderRefused(Refused):
    """A home identity provider that cannot be registered or changed so; `message` says why and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ValidationFailed(Refused):
    """A subscription's receiver did not repeat the token that it was sent (graph G59)."""


class TooManySubscriptions(Refused):
    """An application has `limit` subscriptions in a tenant already."""

    def __init__(self, limit: int) -> None:
        super().__init__(str(limit))
        self.limit = limit


class Throttled(Refused):
    """E23, M23: refused by a limit; succeeds after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(str(retry_after))
        self.retry_after = retry_after
