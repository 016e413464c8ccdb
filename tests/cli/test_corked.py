"""Head and body of an answer are one write; nothing that was written is lost or comes in another order."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from readmit.cli.corked import Corked


class Recorder:
    """A transport that keeps what it was given."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.writes.append(data)

    def close(self) -> None:
        self.closed = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("192.0.2.1", 4)}.get(name, default)


def test_head_and_body_leave_together_and_at_once() -> None:
    async def answer() -> None:
        recorder = Recorder()
        corked = Corked(recorder, asyncio.get_running_loop())  # type: ignore[arg-type]
        corked.write(b"head")
        corked.write(b"body")
        assert recorder.writes == [b"headbody"]
        await asyncio.sleep(0)
        assert recorder.writes == [b"headbody"]

    asyncio.run(answer())


def test_a_head_alone_leaves_when_the_turn_ends() -> None:
    async def answer() -> None:
        recorder = Recorder()
        corked = Corked(recorder, asyncio.get_running_loop())  # type: ignore[arg-type]
        corked.write(b"head")
        await asyncio.sleep(0)
        assert recorder.writes == [b"head"]

    asyncio.run(answer())


def test_what_is_held_leaves_before_the_connection_closes() -> None:
    async def answer() -> None:
        recorder = Recorder()
        corked = Corked(recorder, asyncio.get_running_loop())  # type: ignore[arg-type]
        corked.write(b"last words")
        corked.close()
        assert recorder.writes == [b"last words"]
        assert recorder.closed
        assert corked.get_extra_info("peername") == ("192.0.2.1", 4)
        await asyncio.sleep(0)

    asyncio.run(answer())


@given(st.lists(st.one_of(st.binary(max_size=3), st.just(None)), max_size=30))
def test_every_byte_arrives_once_and_in_order(steps: list[bytes | None]) -> None:
    """None is a turn of the loop."""

    async def answer() -> None:
        recorder = Recorder()
        corked = Corked(recorder, asyncio.get_running_loop())  # type: ignore[arg-type]
        for step in steps:
            if step is None:
                await asyncio.sleep(0)
            else:
                corked.write(step)
        corked.close()
        assert b"".join(recorder.writes) == b"".join(step for step in steps if step)

    asyncio.run(answer())
