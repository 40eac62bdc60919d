"""Law: whatever a caisse brings along, the bank explains every cent of it, by the book, by double entry and by plain sums."""

from collections import Counter
from functools import cache
from typing import Any

from hypothesis import given, strategies as st

from clearing.audit.sums import book_balances
from clearing.authoriser.bodies import Body
from clearing.authoriser.commands import Order, decide
from clearing.authoriser.founding import decide_found
from clearing.authoriser.snapshot import Loaded, Restoring, parts_of
from clearing.events.catalogue import Event
from clearing.events.codec import decode, encode
from clearing.events.opening import OpeningAccepted
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.ledger.postings import Ledger
from clearing.values import Position
from tests.living_caisse import AMINA, BRUNO, CODE, DAY_US, KEYS, MAY_1, founding

MEMBERS, PRODUCERS = ("m-1", "m-2", "m-3"), ("field", "mill")
CENTS = st.integers(1, 10**7)
FUNDS = ("general", "grant")
CREDIT = st.fixed_dictionaries(
    {"member": st.sampled_from(MEMBERS), "purse": st.sampled_from(["credit", "council"]), "fund": st.sampled_from(FUNDS),
     "cents": CENTS},
    optional={"expires_us": st.integers(MAY_1 + DAY_US, MAY_1 + 90 * DAY_US)},
)  # fmt: skip
OWN = st.fixed_dictionaries({"member": st.sampled_from(MEMBERS), "purse": st.just("own"), "cents": CENTS})
ROWS = st.fixed_dictionaries({
    "purses": st.lists(CREDIT | OWN, max_size=6),
    "spent": st.lists(st.integers(0, 10**6), min_size=2, max_size=2),
    "left": st.lists(st.integers(-1_000, 10**6), min_size=2, max_size=2),
    "debts": st.lists(st.fixed_dictionaries({"producer": st.sampled_from(PRODUCERS), "cents": CENTS}), max_size=2,
                      unique_by=lambda one: one["producer"]),
})  # fmt: skip


@cache
def history() -> tuple[Event, ...]:
    """A founded caisse with three members, two producers and a fund that may advance 10.00 of what is announced."""
    found = decide_found(CODE, founding(), founder_kid=KEYS[AMINA].kid, at_us=MAY_1)
    assert isinstance(found, tuple)
    book, events = Book(), list[Event]()

    def take(some: tuple[Event, ...]) -> None:
        for event in some:
            book.apply(event, len(events) + 1, MAY_1 + len(events))
            events.append(event)

    take(found)
    for verb, body in (
        ("open_fund", {"fund": "grant", "kind": "sponsor", "name": "Grant", "advance_cents": 1_000, "decision": "ag-2026-04"}),
        ("admit_members", {"members": [{"member": one, "groups": []} for one in MEMBERS]}),
        ("admit_producers", {"producers": [{"producer": one, "name": one, "structures": []} for one in PRODUCERS]}),
    ):
        take(ordered(book, AMINA, verb, body))
    return tuple(events)


def ordered(book: Book, by: Any, verb: str, body: dict[str, Any]) -> tuple[Event, ...]:
    result = decide(verb, Order(
        book=book, body=Body(dict(body), "It"), by=by, at_us=book.at_us + 1, details_wait_us=0, clock_step_us=0,
    ))  # fmt: skip
    assert not isinstance(result, Declined), result
    return result


