"""`readmit guest explain`: why this guest cannot sign in, and the one command that mends it (experience section 1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from readmit.cli.connect import connect, connection_options
from readmit.cli.options import json_option, quiet_option
from readmit.cli.output import printable, result, warn
from readmit.client import explanation
from readmit.client.graph import GraphClient
from readmit.domain.explanation import from_graph


@click.command()
@click.argument("who")
@connection_options
@json_option
@quiet_option
def explain(who: str, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """Why can't WHO (id, UPN or address) sign in? The reason, and the one command that mends it.

    With --json one object: `asked`, `user` (null where nobody has the address), `blocked`, `findings` (the decisive one
    first: `code`, `blocks`, `sentence`, `command`), `lastSuccess`, `lastRefusal`. On Microsoft's cloud from what Graph
    tells: the state of the user and the sign-in log.
    """
    client = connect(data, tenant)
    found = _from_graph(client, who) if client.endpoint.cloud else explanation.of(client, who)
    if as_json:
        result(found)
    else:
        _print(found)


def _from_graph(client: GraphClient, who: str) -> dict[str, Any]:
    user = explanation.user_or_none(client, who)
    attempts = explanation.sign_ins(client, user["id"]) if user is not None else []
    if attempts is None:
        warn("The sign-in log cannot be read; AuditLog.Read.All and, at Microsoft, a premium licence allow it.")
    return from_graph.explanation(who, user, attempts)


def _print(found: dict[str, Any]) -> None:
    click.echo(printable(_whom(found)))
    for finding in found["findings"]:
        # Of several things in the way the first is mended first; `explain` is asked again then.
        label = "why" if finding["blocks"] else "note"
        click.echo(printable(f"  {label:<7}  {finding['sentence']} [{finding['code']}]"))
        if finding["command"]:
            click.echo(printable(f"  {'do':<7}  {finding['command']}"))


def _whom(found: dict[str, Any]) -> str:
    user = found["user"]
    if user is None:
        return str(found["asked"])
    state = "deleted" if user["deletedDateTime"] else user["externalUserState"] or "never invited"
    return f"{user['displayName']} <{user['mail'] or 'no address'}>, {state}, {user['userPrincipalName']}"
