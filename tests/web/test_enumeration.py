"""T28: who is here shows in no answer, and in no work that is done for it (security V7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import argon2
import pytest
from front import Person, Site, site

from readmit.storage.transaction import Transaction
from world import PASSWORD

__all__ = ["site"]
TENANT = "/myapps?tenantId=contoso.com"


@dataclass
class Heard:
    """What a step showed, and what was done for it."""

    status: int
    html: str
    statements: list[str]
    hashes: int


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """Statements and runs of Argon2, as they happen."""
    statements: list[str] = []
    hashes: list[str] = []

    def noting(name: str) -> None:
        original = getattr(Transaction, name)

        def noted(self: Transaction, sql: str, *arguments: Any) -> Any:
            statements.append(" ".join(sql.split()))
            return original(self, sql, *arguments)

        monkeypatch.setattr(Transaction, name, noted)

    for name in ("one", "all", "run"):
        noting(name)
    verify = argon2.PasswordHasher.verify

    def verified(self: Any, hash: str, password: str) -> Any:
        hashes.append(hash)
        return verify(self, hash, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", verified)
    return statements, hashes


def walk(site: Site, work: tuple[list[str], list[str]], address: str, *forms: dict[str, str]) -> list[Heard]:
    """A stranger types an address, then sends these forms."""
    statements, hashes = work
    person, heard = Person(site), []
    person.open(TENANT)
    for form in ({"address": address}, *forms):
        statements.clear()
        hashes.clear()
        person.submit(**form)
        heard.append(Heard(person.status, _plain(person.html, address), list(statements), len(hashes)))
    return heard


def _plain(html: str, address: str) -> str:
    """Without what differs in every flow: the address that was typed, the flow's id and the form's token."""
    html = html.replace(address, "{address}")
    html = re.sub(r"/signin/[0-9a-f-]{36}", "/signin/{flow}", html)
    html = re.sub(r'name="csrf" value="[^"]*"', 'name="csrf"', html)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "{id}", html)


CODE = ({}, {"code": "00000000"}, {"use": "resend"}, {"code": ""})
KINDS = {
    "a guest of a mailbox": ("max@post.example", "nobody@post.example", CODE),
    "a pending guest": ("pat@post.example", "nobody@post.example", CODE),
    "a guest of a home tenant": ("alice@fabrikam.com", "nobody@fabrikam.com", ({"password": "wrong"},)),
    "a guest of a home tenant, by a code": ("alice@fabrikam.com", "nobody@fabrikam.com", ({"use": "code"}, *CODE)),
    "somebody's account at a home tenant": ("bob@fabrikam.com", "nobody@fabrikam.com", ({"password": "wrong"},)),
    "a member": ("mia@contoso.com", "nobody@contoso.com", ({"password": "wrong"}, {"password": "x" * 2000})),
}


@pytest.mark.parametrize("kind", KINDS)
def test_T28_known_and_unknown_addresses_get_equal_bytes_by_equal_statements(
    site: Site, work: tuple[list[str], list[str]], kind: str
) -> None:
    known, unknown, forms = KINDS[kind]
    walk(site, work, "first@elsewhere.example")  # whatever is made once in a process
    for mine, theirs in zip(walk(site, work, known, *forms), walk(site, work, unknown, *forms), strict=True):
        assert (mine.status, mine.html) == (theirs.status, theirs.html)
        assert mine.statements == theirs.statements
        assert mine.hashes == theirs.hashes


def test_T28_each_try_of_a_password_is_one_run_of_argon2(site: Site, work: tuple[list[str], list[str]]) -> None:
    for address in ("mia@contoso.com", "nobody@contoso.com", "max@contoso.com"):
        assert [heard.hashes for heard in walk(site, work, address, {"password": "wrong"})] == [0, 1]
    person = Person(site)
    person.open(TENANT)
    person.submit(address="mia@contoso.com")
    work[1].clear()
    person.submit(password=PASSWORD)
    assert (person.path.partition("?")[0], len(work[1])) == ("/myapps", 1)


def test_T28_who_has_no_password_costs_as_much_as_who_has_one(site: Site, work: tuple[list[str], list[str]]) -> None:
    """A guest made by POST /users, and a member whose password is gone."""
    site.house.write(lambda tx: tx.run("UPDATE users SET password_hash = NULL WHERE upn = 'hal@contoso.com'"))
    mine, theirs = (walk(site, work, f"{name}@contoso.com", {"password": "wrong"})[-1] for name in ("hal", "nobody"))
    assert (mine.html, mine.statements, mine.hashes) == (theirs.html, theirs.statements, 1)


def test_T28_a_dead_link_answers_the_same_whether_a_mail_goes_out_or_not(site: Site) -> None:
    """Security L5: the button of page P2, once for the first time, once within the hour."""
    invited = site.house.invite("other@post.example")
    site.house.reset(invited.user.id, "other@post.example")
    heard = []
    for _ in range(2):
        person = Person(site)
        person.open(f"/redeem?rd=https://localhost:8443/redeem/?ticket={invited.ticket}")
        assert person.status == 410
        person.submit(use="mail")
        heard.append((person.status, _plain(person.html, "")))
    assert heard[0] == heard[1]
    assert len(site.house.rows("SELECT 1 FROM outbox WHERE kind = 'invitation'")) == 1
