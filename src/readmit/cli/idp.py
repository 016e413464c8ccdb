"""`readmit idp`: home identity providers by address domain: list, add, set, check, enable, disable, remove."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from readmit.cli.agreement import agree, agreement_options
from readmit.cli.connect import connect, connection_options
from readmit.cli.idp_options import (
    description_of,
    metadata_of,
    metadata_option,
    registration_options,
    secret_of,
    secret_options,
)
from readmit.cli.options import json_option, quiet_option
from readmit.cli.output import facts, note, printable, result, table, warn
from readmit.client import identity_providers
from readmit.client.graph import GraphClient
from readmit.domain.errors import OperatorError

F = TypeVar("F", bound=Callable[..., Any])

_LISTED: Final = ("displayName", "kind", "domains", "issuer", "enabled", "boundGuests")
_SHOWN: Final = (
    "id",
    "displayName",
    "kind",
    "preset",
    "issuer",
    "domains",
    "clientId",
    "hasClientSecret",
    "enabled",
    "privateNetwork",
    "createdDateTime",
    "boundGuests",
    "subjectAttribute",
    "redirectUri",
    "entityId",
)
_SAML: Final = (
    "At the provider: import this server's metadata, which is at the entity id; it sends a persistent NameID, and the "
    "address as an attribute."
)
_TO_REGISTER: Final = {
    "entra": (
        "At Entra: App registrations, the application, Authentication: add the redirect URI under Web; under Token "
        "configuration add the optional ID token claims email and xms_edov."
    ),
    "google": "At Google: Google Auth Platform, Clients, the web client: add it under authorized redirect URIs.",
    "microsoft": (
        "At Entra: an application for personal Microsoft accounts; Authentication: add the redirect URI under Web; "
        "Token configuration: the optional ID token claims email and xms_edov."
    ),
    None: (
        "At the provider: add the redirect URI to the client; code flow, PKCE with S256, scopes openid email profile."
    ),
}


@click.group()
def idp() -> None:
    """Home identity providers: list, show, add, set, check, enable, disable, remove."""


def _shared(command: F) -> F:
    return connection_options(json_option(quiet_option(command)))


@idp.command("list")
@_shared
def list_(data: Path | None, tenant: str | None, as_json: bool) -> None:
    """All providers, with how many guests sign in by each.

    With --json an array of `id`, `displayName`, `kind`, `preset`, `issuer`, `domains`, `clientId`, `hasClientSecret`,
    `scopes`, `enabled`, `privateNetwork`, `createdDateTime`, `boundGuests`, `redirectUri`.
    """
    found = identity_providers.every(connect(data, tenant))
    if as_json:
        result(found)
    elif found:
        table(_LISTED, [[one.get(name) for name in _LISTED] for one in found])
    else:
        note("There is no identity provider yet; `readmit idp add` registers one.")


@idp.command()
@click.argument("name")
@_shared
def show(name: str, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """One provider, by name, id, issuer or domain. With --json as one of `idp list`."""
    found = identity_providers.find(connect(data, tenant), name)
    result(found) if as_json else facts({one: found.get(one) for one in _SHOWN})


@idp.command()
@click.argument("name")
@registration_options
@secret_options
@_shared
def add(name: str, data: Path | None, tenant: str | None, as_json: bool, **given: Any) -> None:
    """Register NAME, once the server has asked it; prints what is to be registered there.

    One line each:  readmit idp add fabrikam --preset entra --tenant-id GUID --domain fabrikam.com --client-id ID
    --client-secret-file FILE;  readmit idp add google --preset google --client-id ID --client-secret-file FILE;
    readmit idp add tailspin --kind saml --domain tailspin.example --metadata FILE|URL.

    With --json as one of `idp list`, and `warnings`.
    """
    body = {"displayName": name, **description_of(given), **secret_of(given, needed=given["kind"] == "oidc")}
    added = identity_providers.add(connect(data, tenant), body)
    for warning in added.get("warnings", ()):
        warn(f"{name}: {warning}.")
    if as_json:
        result(added)
        return
    facts({"id": added["id"], "issuer": added["issuer"], "domains": added["domains"], **_registered_there(added)})
    note(_SAML if added["kind"] == "saml" else _TO_REGISTER.get(added["preset"], _TO_REGISTER[None]))


def _registered_there(added: dict[str, Any]) -> dict[str, Any]:
    if added["kind"] == "saml":
        return {"entity id": added["entityId"], "consumer (ACS)": added["redirectUri"]}
    return {"redirect URI": added["redirectUri"]}


@idp.command("set")
@click.argument("name")
@click.option("--name", "new_name", metavar="NEW", help="Another name.")
@click.option("--domain", "domains", multiple=True, help="The address domains, all of them; may be repeated.")
@click.option("--client-id", help="Another client id.")
@metadata_option
@click.option("--private-network/--public-network", default=None, help="Whether it may stand at an inside address.")
@secret_options
@_shared
def set_(name: str, data: Path | None, tenant: str | None, as_json: bool, **given: Any) -> None:
    """Change NAME; a secret is rotated with --client-secret-file. With --json as `idp show`."""
    body = {
        "displayName": given["new_name"],
        "domains": list(given["domains"]) or None,
        "clientId": given["client_id"],
        "privateNetwork": given["private_network"],
    }
    body = {key: value for key, value in body.items() if value is not None}
    body |= secret_of(given, needed=False) | metadata_of(given["metadata"])
    if not body:
        raise OperatorError(
            "Say what is to change, such as --client-secret-file; `readmit idp set --help` lists it.", 2
        )
    client = connect(data, tenant)
    found = identity_providers.find(client, name)
    identity_providers.change(client, found["id"], body)
    _print_again(client, found["id"], as_json)
    note(f"Changed: {', '.join(sorted(body))}.")


def _print_again(client: GraphClient, id: str, as_json: bool) -> None:
    found = identity_providers.find(client, id)
    result(found) if as_json else facts({one: found.get(one) for one in _SHOWN})


@idp.command()
@click.argument("name")
@_shared
def check(name: str, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """Ask NAME now whether it answers as a sign-in needs it; exit code 1 where it does not.

    With --json: `problems`, `warnings`.
    """
    client = connect(data, tenant)
    found = identity_providers.find(client, name)
    answer = identity_providers.check(client, found["id"])
    if as_json:
        result(answer)
    for warning in answer["warnings"]:
        warn(f"{found['displayName']}: {warning}.")
    if answer["problems"]:
        raise OperatorError(printable(f"{found['displayName']} cannot be used: {'; '.join(answer['problems'])}."))
    well = "has nothing pinned that is over" if found["kind"] == "saml" else "answers as it should"
    note(f"{found['displayName']} {well}" + ("." if found["enabled"] else ", but it is switched off."))


@idp.command()
@click.argument("name")
@_shared
def enable(name: str, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """Switch NAME on: its guests can sign in again. With --json as `idp show`."""
    client = connect(data, tenant)
    found = identity_providers.find(client, name)
    identity_providers.change(client, found["id"], {"enabled": True})
    note(f"{found['displayName']} is on." + (f" {_guests(found)} can sign in again." if found["boundGuests"] else ""))
    if as_json:
        result(identity_providers.find(client, found["id"]))


@idp.command()
@click.argument("name")
@agreement_options
@_shared
def disable(name: str, yes: bool, expect: int | None, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """Switch NAME off: sign-in and refresh by it stop at once, until it is on again. With --json as `idp show`."""
    client = connect(data, tenant)
    found = identity_providers.find(client, name)
    _warn(found, "it is switched on again")
    agree("Switch it off?", found["boundGuests"], yes=yes, expect=expect)
    identity_providers.change(client, found["id"], {"enabled": False})
    note(f"{found['displayName']} is off.")
    if as_json:
        result(identity_providers.find(client, found["id"]))


@idp.command()
@click.argument("name")
@agreement_options
@_shared
def remove(name: str, yes: bool, expect: int | None, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """Take NAME away: guests bound to it cannot sign in until a reset. With --json: `id`, `boundGuests`."""
    client = connect(data, tenant)
    found = identity_providers.find(client, name)
    _warn(found, "each is reset, or the same issuer is added again")
    agree("Remove it?", found["boundGuests"], yes=yes, expect=expect)
    identity_providers.remove(client, found["id"])
    note(f"{found['displayName']} is removed.")
    if as_json:
        result({"id": found["id"], "boundGuests": found["boundGuests"]})


def _warn(found: dict[str, Any], until: str) -> None:
    """Whom it is about, and what they wait for; part of the question, so --quiet does not hide it."""
    named = f"{found['displayName']} ({found['issuer']})"
    if not found["boundGuests"]:
        warn(f"No guest is bound to {named}.")
    else:
        verb = "signs" if found["boundGuests"] == 1 else "sign"
        warn(f"{_guests(found)} {verb} in by {named}, and cannot until {until}.")


def _guests(found: dict[str, Any]) -> str:
    number = found["boundGuests"]
    return "1 guest" if number == 1 else f"{number} guests"
