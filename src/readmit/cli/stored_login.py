"""What `readmit login` keeps: one server, tenant and application, in a file of its owner alone (security D5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readmit import data_folder
from readmit.domain.errors import OperatorError


@dataclass(frozen=True, slots=True)
class StoredLogin:
    """Either `server` (an origin) or `cloud` (public, usgov, china)."""

    server: str | None
    cloud: str | None
    tenant: str
    client_id: str
    client_secret: str = field(repr=False)
    ca: str | None = None

    @property
    def where(self) -> str:
        """The server as people call it."""
        return self.server or f"Microsoft's cloud ({self.cloud})"


def path(environ: Mapping[str, str]) -> Path:
    """`login.json` below the configuration folder of the XDG Base Directory Specification."""
    home = environ.get("XDG_CONFIG_HOME", "")
    # The specification has relative paths ignored.
    folder = Path(home) if home.startswith("/") else Path.home() / ".config"
    return folder / "readmit" / "login.json"


def read(file: Path) -> StoredLogin | None:
    """The login, None if there is none; raises OperatorError for a file that others can read, or that is damaged."""
    try:
        exposed = file.stat().st_mode & 0o077
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{file} cannot be read ({error}); run `readmit login` again.") from error
    if exposed:
        raise OperatorError(f"{file} can be read by others; run: chmod 600 {file}")
    try:
        found: dict[str, Any] = json.loads(text)
        if bool(found["server"]) == bool(found["cloud"]):
            raise ValueError("one of server and cloud")
        return StoredLogin(
            found["server"],
            found["cloud"],
            str(found["tenant"]),
            str(found["clientId"]),
            str(found["clientSecret"]),
            found.get("ca"),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise OperatorError(f"{file} is damaged; run `readmit login` again.") from error


def write(file: Path, login: StoredLogin) -> None:
    """Replace the login at once: mode 0600 in a folder of mode 0700."""
    record = {
        "server": login.server,
        "cloud": login.cloud,
        "tenant": login.tenant,
        "clientId": login.client_id,
        "clientSecret": login.client_secret,
        "ca": login.ca,
    }
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.parent.chmod(0o700)
        data_folder.write_secret(file, json.dumps(record).encode())
    except OSError as error:
        raise OperatorError(f"{file} cannot be written ({error.strerror}); set XDG_CONFIG_HOME.") from error
