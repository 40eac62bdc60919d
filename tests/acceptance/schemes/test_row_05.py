"""Row 5, coupons and anonymous draws: what domain.md section 3 says that one sees.

Two hundred draws at once: tests/promises/test_two_hundred_draws.py. All tables: tests/projections/test_draws_in_tables.py.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import given as for_all, strategies as st

from clearing.event_store.rows import EventRow
from clearing.events.solidarity import CouponsSold, DrawDecided, GiveDecided
from clearing.values import MemberId
from clearing.wire.fields import DAY_MS
from clearing.wire.frame import open_envelope, unpack_map
from tests.acceptance.schemes.row_05 import MEAL, low_fund, report, sold_at_the_desk, two_days, vote
from tests.acceptance.schemes.village import Done, Village, card_of, village
from tests.house.sources import CLONE
from tests.living_caisse import payload_of

pytestmark = pytest.mark.row(5)
OWN: dict[str, Any] = {"id": "own", "purse": "own", "covers": [{"category": "meal", "rate": 10_000}]}
TILL_DAY_CENTS = 4_000  # terminal_day of the file
A_TIME = 1_500_000_000_000  # no cents, number or counter of a test is as large as an instant in ms or us


def with_cards() -> Village:
    """The caisse of the file, with a vote for cards as well: Ada and Rose buy at the till where people draw."""
    caisse = village("05-solidarity-draws", "2026-05-02 09:00:00")
    caisse.adopt("ag-2026-04", "2026-05-02 12:00:00", {"meal": 10_000}, payers=[OWN])
    caisse.stall("cafe")
    caisse.admit("ada", "rose")
    for member in ("ada", "rose"):
        caisse.own_money(member, "50.00")
    sold_at_the_desk(caisse, 20)
    return caisse.at("2026-05-02 12:31:07")


def test_one_euro_coupons_are_sold_to_anybody_at_the_desk_and_at_the_till() -> None:
    lived = two_days()
    assert not lived.caisse.book.members.members  # nobody is a member here
    assert [(number, cents) for _, number, cents in lived.coupons] == [(17, 1_700), (3, 300)]
    (sold,) = lived.caisse.events(CouponsSold)
    assert {field.name for field in fields(sold)} == {"fund", "number", "cents", "means", "reference", "by"}
    assert lived.caisse.give("cafe", 100, {"coupon": "1.50"}).card_cents == 0  # whole coupons only


def test_worked_sale_3_a_draw_of_20_percent_on_14_37() -> None:
    lived = two_days()
    first = lived.drawn[0][1]
    assert (first.card_cents, first.left_cents, first.event.rate) == (287, 1_150, 2_000)


def test_worked_sale_3_the_policy_when_the_fund_is_low_is_what_was_voted() -> None:
    lower, first_come = low_fund("lower"), low_fund("first-come")
    assert (lower[1].card_cents, lower[1].left_cents, lower[0].free("solidarity")) == (144, 1_293, 56)
    assert (first_come[1].card_cents, first_come[1].reply.rc, first_come[0].free("solidarity")) == (0, "05", 200)


async def test_pro_rata_shares_the_fund_at_the_days_close() -> None:
    caisse, first = low_fund("pro-rata", 10)
    assert (first.card_cents, caisse.owed("cafe"), caisse.free("solidarity")) == (287, 0, 200)
    caisse.at("2026-05-03 00:00:00")
    assert (caisse.owed("cafe"), caisse.free("solidarity")) == (200, 0)  # 200 of 287 + 144
    await caisse.proved()


@for_all(
    coupons=st.integers(1, 40),
    asked=st.lists(st.tuples(st.sampled_from([10, 20, 30]), st.integers(1, 3_000)), min_size=1, max_size=12),
)
def test_the_fund_is_never_negative_and_pays_the_highest_voted_reduction_that_it_can(
    coupons: int, asked: list[tuple[int, int]]
) -> None:
    caisse = village("05-solidarity-draws", "2026-05-02 09:00:00")
    caisse.stall("cafe")
    free = sold_cents = sold_at_the_desk(caisse, coupons)
    for percent, cents in asked:
        wanted = [(cents * rate + 50) // 100 for rate in (30, 20, 10) if rate <= percent]
        capped = sold_cents - free + wanted[0] > TILL_DAY_CENTS  # what is asked counts, whatever the fund can pay of it
        due = 0 if capped else next((one for one in wanted if 0 < one <= free), 0)
        free -= due
        assert caisse.draw("cafe", percent, {"meal": f"{cents // 100}.{cents % 100:02}"}).card_cents == due
        assert caisse.free("solidarity") == caisse.account("fund:solidarity") == free >= 0
    assert caisse.owed("cafe") == coupons * 100 - free


def test_draws_end_at_the_cap_of_a_till_an_outlet_and_the_fund_and_begin_anew_the_next_day() -> None:
    caisse = village("05-solidarity-draws", "2026-05-02 09:00:00")
    for stall in ("cafe", "bakery", "market", "canteen"):
        caisse.stall(stall)
    sold_at_the_desk(caisse, 500)
    most = {"meal": "100.00"}
    assert [caisse.draw("cafe", 30, most).card_cents for _ in range(2)] == [3_000, 0]  # 40.00 at one till
    vote(caisse, terminal_day_cents=9_000, producer_day_cents=6_000)
    assert [caisse.draw("bakery", 30, most).card_cents for _ in range(3)] == [3_000, 3_000, 0]  # 60.00 at one outlet
    assert caisse.draw("market", 10, most).card_cents == 1_000
    assert caisse.draw("canteen", 10, {"meal": "0.10"}).card_cents == 0  # 100.00 in all
    caisse.at("2026-05-03 00:00:00")
    assert caisse.draw("cafe", 30, most).card_cents == 3_000


def atoms(value: Any) -> Iterator[Any]:
    """Every value in it, however deep."""
    if is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        for one in value:
            yield from atoms(one)
    else:
        yield value


def stored(caisse: Village, done: Done) -> list[Any]:
    """Everything that is kept of one operation: the row with its event, the frame beside it, the reply, the tap."""
    row = caisse.log.rows[done.position - 1]
    signed = unpack_map(open_envelope(row.evidence, frame_bytes_max=4_096).payload, items_max=256)
    replies = [one for one in caisse.log.replies if one.position == done.position]
    answers = [unpack_map(payload_of(one.reply), items_max=256) for one in replies]
    taps = [one for one in caisse.log.taps if one.position == done.position]
    assert signed
    assert answers
    return list(atoms([row._asdict(), done.event, signed, replies, answers, taps]))


def names_of_persons(found: list[Any]) -> list[Any]:
    """Cards, members and aliases among them, whole or inside a text or bytes."""
    names = [str(MemberId(one)) for one in ("ada", "rose")]
    cards = [bytes(card_of(one)) for one in names]
    texts = [*names, *(one.hex() for one in cards)]
    return [
        one for one in found
        if (isinstance(one, str) and any(text in one for text in texts))
        or (isinstance(one, bytes) and any(card in one for card in cards))
    ]  # fmt: skip


def test_no_stored_field_of_a_draw_links_it_to_a_person_or_a_card() -> None:
    caisse = with_cards()
    before = caisse.sell("cafe", "ada", MEAL)
    draws = [caisse.draw("cafe", 20, MEAL), caisse.give("cafe", 100, {"coupon": "2.00"}), caisse.draw("cafe", 30, MEAL)]
    after = caisse.sell("cafe", "rose", MEAL)
    assert [type(one.event) for one in draws] == [DrawDecided, GiveDecided, DrawDecided]
    assert [names_of_persons(stored(caisse, one)) for one in draws] == [[], [], []]
    assert all(names_of_persons(stored(caisse, one)) for one in (before, after))  # the same walk finds who paid by card


def test_a_draw_is_stored_byte_for_byte_the_same_whoever_tapped_a_card_before_it() -> None:
    def drawn_after(member: str) -> tuple[bytes, ...]:
        caisse = with_cards()
        caisse.sell("cafe", member, MEAL)
        done = caisse.draw("cafe", 20, MEAL)
        row: EventRow = caisse.log.rows[done.position - 1]
        return row.public, row.private, row.evidence, row.stream.encode()

    assert drawn_after("ada") == drawn_after("rose")


def test_the_time_of_a_draw_is_stored_by_the_day() -> None:
    caisse = with_cards()
    sale = caisse.sell("cafe", "ada", MEAL)
    caisse.at("2026-05-02 12:48:59")
    done = caisse.draw("cafe", 20, MEAL)
    calendar = caisse.book.caisse.calendar
    start_us = calendar.start_us(calendar.day(caisse.clock.us))
    row = caisse.log.rows[done.position - 1]
    assert row.at_us == caisse.log.rows[sale.position - 1].at_us + 1  # the order, and no clock
    assert done.request.ts_ms % DAY_MS == 0
    times = {one for one in stored(caisse, done) if type(one) is int and one >= A_TIME}
    assert times == {row.at_us, int(done.request.ts_ms), start_us // 1_000}
    assert done.event.day == "2026-05-02"


def test_a_draw_that_names_its_minute_is_turned_away_and_not_recorded() -> None:
    caisse = with_cards()
    rows = len(caisse.log.rows)
    asked = caisse.draw("cafe", 20, MEAL)
    late = caisse.ask(asked.request.op, "cafe", MEAL, price_choice=20)
    assert (late.reply.rc, len(caisse.log.rows)) == ("30", rows + 1)


@pytest.mark.parametrize("document", ["docs/WIRE.md", "docs/decisions/0016-draws-without-names.md"])
def test_documents_state_what_the_same_till_and_minute_still_reveal(document: str) -> None:
    said = " ".join((CLONE / document).read_text(encoding="utf-8").split())
    assert "between which two operations a draw" in said
    page = " ".join((CLONE / "docs/schemes/05-solidarity-draws.md").read_text(encoding="utf-8").split())
    assert "at the same till in the same minute, a reader of the log may guess" in page


def test_coupons_less_draws_are_the_balance_of_the_fund() -> None:
    lived = two_days()
    found = report(lived.caisse)
    drawn = sum(done.card_cents for _, done in lived.drawn) + lived.short.card_cents
    assert (lived.short.card_cents, lived.refused.card_cents) == (144, 0)
    assert (found.coupons_cents + found.given_cents, found.drawn_cents, found.other_cents) == (2_000, drawn, 0)
    assert found.own_cents == found.balance_cents == lived.caisse.free("solidarity") == 2_000 - drawn


def test_no_report_tells_of_fewer_than_five_draws() -> None:
    lived = two_days()
    assert [(one.named, one.draws) for one in report(lived.caisse).lines] == [
        ("2026-05-02, 20 %", 5), ("other days and reductions together", 5),
    ]  # fmt: skip
    caisse = with_cards()
    for _ in range(4):
        caisse.draw("cafe", 20, {"meal": "1.00"})
    found = report(caisse)
    assert (found.lines, "Fewer than 5 draws are not listed" in found.hidden) == ((), True)


async def test_the_log_of_two_days_of_coupons_and_draws_is_proved() -> None:
    lived = two_days()
    balances = await lived.caisse.proved()
    assert balances["fund:solidarity"] == lived.caisse.free("solidarity")
    assert balances["payable:cafe"] == sum(done.card_cents for _, done in lived.drawn[:7]) + 144 - 300
