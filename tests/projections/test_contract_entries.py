"""A producer's statement shows what contracts bring and what goes back of them, and only to the producer."""

from dataclasses import replace
from typing import Any

import pytest

from clearing.audit.sums import book_balances
from clearing.events.contracts import ContractEnded, ContractPaidOver, InstalmentReceived, InstalmentReturned
from clearing.projections.details import About, entries
from clearing.rules.stalls.debts import debts
from clearing.values import Cents
from tests.events.making import example_of
from tests.given_when_then import given
from tests.projections.recording import ViewedCaisse
from tests.rules.contract_sayings import end, fund_parts, pay, pay_over, several, sign, through, weeks
from tests.sayings import MARKET, close, opened, received

ROOM = (InstalmentReceived, InstalmentReturned, ContractEnded, ContractPaidOver)


@pytest.mark.parametrize("kind", ROOM)
def test_each_debt_of_a_contract_is_a_line_of_its_producers_statement(kind: type[Any]) -> None:
    event = example_of(kind)
    [debt] = debts(event)
    about = About({7: (1, event)}, {7: None}, {})
    [entry] = entries(debt.producer, [7], about)
    assert entry.card_cents == entry.gross_cents == debt.captured_cents - debt.refunded_cents
    assert entry.kind == ("capture" if debt.captured_cents else "refund")
    assert list(entries("somebody-else", [7], about)) == []


def test_a_cheque_to_the_producer_is_no_debt_of_the_caisse() -> None:
    event = example_of(InstalmentReceived)
    assert isinstance(event, InstalmentReceived)
    assert debts(replace(event, fund=None, into="", cents=Cents(5))) == ()


async def test_the_views_and_a_batch_add_up_what_contracts_brought(viewed: ViewedCaisse) -> None:
    story = given(*MARKET, opened("panier"), received(20_000, "panier"), through())
    story.when(sign(12_850, 10, fund="panier", percent=50, fund_until="2026-08-31"))
    story.when(pay(1, means="cash")).when(pay(2, means="transfer"))
    several(several(story, fund_parts("2027-12-31")), pay_over("2026-06-30"))
    story.at(f"{weeks(3)[2]} 20:00:00").when(end(weeks(3)[2])).at("2026-05-31 12:00:00").when(close("2026-05-31"))
    await viewed.record(story.history, story.instants)
    await viewed.project()
    async with viewed.asked() as views:
        statement = await views.statement(1, "garden")
        accounts = {row.account: -row.cents for row in await views.accounts() if row.cents}
        [line] = [row for row in await views.batch_lines(1) if row.producer == "garden"]
    assert sum(row.card_cents for row in statement) == line.paid_cents
    assert line.paid_cents == story.account("payable:garden")
    held = book_balances(story.book)
    assert {name: cents for name, cents in accounts.items() if name != "bank"} == held
