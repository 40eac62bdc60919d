"""Law: each event that moves money has exactly these legs; every other event has none."""

import pytest

from clearing.events.catalogue import Event
from clearing.events.funds import (
    AllocationDeclined,
    CohortLapsed,
    LotLapsed,
    MoneyNotified,
    MoneyReceived,
    SingleGranted,
)
from clearing.events.members import MemberAdmitted
from clearing.rules.ledger.postings import Ledger, Origins, UnexplainedPosting, legs, origins_asked, postings
from clearing.values import (
    Cents,
    FundId,
    MicroTime,
    Position,
    ProducerId,
)
from tests.rules.money_events import (
    BY,
    CREDIT,
    FARM,
    GENERAL,
    MEMBER,
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
    reversal,
    sale,
    sent_back,
    share,
)

KNOWN = Origins({"lot:monthly/2017-01": "general", "lot:x7": "gift"})
PAID = Origins({"payout:1:farm": "confirmed"})
LOT = "monthly/2017-01"

CASES: dict[str, tuple[Event, Origins, dict[str, int]]] = {
    "received": (
        MoneyReceived(fund=GENERAL, cents=Cents(700), reference="b", by=BY), Origins(), {"bank": 700, "fund:general": -700},
    ),
    "notified stays off the balance": (
        MoneyNotified(fund=GENERAL, cents=Cents(700), reference="b", by=BY), Origins(),
        {"receivable:general": 700, "notified:general": -700},
    ),
    "granted": (grant(), Origins(), {"fund:general": 30_000, "purse:credit": -30_000}),
    "granted to one": (
        SingleGranted(
            rule="monthly", period="2017-01", member=MEMBER, purse=CREDIT, fund=GENERAL, cents=Cents(150),
            expires_us=MicroTime(9), by=BY,
        ),
        Origins(), {"fund:general": 150, "purse:credit": -150},
    ),
    "a run that the fund could not carry": (
        AllocationDeclined(
            rule="monthly", period="2017-01", fund=GENERAL, need_cents=Cents(9), cover_cents=Cents(1), by=BY
        ),
        Origins(), {},
    ),
    "own money comes from the bank": (credit(None), Origins(), {"bank": 500, "purse:own": -500}),
    "a gift comes from a fund": (credit(GENERAL), Origins(), {"fund:general": 500, "purse:credit": -500}),
    "cohort lapsed": (
        CohortLapsed(lot=LOT, purse=CREDIT, fund=GENERAL, cents=Cents(40)), Origins(),
        {"purse:credit": 40, "fund:general": -40},
    ),
    "lot lapsed": (
        LotLapsed(member=MEMBER, purse=CREDIT, lot="x7", fund=FundId("gift"), cents=Cents(40)), Origins(),
        {"purse:credit": 40, "fund:gift": -40},
    ),
    "nothing lapsed": (CohortLapsed(lot=LOT, purse=CREDIT, fund=GENERAL, cents=Cents(0)), Origins(), {}),
    "a sale of two payers to two producers": (
        sale(share(300, "fund:tier", step="tariff"), share(500, "purse:credit"), share(200, "purse:credit", payee="mill")),
        Origins(), {"fund:tier": 300, "purse:credit": 700, "owed:farm": -800, "owed:mill": -200},
    ),
    "a surplus goes to its fund": (
        sale(share(1_000, "purse:own", lot="x7"), share(100, "purse:own", step="surplus", payee="fund:pool", lot="x7")),
        Origins(), {"purse:own": 1_100, "owed:farm": -1_000, "fund:pool": -100},
    ),
    "a declined sale": (sale(code="51"), Origins(), {}),
    "a hold": (
        hold(share(200, "fund:tier"), share(33, "purse:credit")), Origins(),
        {"fund:tier": 200, "purse:credit": 33, "held": -233},
    ),
    "a capture: worked sale 10, the rest had lapsed": (
        capture((share(78, "purse:credit"),), (back(155, "purse:credit", (LOT, 155, "lapsed")),)), KNOWN,
        {"held": 233, "owed:farm": -78, "fund:general": -155},
    ),
    "a capture with a surplus": (
        capture((share(50, "purse:own"), share(10, "purse:own", step="surplus", payee="fund:pool")), ()), Origins(),
        {"held": 60, "owed:farm": -50, "fund:pool": -10},
    ),
    "an expired hold goes back to purse, fund and lapsed lots' funds": (
        expiry(back(90, "purse:credit", (LOT, 40, "back"), ("x7", 50, "lapsed")), back(10, "fund:tier")), KNOWN,
        {"held": 100, "purse:credit": -40, "fund:gift": -50, "fund:tier": -10},
    ),
    "a hold reversed": (
        reversal("released", back(90, "purse:credit", (LOT, 90, "back"))), Origins(), {"held": 90, "purse:credit": -90},
    ),
    "a sale undone": (
        reversal(
            "undone", back(90, "purse:credit", (LOT, 90, "back")), back(9, "fund:tier"),
            back(5, "purse:own", ("x3", 5, "back"), step="surplus", payee="fund:pool"),
        ),
        Origins(), {"owed:farm": 99, "purse:credit": -90, "fund:tier": -9, "fund:pool": 5, "purse:own": -5},
    ),
    "a tombstone": (reversal("tombstone"), Origins(), {}),
    "a refund to an open lot and a new one": (
        refund(back(280, "purse:credit", (LOT, 200, "new"), ("x7", 80, "back"))), KNOWN,
        {"owed:farm": 280, "purse:credit": -280},
    ),
    "a batch": (
        batch((FARM, 500), (MILL, 200), (ProducerId("none"), 0)), Origins(),
        {"owed:farm": 500, "payable:farm": -500, "owed:mill": 200, "payable:mill": -200},
    ),
    "a payout confirmed": (confirmed(500), Origins(), {"payable:farm": 500, "bank": -500}),
    "a payout returned before its confirmation": (sent_back(500), Origins(), {"payable:farm": 500, "owed:farm": -500}),
    "a payout returned after its confirmation": (sent_back(500), PAID, {"bank": 500, "owed:farm": -500}),
    "no money in it": (MemberAdmitted(member=MEMBER, groups=(), by=BY), Origins(), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_event_has_its_legs_and_they_sum_to_zero(name: str) -> None:
    event, origins, expected = CASES[name]
    assert legs(event, origins) == expected
    assert sum(posting.cents for posting in postings(event, origins)) == 0
    assert {p.currency for p in postings(event, origins)} <= {"EUR"}


def test_a_lapse_into_an_unknown_fund_is_named_not_guessed() -> None:
    with pytest.raises(UnexplainedPosting, match="lot x99 lapses"):
        legs(expiry(back(9, "purse:credit", ("x99", 9, "lapsed"))), Origins())


def test_a_return_that_lapsed_in_part_goes_to_fund_and_purse() -> None:
    moved = legs(expiry(back(9, "purse:credit", (LOT, 4, "lapsed"), (LOT, 5, "back"))), KNOWN)
    assert moved == {"held": 9, "fund:general": -4, "purse:credit": -5}


def test_a_refunds_new_lots_inherit_the_funds_of_the_lapsed_ones() -> None:
    ledger = Ledger()
    ledger.post(grant(), Position(1))
    ledger.post(grant(fund=FundId("second"), period="2017-02"), Position(2))
    ledger.post(refund(back(30, "purse:credit", (LOT, 10, "new"), ("monthly/2017-02", 20, "new"))), Position(8))
    assert (ledger.origins.fund_of("x8"), ledger.origins.fund_of("x8.1")) == ("general", "second")


def test_own_money_leaves_no_origin_and_a_gift_does() -> None:
    ledger = Ledger()
    ledger.post(credit(None), Position(3))
    ledger.post(credit(FundId("gift")), Position(4))
    assert ledger.origins.known == {"lot:x4": "gift"}


def test_asks_only_for_what_an_event_needs() -> None:
    assert origins_asked(sale(share(5, "purse:credit"))) == frozenset()
    assert origins_asked(expiry(back(5, "purse:credit", (LOT, 5, "back")))) == frozenset()
    assert origins_asked(expiry(back(5, "purse:credit", (LOT, 5, "lapsed")))) == {"lot:monthly/2017-01"}
    assert origins_asked(refund(back(5, "purse:credit", (LOT, 5, "new")))) == {"lot:monthly/2017-01"}
    assert origins_asked(sent_back(5)) == {"payout:1:farm"}


def test_a_day_from_the_bank_to_the_bank_leaves_only_what_is_still_there() -> None:
    ledger = Ledger()
    story: list[Event] = [
        MoneyReceived(fund=GENERAL, cents=Cents(50_000), reference="b", by=BY), grant(), sale(share(1_000, "purse:credit")),
        batch((FARM, 1_000)), confirmed(1_000), sent_back(1_000), batch((FARM, 1_000)),
    ]  # fmt: skip
    for position, event in enumerate(story, 1):
        ledger.post(event, Position(position))
    assert ledger.balances == {
        "bank": 50_000, "fund:general": -20_000, "purse:credit": -29_000, "owed:farm": 0, "payable:farm": -1_000,
    }  # fmt: skip
    assert sum(ledger.balances.values()) == 0
