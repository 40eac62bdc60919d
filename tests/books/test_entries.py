"""Worked entries that an accountant can read: what happens at the caisse, and what it is in the books."""

from dataclasses import replace
from datetime import date

import pytest

from clearing.books.fec import NoFec, fec
from clearing.books.fec_rules import judge
from clearing.books.journal import Entry
from clearing.books.kept import Kept
from clearing.events.catalogue import Event
from clearing.events.closing import CaisseSealed, RestReleased
from clearing.events.cotisations import (
    CotisationReceived,
    CotisationReturned,
    CotisationWrittenOff,
    DepositConfirmed,
    GiftReceived,
)
from clearing.events.funds import UNBOUND, CohortLapsed, FundOpened, MoneyReceived
from clearing.events.grants import (
    RepaymentConfirmed,
    RepaymentPaid,
    SubsidyNotified,
    SubsidyReduced,
    TransferConfirmed,
)
from clearing.events.solidarity import CouponsSold
from clearing.rules.calendar import CivilCalendar
from clearing.values import Cents, FundId, GrantId, MemberId
from tests.books.keeping import PLAN, planned
from tests.given_when_then import paris
from tests.rules.money_events import (
    BY,
    CREDIT,
    FARM,
    GENERAL,
    MILL,
    back,
    batch,
    capture,
    confirmed,
    credit,
    expiry,
    grant,
    hold,
    refund,
    sale,
    sent_back,
    share,
)
from tests.sayings import FOUNDED

Rows = list[tuple[str, int]]
MARIE, DRAAF, PARC = MemberId("m1"), GrantId("draaf"), FundId("parc")
NOTIFIED = SubsidyNotified(
    grant=DRAAF, funder="DRAAF", fund=GENERAL, cents=Cents(60_000), purpose="food", earmark=UNBOUND, reference="letter",
    by=BY,
)  # fmt: skip
PART = MoneyReceived(fund=GENERAL, cents=Cents(20_000), reference="line", by=BY, grant=DRAAF, clears_cents=Cents(20_000))
PAID_IN = CotisationReceived(
    member=MARIE, rule="cotisation", fund=GENERAL, period="2026-05", cents=Cents(2_500), cleared_cents=Cents(0),
    gift_cents=Cents(1_500), means="cash", reference="page 1", receipt=1, by=BY,
)  # fmt: skip
GIFT = GiftReceived(
    donor="donor:d", fund=GENERAL, cents=Cents(5_000), means="cheque", reference="q", receipt=0, by=BY
)


def kept(*events: tuple[str, Event], plan: object = PLAN) -> Kept:
    """The books of these events, each at its day."""
    found = Kept()
    found.take(plan, 0, paris("2026-05-01 06:00:00"))  # type: ignore[arg-type]
    found.take(FOUNDED[0], 1, paris("2026-05-01 07:00:00"))
    for position, (day, event) in enumerate(events, 2):
        found.take(event, position, paris(f"{day} 09:00:00") + position)
    return found


def entries(books: Kept, until: str = "") -> list[Entry]:
    return [entry for month in books.months(until) for entry in month.entries]


def rows(entry: Entry) -> Rows:
    return [(line.place.number, line.cents) for line in entry.lines]


