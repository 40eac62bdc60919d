"""What a seal must not miss, room by room with the command that ends it; and behind it time makes nothing happen."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from clearing.events.closing import CaisseSealed
from clearing.events.households import EaterJoined
from clearing.rules.amap.contracts import Contract
from clearing.rules.between.interchange import Half, Net
from clearing.rules.book import Book
from clearing.rules.ends.closing import leftovers
from clearing.rules.treasury.cotisations import Unpaid
from clearing.values import (
    BatchId,
    CaisseCode,
    ContractId,
    EaterId,
    FundId,
    MemberId,
    OperationId,
    SeasonId,
    TerminalId,
)
from tests.given_when_then import given
from tests.sayings import AMINA, BRUNO, FOUNDED, MARKET

OTHER = CaisseCode("lys")
X = OperationId(b"x" * 16)
HALF = Half(OTHER, TerminalId(b"t" * 8), X, 300, "2026-05-20", "captured")


def contract(held: int) -> Contract:
    return Contract(
        season=SeasonId("veg"), member=MemberId("m-1"), number=X, portions=(), fund=None, fund_until="", total_cents=held,
        weights={}, dues=[], held_cents=held,
    )


def named(room: str, **values: Any) -> Callable[[Book], None]:
    def put(book: Book) -> None:
        for name, value in values.items():
            setattr(getattr(book, room), name, value)

    return put


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (named("contracts", contracts={ContractId("c"): contract(900)}), "9.00 EUR of contract c are at the caisse"),
        (named("takings", in_box={"cash": 1_250}), "12.50 EUR of cash are in the box"),
        (named("takings", counted={3: None}), "clearing deposit confirm 3"),
        (
            named("cotisations", unpaid={(MemberId("m-1"), "2026-05", FundId("general")): Unpaid(500, (BRUNO,))}),
            "5.00 EUR that m-1 paid for 2026-05 came back from the bank",
        ),
        (named("solidarity", claims=[None, None]), "draws of a day wait for its close"),
        (named("exceptions", open={7: None}), "clearing exception propose"),
        (named("interchange", halves={X: HALF}, open_halves={X: 1}), "a sale of 2026-05-20 waits for lys's word"),
        (named("interchange", halves={X: HALF}, refused={X: 1}), "lys refused 3.00 EUR of 2026-05-20"),
        (named("interchange", held={OTHER: 300}), "3.00 EUR are held for lys"),
        (named("interchange", balances={OTHER: 400}), "lys owes 4.00 EUR"),
        (named("interchange", balances={OTHER: -400}), "4.00 EUR are owed to lys"),
        (named("interchange", nets={"2026-05-20": Net((), -5)}), "clearing interchange paid 2026-05-20"),
        (named("opening", proposed=SimpleNamespace()), "clearing opening accept"),
        (named("households", owed={MemberId("m-1"): 200}), "2.00 EUR are payable to m-1"),
        (named("closing", own={MemberId("m-1"): 200}), "clearing caisse own-paid m-1"),
        (named("closing", rests={FundId("general"): 200}), "clearing caisse rest-paid general"),
    ],
)  # fmt: skip
def test_a_seal_misses_nothing_that_is_owed_held_or_waiting(put: Callable[[Book], None], said: str) -> None:
    story = given(*FOUNDED)
    assert list(leftovers(story.book)) == []
    put(story.book)
    (left,) = leftovers(story.book)
    assert said in left


def test_what_is_paid_or_empty_stands_in_nobodys_way() -> None:
    book = given(*FOUNDED).book
    book.contracts.contracts[ContractId("c")] = contract(0)
    book.takings.in_box["cash"] = 0
    book.interchange.balances[OTHER] = book.interchange.held[OTHER] = 0
    book.interchange.nets = {"2026-05-19": Net((), 0), "2026-05-20": Net((), 7, "bank line")}
    assert list(leftovers(book)) == []


def test_opening_balances_that_can_no_longer_be_accepted_stand_in_nobodys_way() -> None:
    book = given(*FOUNDED).book
    book.opening.proposed = SimpleNamespace()  # type: ignore[assignment]
    paid_nobody = SimpleNamespace(closed=SimpleNamespace(total_cents=0), payouts={}, under_way=lambda: False)
    book.settlement.batches[BatchId(1)] = paid_nobody  # type: ignore[assignment]
    assert list(leftovers(book)) == []


def test_behind_the_seal_time_makes_nothing_happen() -> None:
    grows = EaterJoined(
        member=MemberId("m-1"), eater=EaterId("child"), credit_class="child", next_class="adult", next_period="2026-09",
        by=BRUNO,
    )  # fmt: skip
    story = given(*MARKET, grows)
    assert story.book.due(story.at("2027-01-01 08:00:00").at_us) is not None
    assert story.and_given(CaisseSealed(by=AMINA)).sweep().swept == []
