"""Options that describe an identity provider, and where its client secret comes from (security D5)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from readmit.cli.failures import why
from readmit.cli.output import warn
from readmit.domain.errors import OperatorError
from readmit.domain.provider import KINDS, PRESETS

F = TypeVar("F", bound=Callable[..., Any])

_NAMES: Final = {
    "id": "id",
    "kind": "kind",
    "preset": "preset",
    "tenant_id": "entraTenantId",
    "issuer": "issuer",
    "client_id": "clientId",
    "subject_attribute": "subjectAttribute",
}


def metadata_option(command: F) -> F:
    """`--metadata FILE|URL`."""
    return click.option(
        "--metadata", metavar="FILE|URL", help="SAML: its metadata; a URL is fetched by the server, once."
    )(command)


def metadata_of(given: str | None) -> dict[str, Any]:
    """`metadata` or `metadataUrl` of a body; raises OperatorError for a file that cannot be read."""
    if given is None:
        return {}
    if given.startswith(("https://", "http://")):
        return {"metadataUrl": given}
    try:
        return {"metadata": Path(given).read_text(encoding="utf-8-sig")}
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{given} cannot be read: {why(error)}.", 2) from error


def registration_options(command: F) -> F:
    """What `readmit idp add` takes besides the name and the secret."""
    for option in (
        click.option("--id", metavar="UUID", help="Choose its id, so that the redirect URI is known beforehand."),
        click.option("--subject-attribute", metavar="NAME", help="SAML: an immutable attribute that says who it is."),
        metadata_option,
        click.option("--private-network", is_flag=True, help="It may stand at an address that is not public."),
        click.option("--client-id", help="The client that is registered for this server there."),
        click.option("--domain", "domains", multiple=True, help="An address domain it speaks for; may be repeated."),
        click.option("--issuer", metavar="URL", help="Its issuer, as its discovery document names it."),
        click.option("--tenant-id", metavar="GUID", help="With --preset entra: the tenant's id."),
        click.option("--preset", type=click.Choice(list(PRESETS)), help="Fills in what is always the same."),
        click.option("--kind", type=click.Choice(list(KINDS)), default="oidc", show_default=True, help="Its protocol."),
    ):
        command = option(command)
    return command


def secret_options(command: F) -> F:
    """`--client-secret-file`, `--client-secret`, `--public`."""
    for option in (
        click.option("--public", is_flag=True, help="The client has no secret."),
        click.option("--client-secret", help="The secret itself; better a file, the environment or the prompt."),
        click.option(
            "--client-secret-file", type=click.Path(path_type=Path), metavar="FILE", help="A file with the secret."
        ),
    ):
        command = option(command)
    return command


def description_of(given: dict[str, Any]) -> dict[str, Any]:
    """The body that the options of `idp add` stand for."""
    body: dict[str, Any] = {wire: given[name] for name, wire in _NAMES.items() if given[name] is not None}
    if given["domains"]:
        body["domains"] = list(given["domains"])
    if given["private_network"]:
        body["privateNetwork"] = True
    return body | metadata_of(given["metadata"])


def secret_of(given: dict[str, Any], *, needed: bool) -> dict[str, Any]:
    """`clientSecret` of a body, as far as one is given; raises OperatorError where it is needed and nobody has it."""
    text, file, public = given["client_secret"], given["client_secret_file"], given["public"]
    if sum(bool(one) for one in (text, file, public)) > 1:
        raise OperatorError("Give one of --client-secret-file, --client-secret and --public.", 2)
    if public:
        return {"clientSecret": None}
    if file is not None:
        return {"clientSecret": _read(file)}
    if text:
        source = click.get_current_context().get_parameter_source("client_secret")
        if source is not None and source.name == "COMMANDLINE":
            warn("A secret on the command line can be read by others of this machine and stays in the shell's history.")
        return {"clientSecret": text}
    if not needed:
        return {}
    if sys.stdin.isatty():
        return {"clientSecret": click.prompt("Client secret", hide_input=True, err=True)}
    raise OperatorError("Give the client's secret by --client-secret-file, or --public if it has none.", 2)


def _read(file: Path) -> str:
    try:
        text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{file} cannot be read: {why(error)}.", 2) from error
    if not text.strip():
        raise OperatorError(f"{file} holds no secret.", 2)
    return text.strip()
