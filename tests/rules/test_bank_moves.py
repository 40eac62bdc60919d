"""What the book looks for on a statement is what double entry moves at the bank: two tables, and stories."""

from dataclasses import replace
from typing import Any

import pytest

from clearing.events.adjustments import AdjustmentMade
from clearing.events.bank import BankMatched, BankMatchUndone, StatementImported
from clearing.events.catalogue import EVENTS
from clearing.events.contracts import InstalmentReceived, InstalmentReturned
from clearing.events.corrections import EntryCorrected
from clearing.events.cotisations import CotisationReceived, GiftReceived
from clearing.events.funds import MoneyReceived, PurseCredited
from clearing.events.opening import OpeningAccepted
from clearing.events.settlement import BatchClosed, PayoutAnswered, PayoutConfirmed, PayoutReturned
from clearing.rules.book import Book
from clearing.rules.ledger.origins import Origins
from clearing.rules.ledger.postings import BANK, legs
from clearing.rules.stalls.payouts import QUESTION, Answer, Payout, PayoutState
from clearing.rules.stalls.settlement import Batch
from clearing.rules.treasury.adjusting import KINDS
from clearing.rules.treasury.bank_hints import hints as hints_of, who_paid
from clearing.rules.treasury.bank_moves import MOVED
from clearing.rules.treasury.runway import Flows
from clearing.values import BatchId, Position, ProducerId
from clearing.wire.requests import Op
from tests.audit.test_bank import a_line, a_month, an_entry, statement
from tests.events.making import example_of
from tests.living_caisse import AMINA, BRUNO
from tests.memory_log import furnished

OF_THE_STATEMENT = (StatementImported, BankMatched, BankMatchUndone, OpeningAccepted)
"""They move the account by what the bank says itself: a line, its match, and the balance with which it began."""
CHANGES: dict[type, list[dict[str, object]]] = {
    PurseCredited: [{"fund": None}, {"fund": "general"}],
    CotisationReceived: [{"means": means} for means in ("debit", "transfer", "cash", "cheque")],
    GiftReceived: [{"means": means} for means in ("transfer", "cash")],
    InstalmentReceived: [
        {"fund": None, "into": "bank"}, {"fund": None, "into": "cash"}, {"fund": None, "into": ""},
        {"fund": "general", "into": ""},
    ],
    PayoutAnswered: [{"became": state} for state in (*Answer, QUESTION)],
    InstalmentReturned: [{"through": True}, {"through": False}],
}


def forms(kind: type) -> list[Any]:
    """An example of the event in each of the forms that its postings tell apart."""
    event: Any = example_of(kind)
    if kind is AdjustmentMade:
        return [replace(event, what=event.what._replace(kind=one)) for one in KINDS]
    if kind is EntryCorrected:
        gift = replace(event.gift, means="transfer")
        return [
            replace(event, wrong=event.wrong._replace(account=account), cotisation=None, gift=right, instalment=None)
            for account in ("bank", "cash", "") for right in (gift, replace(gift, means="cash"), None)
        ]  # fmt: skip
    return [replace(event, **change) for change in CHANGES.get(kind, [{}])]


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_event_that_moves_the_bank_account_is_looked_for_on_a_statement(kind: type) -> None:
    for event in forms(kind):
        book, origins = Book(), Origins()
        if kind in (PayoutReturned, PayoutAnswered):  # whether it had been paid is what the book knows of it
            closed = example_of(BatchClosed)
            assert isinstance(closed, BatchClosed)
            paid = {ProducerId(event.producer): Payout(event.cents, bytes(32), state=PayoutState.EXECUTED)}
            book.settlement.batches[BatchId(event.batch)] = Batch(closed=closed, payouts=paid)
            confirmed: Any = example_of(PayoutConfirmed)
            origins.note(replace(confirmed, batch=event.batch, producer=event.producer), Position(1))
        try:
            at_bank = legs(event, origins).get(BANK, 0)
        except (AssertionError, KeyError):  # an example whose parts no earlier event explains; none of these is at the bank
            assert kind not in MOVED
            continue
        if kind in OF_THE_STATEMENT:
            assert kind not in MOVED
        else:
            assert (MOVED[kind](event, book)[0] if kind in MOVED else 0) == at_bank, event


def test_a_payout_that_was_refused_never_left_and_one_that_came_back_did() -> None:
    desk = a_month()
    kinds = [move.kind for move in desk.book.bank.matched.values()]
    assert kinds.count("PayoutAnswered") == 2  # made, and back
    desk = furnished()
    desk.ask(Op.SALE, {"fruit-veg": 900})
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-01"})
    desk.order(BRUNO, "approve_batch", {"batch": 1, "execution_on": "2026-05-04"})
    desk.order(AMINA, "export_batch", {"batch": 1, "message_id": "brume-B000001", "file_sha256": b"f" * 32})
    before = dict(desk.book.bank.moves)
    desk.order(AMINA, "return_payout", {"batch": 1, "producer": "field", "reason": "AC04"})
    assert desk.book.bank.moves == before


def test_money_is_counted_once_by_the_gauge_however_the_line_came() -> None:
    """The line is on the account before anybody knows what it is; what it is comes once."""
    desk, flows = a_month(), Flows()
    for row, event in zip(desk.log.rows, desk.log.events(), strict=True):
        flows.take(event, row.position, row.at_us)
    money = MoneyReceived | CotisationReceived | GiftReceived
    received = [event.cents for event in desk.log.events() if isinstance(event, money)]
    assert sum(flows.came.values()) == sum(received) == 1_000_000 + 8_000 + 500 + 700


def hints(book: Book, *line: Any) -> list[str]:
    return [one.options() for one in hints_of(book, *line)]


def test_a_hint_is_a_command_and_never_a_match() -> None:
    desk = a_month()
    desk.order(AMINA, "import_statement", statement(
        an_entry("cot", "2026-05-06", a_line(900)), an_entry("rest", "2026-05-06", a_line(12_000)),
        an_entry("fee", "2026-05-06", a_line(-50, kind="charge")),
    ))  # fmt: skip
    assert hints(desk.book, 8, "Cotisation m-1, mai") == ["--cotisation m-1 --rule month --month 2026-05"]
    assert hints(desk.book, 9) == ["--subsidy draaf"]
    assert hints(desk.book, 10) == ["--charge"]
    assert hints(desk.book, 8, "Cotisation m-10") == []
    desk.order(AMINA, "receive_money", {"fund": "general", "cents": 900, "reference": "typed", "another": True})
    assert hints(desk.book, 8)[0] == f"--with {desk.book.position}"
    assert set(desk.book.bank.waiting) == {7, 8, 9, 10}


def test_who_paid_a_cotisation_once_is_hinted_at_for_the_next_line_of_the_same_account() -> None:
    desk = a_month()
    payer = b"p" * 16
    first, second = a_line(600) | {"payer": payer}, a_line(650) | {"payer": payer}
    desk.order(AMINA, "import_statement", statement(an_entry("p", "2026-05-06", first), an_entry("q", "2026-05-06", second)))
    assert hints(desk.book, 9) == []
    desk.order(AMINA, "match_lines", {"matches": [
        {"lines": [8], "kind": "cotisation", "member": "m-2", "rule": "month", "period": "2026-05"}
    ]})  # fmt: skip
    assert who_paid(desk.book) == {payer: "m-2"}
    assert hints(desk.book, 9) == ["--cotisation m-2 --rule month --month 2026-05"]
