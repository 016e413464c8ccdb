"""Head and body of an answer are one write; nothing that was written is lost or comes in another order."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from readmit.cli.corked import Corked


class Recorder(asyncio.Transport):
    """A transport that keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False
        self.aborted = False
        self.waiting = 0

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def abort(self) -> None:
        self.aborted = True

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
        corked = Corked(recorder, asyncio.get_running_loop())
        corked.write(b"head")
        corked.write(b"body")
        assert recorder.writes == [b"headbody"]
        await asyncio.sleep(0)
        assert recorder.writes == [b"headbody"]

    asyncio.run(answer())


def test_a_head_alone_leaves_when_the_turn_ends() -> None:
    async def answer() -> None:
        recorder = Recorder()
        corked = Corked(recorder, asyncio.get_running_loop())
        corked.write(b"head")
        await asyncio.sleep(0)
        assert recorder.writes == [b"head"]

    asyncio.run(answer())


def test_what_is_held_leaves_before_the_connection_closes() -> None:
    async def answer() -> None:
        recorder = Recorder()
        corked = Corked(recorder, asyncio.get_running_loop())
        corked.write(b"last words")
        corked.close()
        assert recorder.writes == [b"last words"]
        assert recorder.closed
        assert corked.get_extra_info("peername") == ("192.0.2.1", 4)
        await asyncio.sleep(0)

    asyncio.run(answer())


def test_a_client_that_goes_within_the_turn_is_no_defect() -> None:
    async def answer() -> None:
        recorder = Recorder()
        corked = Corked(recorder, asyncio.get_running_loop())
        corked.write(b"head")
        recorder.closed = True
        await asyncio.sleep(0)
        assert recorder.writes == []

    asyncio.run(answer())


class Clock:
    """A loop whose time is turned by hand."""

    def __init__(self) -> None:
        self.later: list[asyncio.TimerHandle] = []

    def call_later(self, _seconds: float, function: Any, *arguments: Any) -> asyncio.TimerHandle:
        made = asyncio.TimerHandle(0, function, arguments, self)  # type: ignore[arg-type]
        self.later.append(made)
        return made

    def turn(self) -> None:
        due, self.later = self.later, []
        for handle in due:
            if not handle.cancelled():
                handle._run()

    def get_debug(self) -> bool:
        return False

    def _timer_handle_cancelled(self, _handle: object) -> None:
        """asyncio tells the loop."""


def test_an_answer_that_is_read_bit_by_bit_may_take_its_time_and_one_that_is_not_read_ends() -> None:
    """Reliability section 7: who reads nothing keeps neither a connection nor the memory of an answer."""
    clock, recorder = Clock(), Recorder()
    corked = Corked(recorder, clock)  # type: ignore[arg-type]
    recorder.waiting = 300
    corked.watch()
    corked.watch()
    assert len(clock.later) == 1
    for waiting in (200, 100):
        recorder.waiting = waiting
        clock.turn()
        assert not recorder.aborted
    clock.turn()
    assert recorder.aborted


def test_nobody_is_watched_whose_answer_is_read_or_who_is_gone() -> None:
    clock, recorder = Clock(), Recorder()
    corked = Corked(recorder, clock)  # type: ignore[arg-type]
    corked.unwatch()
    corked.close()
    assert clock.later == []
    recorder.waiting = 5
    corked.watch()
    recorder.waiting = 0
    clock.turn()
    assert clock.later == []
    recorder.waiting = 5
    corked.watch()
    corked.unwatch()
    clock.turn()
    assert not recorder.aborted


@given(st.lists(st.one_of(st.binary(max_size=3), st.just(None)), max_size=30))
def test_every_byte_arrives_once_and_in_order(steps: list[bytes | None]) -> None:
    """None is a turn of the loop."""

    async def answer() -> None:
        recorder = Recorder()
        corked = Corked(recorder, asyncio.get_running_loop())
        for step in steps:
            if step is None:
                await asyncio.sleep(0)
            else:
                corked.write(step)
        corked.close()
        assert b"".join(recorder.writes) == b"".join(step for step in steps if step)

    asyncio.run(answer())
