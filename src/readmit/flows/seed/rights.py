"""Rights of a seed: given once, never again after they were taken away."""

from __future__ import annotations

from collections.abc import Callable

from readmit.flows.seed.run import Run, fail


def right(run: Run, scope: str, kind: str, key: str, *, grant: Callable[..., object], held: bool, alive: bool) -> None:
    """A right is given once; taken away since, it stays away but for `--force`, never for a deleted object."""
    known = (scope, kind, key) in run.known
    if not known and alive:

        def make() -> str:
            grant()
            return key

        run.once(scope, kind, key, make)
    elif held:
        return
    elif known and run.force and alive:
        grant()
        run.report.applied.append(f"{kind} {key}")
    else:
        run.report.differs.append(f"{kind} {key}")


def missing(run: Run, right: tuple[str, str, str], line: int, text: str) -> None:
    """What a right names is not there: gone since an earlier run gave it, or a mistake in the file."""
    if right not in run.known:
        raise fail(line, text)
    run.report.differs.append(f"{right[1]} {right[2]}")
