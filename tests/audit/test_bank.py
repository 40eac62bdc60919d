"""A month of the bank's lines on a real log: the audit proves it, two roads agree on the waiting account, forgeries are named.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from clearing.audit import audit
from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from clearing.events.bank import BankCharged, BankMatched, StatementImported
from clearing.events.catalogue import Event
from clearing.events.codes import Code
from clearing.rules.ledger.postings import BANK, WAITING, Ledger
from clearing.values import BatchId, Cents, PersonId, Position
from clearing.wire.requests import Op
from tests.audit.forging import event_at, forge
from tests.living_caisse import AMINA, BRUNO, SERVER_KEY
from tests.memory_log import Desk, furnished

ACCOUNT = b"a" * 16
DECISION = "ag-2026-04"


def a_line(cents: int, *, end_to_end: str = "", code: str = "", kind: str = "") -> dict[str, object]:
    return {"cents": cents, "end_to_end": end_to_end, "code": code, "kind": kind, "payer": b"", "details": b""}


def an_entry(name: str, on: str, *lines: dict[str, object]) -> dict[str, object]:
    cents = sum(int(str(line["cents"])) for line in lines)
    return {"key": name.encode().ljust(16, b"."), "ref": b"", "on": on, "cents": cents, "lines": list(lines)}


def statement(*entries: dict[str, object], source: str = "camt.053", **more: object) -> dict[str, object]:
    days = sorted(str(entry["on"]) for entry in entries) or ["2026-05-01"]
    return {"source": source, "account": ACCOUNT, "from_on": days[0], "to_on": days[-1], "entries": list(entries), **more}


def a_month() -> Desk:
    """A batch of one payout is paid and sent back; a subsidy, a cotisation and a gift come; the bank takes charges."""
    desk = furnished()
    desk.order(AMINA, "set_charges_rule", {"fund": "general", "decision": DECISION})
    desk.order(AMINA, "set_cotisation_rule", {
        "rule": "month", "fund": "general", "minimum_cents": 100, "step_cents": 100, "levels": [], "free": True,
        "means": ["transfer"], "over_is_gift": False, "decision": DECISION,
    })
    desk.order(AMINA, "notify_subsidy", {
        "grant": "draaf", "funder": "DRAAF", "fund": "general", "cents": 20_000, "purpose": "Food", "reference": "letter",
    })
    desk.ask(Op.SALE, {"fruit-veg": 2_000})
    desk.pass_time(days=1)
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-01"})
    desk.order(BRUNO, "approve_batch", {"batch": 1, "execution_on": "2026-05-04"})
    desk.order(AMINA, "export_batch", {"batch": 1, "message_id": "brume-B000001", "file_sha256": b"f" * 32})
    desk.pass_time(days=5)
    desk.order(AMINA, "import_statement", statement(
        an_entry("paid", "2026-05-04", a_line(-2_000, end_to_end="brume-B000001-0001")),
        an_entry("draaf", "2026-05-04", a_line(8_000)),
        an_entry("two", "2026-05-05", a_line(500), a_line(700)),
        an_entry("fees", "2026-05-05", a_line(-250, kind="charge")),
        opening_cents=1_000_000, closing_cents=1_006_950,
    ))  # fmt: skip
    desk.order(AMINA, "match_lines", {"matches": [
        {"lines": [1], "kind": "payout"}, {"lines": [2], "kind": "subsidy", "grant": "draaf"},
        {"lines": [3], "kind": "cotisation", "member": "m-1", "rule": "month", "period": "2026-05"},
        {"lines": [4], "kind": "gift", "donor": "donor:d-1", "fund": "general"}, {"lines": [5], "kind": "charge"},
    ]})  # fmt: skip
    desk.order(AMINA, "import_statement", statement(
        an_entry("back", "2026-05-06", a_line(2_000, end_to_end="brume-B000001-0001", code="AC04", kind="return")),
        an_entry("odd", "2026-05-06", a_line(333)), opening_cents=1_006_950, closing_cents=1_009_283,
    ))  # fmt: skip
    desk.order(AMINA, "match_lines", {"matches": [{"lines": [6], "kind": "payout_returned"}]})
    return desk


async def verdict(desk: Desk) -> tuple[bool, str | None, dict[str, int]]:
    found = await audit(desk.log, report=lambda _line: None, server_keys=[SERVER_KEY.public])
    return found.ok, found.reason, dict(found.checked)


def bank_cents(desk: Desk) -> tuple[int, int]:
    """(at the bank, waiting) by double entry; the waiting account as what is owed to nobody knows whom."""
    ledger = Ledger()
    for position, event in enumerate(desk.log.events(), start=1):
        ledger.post(event, Position(position))
    return ledger.balances[BANK], -ledger.balances.get(WAITING, 0)


async def test_a_month_at_the_bank_is_proved_and_its_rest_is_on_the_waiting_account() -> None:
    desk = a_month()
    ok, reason, checked = await verdict(desk)
    assert ok, reason
    assert checked["lines of the bank, each said once to be what it is, cent for cent"] == 6
    assert bank_cents(desk) == (1_009_283, 333)
    assert desk.book.bank.last_known() == ("2026-05-06", 1_009_283)
    assert sum(move.cents for move in desk.book.bank.moves.values()) == 1_000_000  # by hand, before there were statements
    assert desk.book.settlement.owed["field"].carried_cents == 2_000  # type: ignore[index]


async def test_an_undone_match_makes_its_lines_wait_again_and_the_audit_still_holds() -> None:
    desk = a_month()
    number = next(number for number, one in desk.book.bank.matches.items() if one.kind == "subsidy")
    desk.order(AMINA, "undo_match", {"match": number})
    assert bank_cents(desk) == (1_009_283 + 8_000, 8_333)  # what was recorded stays recorded
    assert desk.command(AMINA, "undo_match", {"match": number}).rc is Code.NOT_ALLOWED_NOW
    moves = list(desk.book.bank.matches[number].moves)
    desk.order(AMINA, "match_lines", {"matches": [{"lines": [2], "kind": "booked", "moves": moves}]})
    assert bank_cents(desk) == (1_009_283, 333)
    assert (await verdict(desk))[0]


@pytest.mark.parametrize(
    ("kind", "changed", "named"),
    [
        (BankMatched, lambda event: replace(event, by=PersonId("bruno")), "by"),
        (BankMatched, lambda event: replace(event, cents=event.cents + 1), "cents"),
        (StatementImported, lambda event: replace(event, known=7), "known"),
        (BankCharged, lambda event: replace(event, cents=Cents(event.cents - 50)), ""),
    ],
    ids=["another person", "another sum", "another count", "less than the bank took"],
)
async def test_a_changed_event_of_the_bank_is_named(
    kind: type[Event], changed: Callable[[Any], Event], named: str
) -> None:
    desk = a_month()
    position = next(at for at, event in enumerate(desk.log.events(), start=1) if isinstance(event, kind))
    forge(desk.log, position, changed(event_at(desk.log, position)))
    ok, reason, _ = await verdict(desk)
    assert not ok
    assert named in str(reason)


def refused(desk: Desk, *matches: dict[str, object]) -> str:
    before = desk.book.position
    reply = desk.command(AMINA, "match_lines", {"matches": list(matches)})
    assert reply.rc is not Code.APPROVED
    assert len(desk.book.bank.matches) == 6, "nothing of a refused command is recorded"
    assert desk.book.position == before + 1  # the decline itself
    return reply.why


ODD = 7


@pytest.mark.parametrize(
    ("match", "why"),
    [
        ({"lines": [1], "kind": "nothing"}, "Line 1 is a payout (match 1); if that is wrong: clearing bank unmatch 1"),
        ({"lines": [99], "kind": "nothing"}, "There is no line 99"),
        ({"lines": [ODD, ODD], "kind": "nothing"}, "named twice"),
        ({"lines": [], "kind": "nothing"}, "A match is of 1 to"),
        ({"lines": [ODD], "kind": "nothing"}, "Line 7 is 3.33 EUR, what they are said to be is 0.00 EUR"),
        ({"lines": [ODD], "kind": "booked", "moves": [2]}, "what they are said to be is 10000.00 EUR"),
        ({"lines": [ODD], "kind": "booked", "moves": [1]}, "moved nothing at the bank"),
        ({"lines": [ODD], "kind": "charge"}, "Charges leave the account"),
        ({"lines": [ODD], "kind": "subsidy", "grant": "nobody"}, "There is no subsidy nobody"),
        ({"lines": [ODD], "kind": "fund", "fund": "nobody"}, "There is no fund nobody"),
        ({"lines": [ODD], "kind": "payout"}, "names no payout of a batch"),
        ({"lines": [ODD], "kind": "payout_returned", "batch": 1, "producer": "nobody"}, "has no transfer to nobody"),
        ({"lines": [ODD], "kind": "deposit", "deposit": 1}, "Deposit 1 waits for nobody"),
        ({"lines": [ODD], "kind": "repayment", "repayment": 1}, "only a confirmed one is paid"),
        ({"lines": [ODD], "kind": "cotisation", "member": "m-1", "rule": "month", "period": "2026-05", "means": "cash"},
         "cash and cheques come with their deposit"),
    ],
)  # fmt: skip
def test_a_match_that_can_not_be_says_why_and_records_nothing(match: dict[str, object], why: str) -> None:
    desk = a_month()
    position = next(at for at, move in desk.book.bank.moves.items() if move.cents == 1_000_000)
    if match.get("moves") == [2]:
        match = match | {"moves": [position]}
    assert why in refused(desk, match)


def test_all_of_a_command_is_recorded_or_nothing() -> None:
    desk = a_month()
    good: dict[str, object] = {"lines": [ODD], "kind": "fund", "fund": "general"}
    assert refused(desk, good, {"lines": [ODD], "kind": "fund", "fund": "general"}).startswith("Item 2: Line 7 is named twice")
    desk.order(AMINA, "match_lines", {"matches": [good]})
    assert not desk.book.bank.waiting


def test_money_typed_by_hand_is_not_recorded_once_more_by_its_line_nor_a_line_by_hand() -> None:
    desk = a_month()
    typed = desk.command(AMINA, "receive_money", {"fund": "general", "cents": 333, "reference": "by hand"})
    assert "Line 7 of the bank's statement is 3.33 EUR and waits" in typed.why
    desk.order(AMINA, "receive_money", {"fund": "general", "cents": 333, "reference": "by hand", "another": True})
    position = desk.book.position
    why = refused(desk, {"lines": [ODD], "kind": "fund", "fund": "general"})
    assert f"clearing bank match 7 --with {position}" in why
    desk.order(AMINA, "match_lines", {"matches": [{"lines": [ODD], "kind": "booked", "moves": [position]}]})
    assert bank_cents(desk) == (1_009_283, 0)


def test_many_lines_are_one_movement_and_one_line_is_many() -> None:
    desk = a_month()
    desk.order(AMINA, "receive_money", {"fund": "general", "cents": 1_000, "reference": "in two parts"})
    whole = desk.book.position
    desk.order(AMINA, "receive_money", {"fund": "general", "cents": 40, "reference": "a"})
    desk.order(AMINA, "receive_money", {"fund": "general", "cents": 60, "reference": "b"})
    desk.order(AMINA, "import_statement", statement(
        an_entry("x", "2026-05-06", a_line(300)), an_entry("y", "2026-05-06", a_line(700)),
        an_entry("z", "2026-05-06", a_line(100)), an_entry("in", "2026-05-06", a_line(5)),
        an_entry("out", "2026-05-06", a_line(-5)),
    ))  # fmt: skip
    desk.order(AMINA, "match_lines", {"matches": [
        {"lines": [8, 9], "kind": "booked", "moves": [whole]},
        {"lines": [10], "kind": "booked", "moves": [whole + 1, whole + 2]}, {"lines": [11, 12], "kind": "nothing"},
    ]})  # fmt: skip
    assert list(desk.book.bank.waiting) == [ODD]


def test_a_line_that_pays_a_whole_batch_confirms_each_of_its_payouts() -> None:
    desk = furnished()
    desk.ask(Op.SALE, {"fruit-veg": 900})
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-01"})
    desk.order(BRUNO, "approve_batch", {"batch": 1, "execution_on": "2026-05-04"})
    desk.order(AMINA, "export_batch", {"batch": 1, "message_id": "brume-B000001", "file_sha256": b"f" * 32})
    desk.order(AMINA, "import_statement", statement(an_entry("all", "2026-05-01", a_line(-900))))
    desk.order(AMINA, "match_lines", {"matches": [{"lines": [1], "kind": "payout", "batch": 1}]})
    assert [one.state for one in desk.book.settlement.batches[BatchId(1)].payouts.values()] == ["executed"]
    assert not desk.book.bank.waiting


def test_a_snapshot_says_lines_movements_matches_and_mappings_whole() -> None:
    desk = a_month()
    desk.order(AMINA, "undo_match", {"match": 2})
    desk.order(AMINA, "save_column_mapping", {"name": "coop", "mapping": {
        "delimiter": "tab", "decimal": ",", "days": "dmy", "on": "Date", "amount": "Montant",
    }})  # fmt: skip
    loaded = Loaded()
    for row, event in zip(desk.log.rows, desk.log.events(), strict=True):
        loaded.book.apply(event, row.position, row.at_us)
        loaded.tree.append(row.leaf)
    restoring = Restoring()
    for part in parts_of(loaded):
        restoring.take(part)
    again = restoring.finish().book.bank
    assert again.undone == {2}
    assert again.mappings["coop"].delimiter == "\t"
    assert again == desk.book.bank == loaded.book.bank


def test_statements_are_remembered_with_what_was_new_and_what_was_known() -> None:
    desk = a_month()
    first, second = desk.book.bank.taken
    assert (first.first, first.new, first.known, first.closing_cents) == (1, 5, 0, 1_006_950)
    assert (second.first, second.new, second.from_on, second.to_on) == (6, 2, "2026-05-06", "2026-05-06")
    desk.order(AMINA, "import_statement", statement(
        an_entry("odd", "2026-05-06", a_line(333)), an_entry("more", "2026-05-07", a_line(1)), closing_cents=1_009_284
    ))
    third = desk.book.bank.taken[2]
    assert (third.first, third.new, third.known, third.by) == (8, 1, 1, AMINA)



@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"delimiter": ","}, "are not the same sign"), ({"delimiter": "x"}, "Columns are parted by"),
        ({"days": "ydm"}, "Days are written in the order"), ({"debit": "D"}, "or in two, one for debits"),
        ({"amount": None}, "or in two, one for debits"), ({"text": "Date"}, "Each column is named once"),
    ],
)  # fmt: skip
def test_a_mapping_by_which_nothing_can_be_read_is_not_saved(change: dict[str, object], why: str) -> None:
    mapping: dict[str, object] = {"delimiter": ";", "decimal": ",", "days": "dmy", "on": "Date", "amount": "Montant"}
    desk = furnished()
    assert why in desk.command(AMINA, "save_column_mapping", {"name": "coop", "mapping": mapping | change}).why
    assert not desk.book.bank.mappings


def test_a_balance_told_by_a_person_is_the_last_known_until_a_later_one() -> None:
    desk = furnished()
    desk.order(AMINA, "state_bank_balance", {"on": "2026-04-30", "cents": -1_250})
    assert desk.book.bank.last_known() == ("2026-04-30", -1_250)
    assert "has not come yet" in desk.command(AMINA, "state_bank_balance", {"on": "2026-06-30", "cents": 1}).why
    again = desk.command(AMINA, "state_bank_balance", {"on": "2026-04-30", "cents": -1_250})
    assert "recorded already: -12.50 EUR" in again.why
    desk.order(AMINA, "state_bank_balance", {"on": "2026-04-29", "cents": 7})
    assert desk.book.bank.last_known() == ("2026-04-30", -1_250)


def test_a_caisse_that_changed_its_account_says_so_and_its_balances_begin_anew() -> None:
    desk = a_month()
    theirs = statement(an_entry("new", "2026-05-06", a_line(70)), account=b"n" * 16, opening_cents=0, closing_cents=70)
    assert "--new-account" in desk.command(AMINA, "import_statement", theirs).why
    desk.order(AMINA, "import_statement", theirs | {"moved": True})
    assert desk.book.bank.stated == {"2026-05-05": 0, "2026-05-06": 70}
    assert desk.book.bank.waiting == {7: 333, 8: 70}


def test_what_was_recorded_before_the_first_statement_is_in_its_opening_balance() -> None:
    desk = a_month()
    assert sorted(move.cents for move in desk.book.bank.moves.values()) == [1_000_000]
    assert not desk.book.bank.under_way()
    desk.order(AMINA, "receive_money", {"fund": "general", "cents": 5, "reference": "later"})
    assert [move.cents for move in desk.book.bank.under_way().values()] == [5]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (statement(an_entry("a", "2026-05-01", a_line(1)), account=b"b" * 16), "of another account"),
        (statement(an_entry("a", "2027-05-01", a_line(1))), "from a day to a later one that has come"),
        (statement(an_entry("a", "2026-05-01", a_line(1)), source="paper"), "comes as one of camt.053"),
        (statement(an_entry("a", "2026-05-01", a_line(1)), an_entry("a", "2026-05-01", a_line(1))), "comes twice"),
        (statement(an_entry("a", "2026-05-01", a_line(1)) | {"cents": 2}), "do not add up"),
        (statement(an_entry("a", "2026-05-01", a_line(1)), to_on="2026-04-30", from_on="2026-04-30"), "outside of"),
    ],
)
def test_a_statement_that_can_not_be_is_not_taken(body: dict[str, object], why: str) -> None:
    desk = a_month()
    lines = len(desk.book.bank.lines)
    assert why in desk.command(AMINA, "import_statement", body).why
    assert len(desk.book.bank.lines) == lines
