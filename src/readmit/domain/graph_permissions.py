"""Microsoft Graph's permissions that readmit knows, with the ids that clients have compiled in (graph G80)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GRAPH_APP_ID: Final = "00000003-0000-0000-c000-000000000000"
COMMAND_LINE_TOOLS_APP_ID: Final = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
READMIT_APP_ID: Final = "c0ce9896-47b2-4171-840d-4986f0bd0282"


@dataclass(frozen=True, slots=True)
class GraphPermission:
    """A permission by name; `scope_id` as a delegated scope, `role_id` as an app role, where it exists as one."""

    name: str
    scope_id: str
    role_id: str | None


PERMISSIONS: Final = (
    GraphPermission("User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d", None),
    GraphPermission("User.ReadWrite", "b4e74841-8e56-480b-be8b-910348b18b4c", None),
    GraphPermission(
        "User.ReadBasic.All", "b340eb25-3456-403f-be2f-af7a0d370277", "97235f07-e226-4f63-ace3-39588e11d3a1"
    ),
    GraphPermission("User.Read.All", "a154be20-db9c-4678-8ab7-66f6cc099a59", "df021288-bdef-4463-88db-98f22de89214"),
    GraphPermission(
        "User.ReadWrite.All", "204e0828-b5ca-4ad8-b9f3-f32a958e7cc4", "741f803b-c850-494e-b5df-cde7c675a1ca"
    ),
    GraphPermission("User.Invite.All", "63dd7cd9-b489-4adf-a28c-ac38b9a0f962", "09850681-111b-4a89-9bed-3f2cae46d706"),
    GraphPermission(
        "User.DeleteRestore.All", "4bb440cd-2cf2-4f90-8004-aa2acd2537c5", "eccc023d-eccf-4e7b-9683-8813ab36cecc"
    ),
    GraphPermission(
        "User.RevokeSessions.All", "fc30e98b-8810-4501-81f5-c20a3196387b", "77f3a031-c388-4f99-b373-dc68676a979e"
    ),
    GraphPermission(
        "User-Mail.ReadWrite.All", "6166886a-9576-433b-8544-658177bdef1d", "280d0935-0796-47d1-8d26-273470a3f17a"
    ),
    GraphPermission(
        "Directory.Read.All", "06da0dbc-49e2-44d2-8312-53f166ab848a", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"
    ),
    GraphPermission(
        "Directory.ReadWrite.All", "c5366453-9fb0-48a5-a156-24f0c49a4b84", "19dbc75e-c2e2-444c-a770-ec69d8559fc7"
    ),
    GraphPermission("Group.Read.All", "5f8c59db-677d-491f-a6b8-5f174b11ec1d", "5b567255-7703-4780-807c-7be8301ae99b"),
    GraphPermission(
        "Group.ReadWrite.All", "4e46008b-f24c-477d-8fff-7bb4ec7aafe0", "62a82d76-70ea-41e2-9197-370581804d09"
    ),
    GraphPermission(
        "GroupMember.Read.All", "bc024368-1153-4739-b217-4326f2e966d0", "98830695-27a2-44f7-8c18-0c3ebc9698f6"
    ),
    GraphPermission(
        "GroupMember.ReadWrite.All", "f81125ac-d3b7-4573-a3b2-7099cc39df9e", "dbaae8cf-10b5-4b86-a4a1-f871c94c6695"
    ),
    GraphPermission(
        "Application.Read.All", "c79f8feb-a9db-4090-85f9-90d820caa0eb", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"
    ),
    GraphPermission(
        "Application.ReadWrite.All", "bdfbf15f-ee85-4955-8675-146e8e5296b5", "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"
    ),
    GraphPermission(
        "AppRoleAssignment.ReadWrite.All",
        "84bccea3-f856-4a8a-967b-dbe0a3d53a64",
        "06b708a9-e830-4db3-a914-8e69da51d44f",
    ),
    GraphPermission(
        "DelegatedPermissionGrant.ReadWrite.All",
        "41ce6ca6-6826-4807-84f1-1c82854f7ee5",
        "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
    ),
    GraphPermission(
        "RoleManagement.Read.Directory", "741c54c3-0c1e-44a1-818b-3f97ab4e8c83", "483bed4a-2ad3-4361-a73b-c83ccdbdc53c"
    ),
    GraphPermission(
        "RoleManagement.ReadWrite.Directory",
        "d01b97e9-cbc0-49fe-810a-750afd5527a3",
        "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
    ),
    GraphPermission(
        "AuditLog.Read.All", "e4c9e354-4dc5-45b8-9e7c-e1393b0b1a20", "b0afded3-3588-46d8-8b3d-9842eff778da"
    ),
    GraphPermission(
        "Organization.Read.All", "4908d5b9-3fb2-4b1e-9336-1888b7937185", "498476ce-e0fe-48b0-b801-37ba7e2685c6"
    ),
    GraphPermission(
        "Organization.ReadWrite.All", "46ca0847-7e6b-426e-9775-ea810a948356", "292d869f-3427-49a8-9dab-8c70152b74e9"
    ),
    GraphPermission("Domain.Read.All", "2f9ee017-59c1-4f1d-9472-bd5529a7b311", "dbb9058a-0e50-45d7-ae91-66909b5d4664"),
    GraphPermission("Policy.Read.All", "572fea84-0151-49b2-9301-11cb16974376", "246dd0d5-5bd0-4def-940b-0421030a5b68"),
    GraphPermission(
        "Policy.ReadWrite.Authorization", "edd3c878-b384-41fd-95ad-e7407dd775be", "fb221be6-99f2-473f-bd32-01c6a0e9ca3b"
    ),
    GraphPermission(
        "Policy.ReadWrite.CrossTenantAccess",
        "014b43d0-6ed4-4fc6-84dc-4b6f7bae7d85",
        "338163d7-f101-4c92-94ba-ca46fe52447c",
    ),
    GraphPermission("openid", "37f7f235-527c-4136-accd-4a02d197296e", None),
    GraphPermission("profile", "14dad69e-099b-42c9-810b-d002981feec1", None),
    GraphPermission("email", "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", None),
    GraphPermission("offline_access", "7427e0e9-2fba-42fe-b0c0-848c9e6a8182", None),
)

SCOPE_NAMES: Final = frozenset(permission.name for permission in PERMISSIONS)
SCOPE_OF_ID: Final = {permission.scope_id: permission.name for permission in PERMISSIONS}
ROLE_IDS: Final = {permission.name: permission.role_id for permission in PERMISSIONS if permission.role_id}
"""App role ids by name."""
ROLE_NAMES: Final = {role_id: name for name, role_id in ROLE_IDS.items()}
"""Names by app role id."""
