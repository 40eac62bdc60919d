"""Law: a caisse that lived on paper begins with what it holds, once, when two people read the same and the bank explains it."""

from collections.abc import Callable
from typing import Any

import pytest

from clearing.authoriser.bodies import Body
from clearing.authoriser.commands import Order, decide
from clearing.authoriser.founding import decide_found
from clearing.events.catalogue import Event
from clearing.events.opening import OpeningAccepted, OpeningProposed
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.ledger.postings import Ledger
from clearing.values import MemberId, PersonId, Position, PurseKind
from tests.living_caisse import AMINA, BRUNO, CODE, DAY_US, KEYS, MAY_1, founding

CREDIT, OWN = PurseKind("credit"), PurseKind("own")
JUNE_1 = MAY_1 + 31 * DAY_US


def rows(**changed: Any) -> dict[str, object]:
    """Two members with 60.00 of credit and 5.00 of their own, 40.00 owed; 200.00 left of 500.00."""
    listed: dict[str, object] = {
        "as_of": "2026-04-30", "bank_cents": 30_500,
        "purses": [
            {"member": "m-1", "purse": "credit", "fund": "general", "cents": 2_000, "expires_us": JUNE_1},
            {"member": "m-2", "purse": "credit", "fund": "general", "cents": 4_000, "expires_us": JUNE_1 + DAY_US},
            {"member": "m-2", "purse": "own", "cents": 500},
        ],
        "funds": [{"fund": "general", "notified_cents": 0, "received_cents": 50_000, "engaged_cents": 30_000}],
        "debts": [{"producer": "field", "cents": 4_000}],
    }  # fmt: skip
    return listed | changed


class Room:
    """A founded caisse with two members and a producer; orders are decided and applied, beside the double entry."""

    def __init__(self) -> None:
        self.book, self.ledger, self.at_us = Book(), Ledger(), int(MAY_1)
        events = decide_found(CODE, founding(), founder_kid=KEYS[AMINA].kid, at_us=MAY_1)
        assert isinstance(events, tuple)
        for event in events:
            self.apply(event)
        self.order(AMINA, "admit_members", {"members": [{"member": "m-1", "groups": []}, {"member": "m-2", "groups": []}]})
        self.order(AMINA, "admit_producers", {"producers": [{"producer": "field", "name": "Field", "structures": []}]})

    def apply(self, event: Event) -> None:
        self.at_us += 1
        position = self.book.position + 1
        self.book.apply(event, position, self.at_us)
        self.ledger.post(event, Position(position))

    def order(self, by: PersonId, verb: str, body: dict[str, object]) -> Event | Declined:
        result = decide(verb, Order(
            book=self.book, body=Body(body, "It"), by=by, at_us=self.at_us, details_wait_us=0, clock_step_us=0,
        ))  # fmt: skip
        if isinstance(result, Declined):
            return result
        for event in result:
            self.apply(event)
        return result[-1]

    def declined(self, by: PersonId, verb: str, body: dict[str, object]) -> str:
        found = self.order(by, verb, body)
        assert isinstance(found, Declined), found
        return found.why

    def purse(self, member: str, kind: PurseKind) -> list[tuple[str, int]]:
        lots = self.book.allocation.spendable(self.book.members.members[MemberId(member)], kind, self.at_us)
        return [(lot.id, lot.cents) for lot in lots]


def opened() -> Room:
    room = Room()
    room.order(AMINA, "propose_opening", rows())
    room.order(BRUNO, "accept_opening", rows())
    return room


def test_what_two_people_read_alike_is_in_purses_funds_and_debts() -> None:
    room = Room()
    proposed = room.order(AMINA, "propose_opening", rows())
    assert isinstance(proposed, OpeningProposed)
    assert proposed.totals == (20_000, 6_500, 4_000, 30_500, 0, 0)
    assert not room.purse("m-1", CREDIT)
    accepted = room.order(BRUNO, "accept_opening", rows())
    assert isinstance(accepted, OpeningAccepted)
    at = room.book.position
    assert room.purse("m-1", CREDIT) == [(f"x{at}", 2_000)]
    assert room.purse("m-2", CREDIT) == [(f"x{at}.1", 4_000)]
    assert room.purse("m-2", OWN) == [(f"x{at}.2", 500)]
    assert room.book.settlement.owed["field"].net_cents() == 4_000  # type: ignore[index]
    assert room.book.funds["general"].free_cents() == 20_000  # type: ignore[index]
    balances = {name: -cents for name, cents in room.ledger.balances.items() if cents}
    assert balances == {
        "bank": -30_500, "fund:general": 20_000, "purse:credit": 6_000, "purse:own": 500, "owed:field": 4_000,
    }  # fmt: skip


