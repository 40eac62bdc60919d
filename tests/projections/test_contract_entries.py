"""A producer's statement shows what contracts bring and what goes back of them, and only to the producer."""

from dataclasses import replace
from typing import Any

import pytest

from clearing.events.contracts import ContractEnded, ContractPaidOver, InstalmentReceived, InstalmentReturned
from clearing.projections.details import About, entries
from clearing.rules.debts import debts
from clearing.values import Cents
from tests.events.making import example_of

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
