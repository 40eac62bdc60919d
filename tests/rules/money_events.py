"""Law: events that move money, built from the few amounts a test is about; everything else is the same for all."""

from clearing.events.basket import Line, LotReturn, LotUse, Return, Share
from clearing.events.funds import (
    AllocationGranted,
    PurseCredited,
)
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
