"""Turns whatever went wrong into one sentence that says what to do, and an exit code (experience CL6)."""

from __future__ import annotations

from readmit.domain.errors import OperatorError, Unavailable


def sentence_of(error: Exception) -> tuple[str, int]:
    """The sentence for stderr and the exit code."""
    if isinstance(error, OperatorError):
        return error.sentence, error.exit_code
    if isinstance(error, Unavailable):
        return "The database is busy or full; check the disk and try again.", 1
    known = _of_the_client(error)
    if known is not None:
        return known, 1
    kind = type(error).__name__
    return f"This is a defect in readmit ({kind}: {error}); run it again with READMIT_DEBUG=1 for the details.", 1


def _of_the_client(error: Exception) -> str | None:
    # Only a command that has imported the client can raise its errors.
    import sys

    if "readmit.client.errors" not in sys.modules:
        return None
    from readmit.client.errors import ClientError, explain

    return explain(error) if isinstance(error, ClientError) else None
