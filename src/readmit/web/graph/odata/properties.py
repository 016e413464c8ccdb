"""What can be filtered, by resource: column, kind, and which operators want advanced mode (graph G27, G39)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["text", "address", "flag", "time", "id", "collection"]
ADVANCED: Final = "A"
DEFAULT: Final = "D"


@dataclass(frozen=True, slots=True)
class Property:
    """A filterable property. `eq`, `sw`, `cmp`, `null`: `D`, `A`, or empty where the operator is refused."""

    name: str
    column: str
    kind: Kind
    eq: str = DEFAULT
    sw: str = ""
    cmp: str = ""
    null: str = ""
    ew: str = ""


def _table(*properties: Property) -> dict[str, Property]:
    return {entry.name.lower(): entry for entry in properties}


def _profile(name: str) -> str:
    return f"json_extract(profile, '$.{name}')"


def _texts(names: str, *, eq: str, sw: str, null: str = ADVANCED, cmp: str = "") -> list[Property]:
    return [Property(name, _profile(name), "text", eq, sw, cmp, null) for name in names.split()]


USER: Final = _table(
    Property("id", "id", "id"),
    Property("accountEnabled", "account_enabled", "flag"),
    Property("createdDateTime", "created_at", "time", cmp="D", null="A"),
    Property("deletedDateTime", "deleted_at", "time", cmp="D", null="A"),
    Property("creationType", "creation_type", "text"),
    Property("displayName", "display_name", "text", sw="D", cmp="D", null="A"),
    Property("givenName", "given_name", "text", sw="D", cmp="D", null="A"),
    Property("surname", "surname", "text", sw="D", cmp="D", null="A"),
    Property("externalUserState", "external_state", "text", sw="D", null="A"),
    Property("externalUserStateChangeDateTime", "external_state_changed_at", "time", cmp="D", null="A"),
    Property("mail", "mail", "address", sw="D", cmp="D", null="A", ew="A"),
    Property("mailNickname", "mail_nickname", "text", sw="D", cmp="D", null="A"),
    Property("userPrincipalName", "upn", "address", sw="D", cmp="D", ew="A"),
    Property("userType", "user_type", "text", null="A"),
    Property("preferredLanguage", "preferred_language", "text", eq="A", sw="A", cmp="A", null="A"),
    Property("otherMails", "other_mails", "collection", sw="D", cmp="D", ew="A"),
    Property(
        "proxyAddresses",
        "CASE WHEN mail IS NULL THEN '[]' ELSE json_array('SMTP:' || mail) END",
        "collection",
        sw="D",
        cmp="D",
        ew="A",
    ),
    Property("imAddresses", f"COALESCE({_profile('imAddresses')}, '[]')", "collection", sw="D"),
    Property("businessPhones", f"COALESCE({_profile('businessPhones')}, '[]')", "collection", eq="A", sw="A"),
    *_texts("companyName faxNumber postalCode streetAddress employeeType", eq="A", sw="A"),
    *_texts("city country state department employeeId usageLocation jobTitle", eq="D", sw="D", cmp="D"),
    *_texts("mobilePhone officeLocation", eq="A", sw="A", cmp="A"),
)
GROUP: Final = _table(
    Property("id", "id", "id"),
    Property("displayName", "display_name", "text", sw="D"),
    Property("mail", "mail", "address", sw="D"),
    Property("mailNickname", "mail_nickname", "text", sw="D"),
    Property("uniqueName", "unique_name", "text", sw="D"),
    Property("mailEnabled", "mail_enabled", "flag"),
    Property("securityEnabled", "security_enabled", "flag"),
    Property("isAssignableToRole", "is_assignable_to_role", "flag"),
    Property("groupTypes", "group_types", "collection"),
    Property("createdDateTime", "created_at", "time", eq="A", cmp="A"),
    Property("description", "description", "text", eq="A", sw="A", null="A"),
)
APPLICATION: Final = _table(
    Property("id", "id", "id"),
    Property("appId", "app_id", "id"),
    Property("displayName", "display_name", "text", sw="D"),
    Property("createdDateTime", "created_at", "time", cmp="D"),
    Property("identifierUris", "identifier_uris", "collection", sw="D"),
)
PRINCIPAL: Final = _table(
    Property("id", "id", "id"),
    Property("appId", "app_id", "id"),
    Property("displayName", "display_name", "text", sw="D"),
    Property("accountEnabled", "account_enabled", "flag"),
    Property("appRoleAssignmentRequired", "assignment_required", "flag", eq="A"),
)
RESOURCES: Final = {"user": USER, "group": GROUP, "application": APPLICATION, "servicePrincipal": PRINCIPAL}
