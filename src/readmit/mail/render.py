"""What a mail says: subject, text and HTML of each kind in the reader's language (lifecycle L39, security M4 to M6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from readmit.domain.mail import MailKind
from readmit.locale.catalogue import catalogue
from readmit.mail.guard import LONGEST_NAME, LONGEST_SUBJECT, block, one_line

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_TEMPLATES: Final = Path(__file__).parent / "templates"
_RIGHT_TO_LEFT: Final = frozenset({"ar"})
_NAMES: Final = frozenset({"organisation", "inviter_name", "application_name", "application", "display_name"})
_ADDRESSES: Final = frozenset({"link", "privacy_url", "choice_url"})
_LONGEST_FACT: Final = 2048
_OF_INVITATIONS: Final = frozenset(
    {
        *("organisation", "organisation_domain", "inviter_name", "application_name", "custom_message"),
        *("link", "redirect_host", "address", "display_name", "privacy_url", "choice_url"),
    }
)
_OF_PASSKEYS: Final = frozenset({"organisation", "at", "link"})
_FACTS: Final[Mapping[MailKind, frozenset[str]]] = {
    "invitation": _OF_INVITATIONS,
    "reset": _OF_INVITATIONS,
    "passcode": frozenset({"organisation", "application", "code", "minutes", "requested_at", "requester_ip"}),
    "code_lock": frozenset({"organisation", "until"}),
    "passkey_added": _OF_PASSKEYS,
    "passkey_removed": _OF_PASSKEYS,
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """The words of a mail. `subject` is one line; `text` is complete without `html` (experience ML1)."""

    subject: str
    text: str
    html: str


class FactsRefused(ValueError):
    """A mail that cannot be rendered from what was given; the outbox parks it (reliability OB5)."""


def render(kind: MailKind, language: str, facts: Mapping[str, object]) -> Rendered:
    """The mail of a kind in a language. Raises FactsRefused where a fact is missing, unknown or no fit value.

    invitation, reset: `organisation`, `organisation_domain`, `inviter_name` or None, `application_name` or None
    (app-only), `custom_message` or None, `link`, `redirect_host`, `address`, `display_name` or None, `privacy_url`
    or None, `choice_url` (where the mailbox blocks them). passcode: `organisation`, `application` or None, `code`
    (8 digits), `minutes` (int), `requested_at` (text), `requester_ip`. code_lock: `organisation`, `until` (text).
    passkey_added, passkey_removed: `organisation`, `at` (text), `link` (to the account).
    """
    shown = _checked(kind, facts)
    direction = "rtl" if language in _RIGHT_TO_LEFT else "ltr"
    shown |= {"language": language, "direction": direction}
    plain, markup = _environment(language, markup=False), _environment(language, markup=True)
    # The subject holds one value of others, capped at 64; the cap is for translations.
    shown["subject"] = one_line(plain.get_template(f"{kind}/subject.txt").render(shown), LONGEST_SUBJECT)
    return Rendered(
        subject=str(shown["subject"]),
        text=plain.get_template(f"{kind}/body.txt").render(shown).strip() + "\n",
        html=markup.get_template(f"{kind}/body.html").render(shown),
    )


def _checked(kind: MailKind, facts: Mapping[str, object]) -> dict[str, object]:
    wanted = _FACTS[kind]
    if wanted != facts.keys():
        raise FactsRefused(f"the facts of a mail of kind {kind} differ by: {', '.join(sorted(wanted ^ facts.keys()))}")
    shown = {name: _safe(name, value) for name, value in facts.items()}
    if "link" in shown and shown["link"] is None:
        raise FactsRefused("the link is no http or https URL")
    return shown


def _safe(name: str, value: object) -> object:
    """A name of several lines could end our text and begin another: only the own message keeps its lines."""
    if not isinstance(value, str):
        return value
    if name == "custom_message":
        return block(value)
    if name in _ADDRESSES:
        return value if _is_web(value) else None
    return one_line(value, LONGEST_NAME if name in _NAMES else _LONGEST_FACT)


def _is_web(url: str) -> bool:
    """Whether it may be linked: a link is shown as it is or not at all."""
    return url.startswith(("https://", "http://")) and " " not in url and one_line(url, _LONGEST_FACT) == url


@cache
def _environment(language: str, *, markup: bool) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=markup,  # noqa: S701 - a text part shows `<` as it is; nothing there is markup
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = catalogue(language, "mail")
    # Newstyle puts values into a translation in one pass and, for HTML, escapes them there (M6).
    environment.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {"bdi": _isolated if markup else str, "quoted": _quoted}
    return environment


def _isolated(text: str) -> Markup:
    """Words of others in their own direction (experience LA5)."""
    from markupsafe import Markup

    return Markup("<bdi>{}</bdi>").format(text)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
