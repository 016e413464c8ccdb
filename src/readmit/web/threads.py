"""The threads behind the loop: for lists and what takes several transactions, and apart for what waits for others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from readmit.domain.errors import Unavailable
from readmit.web.call import Apart, Step, Work

_THREADS: Final = 8
_LISTS: Final = 2
"""Lists are made of Python: more of them at a time are none the faster, and the loop waits behind each."""
_APART: Final = 16
"""Threads, and requests, that wait for somebody else at a time."""


class Threads:
    """Three pools: whoever is slow in the one does not hold up the others. `read` is what lists are read by."""

    def __init__(self, read: Callable[..., Any], *, apart: int = _APART) -> None:
        self._read = read
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="readmit-work")
        self._lists = ThreadPoolExecutor(max_workers=_LISTS, thread_name_prefix="readmit-list")
        self._apart = ThreadPoolExecutor(max_workers=apart, thread_name_prefix="readmit-apart")
        self._free = threading.BoundedSemaphore(apart)

    async def run(self, step: Work) -> Step:
        """The work of a step, rendered. Raises Unavailable where too much waits for others already."""
        loop = asyncio.get_running_loop()
        if not isinstance(step, Apart):
            lists = step.function == self._read
            return await loop.run_in_executor(self._lists if lists else self._threads, step.done)
        # No queue: one for somebody slow would fill the server. The thread is taken until its work ends, whoever
        # still waits for that.
        if not self._free.acquire(blocking=False):
            raise Unavailable

        def work() -> Step:
            try:
                return step.done()
            finally:
                self._free.release()

        begun = loop.run_in_executor(self._apart, work)
        begun.add_done_callback(_heard)
        # Who gives up does not take back what has not begun: it would never give its thread back.
        return await asyncio.shield(begun)

    async def call(self, function: Callable[[], Any]) -> Any:
        """What a function answers that takes a while."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    def close(self) -> None:
        """Let running work end."""
        self._threads.shutdown(wait=True)
        self._lists.shutdown(wait=True)
        self._apart.shutdown(wait=True)


def _heard(ended: asyncio.Future[Any]) -> None:
    """Nobody may wait for the error any more."""
    if not ended.cancelled():
        ended.exception()
