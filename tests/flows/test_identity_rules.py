"""What a code is in the database, and which identity a redemption binds (security C2, I5)."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from test_redeeming import configure, dead_end
from test_upstream import ALICE, prove_at, register
from ways import Way, begin, follow

from lying_provider import LyingProvider, provider
from readmit.domain.errors import Page
from readmit.domain.guest import Accepted, Binding, Pending
from readmit.flows import methods
from readmit.flows.arrive import Arrived
from readmit.flows.codes import KEY
from readmit.flows.refuse import refuse
from world import House, a_browser


@pytest.fixture
def wingtip(house: House) -> Iterator[LyingProvider]:
    with provider(now=house.clock) as made:
        register(house, made.issuer)
        yield made


# ------------------------------------------------------------------------- C2


def _rows(house: House) -> list[Any]:
    return house.rows("SELECT salt, hash, nonce FROM passcodes ORDER BY created_at")


def test_security_C2_a_code_is_stored_under_a_salt_and_a_key_that_the_database_has_not(house: House) -> None:
    ways = [begin(house, "max@post.example", a_browser(f"{number:043d}")) for number in range(2)]
    codes = [way.ask_code() for way in ways]
    key = house.world.keyring.key(KEY)
    for code, (salt, kept, nonce) in zip(codes, _rows(house), strict=True):
        assert kept == hmac.digest(key, f"{salt}:{code}".encode(), hashlib.sha256).hex()
        keyless = (hashlib.sha256(text.encode()).hexdigest() for text in (code, f"{salt}:{code}", f"{salt}{code}"))
        assert kept not in (*keyless, hmac.digest(salt.encode(), code.encode(), hashlib.sha256).hex())
        assert hmac.digest(nonce.encode(), code.encode(), hashlib.sha256).hex() != kept
    salts, hashes, nonces = (set(column) for column in zip(*_rows(house), strict=True))
    assert [len(column) for column in (salts, hashes, nonces)] == [2, 2, 2]
    with closing(sqlite3.connect(house.world.database.path)) as connection:
        everything = "\n".join(connection.iterdump())
    for secret in (*codes, key.hex(), key.hex().upper()):
        assert secret not in everything


def test_security_C2_another_key_takes_no_code(house: House) -> None:
    """What was stolen of the database alone proves nothing, and a code of another installation neither."""
    way = begin(house, "max@post.example")
    code = way.ask_code()
    ((salt, kept, _),) = _rows(house)
    assert hmac.digest(bytes(32), f"{salt}:{code}".encode(), hashlib.sha256).hex() != kept
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    assert not way.code(wrong).right
    assert way.code(code).right


# ------------------------------------------------------------------------- I5


def _bound(house: House, user_id: str) -> Binding:
    redemption = house.guest(user_id).redemption
    assert isinstance(redemption, Accepted)
    return redemption.binding


def _come_with(house: House, wingtip: LyingProvider, address: str) -> tuple[str, Way]:
    invited = house.invite(ALICE)
    wingtip.claims = {"sub": "alice-at-wingtip", "email": address}
    way = follow(house, invited)
    prove_at(way, wingtip)
    return invited.user.id, way


@pytest.mark.parametrize("address", [ALICE, "Alice@Wingtip.Example", "ALICE@WINGTIP.EXAMPLE"])
def test_security_I5_an_address_of_the_same_key_is_the_invited_one(
    house: House, wingtip: LyingProvider, address: str
) -> None:
    guest, way = _come_with(house, wingtip, address)
    way.proceed()
    assert isinstance(way.accept(), Arrived)
    assert (_bound(house, guest).issuer, _bound(house, guest).subject) == (wingtip.issuer, "alice-at-wingtip")


OTHERS = ["bob@wingtip.example", "alice+1@wingtip.example", "a.lice@wingtip.example", "alice@mail.wingtip.example"]


@pytest.mark.parametrize("address", [*OTHERS, "\u0430lice@wingtip.example"])
def test_security_I5_another_proved_address_binds_nothing_and_a_code_binds_the_mailbox(
    house: House, wingtip: LyingProvider, address: str
) -> None:
    guest, way = _come_with(house, wingtip, address)
    assert dead_end(way.proceed) is Page.OTHER_ADDRESS
    way.do(refuse, Page.OTHER_ADDRESS)
    assert isinstance(house.guest(guest).redemption, Pending)
    way.do(methods.use_code)
    way.redeem_by_code()
    assert (_bound(house, guest).kind, _bound(house, guest).subject) == ("mail", ALICE), "not the account that came"


def test_security_I5_the_switch_is_off_and_demands_both_proofs(house: House) -> None:
    """`allowOtherAccount`: without it the code alone is bound, with it the home identity, by both in one way (L26)."""
    from readmit.domain.address import EmailAddress

    for allowed, kind in ((False, "mail"), (True, "tenant")):
        if allowed:
            configure(house, allowOtherAccount=True)
        invited = house.invite(f"alias{kind}@fabrikam.com")
        way = follow(house, invited, a_browser(kind.ljust(43, "x")))
        way.do(methods.use_other_account)
        way.do(methods.type_address, EmailAddress.parse("bob@fabrikam.com"))
        way.password()
        assert dead_end(way.proceed) is Page.OTHER_ADDRESS
        way.do(refuse, Page.OTHER_ADDRESS)
        assert isinstance(house.guest(invited.user.id).redemption, Pending)
        way.do(methods.use_code)
        way.redeem_by_code()
        assert _bound(house, invited.user.id).kind == kind
