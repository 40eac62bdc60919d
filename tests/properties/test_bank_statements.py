"""A statement given twice, shuffled, split or overlapping, in one format or two, leaves the same lines, balances and waits.

The naive reference is the bank itself: a list of bookings, of which every file tells some.
"""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st

from clearing.bank.pain002 import StatusReport
from clearing.bank.reading import Read, read_file
from clearing.bank.statement import Unreadable
from clearing.installation.bank_import import answers_of, import_statement
from clearing.rules.book import Book
from clearing.rules.treasury.bank import gaps
from clearing.wire.requests import Op
from tests.bank.people_in_memory import PeopleInMemory
from tests.bank.samples import COLUMNS, OWN_IBAN, Booking, camt, decimal, pain002, table
from tests.living_caisse import AMINA, BRUNO
from tests.memory_log import Desk, furnished

DAYS = [f"2026-05-{day:02d}" for day in range(1, 8)]
BOOKINGS = st.lists(
    st.builds(
        lambda cents, on, text: Booking(cents, on=on, text=text),
        st.integers(-30, 30).filter(bool).map(lambda n: n * 100), st.sampled_from(DAYS), st.sampled_from(["a", "b"]),
    ), min_size=1, max_size=14,
)  # fmt: skip
OPENING = 50_000
Bookings = list[Booking]


def a_desk() -> Desk:
    desk = furnished()
    desk.pass_time(days=8)
    return desk


def give(desk: Desk, people: PeopleInMemory, content: bytes) -> None:
    read = read_file(content, COLUMNS)
    assert isinstance(read, list)

    async def order(body: dict[str, object]) -> dict[str, object]:
        return desk.order(AMINA, "import_statement", body).out

    for statement in read:
        asyncio.run(import_statement(statement, book=desk.book, people=people, give=order))


def lines(book: Book) -> Counter[tuple[str, int]]:
    return Counter((line.on, line.said.cents) for line in book.bank.lines.values())


def told(bank: Bookings) -> Counter[tuple[str, int]]:
    return Counter((one.on, one.cents) for one in bank)


def on_days(bank: Bookings, first: int, last: int) -> bytes:
    """The bank's statement of these days, as it would write it."""
    before = OPENING + sum(one.cents for one in bank if one.on < DAYS[first])
    return camt(*[one for one in bank if DAYS[first] <= one.on <= DAYS[last]], opening=before, until=DAYS[last])


def as_table(bank: Bookings) -> bytes:
    rows = []
    for one in sorted(bank, key=lambda one: one.on):
        year, month, day = one.on.split("-")
        debit, credit = (decimal(one.cents), "") if one.cents < 0 else ("", decimal(one.cents))
        rows.append(f"{day}/{month}/{year};{one.text};{debit};{credit};;".replace(".", ","))
    return table(*rows)


@settings(max_examples=40, deadline=None)
@given(bank=BOOKINGS, dice=st.randoms(use_true_random=False))
def test_files_in_any_order_and_as_often_as_you_like_leave_the_same(bank: Bookings, dice: object) -> None:
    spans = [(0, 6), (0, 2), (3, 6), (1, 4), (2, 2), (0, 6)]
    dice.shuffle(spans)  # type: ignore[attr-defined]
    desk, people = a_desk(), PeopleInMemory()
    for first, last in spans:
        shuffled = list(bank)
        dice.shuffle(shuffled)  # type: ignore[attr-defined]
        give(desk, people, on_days(shuffled, first, last))
    assert lines(desk.book) == told(bank)
    assert desk.book.bank.waiting_cents() == sum(one.cents for one in bank)
    assert desk.book.bank.last_known() == (DAYS[6], OPENING + sum(one.cents for one in bank))
    assert not list(gaps(desk.book.bank))
    before = desk.book.position
    give(desk, people, on_days(bank, 0, 6))
    assert desk.book.position == before, "a statement that is known makes no event"


@settings(max_examples=40, deadline=None)
@given(bank=BOOKINGS, table_first=st.booleans())
def test_two_formats_of_the_same_days_leave_each_booking_once(bank: Bookings, table_first: bool) -> None:
    desk, people = a_desk(), PeopleInMemory()
    for content in [as_table(bank), on_days(bank, 0, 6)][:: 1 if table_first else -1]:
        give(desk, people, content)
    assert lines(desk.book) == told(bank)


@settings(max_examples=40, deadline=None)
@given(bank=BOOKINGS, noticed=st.sets(st.integers(0, 13)))
def test_notifications_before_the_statement_are_the_same_bookings(bank: Bookings, noticed: set[int]) -> None:
    referenced = [Booking(one.cents, on=one.on, ref=f"R{place}", text=one.text) for place, one in enumerate(bank)]
    desk, people = a_desk(), PeopleInMemory()
    for place in sorted(noticed):
        if place < len(referenced):
            give(desk, people, camt(referenced[place], kind="054", until=referenced[place].on))
    give(desk, people, on_days(referenced, 0, 6))
    assert lines(desk.book) == told(bank)


