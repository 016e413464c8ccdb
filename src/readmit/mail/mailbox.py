"""Mail that is kept where no SMTP server is set: one file each under the data folder (reliability OB1)."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_string, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any, Final

from readmit.domain.errors import OperatorError
from readmit.domain.mail import MailKind

# A header of our own before the message: the file stays a mail that any mail program opens, and listing reads one line.
_ENTRY: Final = "X-Readmit-Entry: "
_SUFFIX: Final = ".eml"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")


def keep(folder: Path, id: str, message: bytes, *, kind: MailKind, language: str, created: datetime) -> None:
    """Write a mail that `compose` made; the same `id` again replaces it. On return it is on disk.

    The folder is made with mode 0700, the file with 0600. `created` is aware.
    """
    if not _ID.fullmatch(id) or created.tzinfo is None:
        raise ValueError("an id of letters and digits and a time with a zone are needed")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    entry = {"id": id, **_shown(message), "kind": kind, "language": language, "state": "sent"}
    entry["createdDateTime"] = created.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=id, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{_ENTRY}{json.dumps(entry)}\r\n".encode() + message)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(folder / f"{id}{_SUFFIX}")
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(folder)


def listing(folder: Path) -> list[dict[str, Any]]:
    """What is kept, oldest first: id, to, cc, subject, kind, language, state, createdDateTime (interfaces)."""
    entries = list(_entries(folder))
    return sorted(entries, key=lambda entry: (entry["createdDateTime"], entry["id"]))


def read(folder: Path, id: str) -> dict[str, Any]:
    """One mail: its entry in the listing, `text`, `html` and `headers` (name and value). Raises OperatorError."""
    path = folder / f"{id}{_SUFFIX}"
    if not _ID.fullmatch(id) or not path.is_file():
        raise OperatorError(f"There is no kept mail {id!r}; `readmit mail list` shows what there is.")
    entry, _, raw = path.read_bytes().partition(b"\n")
    written = raw.decode("utf-8")
    message = message_from_string(written, policy=policy.default)
    return {
        **_entry(path, entry),
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
        "headers": [{"name": name, "value": _decoded(value)} for name, value in _head(written).items()],
    }


def _entries(folder: Path) -> Iterator[dict[str, Any]]:
    for path in folder.glob(f"*{_SUFFIX}"):
        try:
            with path.open("rb") as file:
                line = file.readline()
        except FileNotFoundError:  # somebody deleted it meanwhile
            continue
        yield _entry(path, line)


def _entry(path: Path, line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line.decode().removeprefix(_ENTRY))
    except ValueError as error:
        raise OperatorError(f"{path} is not a mail that readmit kept; move it out of that folder.") from error
    assert isinstance(found, dict)
    return found


def _shown(message: bytes) -> dict[str, Any]:
    head = _head(message.decode("utf-8"))
    return {
        "to": [address for _, address in getaddresses([head.get("To", "")]) if address],
        "cc": [address for _, address in getaddresses([head.get("Cc", "")]) if address],
        "subject": _decoded(head.get("Subject", "")),
    }


def _head(written: str) -> dict[str, str]:
    """The headers, unfolded; each name stands once (security M2)."""
    head = message_from_string(written.partition("\r\n\r\n")[0], policy=policy.compat32)
    return {name: re.sub(r"\r?\n(?=[ \t])", "", value) for name, value in head.items()}


def _decoded(value: str) -> str:
    """Decoded here: older Pythons put a space between the encoded words of a name."""
    return str(make_header(decode_header(value)))


def _part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    return str(body.get_content()).replace("\r\n", "\n") if body else ""


def _sync_folder(folder: Path) -> None:
    """The new name is only durable when the folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
