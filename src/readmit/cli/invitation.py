"""The body of POST /invitations from options that `guest invite` and `reset` share (lifecycle section 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

MY_APPS: Final = "https://myapps.microsoft.com"


def message_options(command: F) -> F:
    """`--language`, `--message`, `--cc`."""
    for option in (
        click.option("--cc", multiple=True, metavar="ADDRESS", help="Who gets a copy of the mail; may be repeated."),
        click.option("--message", help="Your own words, quoted in the mail."),
        click.option("--language", help="The mail's language, such as de or ja."),
    ):
        command = option(command)
    return command


def redirect_option(command: F) -> F:
    """`--redirect`."""
    return click.option("--redirect", metavar="URL", default=MY_APPS, show_default=True, help="Where the guest lands.")(
        command
    )


def request(
    address: str,
    *,
    redirect: str,
    send: bool,
    language: str | None = None,
    message: str | None = None,
    cc: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The body; `invitedUserMessageInfo` only where something is said."""
    info: dict[str, Any] = {}
    if language:
        info["messageLanguage"] = language
    if message:
        info["customizedMessageBody"] = message
    if cc:
        info["ccRecipients"] = [{"emailAddress": {"address": copy}} for copy in cc]
    body: dict[str, Any] = {
        "invitedUserEmailAddress": address,
        "inviteRedirectUrl": redirect,
        "sendInvitationMessage": send,
    }
    return {**body, "invitedUserMessageInfo": info} if info else body
