"""The schema's version: plain-SQL steps in `migrations/`, run by yoyo, never at import (reliability MG1 to MG3)."""

from __future__ import annotations

import sqlite3
from contextlib import closing, redirect_stdout
from io import StringIO
from pathlib import Path
from urllib.parse import quote

from readmit.domain.errors import OperatorError

_STEPS = Path(__file__).parent / "migrations"


def known() -> list[str]:
    """The steps this program knows, in order."""
    return sorted(path.stem for path in _STEPS.glob("*.sql"))


def applied(path: Path) -> list[str]:
    """The steps that the database at `path` has; raises OperatorError for a file that is no readable database."""
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(path)) as connection:
            row = connection.execute("SELECT name FROM sqlite_master WHERE name = '_yoyo_migration'").fetchone()
            if row is None:
                _refuse_foreign(path, connection)
                return []
            return sorted(row[0] for row in connection.execute("SELECT migration_id FROM _yoyo_migration"))
    except sqlite3.OperationalError as error:
        sentence = f"The database {path} cannot be opened ({error}); check the file and its rights."
        raise OperatorError(sentence) from error
    except sqlite3.DatabaseError as error:
        sentence = f"The database {path} is damaged ({error}); restore a backup or move the file away."
        raise OperatorError(sentence) from error


def _refuse_foreign(path: Path, connection: sqlite3.Connection) -> None:
    # The bookkeeping of an upgrade that died before its first step is ours.
    others = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND tbl_name NOT GLOB '*yoyo_*' LIMIT 1"
    if connection.execute(others).fetchone():
        raise OperatorError(f"{path} is a database of another program; give readmit a data folder of its own.")


def check(path: Path) -> list[str]:
    """The steps still to do; raises OperatorError where a newer readmit has written (MG3)."""
    have, need = applied(path), known()
    newer = [step for step in have if step not in need]
    if newer:
        raise OperatorError(
            f"The database {path} is at schema {newer[-1]}, newer than this readmit's {need[-1]}; "
            "start the readmit that wrote it, or restore a backup from before the upgrade."
        )
    return [step for step in need if step not in have]


def upgrade(path: Path) -> list[str]:
    """Do the steps that are missing, each in one transaction, after a copy of an older file; returns them."""
    if not check(path):
        return []
    from readmit.storage import steps

    try:
        with steps.alone(path):
            missing = check(path)  # somebody else may have been faster
            if not missing:
                return []
            if applied(path):
                _copy(path)
            # SQLite answers ADD COLUMN with a CHECK by a row, which yoyo would print among the results of a command.
            with redirect_stdout(StringIO()):
                steps.do(path, _STEPS)
    except (sqlite3.OperationalError, OSError) as error:
        sentence = f"The database {path} cannot be brought to this version ({error}); mend that and start again."
        raise OperatorError(sentence) from error
    return missing


def _copy(path: Path) -> None:
    """A copy beside the file, as it was before the upgrade (MG1)."""
    target = path.with_suffix(f".{applied(path)[-1]}.bak")
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    target.chmod(0o600)


def integrity(path: Path) -> list[str]:
    """What SQLite finds wrong in the file: empty when it is whole."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
            found += [f"a row of {row[0]} refers to nothing" for row in connection.execute("PRAGMA foreign_key_check")]
            return found
    except sqlite3.DatabaseError as error:
        return [str(error)]
