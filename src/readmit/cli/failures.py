"""Turns whatever went wrong into one sentence that says what to do, and an exit code (experience CL5, CL6)."""

from __future__ import annotations

import sys

from readmit.domain.errors import OperatorError, Unavailable


def sentence_of(error: Exception) -> tuple[str, int]:
    """The sentence for stderr and the exit code."""
    if isinstance(error, OperatorError):
        return error.sentence, error.exit_code
    cause = error.__cause__ if isinstance(error, Unavailable) else error
    if _is_damage(cause):
        return f"The database is damaged ({cause}); restore a backup, or move the file away.", 1
    if isinstance(error, Unavailable):
        return "The database is busy or full; check the disk and try again.", 1
    known = _of_the_client(error)
    if known is not None:
        return known
    kind = type(error).__name__
    told = " ".join(str(error).split())
    return f"This is a defect in readmit ({kind}: {told}); run it again with READMIT_DEBUG=1 for the traceback.", 1


def why(error: OSError | UnicodeDecodeError) -> str:
    """Why a file cannot be read, for a sentence that names it already."""
    if isinstance(error, UnicodeDecodeError):
        return "it is no text in UTF-8"
    return error.strerror or str(error)


def _is_damage(error: BaseException | None) -> bool:
    """What SQLite itself says of a file that is no whole database."""
    if "sqlite3" not in sys.modules:
        return False
    import sqlite3

    damage = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", None) in damage


def _of_the_client(error: Exception) -> tuple[str, int] | None:
    # Only a command that has imported the client can raise its errors.
    if "readmit.client.errors" not in sys.modules:
        return None
    from readmit.cli.output import printable
    from readmit.client.advice import explain
    from readmit.client.errors import ClientError, PartlyDone

    if not isinstance(error, ClientError):
        return None
    return printable(explain(error)), 3 if isinstance(error, PartlyDone) else 1
