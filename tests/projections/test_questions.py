"""Law: a market day of worked amounts, asked for in the ways people ask; every figure is known to the cent beforehand."""

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from clearing.events.basket import Line
from clearing.events.caisse import CaisseFounded
from clearing.events.catalogue import Event
from clearing.events.members import MemberAdmitted
from clearing.events.sales import OperationHead, Tap
from clearing.events.settlement import BatchApproved, BatchExported
from clearing.projections.answers import BatchLineRow, Owed, Paid, ShareRow, StatementRow, Taken
from clearing.projections.questions import Questions
from clearing.values import (
    BatchId,
    CaisseCode,
    CardId,
    CategoryId,
    Cents,
    OperationId,
    PersonId,
    Position,
    ProducerId,
    TerminalId,
)
from tests.projections.recording import ViewedCaisse
from tests.rules.money_events import (
    BY,
    FARM,
    MEMBER,
    MILL,
    back,
    batch,
    confirmed,
    credit,
    grant,
    refund,
    reversal,
    sale,
    share,
)

LOT = "monthly/2017-01"
JULY_1 = date(2017, 7, 1)
TEN_US = 1_498_896_000_000_000  # 1 July 2017, 10:00 in Paris
HOUR_US = 3_600_000_000
CARD = CardId(b"c" * 16)
TAP = Tap(card=CARD, key_version=1, counter=1, fresh=True)


def head(n: int, x: bytes) -> OperationHead:
    return OperationHead(terminal=TerminalId(b"t" * 8), epoch=1, n=n, x=OperationId(x.ljust(16, b"0")), producer=FARM)


def line(category: str, cents: int, payee: ProducerId | None = None) -> Line:
    return Line(category=CategoryId(category), amount_cents=Cents(cents), payee=payee)


BASKET = (line("veg", 735), line("cheese", 1_249), line("flour", 415, MILL), line("soap", 290))
WORKED = replace(
    sale(share(735, "purse:credit"), share(874, "purse:credit")._replace(line=1),
         share(125, "purse:credit", payee="mill")._replace(line=2), code="10"),
    op=head(1, b"aaa"), tap=TAP, lines=BASKET, amount_cents=Cents(2_689),
)  # fmt: skip
OWN = replace(
    sale(share(500, "purse:own", lot="x4"), share(100, "purse:own", lot="x4", step="surplus", payee="fund:pool")),
    op=head(2, b"aab"), tap=TAP, lines=(line("veg", 500),), amount_cents=Cents(500),
)  # fmt: skip
EMPTY = replace(sale(code="51"), op=head(3, b"abc"), tap=TAP, answer="05")
UNKNOWN = replace(sale(code="14"), op=head(4, b"\xff\xff"), member=None)
CHEESE_BACK = replace(
    refund(back(280, "purse:credit", (LOT, 280, "back"))._replace(line=1)),
    op=head(5, b"b"), original=WORKED.op.x, amount_cents=Cents(400), lines=(line("cheese", 400),),
)  # fmt: skip
UNDONE = replace(
    reversal("undone", back(500, "purse:own", ("x4", 500, "back")),
             back(100, "purse:own", ("x4", 100, "back"), step="surplus", payee="fund:pool")),
    op=head(6, b"c"), original=OWN.op.x,
)  # fmt: skip
DAY: tuple[Event, ...] = (
    CaisseFounded(code=CaisseCode("day"), name="Day", zone="Europe/Paris", account_name="Day"),
    MemberAdmitted(member=MEMBER, groups=(), by=BY), grant(15_000), credit(None, 2_000),
    WORKED, OWN, EMPTY, UNKNOWN, CHEESE_BACK, UNDONE,
    replace(batch((FARM, 1_329), (MILL, 125)), closed_on="2017-07-01", up_to=Position(10)),
    BatchApproved(batch=BatchId(1), execution_on="2017-07-03", by=PersonId("anna")),
    BatchExported(batch=BatchId(1), message_id="M1", file_sha256=b"f" * 32, by=BY), confirmed(1_329),
)  # fmt: skip


