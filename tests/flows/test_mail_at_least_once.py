"""R4: workers that die in mid-send, greylisting and lost acknowledgements: every mail arrives, few of them twice."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from post_office import post_office

from readmit.flows import deliver, leases
from readmit.mail import smtp
from readmit.mail.smtp import Outcome
from world import House, copy_house

MAILS, KILLS, LOST = 40, 5, 6


class Killed(BaseException):
    """The worker is gone: it writes nothing any more."""


class Trouble:
    """Sends as the real thing; some sends kill their worker afterwards, of some the acknowledgement is lost."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._send, self._sends = smtp.send, 0
        self.kills = self.lost = 0

    def __call__(self, *arguments: Any, **named: Any) -> dict[str, Outcome]:
        outcomes = self._send(*arguments, **named)
        with self._lock:
            self._sends += 1
            number = self._sends
        if any(outcome.state != "accepted" for outcome in outcomes.values()):
            return outcomes
        if number % 5 == 0 and self.kills < KILLS:
            self.kills += 1
            raise Killed
        if number % 4 == 0 and self.lost < LOST:
            self.lost += 1
            return dict.fromkeys(outcomes, Outcome("temporary", "connection lost"))
        return outcomes


def test_R4_every_mail_arrives_and_twice_only_what_a_kill_or_a_lost_answer_hid(
    seeded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trouble = Trouble()
    monkeypatch.setattr(smtp, "send", trouble)
    with post_office() as office:
        house = copy_house(seeded, tmp_path, smtp=office.url, mail_from="readmit@contoso.com")
        for number in range(MAILS):
            house.invite(f"mail{number}@post.example", send=True)
        office.answers.update({f"mail{number}": "451 greylisted" for number in range(0, MAILS, 3)})
        for hour in range(6):
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda name: work(house, name), (f"a{hour}", f"b{hour}")))
            office.answers.clear()
            house.clock.pass_(seconds=3600)
        states = [row[0] for row in house.rows("SELECT state FROM outbox")]
        house.world.database.close()
    arrived = Counter(mail.rcpt_tos[0] for mail in office.taken)
    assert states == ["sent"] * MAILS
    assert len(arrived) == MAILS
    assert (trouble.kills, trouble.lost) == (KILLS, LOST)
    assert sum(arrived.values()) - MAILS == KILLS + LOST
    ids = {(mail.rcpt_tos[0], message_id(mail.content)) for mail in office.taken}
    assert len(ids) == MAILS, "every copy of a mail carries the same Message-ID"


def work(house: House, name: str) -> None:
    """A worker, who is replaced as often as he dies."""
    for life in range(KILLS + 1):
        try:
            deliver.deliver_due(house.world, f"{name}-{life}", leases.Watch())
        except Killed:
            continue
        return


def message_id(content: Any) -> str:
    return next(line for line in content.decode().splitlines() if line.lower().startswith("message-id:"))
