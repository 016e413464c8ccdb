"""The server of the client journeys: Contoso whose guests the clients manage, and Crowd with 2,500 of them."""

from __future__ import annotations

from collections.abc import Iterable

from readmit.cli.demo_stage import AUTOMATION, EXPENSES, FABRIKAM_AUTOMATION

PASSWORD, SECRET = "a-password-of-the-tests", "a-secret-of-the-tests-0123456789"
CONSOLE = "0d000000-0000-4000-8000-0000000000c0"
PORTAL = "0d000000-0000-4000-8000-0000000000b1"
CROWD_AUTOMATION = "0d000000-0000-4000-8000-0000000000d1"
CROWD = 2500
GUESTS = 50


def seed() -> str:
    """The seed file; the guests of Contoso are called guest0, guest1 … of fabrikam.com."""
    names = [f"guest{number}" for number in range(GUESTS)]
    return f"""
tenants:
  - displayName: Contoso
    initialDomain: contoso.onmicrosoft.com
    domains: [contoso.com]
    users:
      - {{userPrincipalName: ada@contoso.com, displayName: Ada, password: {PASSWORD}, roles: [Global Administrator]}}
      - {{userPrincipalName: ulla@contoso.com, displayName: Ulla, password: {PASSWORD}, roles: [User Administrator]}}
    applications:
      - displayName: Automation
        appId: {AUTOMATION}
        clientSecret: {SECRET}
        permissions: [User.Invite.All, User.ReadWrite.All, Directory.Read.All]
      - displayName: Console
        appId: {CONSOLE}
        publicClient: {{redirectUris: ["http://localhost"]}}
        isFallbackPublicClient: true
        delegatedPermissions: [openid, profile, email, offline_access, User.Read, User.ReadWrite.All, User.Invite.All]
      - displayName: Expenses
        appId: {EXPENSES}
        clientSecret: {SECRET}
        redirectUris: ["http://localhost:9000/callback"]
        appRoles: [{{value: Approver}}]
        delegatedPermissions: [openid, profile, email, offline_access, User.Read]
      - displayName: Portal
        appId: {PORTAL}
        clientSecret: {SECRET}
        redirectUris: ["http://localhost:9100/callback", "http://localhost:9101/callback"]
        delegatedPermissions: [openid, profile, email]
    guests:
{_lines(f"{{email: {name}@fabrikam.com, displayName: {name}, state: Accepted, identity: {{tenant: fabrikam.onmicrosoft.com, user: {name}@fabrikam.com}}}}" for name in names)}
    groups:
      - {{displayName: Project Falcon, members: [{", ".join(f"{name}@fabrikam.com" for name in names)}]}}
    appRoleAssignments:
{_lines(f"{{application: Expenses, role: Approver, principal: {name}@fabrikam.com}}" for name in names)}
  - displayName: Fabrikam
    initialDomain: fabrikam.onmicrosoft.com
    domains: [fabrikam.com]
    users:
{_lines(f"{{userPrincipalName: {name}@fabrikam.com, displayName: {name}, password: {PASSWORD}}}" for name in names)}
    applications:
      - displayName: Fabrikam Automation
        appId: {FABRIKAM_AUTOMATION}
        clientSecret: {SECRET}
        permissions: [User.ReadWrite.All]
  - displayName: Crowd
    initialDomain: crowd.onmicrosoft.com
    applications:
      - displayName: Automation of the crowd
        appId: {CROWD_AUTOMATION}
        clientSecret: {SECRET}
        permissions: [User.ReadWrite.All]
    guests:
{_lines(f"{{email: guest{number:04}@post.example, displayName: Guest {number:04}}}" for number in range(CROWD))}
"""


def _lines(entries: Iterable[str]) -> str:
    return "\n".join(f"      - {entry}" for entry in entries)
