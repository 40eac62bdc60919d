"""Law: each event that moves money has exactly these legs; every other event has none."""

import pytest

from clearing.events.basket import Line, LotReturn, LotUse, Return, Share
from clearing.events.catalogue import Event
from clearing.events.funds import (
    AllocationDeclined,
    AllocationGranted,
    CohortLapsed,
    LotLapsed,
    MoneyNotified,
    MoneyReceived,
    PurseCredited,
    SingleGranted,
)
from clearing.events.members import MemberAdmitted
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    HoldExpired,
    OperationHead,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.events.settlement import BatchClosed, BatchLine, PayoutConfirmed, PayoutReturned
from clearing.rules.postings import Ledger, Origins, UnexplainedPosting, legs, origins_asked, postings
from clearing.values import (
    BatchId,
    CategoryId,
    Cents,
    FundId,
    MemberId,
    MicroTime,
    OperationId,
    PayerId,
    PersonId,
    Position,
    ProducerId,
    PurseKind,
    Rate,
    TerminalId,
)

BY, MEMBER, FARM, MILL = PersonId("tina"), MemberId("m1"), ProducerId("farm"), ProducerId("mill")
CREDIT, OWN, GENERAL = PurseKind("credit"), PurseKind("own"), FundId("general")
OP = OperationHead(terminal=TerminalId(b"t" * 8), epoch=1, n=1, x=OperationId(b"x" * 16), producer=FARM)
LINES = (Line(category=CategoryId("veg"), amount_cents=Cents(1_000)),)


def share(cents: int, source: str, *, step: str = "payer", payee: str = "farm", lot: str = "monthly/2017-01") -> Share:
    return Share(
        line=0, payer=PayerId("p"), step=step, source=source, rate=Rate(10_000), cents=Cents(cents),
        payee=ProducerId(payee), lots=(LotUse(lot=lot, cents=Cents(cents)),) if source.startswith("purse:") else (),
    )


def back(cents: int, source: str, *parts: tuple[str, int, str], step: str = "payer", payee: str = "farm") -> Return:
    return Return(
        line=0, payer=PayerId("p"), step=step, source=source, cents=Cents(cents), payee=ProducerId(payee),
        lots=tuple(LotReturn(lot=lot, cents=Cents(part), outcome=outcome) for lot, part, outcome in parts),
    )


def sale(*shares: Share, code: str = "00") -> SaleDecided:
    paid = Cents(sum(s.cents for s in shares if s.step != "surplus"))
    return SaleDecided(
        op=OP, answer=code, amount_cents=Cents(1_000), lines=LINES, approved_cents=paid, approved_lines=(paid,), code=code,
        tap=None, member=MEMBER, charte_version=1, shares=shares,
    )


def hold(*shares: Share) -> AuthorisationDecided:
    paid = Cents(sum(s.cents for s in shares))
    return AuthorisationDecided(
        op=OP, answer="00", amount_cents=Cents(1_000), lines=LINES, approved_cents=paid, approved_lines=(paid,),
        hold_expires_us=MicroTime(9), code="00", tap=None, member=MEMBER, charte_version=1, shares=shares, applied=(),
        eligible=None, price_choice=None,
    )


def capture(shares: tuple[Share, ...], released: tuple[Return, ...]) -> CaptureDecided:
    paid = Cents(sum(s.cents for s in shares))
    return CaptureDecided(
        op=OP, answer="00", original=OP.x, amount_cents=Cents(1_000), lines=LINES, approved_cents=paid,
        approved_lines=(paid,), code="00", member=MEMBER, charte_version=1, shares=shares, released=released,
    )


def reversal(effect: str, *returned: Return) -> ReversalDecided:
    return ReversalDecided(
        op=OP, answer="00", original=OP.x, code="00", member=MEMBER, effect=effect, returned=returned, exception=""
    )


def refund(*returned: Return) -> RefundDecided:
    paid = Cents(sum(r.cents for r in returned))
    return RefundDecided(
        op=OP, answer="00", original=OP.x, amount_cents=Cents(1_000), lines=LINES, card_cents=paid, card_lines=(paid,),
        code="00", member=MEMBER, returned=returned, new_lot_expires_us=MicroTime(9),
    )


def expiry(*released: Return) -> HoldExpired:
    return HoldExpired(terminal=OP.terminal, original=OP.x, producer=FARM, member=MEMBER, released=released)


def grant(total: int = 30_000, fund: FundId = GENERAL, period: str = "2017-01") -> AllocationGranted:
    return AllocationGranted(
        rule="monthly", period=period, purse=CREDIT, fund=fund, cents_each=Cents(15_000), who=(), head_count=2,
        total_cents=Cents(total), expires_us=MicroTime(9), by=BY,
    )


def credit(fund: FundId | None, cents: int = 500) -> PurseCredited:
    return PurseCredited(
        member=MEMBER, purse=OWN if fund is None else CREDIT, fund=fund, cents=Cents(cents), expires_us=None,
        reference="r", by=BY,
    )


def batch(*paid: tuple[ProducerId, int]) -> BatchClosed:
    lines = tuple(
        BatchLine(
            producer=producer, captured_cents=Cents(cents), refunded_cents=Cents(0), carried_cents=0, net_cents=cents,
            paid_cents=Cents(cents), details=b"d" * 32,
        )
        for producer, cents in paid
    )
    return BatchClosed(
        batch=BatchId(1), closed_on="2017-01-08", up_to=Position(9), lines=lines,
        total_cents=Cents(sum(cents for _, cents in paid)), by=BY,
    )


def confirmed(cents: int) -> PayoutConfirmed:
    return PayoutConfirmed(batch=BatchId(1), producer=FARM, cents=Cents(cents), reference="r", by=BY)


def sent_back(cents: int) -> PayoutReturned:
    return PayoutReturned(batch=BatchId(1), producer=FARM, cents=Cents(cents), reason="AC04", by=BY)


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


def test_shares_whose_lots_do_not_add_up_to_a_return_still_balance_on_the_source() -> None:
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