@pytest.fixture
async def day(viewed: ViewedCaisse) -> ViewedCaisse:
    """One event an hour from 10:00 on: the first sale at 14:00, the next day's first at midnight."""
    await viewed.record(DAY, [TEN_US + i * HOUR_US for i in range(len(DAY))])
    await viewed.project()
    return viewed


async def test_a_day_in_figures(day: ViewedCaisse) -> None:
    async with day.asked() as questions:
        found = await questions.summary(JULY_1, JULY_1)
    assert (found.position, found.sales, found.approved, found.partial) == (len(DAY), 4, 1, 1)
    assert found.declined == {"51": 1, "14": 1}
    assert found.paid == (
        Paid(step="payer", payer="p", source="purse:credit", cents=1_734),
        Paid(step="payer", payer="p", source="purse:own", cents=500),
        Paid(step="surplus", payer="p", source="purse:own", cents=100),
    )
    assert found.categories == {"veg": 1_235, "cheese": 874, "flour": 125}
    assert found.taken == (
        Taken(producer="farm", captured_cents=2_109, given_back_cents=780, captures=2),
        Taken(producer="mill", captured_cents=125, given_back_cents=0, captures=1),
    )
    assert (found.captured_cents, found.given_back_cents) == (2_234, 780)


async def test_a_day_without_sales_is_all_zero(day: ViewedCaisse) -> None:
    async with day.asked() as questions:
        found = await questions.summary(date(2017, 6, 1), date(2017, 6, 30))
    assert (found.sales, found.declined, found.paid, found.taken, found.captured_cents) == (0, {}, (), (), 0)


async def test_what_is_owed_says_what_was_settled_and_paid(day: ViewedCaisse) -> None:
    async with day.asked() as questions:
        assert await questions.owed() == (
            Owed(producer="farm", captured_cents=2_109, refunded_cents=780, settled_cents=1_329, returned_cents=0,
                 confirmed_cents=1_329, owed_cents=0),
            Owed(producer="mill", captured_cents=125, refunded_cents=0, settled_cents=125, returned_cents=0,
                 confirmed_cents=0, owed_cents=0),
        )  # fmt: skip


FOUND: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [10, 9, 8, 7, 6, 5]),
    ({"producer": "farm"}, [10, 9, 8, 7, 6, 5]),
    ({"producer": "mill"}, []),
    ({"card": bytes(CARD)}, [7, 6, 5]),
    ({"card": b"d" * 16}, []),
    ({"day": JULY_1}, [10, 9, 8, 7, 6, 5]),
    ({"day": date(2017, 7, 2)}, []),
    ({"code": "51"}, [7]),
    ({"code": "00", "card": bytes(CARD), "producer": "farm", "day": JULY_1}, [6]),
    ({"limit": 2}, [10, 9]),
]


async def test_finds_sales_by_any_of_their_marks(day: ViewedCaisse) -> None:
    async with day.asked() as questions:
        found = [(asked, [row.position for row in await questions.find_sales(**asked)]) for asked, _ in FOUND]
    assert found == FOUND


BY_ID: list[tuple[int | bytes, list[int]]] = [
    (5, [5]), (4, []), (b"a", [5, 6, 7]), (b"aa", [5, 6]), (b"aab", [6]), (b"\xff", [8]), (b"zz", []),
    (b"aaa".ljust(16, b"0"), [5]),
]  # fmt: skip


async def test_finds_a_sale_by_number_or_by_how_its_id_begins(day: ViewedCaisse) -> None:
    async with day.asked() as questions:
        found = [(wanted, [sale.row.position for sale in await questions.sale(wanted)]) for wanted, _ in BY_ID]
    assert found == BY_ID


