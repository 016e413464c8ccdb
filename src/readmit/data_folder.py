"""The data folder: made, checked, locked; secrets in it are the owner's alone (security H3, reliability DB6)."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from readmit.domain.errors import OperatorError

_NETWORK: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"})
_MASTER = "master.key"
_RECORD = "server.json"


def open_folder(folder: Path) -> None:
    """Make the folder for its owner alone and see that it can be written; raises OperatorError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        reason = "it is a file" if folder.exists() and not folder.is_dir() else error.strerror
        sentence = f"The data folder {folder} cannot be written ({reason}); choose another one with --data."
        raise OperatorError(sentence) from error


def refuse_network(folder: Path, mounts: str | None = None) -> None:
    """SQLite's locks do not hold on network file systems; raises OperatorError. `mounts` is /proc/self/mountinfo."""
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
        except OSError:
            return
    kind = file_system(folder.resolve(), mounts)
    if kind in _NETWORK:
        raise OperatorError(f"The data folder {folder} is on a network file system ({kind}); SQLite needs a local one.")


def file_system(folder: Path, mounts: str) -> str:
    """The type of the file system below a folder, by the longest mount point above it."""
    best, kind = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = fields[4].replace("\\040", " ")
        inside = str(folder) == point or str(folder).startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, after.split()[0]
    return kind


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the folder for one server; a second one is refused in one sentence."""
    with (folder / "lock").open("a", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            sentence = f"Another server works on {folder}; stop it, or give this one a folder of its own with --data."
            raise OperatorError(sentence) from error
        yield


def write_secret(path: Path, content: bytes) -> None:
    """Replace a file at once, readable by its owner alone."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        temporary.unlink()
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def master_key(folder: Path, make: Callable[[], bytes], *, sealed: bool = False) -> bytes:
    """The 32 bytes that all keys come from; made once, refused when others can read it.

    Never made where the database is `sealed` under one already: a fresh key opens nothing, and looks like the lost one.
    """
    path = folder / _MASTER
    if sealed and not path.exists():
        raise OperatorError(f"{path} is missing, and the database is sealed under it; restore it from a backup.")
    if not path.exists():
        temporary = folder / f".{_MASTER}.{os.getpid()}"
        write_secret(temporary, make())
        # A link fails where another process was faster: its key is the one.
        with suppress(FileExistsError):
            os.link(temporary, path)
        temporary.unlink()
    if path.stat().st_mode & 0o077:
        raise OperatorError(f"{path} can be read by others; run: chmod 600 {path}")
    content = path.read_bytes()
    if len(content) != 32:
        raise OperatorError(f"{path} is damaged: 32 bytes are needed; restore it from a backup.")
    return content


def refuse_emptied(folder: Path, database: Path) -> None:
    """An empty file is a fresh database to SQLite; where a server has been, it is one that was lost. OperatorError."""
    if (folder / _MASTER).exists() and database.is_file() and database.stat().st_size == 0:
        raise OperatorError(
            f"The database {database} is empty, though a server has been here; restore a backup, or remove the file "
            "for a fresh start."
        )


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Say where the server of this folder listens, for the commands beside it."""
    write_secret(folder / _RECORD, json.dumps(record).encode())


def read_record(folder: Path) -> dict[str, Any] | None:
    """What the last server wrote; None if there was none."""
    try:
        found: dict[str, Any] = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found