CASES: dict[str, tuple[tuple[Event, ...], list[tuple[str, Rows]]]] = {
    "a subsidy is income when it is notified, and its parts settle what is to come": (
        (NOTIFIED, PART),
        [("SU", [("441", 60_000), ("741", -60_000)]), ("BQ", [("512", 20_000), ("441", -20_000)])],
    ),
    "a subsidy that is reduced takes back its income": (
        (NOTIFIED, SubsidyReduced(grant=DRAAF, fund=GENERAL, cents=Cents(10_000), reference="letter 2", by=BY)),
        [("SU", [("441", 60_000), ("741", -60_000)]), ("SU", [("741", 10_000), ("441", -10_000)])],
    ),
    "money that goes back to a funder is less income, and owed until it is paid": (
        (
            PART, RepaymentConfirmed(repayment=1, grant=DRAAF, fund=GENERAL, cents=Cents(700), by=BY),
            RepaymentPaid(repayment=1, grant=DRAAF, cents=Cents(700), reference="line 2", by=BY),
        ),
        [
            ("BQ", [("512", 20_000), ("441", -20_000)]), ("SU", [("741", 700), ("467", -700)]),
            ("BQ", [("467", 700), ("512", -700)]),
        ],
    ),
    "a cotisation beyond the minimum is a cotisation and a gift": (
        (PAID_IN,), [("CA", [("531", 2_500), ("7541", -1_500), ("7561", -1_000)])],
    ),
    "a cotisation that comes back is owed by the members, and a loss when given up": (
        (
            replace(PAID_IN, means="debit", receipt=0),
            CotisationReturned(member=MARIE, fund=GENERAL, period="2026-05", cents=Cents(2_500), gift_cents=Cents(1_500),
                               reference="page 1", reason="AM04", by=BY),
            CotisationWrittenOff(member=MARIE, fund=GENERAL, period="2026-05", cents=Cents(2_500), reason="gone", by=BY),
        ),
        [
            ("BQ", [("512", 2_500), ("7541", -1_500), ("7561", -1_000)]), ("BQ", [("411", 2_500), ("512", -2_500)]),
            ("OD", [("654", 2_500), ("411", -2_500)]),
        ],
    ),
    "a cheque waits in 5112 until it is at the bank": (
        (GIFT, DepositConfirmed(deposit=1, account="cheques", cents=Cents(5_000), reference="slip", by=BY)),
        [("CA", [("5112", 5_000), ("7541", -5_000)]), ("BQ", [("512", 5_000), ("5112", -5_000)])],
    ),
    "coupons are gifts": (
        (CouponsSold(fund=GENERAL, number=3, cents=Cents(300), means="transfer", reference="box", by=BY),),
        [("BQ", [("512", 300), ("7541", -300)])],
    ),
    "the month's credit is spending when given, and no spending any more when it lapsed": (
        (grant(30_000), CohortLapsed(lot="monthly/2017-01", purse=CREDIT, fund=GENERAL, cents=Cents(400))),
        [("CR", [("6571", 30_000), ("4191", -30_000)]), ("CR", [("4191", 400), ("6571", -400)])],
    ),
    "a sale out of credit, own money and a fund is owed to the producer, once a day": (
        (
            grant(30_000), credit(None, 700),
            sale(share(500, "purse:credit"), share(200, "purse:own", lot="x3"), share(300, "fund:parc", step="tariff")),
            sale(share(100, "purse:credit", payee="mill")),
        ),
        [
            ("CR", [("6571", 30_000), ("4191", -30_000)]), ("BQ", [("512", 700), ("467", -700)]),
            ("AC", [("4191", 600), ("467", 200), ("6571", 300), ("401 farm", -1_000), ("401 mill", -100)]),
        ],
    ),
    "a hold is no entry, its capture is, what is released is none": (
        (
            grant(30_000), hold(share(900, "purse:credit")),
            capture((share(700, "purse:credit"),), (back(200, "purse:credit", ("monthly/2017-01", 200, "back")),)),
        ),
        [("CR", [("6571", 30_000), ("4191", -30_000)]), ("AC", [("4191", 700), ("401 farm", -700)])],
    ),
    "what a hold gives back after the credit lapsed is no spending any more": (
        (grant(30_000), hold(share(900, "purse:credit")),
         expiry(back(900, "purse:credit", ("monthly/2017-01", 900, "lapsed")))),
        [("CR", [("6571", 30_000), ("4191", -30_000)]), ("AC", [("4191", 900), ("6571", -900)])],
    ),
    "a refund takes back the debt": (
        (grant(30_000), sale(share(500, "purse:credit")), refund(back(200, "purse:credit", ("monthly/2017-01", 200, "back")))),
        [("CR", [("6571", 30_000), ("4191", -30_000)]), ("AC", [("4191", 300), ("401 farm", -300)])],
    ),
    "a surplus is a gift to the pooled fund": (
        (credit(None, 700), sale(share(100, "purse:own", step="surplus", payee="fund:parc", lot="x2"))),
        [("BQ", [("512", 700), ("467", -700)]), ("AC", [("467", 100), ("7541", -100)])],
    ),
    "a batch is entered when the bank paid, and again when it sent one back": (
        (batch((FARM, 800), (MILL, 200)), confirmed(800), sent_back(300)),
        [("BQ", [("401 farm", 500), ("512", -500)])],
    ),
    "money between funds stays in the same association": (
        (TransferConfirmed(transfer=1, fund=GENERAL, to=PARC, cents=Cents(500), by=BY),), [],
    ),
    "what is left at the end of a caisse is owed to its heir": (
        (RestReleased(fund=GENERAL, body="Restos", cents=Cents(90), by=BY),), [("OD", [("6578", 90), ("467", -90)])],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_happens_stands_in_these_accounts(name: str) -> None:
    events, wanted = CASES[name]
    found = [
        (one.code, [(" ".join(line.place).strip(), line.cents) for line in one.lines])
        for one in entries(kept(*(("2026-05-02", event) for event in events)))
    ]
    assert found == wanted


def test_credit_off_the_balance_is_spending_when_it_is_spent() -> None:
    events = (grant(30_000), sale(share(500, "purse:credit")))
    books = kept(*(("2026-05-02", event) for event in events), plan=planned(1, {"purse:*": "6571"}))
    assert [rows(one) for one in entries(books)] == [[("6571", 500), ("401", -500)]]


SPONSORED = FundOpened(fund=PARC, kind="sponsor", name="Parc", advance_cents=Cents(0), by=BY)


def come(cents: int) -> MoneyReceived:
    return MoneyReceived(fund=PARC, cents=Cents(cents), reference="line", by=BY)


def spent(cents: int) -> Event:
    return sale(share(cents, "fund:parc", step="tariff"))


def test_what_is_left_of_a_dedicated_fund_is_put_aside_and_used_in_the_next_year() -> None:
    books = kept(
        ("2026-05-02", SPONSORED), ("2026-05-03", come(100_000)), ("2026-06-01", spent(30_000)), ("2027-02-01", spent(20_000))
    )
    found = entries(books, "2027-12")
    ends = [(one.day.isoformat(), rows(one)) for one in found if one.reference == "FD-parc"]
    assert ends == [
        ("2026-12-31", [("6895", 70_000), ("195", -70_000)]), ("2027-12-31", [("195", 20_000), ("7895", -20_000)])
    ]  # fmt: skip
    brought = next(one for one in found if one.reference == "AN20270101")
    assert (brought.code, brought.number) == ("AN", 1)
    assert rows(brought) == [("512", 100_000), ("195", -70_000), ("401", -30_000)]


def test_a_fund_that_spent_more_than_came_puts_nothing_aside() -> None:
    books = kept(("2026-05-02", SPONSORED), ("2026-06-01", spent(500)))
    assert [one for one in entries(books, "2026-12") if one.reference == "FD-parc"] == []


def test_the_result_of_a_year_is_brought_forward_and_numbers_begin_anew() -> None:
    books = kept(("2026-05-03", PAID_IN), ("2026-06-03", GIFT), ("2027-01-02", GIFT))
    found = entries(books)
    assert [(one.code, one.number) for one in found] == [("CA", 1), ("CA", 2), ("AN", 1), ("CA", 1)]
    assert rows(found[2]) == [("5112", 5_000), ("531", 2_500), ("120", -7_500)]


def test_a_year_may_start_in_september() -> None:
    books = kept(("2026-05-03", PAID_IN), ("2026-09-03", GIFT), plan=planned(9))
    assert [(one.code, one.number) for one in entries(books)] == [("CA", 1), ("AN", 1), ("CA", 1)]
    assert [month.period for month in books.year(2026)] == ["2026-05", "2026-06", "2026-07", "2026-08"]
    assert books.year_ends(2026).isoformat() == "2026-08-31"
    assert [books.year_of(date.fromisoformat(day)) for day in ("2026-08-31", "2026-09-01")] == [2026, 2027]


def test_behind_a_seal_everything_is_valid_without_another_closing() -> None:
    events = (("2026-05-03", PAID_IN), ("2026-06-03", GIFT))
    with pytest.raises(NoFec, match="is closed yet"):
        fec(kept(*events), 2026)
    name, content = fec(kept(*events, ("2026-06-20", CaisseSealed(by=BY))), 2026)
    judged = judge(name, content)
    assert (judged.problems, judged.entries) == ((), 2)
    assert {line.split("\t")[15] for line in content.decode().splitlines()[1:]} == {"20260620"}


def test_a_day_is_civil_in_the_caisses_zone() -> None:
    books = Kept()
    books.take(PLAN, 0, paris("2026-05-01 06:00:00"))
    books.take(FOUNDED[0], 1, paris("2026-05-01 07:00:00"))
    books.take(GIFT, 2, paris("2026-05-31 23:59:59"))
    books.take(GIFT, 3, paris("2026-06-01 00:00:00"))
    assert [one.day.isoformat() for one in entries(books)] == ["2026-05-31", "2026-06-01"]
    assert books.gathered.calendar.zone == CivilCalendar("Europe/Paris").zone
