"""Law: passkeys are their person's own; a lost second factor takes two other officers, some hours and one pairing."""

import pytest

from clearing.events.caisse import PersonRemoved
from clearing.events.factors import (
    NewFactorAllowed,
    NewFactorDropped,
    NewFactorPaired,
    NewFactorProposed,
    PasskeyAdded,
    PasskeyRemoved,
)
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.voted import factors
from clearing.values import PersonId
from tests.given_when_then import given
from tests.sayings import AMINA, BRUNO, FOUNDED

CLEO = PersonId("cleo")
WHY, NOON, ADDRESS = "Her phone fell into the canal.", 1_000_000, b"h" * 32


def added(person: PersonId = BRUNO, passkey: bytes = b"p" * 32, label: str = "phone") -> PasskeyAdded:
    return PasskeyAdded(person=person, passkey=passkey, algorithm="Ed25519", key=b"k" * 32, site="localhost", label=label)


def add(book: Book, passkey: bytes, label: str, by: PersonId = BRUNO) -> PasskeyAdded | Declined:
    return factors.decide_add(
        book.factors, passkey=passkey, algorithm="Ed25519", key=b"k" * 32, site="localhost", label=label, by=by
    )


def told(result: object) -> str:
    assert isinstance(result, Declined), result
    return result.why


def proposed(by: PersonId = AMINA, person: PersonId = BRUNO) -> NewFactorProposed:
    return NewFactorProposed(person=person, reason=WHY, by=by)


def allowed() -> NewFactorAllowed:
    return NewFactorAllowed(
        person=BRUNO, address_sha256=ADDRESS, until_us=NOON + factors.ADDRESS_US, allowed_by=(AMINA, CLEO)  # type: ignore[arg-type]
    )


def test_a_person_has_several_passkeys_each_under_a_name_of_its_own() -> None:
    book = given(*FOUNDED, added()).book
    assert add(book, b"q" * 32, "laptop") == added(passkey=b"q" * 32, label="laptop")
    assert "called 'phone' already" in told(add(book, b"q" * 32, "phone"))
    assert "registered here already, as 'phone' of bruno" in told(add(book, b"p" * 32, "laptop", by=AMINA))


def test_a_person_has_ten_passkeys_at_most() -> None:
    ten = [added(passkey=bytes([number]) * 32, label=f"key {number}") for number in range(factors.PASSKEYS_MAX)]
    assert "10 passkeys at most" in told(add(given(*FOUNDED, *ten).book, b"q" * 32, "one more"))


def test_a_passkey_is_ended_by_its_person_and_by_nobody_else() -> None:
    book = given(*FOUNDED, added()).book
    assert "no such passkey" in told(factors.decide_remove(book.factors, passkey=b"p" * 32, by=AMINA))
    event = factors.decide_remove(book.factors, passkey=b"p" * 32, by=BRUNO)
    assert event == PasskeyRemoved(person=BRUNO, passkey=b"p" * 32)
    assert given(*FOUNDED, added(), PasskeyRemoved(person=BRUNO, passkey=b"p" * 32)).book.factors.of(BRUNO) == []


def test_who_leaves_office_leaves_no_passkey() -> None:
    book = given(*FOUNDED, added(), added(AMINA, b"q" * 32), proposed(), PersonRemoved(person=BRUNO, by=AMINA)).book
    assert (book.factors.of(BRUNO), len(book.factors.of(AMINA)), book.factors.proposed) == ([], 1, {})


@pytest.mark.parametrize(("person", "by", "reason", "said"), [
    (PersonId("nobody"), AMINA, WHY, "holds no office"), (AMINA, AMINA, WHY, "ask another officer"),
    (BRUNO, AMINA, "lost", "in a sentence"),
])  # fmt: skip
def test_a_new_factor_is_proposed_for_another_officer_with_a_reason(
    person: PersonId, by: PersonId, reason: str, said: str
) -> None:
    book = given(*FOUNDED).book
    assert said in told(factors.decide_propose(book.factors, book.caisse.persons, person=person, reason=reason, by=by))


def test_one_proposal_waits_at_a_time() -> None:
    book = given(*FOUNDED, proposed()).book
    again = factors.decide_propose(book.factors, book.caisse.persons, person=BRUNO, reason=WHY, by=CLEO)
    assert "amina proposed that for bruno already" in told(again)


@pytest.mark.parametrize("by", [AMINA, BRUNO])
def test_neither_the_proposer_nor_the_person_herself_agrees(by: PersonId) -> None:
    book = given(*FOUNDED, proposed()).book
    refused = factors.decide_allow(book.factors, person=BRUNO, address_sha256=ADDRESS, by=by, at_us=NOON)
    assert "takes two people" in told(refused)


def test_a_third_officer_agrees_and_every_passkey_of_hers_ends() -> None:
    book = given(*FOUNDED, added(), added(AMINA, b"q" * 32), proposed()).book
    event = factors.decide_allow(book.factors, person=BRUNO, address_sha256=ADDRESS, by=CLEO, at_us=NOON)
    assert event == allowed()
    after = given(*FOUNDED, added(), added(AMINA, b"q" * 32), proposed(), allowed()).book
    assert (after.factors.of(BRUNO), len(after.factors.of(AMINA))) == ([], 1)


def test_she_pairs_once_and_within_the_hours() -> None:
    book = given(*FOUNDED, proposed(), allowed()).book
    last = NOON + factors.ADDRESS_US
    assert factors.decide_pair(book.factors, by=BRUNO, at_us=last - 1) == NewFactorPaired(person=BRUNO)
    assert "its hours are over" in told(factors.decide_pair(book.factors, by=BRUNO, at_us=last))
    assert "No address" in told(factors.decide_pair(book.factors, by=AMINA, at_us=NOON))
    paired = given(*FOUNDED, proposed(), allowed(), NewFactorPaired(person=BRUNO)).book
    assert "No address" in told(factors.decide_pair(paired.factors, by=BRUNO, at_us=NOON))


def test_a_proposal_that_is_dropped_can_be_agreed_to_no_more() -> None:
    book = given(*FOUNDED, proposed()).book
    assert factors.decide_drop(book.factors, person=BRUNO, by=BRUNO) == NewFactorDropped(person=BRUNO, by=BRUNO)
    after = given(*FOUNDED, proposed(), NewFactorDropped(person=BRUNO, by=BRUNO)).book
    assert "Nobody proposed" in told(factors.decide_drop(after.factors, person=BRUNO, by=BRUNO))
    refused = factors.decide_allow(after.factors, person=BRUNO, address_sha256=ADDRESS, by=CLEO, at_us=NOON)
    assert "Nobody proposed" in told(refused)