@settings(max_examples=30, deadline=None)
@given(bank=BOOKINGS, cut=st.integers(0, 6), missing=st.integers(0, 13))
def test_a_missing_line_is_seen_by_the_balances_that_frame_it(bank: Bookings, cut: int, missing: int) -> None:
    """A day's statement is never given: what it held is what the balances around it do not explain."""
    desk, people = a_desk(), PeopleInMemory()
    for day in range(7):
        if day != cut:
            give(desk, people, on_days(bank, day, day))
    held = sum(one.cents for one in bank if one.on == DAYS[cut])
    seen = sum(gap.missing_cents for gap in gaps(desk.book.bank))
    assert seen == (held if 0 < cut < 6 else 0)  # before the first and after the last balance nothing is known
    give(desk, people, on_days(bank, cut, cut))
    assert not list(gaps(desk.book.bank))
    assert lines(desk.book) == told(bank)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_unreadable_or_read_in_whole_cents(data: st.DataObject) -> None:
    statement, report = camt(Booking(100, ref="R"), Booking(-5), opening=3), pain002(("E1", "RJCT", "AC04"))
    files = [statement, report, table("04/05/2026;a;;1,00;;")]
    content = bytearray(data.draw(st.sampled_from(files)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    read, said = read_or_said(bytes(content))
    assert said if read is None else not said
    statements = read if isinstance(read, list) else []
    assert all(type(line.cents) is int for one in statements for entry in one.entries for line in entry.lines)


def read_or_said(content: bytes) -> tuple[Read | None, str]:
    """What was read, or why it could not be; anything else is a fault of the reader."""
    try:
        return read_file(content, COLUMNS), ""
    except Unreadable as error:
        return None, str(error)


async def test_another_account_and_an_unknown_one_are_refused_before_anything_is_sealed() -> None:
    desk, sent = a_desk(), list[object]()

    async def order(body: dict[str, object]) -> dict[str, object]:
        sent.append(body)
        return desk.order(AMINA, "import_statement", body).out

    theirs = camt(Booking(100), iban="DE89370400440532013000")
    for people, content, said in (
        (PeopleInMemory(), theirs, "of the account …3000, the caisse's is …0189"),
        (PeopleInMemory(iban=""), camt(Booking(100)), "own account is not entered"),
    ):  # fmt: skip
        kept, (statement,) = len(people.kept), read_file(content)  # type: ignore[misc]
        with pytest.raises(Unreadable, match=said):
            await import_statement(statement, book=desk.book, people=people, give=order)
        assert (sent, len(people.kept)) == ([], kept)


async def test_names_accounts_and_texts_are_sealed_and_in_no_event() -> None:
    desk, people = a_desk(), PeopleInMemory()
    secret = Booking(
        100, name="DURAND MARIE", iban="DE89370400440532013000", text="pour mon voisin", e2e="DURAND-MAI", ref="BK7"
    )

    async def order(body: dict[str, object]) -> dict[str, object]:
        return desk.order(AMINA, "import_statement", body).out

    (statement,) = read_file(camt(secret))  # type: ignore[misc]
    await import_statement(statement, book=desk.book, people=people, give=order)
    stored = b"".join(row.public + row.private + row.evidence for row in desk.log.rows)
    for word in ("DURAND", "voisin", "DE89370400440532013000", "BK7", OWN_IBAN, "0532013000"):
        assert word.encode() not in stored
    line = desk.book.bank.lines[1].said
    assert people.kept[line.details].fields == {
        "name": "DURAND MARIE", "iban": secret.iban, "text": "pour mon voisin", "end_to_end": "DURAND-MAI", "reference": "BK7",
    }
    assert line.end_to_end == ""


def exported() -> Desk:
    desk = furnished()
    desk.ask(Op.SALE, {"fruit-veg": 900})
    desk.order(AMINA, "close_batch", {"closed_on": "2026-05-01"})
    desk.order(BRUNO, "approve_batch", {"batch": 1, "execution_on": "2026-05-04"})
    desk.order(AMINA, "export_batch", {"batch": 1, "message_id": "brume-B000001", "file_sha256": b"f" * 32})
    return desk


@pytest.mark.parametrize(
    ("content", "rows", "strange", "copy"),
    [
        (pain002(group="RJCT", reason="DUPL"), [], 0, True),
        (pain002(group="RJCT", reason="AM05"), [], 0, True),
        (pain002(group="RJCT", reason="FF01"), [("field", "rejected", "FF01")], 0, False),
        (pain002(group="ACSC"), [("field", "executed", "")], 0, False),
        (pain002(("brume-B000001-0001", "RJCT", "AC04")), [("field", "rejected", "AC04")], 0, False),
        (pain002(("brume-B000001-0001", "RJCT", "DUPL")), [("field", "unknown", "DUPL")], 0, False),
        (pain002(("brume-B000001-0001", "WXYZ", "")), [("field", "unknown", "")], 0, False),
        (pain002(("brume-B000001-0002", "ACSC", "")), [], 1, False),
        (pain002(("brume-B000002-0001", "ACSC", "")), [], 1, False),
    ],
)
def test_an_answer_of_the_bank_is_of_payouts_of_its_batch_and_a_copy_changes_none(
    content: bytes, rows: list[tuple[str, str, str]], strange: int, copy: bool
) -> None:
    report = read_file(content)
    assert isinstance(report, StatusReport)
    answered = answers_of(report, exported().book)
    assert [(row.producer, row.state, row.code) for row in answered.rows] == rows
    assert (len(answered.strange), answered.copy) == (strange, copy)


def test_an_answer_to_a_file_of_another_caisse_is_refused() -> None:
    report = read_file(pain002(group="ACSC", answered="elsewhere-B000001"))
    assert isinstance(report, StatusReport)
    with pytest.raises(Unreadable, match="of no batch that was exported here"):
        answers_of(report, exported().book)
