"""What one person's leaving or a year's tax receipts cost does not grow with everybody else: shown by counting, not by time."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given as having, strategies as st

from clearing.events.codes import Code
from clearing.events.cotisations import TaxReceiptIssued
from clearing.events.members import CardIssued
from clearing.rules.people.members import Card
from clearing.rules.treasury import gifts
from clearing.rules.treasury.gifts import Wanted
from clearing.values import CardId, Cents, MemberId
from tests.given_when_then import Story, given
from tests.household_sayings import leave
from tests.rules.test_cotisations import CLUB, basis
from tests.sayings import AMINA, FOUNDED, card, card_of, member

DONORS = 2_000


class NotWalked(dict[CardId, Card]):
    """A million cards that nobody looks through."""

    def values(self) -> Any:
        raise AssertionError("every card is looked at")

    items = __iter__ = values


def test_who_leaves_has_all_cards_blocked_and_nobody_elses_is_looked_at() -> None:
    people = [event for place in range(50) for event in (member(f"m-{place}"), card(f"m-{place}"))]
    others = [
        CardIssued(card=card_of(f"second {n}"), key_version=1, member=MemberId("m-7"), alias=f"s {n}", by=AMINA) for n in (1, 2)
    ]
    story = given(*FOUNDED, *people, *others)
    story.book.members.cards = NotWalked(story.book.members.cards)
    story.when(leave("m-7")).sweep()
    cards = story.book.members.cards
    assert [cards[card_of(name)].blocked for name in ("m-7", "second 1", "second 2")] == [Code.BLOCKED] * 3
    assert cards[card_of("m-8")].blocked is None


@having(given_to=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=30))
def test_the_cards_of_a_member_are_those_that_say_so_however_often_issued_anew(given_to: list[tuple[int, int]]) -> None:
    story = given(*FOUNDED, *(member(f"m-{place}") for place in range(4)))
    for version, (name, owner) in enumerate(given_to):
        story.and_given(CardIssued(
            card=card_of(f"c {name}"), key_version=version, member=MemberId(f"m-{owner}"), alias=f"c {name}", by=AMINA
        ))
    everybody = story.book.members
    for holder in everybody.members:
        naive = {one.alias for one in everybody.cards.values() if one.member == holder}
        found = [one.alias for one in everybody.cards_of(holder)]
        assert (len(found), set(found)) == (len(naive), naive)


class Donor(str):
    """A name that counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        Donor.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


class Unread(list[gifts.TaxReceipt]):
    """Receipts of a year that are counted and added to, and not gone through."""

    def __iter__(self) -> Iterator[gifts.TaxReceipt]:
        raise AssertionError("every receipt of the year is looked at")


def campaign() -> tuple[Story, list[Wanted]]:
    """Each donor gave 10.00 before and has a receipt, and gave 5.00 since."""
    story = basis(given(*CLUB))
    room, names = story.book.gifts, [Donor(f"donor:d-{place}") for place in range(DONORS)]
    for number, name in enumerate(names, 1):
        gifts.give(room, 2026, name, 1_000)
        gifts.evolve_issued(room, TaxReceiptIssued(
            year=2026, number=number, donor=name, cents=Cents(1_000), issued_on="2026-05-01", sha256=b"s" * 32, by=AMINA
        ))  # fmt: skip
        gifts.give(room, 2026, name, 500)
    room.receipts[2026] = Unread(room.receipts[2026])
    return story, [Wanted(DONORS + number, name, Cents(500), b"t" * 32) for number, name in enumerate(names, 1)]


def test_the_receipts_of_a_year_are_issued_in_steps_that_grow_with_them_and_not_with_their_square() -> None:
    story, wanted = campaign()
    Donor.compared = 0
    issued = gifts.decide_issue(
        story.book.gifts, year=2026, wanted=wanted, issued_on="2026-05-01", by=AMINA,
        today=story.book.caisse.calendar.day(story.at_us),
    )  # fmt: skip
    assert isinstance(issued, tuple)
    assert len(issued) == DONORS
    assert Donor.compared <= 20 * DONORS


def test_a_donor_named_twice_or_covered_by_a_receipt_is_still_declined() -> None:
    story, wanted = campaign()
    for wrong in ([wanted[0], wanted[0]._replace(number=DONORS + 2)], [wanted[0]._replace(cents=Cents(1_500))]):
        found = gifts.decide_issue(
            story.book.gifts, year=2026, wanted=wrong, issued_on="2026-05-01", by=AMINA,
            today=story.book.caisse.calendar.day(story.at_us),
        )  # fmt: skip
        assert not isinstance(found, tuple)
