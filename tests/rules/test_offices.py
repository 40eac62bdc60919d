"""Two people for persons, bank details and batches: every attempt of one alone is declined with words that say what to do."""

import pytest

from clearing.events.caisse import PersonNamed
from clearing.events.catalogue import Event
from clearing.events.producers import BankDetailsApproved, BankDetailsProposed
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.stalls import producers
from clearing.rules.voted import caisse
from clearing.rules.voted.offices import ALLOWED_ROLES, DEPUTIES, ROLES, may
from clearing.values import PersonId
from clearing.wire.commands import person_number
from tests.given_when_then import Story, given
from tests.sayings import AMINA, BRUNO, CHLOE, FOUNDED, GARDEN, Decide, producer

DAY_US = 86_400_000_000


def propose(person: PersonId, by: PersonId, *roles: str) -> Decide:
    return lambda book, _at: caisse.decide_propose_person(
        book.caisse, person=person, key=person.encode() * 6, roles=roles or ("approver",), by=by
    )


def confirm(person: PersonId, by: PersonId) -> Decide:
    def decide(book: Book, _at: int) -> PersonNamed | Declined:
        seen = book.caisse.proposed.get(person)
        key, roles = (seen.key, seen.roles) if seen is not None else (b"", ())
        return caisse.decide_confirm_person(
            book.caisse, person=person, number=person_number(person), key=key, roles=roles, by=by
        )

    return decide


def remove(person: PersonId, by: PersonId = AMINA) -> Decide:
    return lambda book, _at: caisse.decide_remove_person(book.caisse, person=person, by=by)


def details(digest: bytes, by: PersonId) -> Decide:
    return lambda book, _at: producers.decide_propose_details(book.producers, producer=GARDEN, details=digest, by=by)


def accept(by: PersonId) -> Decide:
    def decide(book: Book, at_us: int) -> BankDetailsApproved | Declined:
        seen = book.producers.producers[GARDEN].proposed
        return producers.decide_approve_details(
            book.producers, producer=GARDEN, details=seen.details if seen else b"", wait_us=2 * DAY_US, by=by, at_us=at_us
        )

    return decide


def declined(story: Story) -> str:
    assert isinstance(story.last, Declined), story.last
    return story.last.why


def test_naming_somebody_takes_one_who_proposes_and_another_who_confirms() -> None:
    story = given(*FOUNDED).when(propose(CHLOE, AMINA)).then("00")
    assert may(story.book.caisse.persons.get(CHLOE), "approve_batch") is not None
    story.when(confirm(CHLOE, BRUNO)).then("00", epoch=1, named_by=(AMINA, BRUNO))
    assert may(story.book.caisse.persons[CHLOE], "approve_batch") is None


@pytest.mark.parametrize("by", [AMINA, CHLOE])
def test_neither_who_proposed_nor_who_is_named_confirms(by: PersonId) -> None:
    assert "needs two people" in declined(given(*FOUNDED).when(propose(CHLOE, AMINA)).when(confirm(CHLOE, by)))


def test_nobody_is_confirmed_whom_nobody_proposed() -> None:
    declined(given(*FOUNDED).when(confirm(CHLOE, BRUNO)))
    story = given(*FOUNDED).when(propose(CHLOE, AMINA)).when(confirm(CHLOE, BRUNO))
    declined(story.when(confirm(CHLOE, BRUNO)))


def test_a_new_key_of_a_known_person_is_a_new_epoch() -> None:
    story = given(*FOUNDED).when(propose(BRUNO, AMINA, "approver"))
    assert "two people" in declined(story.when(confirm(BRUNO, AMINA)))
    story.when(propose(BRUNO, BRUNO, "approver")).when(confirm(BRUNO, BRUNO))
    assert "not the person named" in declined(story)
    story.when(confirm(BRUNO, AMINA)).then("00", epoch=2, named_by=(BRUNO, AMINA))


def test_roles_that_do_not_exist_are_named() -> None:
    assert ", ".join(ROLES) in declined(given(*FOUNDED).when(propose(CHLOE, AMINA, "king")))


@pytest.mark.parametrize("person", [AMINA, BRUNO])
def test_a_caisse_keeps_a_treasurer_and_an_approver_who_are_two(person: PersonId) -> None:
    assert "name the successor first" in declined(given(*FOUNDED).when(remove(person)))


def test_who_has_left_commands_nothing_any_more() -> None:
    story = given(*FOUNDED).when(propose(CHLOE, AMINA, "approver")).when(confirm(CHLOE, BRUNO)).when(remove(BRUNO)).then("00")
    assert all(may(story.book.caisse.persons[BRUNO], verb) is not None for verb in ALLOWED_ROLES)
    assert may(None, "grant") is not None


def test_each_verb_is_open_to_its_roles_and_to_no_other() -> None:
    for role in ROLES:
        story = given(*FOUNDED).when(propose(CHLOE, AMINA, role)).when(confirm(CHLOE, BRUNO))
        open_to = {verb for verb in ALLOWED_ROLES if may(story.book.caisse.persons[CHLOE], verb) is None}
        assert open_to == {verb for verb, roles in ALLOWED_ROLES.items() if DEPUTIES.get(role, role) in roles}


ADMITTED: tuple[Event, ...] = producer()[:2]


def test_the_first_bank_details_are_paid_to_at_once_and_changed_ones_after_a_wait() -> None:
    story = given(*FOUNDED, *ADMITTED).when(details(b"1" * 32, AMINA)).when(accept(BRUNO)).then("00")
    known = story.book.producers.producers[GARDEN]
    assert known.details_at(story.book.at_us) == b"1" * 32
    story.when(details(b"2" * 32, AMINA)).when(accept(BRUNO)).then("00")
    accepted_us = story.book.at_us
    assert known.details_at(accepted_us + 2 * DAY_US - 1) == b"1" * 32
    assert known.details_at(accepted_us + 2 * DAY_US) == b"2" * 32


def test_who_entered_bank_details_does_not_accept_them() -> None:
    story = given(*FOUNDED, *ADMITTED).when(details(b"1" * 32, AMINA)).when(accept(AMINA))
    assert "somebody else" in declined(story)
    assert story.book.producers.producers[GARDEN].details_at(story.book.at_us) == b""


def test_bank_details_that_replace_waiting_ones_need_acceptance_of_their_own() -> None:
    story = given(*FOUNDED, *ADMITTED).when(details(b"1" * 32, AMINA)).when(details(b"2" * 32, BRUNO))
    assert "somebody else" in declined(story.when(accept(BRUNO)))
    story.when(accept(AMINA)).then("00", details=b"2" * 32)
    assert "wait for approval" in declined(story.when(accept(AMINA)))


def test_bank_details_are_a_digest_of_32_bytes() -> None:
    assert "32-byte digest" in declined(given(*FOUNDED, *ADMITTED).when(details(b"FR76", AMINA)))


def test_the_fold_keeps_proposal_and_acceptance_apart() -> None:
    story = given(*FOUNDED, *ADMITTED, BankDetailsProposed(producer=GARDEN, details=b"1" * 32, by=AMINA))
    accepted = story.when(accept(BRUNO)).last
    assert isinstance(accepted, BankDetailsApproved)
    assert story.book.producers.producers[GARDEN].proposed is None


def test_after_a_removal_treasurer_and_approver_are_still_two_people() -> None:
    story = given(*FOUNDED).when(propose(CHLOE, AMINA, "treasurer", "approver")).when(confirm(CHLOE, BRUNO)).then("00")
    story.when(remove(AMINA)).then("00")
    assert "two people" in declined(story.when(remove(BRUNO)))
