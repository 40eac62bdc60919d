"""Law: what a caisse brought along is seen like everything else: in purses, accounts, debts and on the producer's statement."""

from datetime import date, time

from clearing.events.caisse import CaisseFounded
from clearing.events.catalogue import Event
from clearing.events.funds import FundOpened, LotLapsed
from clearing.events.members import MemberAdmitted
from clearing.events.opening import OpeningAccepted, OpeningDebt, OpeningFund, OpeningLot, OpeningTotals
from clearing.projections.answers import StatementRow
from clearing.values import CaisseCode, Cents, FundId, MemberId, MicroTime, PersonId, ProducerId
from tests.given_when_then import paris
from tests.projections.recording import ViewedCaisse
from tests.rules.money_events import CREDIT, FARM, GENERAL, OWN, batch

BY, ADA = PersonId("tina"), MemberId("ada")
DAY, NOON = date(2017, 7, 1), paris("2017-07-01 12:00:00")
LAPSES = MicroTime(NOON + 5)
OPENING = OpeningAccepted(
    as_of="2017-06-30", digest=bytes(32), totals=OpeningTotals(1_000, Cents(750), Cents(400), 2_150), by=BY,
    lots=(
        OpeningLot(ADA, CREDIT, GENERAL, Cents(500), LAPSES), OpeningLot(ADA, OWN, None, Cents(250), None),
    ),
    funds=(OpeningFund(FundId("general"), Cents(0), Cents(2_000), Cents(1_000)),),
    debts=(OpeningDebt(FARM, Cents(400)),),
)  # fmt: skip
EVENTS: tuple[Event, ...] = (
    CaisseFounded(code=CaisseCode("brume"), name="Brume", zone="Europe/Paris", account_name="Brume"),
    FundOpened(fund=GENERAL, kind="general", name="General", advance_cents=Cents(0), by=BY),
    MemberAdmitted(member=ADA, groups=(), by=BY),
    OPENING,
    LotLapsed(member=ADA, purse=CREDIT, lot="x4", fund=GENERAL, cents=Cents(500)),
    batch((FARM, 400)),
)


async def test_purses_accounts_debts_and_the_statement_show_the_beginning(viewed: ViewedCaisse) -> None:
    await viewed.record(EVENTS[:4], [NOON + place for place in range(4)])
    await viewed.project()
    async with viewed.asked() as questions:
        lots = {(lot.purse, lot.lot): (lot.cents, lot.expires_us) for lot in await questions.purses(ADA)}
        accounts = {one.account: one.cents for one in await questions.accounts()}
        [owed] = await questions.owed()
    assert lots == {("credit", "x4"): (500, LAPSES), ("own", "x4.1"): (250, None)}
    assert {name: cents for name, cents in accounts.items() if cents} == {
        "bank": 2_150, "fund:general": -1_000, "purse:credit": -500, "purse:own": -250, "owed:farm": -400,
    }  # fmt: skip
    assert (owed.captured_cents, owed.owed_cents) == (400, 400)


async def test_a_lapsed_lot_is_its_funds_again_and_the_debt_is_on_the_statement(viewed: ViewedCaisse) -> None:
    await viewed.record(EVENTS, [NOON + place for place in range(6)])
    await viewed.project(page_events=2)
    async with viewed.asked() as questions:
        assert [(lot.lot, lot.cents) for lot in await questions.purses(ADA) if lot.cents] == [("x4.1", 250)]
        accounts = {one.account: one.cents for one in await questions.accounts()}
        statement = await questions.statement(1, ProducerId("farm"))
    assert accounts["fund:general"] == -1_500
    assert statement == (StatementRow(
        day=DAY, local_time=time(12, 0, 0, 3), position=4, sale_position=4, kind="opening", gross_cents=400, card_cents=400,
    ),)  # fmt: skip