def listed(rows: dict[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
    """The list that a treasurer would write, and what must be in each account afterwards: plain sums of plain dicts."""
    held: Counter[str] = Counter()
    in_fund: Counter[str] = Counter()
    for row in rows["purses"]:
        held["purse:" + row["purse"]] += row["cents"]
        in_fund[row.get("fund", "")] += row["cents"]
    for row in rows["debts"]:
        held["owed:" + row["producer"]] += row["cents"]
    funds = []
    for fund, spent, left in zip(FUNDS, rows["spent"], rows["left"], strict=True):
        engaged = in_fund[fund] + spent
        left = max(left, -engaged, -1_000 if fund == "grant" else 0)
        held["fund:" + fund] += left
        received = engaged + left
        held[f"receivable:{fund}"], held[f"notified:{fund}"] = (-1_000, 1_000) if fund == "grant" else (0, 0)
        funds.append({"fund": fund, "notified_cents": received + 1_000 if fund == "grant" else 0, "received_cents": received,
                      "engaged_cents": engaged})  # fmt: skip
    body = {"as_of": "2026-04-30", "bank_cents": sum(held.values()), "purses": rows["purses"], "funds": funds,
            "debts": rows["debts"]}  # fmt: skip
    return body, {account: cents for account, cents in held.items() if cents}


def opened(body: dict[str, Any]) -> tuple[Book, Ledger]:
    book, ledger = Book(), Ledger()

    def take(events: tuple[Event, ...]) -> None:
        for event in events:
            book.apply(event, book.position + 1, max(book.at_us, MAY_1) + 1)
            ledger.post(event, Position(book.position))

    take(history())
    take(ordered(book, AMINA, "propose_opening", body))
    take(ordered(book, BRUNO, "accept_opening", body))
    return book, ledger


@given(ROWS)
def test_book_double_entry_and_plain_sums_agree_and_the_bank_is_their_total(rows: dict[str, Any]) -> None:
    body, expected = listed(rows)
    book, ledger = opened(body)
    assert book_balances(book) == expected
    balances = {account: -cents for account, cents in ledger.balances.items() if cents and ":" in account}
    assert balances == expected
    assert ledger.balances.get("bank", 0) == body["bank_cents"] == sum(expected.values())
    assert sum(ledger.balances.values()) == 0


@given(ROWS)
def test_everything_that_lapses_is_its_funds_again_and_own_money_never_lapses(rows: dict[str, Any]) -> None:
    body, expected = listed(rows)
    book, ledger = opened(body)
    while (event := book.due(MAY_1 + 100 * DAY_US)) is not None:
        book.apply(event, book.position + 1, max(book.at_us + 1, MAY_1 + 100 * DAY_US))
        ledger.post(event, Position(book.position))
    kept: Counter[str] = Counter(expected)
    for row in rows["purses"]:
        if "expires_us" in row:
            kept["purse:" + row["purse"]] -= row["cents"]
            kept["fund:" + row["fund"]] += row["cents"]
    assert book_balances(book) == {account: cents for account, cents in kept.items() if cents}
    assert {name: -cents for name, cents in ledger.balances.items() if cents and name.startswith("purse")} == {
        name: cents for name, cents in kept.items() if cents and name.startswith("purse")
    }


@given(ROWS, st.integers(-100, 100).filter(bool))
def test_a_cent_that_the_bank_does_not_explain_keeps_the_list_out(rows: dict[str, Any], off: int) -> None:
    body, _ = listed(rows)
    book = Book()
    for place, event in enumerate(history()):
        book.apply(event, place + 1, MAY_1 + place)
    wrong = body | {"bank_cents": body["bank_cents"] + off}
    order = Order(book=book, body=Body(wrong, "It"), by=AMINA, at_us=book.at_us + 1, details_wait_us=0, clock_step_us=0)
    found = decide("propose_opening", order)
    assert isinstance(found, Declined)
    assert "at the bank" in found.why
    assert not any(isinstance(event, OpeningAccepted) for event in history())


@given(ROWS)
def test_a_snapshot_between_the_two_persons_loses_nothing(rows: dict[str, Any]) -> None:
    body, expected = listed(rows)
    loaded = Loaded()

    def take(events: tuple[Event, ...]) -> None:
        for event in events:
            stored = encode(event)
            loaded.book.apply(decode(*stored), loaded.book.position + 1, max(loaded.book.at_us, MAY_1) + 1, stored)
            loaded.tree.append(bytes(32))

    take(history())
    take(ordered(loaded.book, AMINA, "propose_opening", body))
    loaded = restored(loaded)
    take(ordered(loaded.book, BRUNO, "accept_opening", body))
    loaded = restored(loaded)
    assert book_balances(loaded.book) == expected
    assert loaded.book.opening.accepted_at == loaded.book.position


def restored(loaded: Loaded) -> Loaded:
    restoring = Restoring()
    for part in parts_of(loaded):
        restoring.take(part)
    return restoring.finish()