async def test_a_sale_shows_who_paid_and_what_became_of_it(day: ViewedCaisse) -> None:
    async with day.asked() as questions:
        [found] = await questions.sale(5)
    assert (found.row.day, found.row.local_time, found.row.code, found.row.state) == (JULY_1, time(14), "10", "captured")
    assert (found.row.amount_cents, found.row.approved_cents) == (2_689, 1_734)
    assert (found.row.given_back_cents, found.row.refunded_goods_cents) == (280, 400)
    assert found.shares[1] == ShareRow(
        line=1, category="cheese", payer="p", step="payer", source="purse:credit", payee="farm", rate=10_000, cents=874
    )
    assert [(later.position, later.kind, later.approved_cents) for later in found.later] == [(9, "refund", 280)]


async def test_a_reversed_sale_and_a_declined_one_say_so(day: ViewedCaisse) -> None:
    async with day.asked() as questions:
        [undone], [empty], [unknown] = await questions.sale(6), await questions.sale(7), await questions.sale(8)
    assert (undone.row.state, undone.row.captured_cents, undone.row.given_back_cents) == ("undone", 500, 500)
    assert [later.kind for later in undone.later] == ["reversal"]
    assert (empty.row.state, empty.row.code, empty.row.answer) == ("declined", "51", "05")
    assert (unknown.row.member, unknown.row.card, unknown.row.code) == (None, None, "14")


async def test_a_statement_lists_a_market_day_at_gross_price(day: ViewedCaisse) -> None:
    async with day.asked() as questions:
        farm, mill = await questions.statement(1, "farm"), await questions.statement(1, "mill")
    assert farm == (
        row(14, 5, 5, "capture", 2_274, 1_609), row(15, 6, 6, "capture", 500, 500),
        row(18, 9, 5, "refund", -400, -280), row(19, 10, 6, "reversal", -500, -500),
    )  # fmt: skip
    assert mill == (row(14, 5, 5, "capture", 415, 125),)
    async with day.asked() as questions:
        lines = {found.producer: found.paid_cents for found in await questions.batch_lines(1)}
    assert lines == {"farm": sum(r.card_cents for r in farm), "mill": sum(r.card_cents for r in mill)}


def row(hour: int, position: int, sale_position: int, kind: str, gross: int, card: int) -> StatementRow:
    return StatementRow(
        day=JULY_1, local_time=time(hour), position=position, sale_position=sale_position, kind=kind, gross_cents=gross,
        card_cents=card,
    )


async def test_a_batch_goes_from_closed_to_paid(day: ViewedCaisse) -> None:
    async with day.asked() as questions:
        [found] = await questions.batches()
        farm, mill = await questions.batch_lines(1)
    assert (found.state, found.closed_on, found.total_cents, found.up_to) == ("exported", JULY_1, 1_454, 10)
    assert (found.closed_by, found.approved_by, found.execution_on) == ("tina", "anna", date(2017, 7, 3))
    assert (found.message_id, found.file_sha256) == ("M1", b"f" * 32)
    assert farm == BatchLineRow(
        producer="farm", captured_cents=1_329, refunded_cents=0, carried_cents=0, net_cents=1_329, paid_cents=1_329,
        details=b"d" * 32, payout="executed", payout_us=TEN_US + 13 * HOUR_US, reference="r",
    )  # fmt: skip
    assert (mill.payout, mill.payout_us) == ("instructed", None)


async def test_purses_show_lots_and_totals(day: ViewedCaisse) -> None:
    async with day.asked() as questions:
        lots = {(lot.purse, lot.lot): (lot.cents, lot.expires_us) for lot in await questions.purses(MEMBER)}
        totals = {total.purse: (total.cents, total.members) for total in await questions.purse_totals()}
    assert lots == {("credit", LOT): (15_000 - 1_734 + 280, 9), ("own", "x4"): (2_000, None)}
    assert totals == {"credit": (13_546, 1), "own": (2_000, 1)}


async def test_before_the_first_page_everything_is_empty(viewed: ViewedCaisse) -> None:
    async with viewed.asked() as questions:
        assert await everything(questions) == (0, (), (), (), ())


async def everything(questions: Questions) -> tuple[object, ...]:
    return (
        await questions.position(), await questions.owed(), await questions.find_sales(), await questions.batches(),
        await questions.accounts(),
    )  # fmt: skip