def test_opening_lots_lapse_at_their_time_one_by_one_back_to_their_fund() -> None:
    room, cents = opened(), list[int]()
    assert room.book.due(JUNE_1 - 1) is None
    while (event := room.book.due(JUNE_1 + DAY_US)) is not None:
        room.at_us = JUNE_1 + DAY_US + len(cents)
        room.apply(event)
        cents.append(getattr(event, "cents", 0))
    assert cents == [2_000, 4_000]
    assert room.book.funds["general"].free_cents() == 26_000  # type: ignore[index]
    assert -room.ledger.balances["fund:general"] == 26_000
    assert room.purse("m-2", OWN) == [(f"x{room.book.position - 2}.2", 500)]


def test_who_proposed_can_not_accept_and_another_list_is_not_accepted() -> None:
    room = Room()
    assert "first one person runs" in room.declined(BRUNO, "accept_opening", rows())
    room.order(AMINA, "propose_opening", rows())
    assert "another person" in room.declined(AMINA, "accept_opening", rows())
    moved = rows(purses=[
        {"member": "m-1", "purse": "credit", "fund": "general", "cents": 6_000, "expires_us": JUNE_1},
        {"member": "m-2", "purse": "own", "cents": 500},
    ])  # fmt: skip
    assert "not the list that amina proposed" in room.declined(BRUNO, "accept_opening", moved)
    assert isinstance(room.order(BRUNO, "accept_opening", rows()), OpeningAccepted)


def test_a_new_proposal_takes_the_place_of_the_one_before() -> None:
    room = Room()
    room.order(AMINA, "propose_opening", rows(as_of="2026-04-29"))
    room.order(BRUNO, "propose_opening", rows())
    assert "another person" in room.declined(BRUNO, "accept_opening", rows())
    assert isinstance(room.order(AMINA, "accept_opening", rows()), OpeningAccepted)


def test_it_is_given_once() -> None:
    assert "given once" in opened().declined(AMINA, "propose_opening", rows())


def test_after_the_first_sale_it_is_too_late() -> None:
    room = Room()
    room.order(AMINA, "propose_opening", rows())
    room.book.operations.kept[b"t" * 24] = b""
    assert "before the first sale" in room.declined(BRUNO, "accept_opening", rows())


def fund(**changed: int) -> Callable[[], dict[str, object]]:
    line = {"fund": "general", "notified_cents": 0, "received_cents": 50_000, "engaged_cents": 30_000} | changed
    return lambda: rows(funds=[line])


def purse(**changed: Any) -> Callable[[], dict[str, object]]:
    line = {"member": "m-1", "purse": "credit", "fund": "general", "cents": 6_500} | changed
    return lambda: rows(purses=[{name: value for name, value in line.items() if value is not None}])


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        (lambda: rows(bank_cents=30_000), "add up to 305.00 EUR, but 300.00 EUR are said to be at the bank"),
        (fund(engaged_cents=5_999, received_cents=25_999), "purses hold 60.00 EUR of it"),
        (fund(received_cents=20_000, engaged_cents=30_000), "engaged more than it received"),
        (lambda: rows(as_of="2026-05-02"), "is not over yet"),
        (lambda: rows(funds=[]), "not among the funds"),
        (lambda: rows(purses=[], funds=[], debts=[]), "0 rows"),
        (lambda: rows(debts=[{"producer": "mill", "cents": 4_000}]), "no producer mill"),
        (lambda: rows(debts=[{"producer": "field", "cents": 2_000}] * 2), "stands once"),
        (purse(member="m-9"), "no member m-9"),
        (purse(expires_us=MAY_1), "lapsed already"),
        (purse(cents=0), "at least one cent"),
        (purse(fund=None), "the purse own holds"),
        (purse(purse="own"), "the purse own holds"),
        (purse(fund="nowhere"), "no fund nowhere"),
        (purse(purse="own", fund=None, expires_us=JUNE_1), "does not lapse"),
    ],
)
def test_a_list_that_does_not_hold_is_declined_with_the_row_and_the_reason(
    listed: Callable[[], dict[str, object]], said: str
) -> None:
    room = Room()
    assert said in room.declined(AMINA, "propose_opening", listed())
    assert room.book.opening.proposed is None


def with_a_grant() -> Room:
    room = Room()
    grant = {"fund": "grant", "kind": "sponsor", "name": "Grant", "advance_cents": 1_000, "decision": "ag-2026-04"}
    room.order(AMINA, "open_fund", grant)
    return room


def test_announced_money_may_be_engaged_up_to_the_voted_advance() -> None:
    room = with_a_grant()
    line = {"fund": "grant", "notified_cents": 5_000, "received_cents": 3_000, "engaged_cents": 4_000}
    lots = [{"member": "m-1", "purse": "credit", "fund": "grant", "cents": 4_000}]
    listed = rows(funds=[line], purses=lots, debts=[], bank_cents=3_000)
    room.order(AMINA, "propose_opening", listed)
    assert isinstance(room.order(BRUNO, "accept_opening", listed), OpeningAccepted)
    assert room.book.funds["grant"].free_cents() == 0  # type: ignore[index]
    assert room.ledger.balances["fund:grant"] == 1_000
    more = rows(funds=[line | {"engaged_cents": 4_001}], purses=lots, debts=[], bank_cents=2_999)
    assert "may advance" in with_a_grant().declined(AMINA, "propose_opening", more)
