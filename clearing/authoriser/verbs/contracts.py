"""Law: an AMAP contract from its season to its end; a list is taken whole or not at all."""

from datetime import date
from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.contracts import Day, Portion, SeasonOpened, Taken
from clearing.rules.amap import contract_money, contracting, deliveries
from clearing.rules.calendar import civil_date
from clearing.values import (
    ContractId,
    DecisionId,
    FundId,
    MemberId,
    ProducerId,
    Rate,
    SeasonId,
)
from clearing.wire.commands import contract_number

_QTY_MILLI_MAX: Final = 1_000_000_000


def _today(o: Order) -> date:
    return o.book.caisse.calendar.day(o.at_us)


def _contract(o: Order) -> ContractId:
    return ContractId(o.body.id("contract"))


def _season(o: Order) -> SeasonId:
    return SeasonId(o.body.id("season"))


def _day_text(b: Body, name: str) -> str:
    """A missing day is ""."""
    return b.optional(name, b.text) or ""


def read_day(b: Body, name: str) -> str:
    """An ISO date; a missing one is ""."""
    given = _day_text(b, name)
    return civil_date(given, what=f"'{name}'").isoformat() if given else ""


def _open(o: Order) -> Result:
    b = o.body
    opened = SeasonOpened(
        season=_season(o), title=b.text("title"), producer=ProducerId(b.id("producer")),
        days=tuple(_day(day) for day in b.bodies("days")), mode=b.id("mode"), skip=b.id("skip"),
        skip_days=b.number("skip_days", highest=365), decision=DecisionId(b.optional("decision", b.id) or ""), by=o.by,
    )
    return one(contracting.decide_open(o.book.contracts, o.book.producers, opened))


def _day(b: Body) -> Day:
    day = Day(b.text("on"), b.number("weight", lowest=1, highest=contracting.WEIGHT_MAX))
    b.end()
    return day


def read_portion(b: Body) -> Portion:
    """What a delivery of a contract brings, as a command names it."""
    portion = Portion(b.text("product"), b.number("qty_milli", lowest=1, highest=_QTY_MILLI_MAX))
    b.end()
    return portion


def _sign(o: Order) -> Result:
    b, book, contract = o.body, o.book, _contract(o)
    fund = b.optional("fund", b.id)
    due_on = []
    for item in b.bodies("instalments"):
        due_on.append(item.text("due_on"))
        item.end()
    return one(contracting.decide_sign(
        book.contracts, book.members, book.funds, contract=contract, number=contract_number(contract), season=_season(o),
        member=MemberId(b.id("member")), portions=tuple(read_portion(one) for one in b.bodies("portions")),
        joins_on=_day_text(b, "joins_on"), full_cents=b.cents("full_cents"), due_on=tuple(due_on),
        fund=None if fund is None else FundId(fund), fund_until=_day_text(b, "fund_until"),
        fund_rate=Rate(b.optional("fund_rate", lambda n: b.number(n, highest=10_000)) or 0), by=o.by,
    ))


def _pay(o: Order) -> Result:
    b = o.body
    return one(contract_money.decide_pay(
        o.book.contracts, o.book.takings, contract=_contract(o), instalment=b.number("instalment", lowest=1),
        cents=b.optional("cents", b.cents), means=b.id("means"), reference=b.text("reference"), by=o.by,
    ))


def _pay_fund_parts(o: Order) -> Result:
    season, up_to_on, reference = _season(o), o.body.text("up_to_on"), o.body.text("reference")
    return contract_money.decide_pay_fund_parts(
        o.book.contracts, o.book.funds, season=season, up_to_on=up_to_on, reference=reference, by=o.by
    )


def _return(o: Order) -> Result:
    b = o.body
    return one(contract_money.decide_return(
        o.book.contracts, contract=_contract(o), instalment=b.number("instalment", lowest=1), reference=b.text("reference"),
        reason=b.text("reason"), by=o.by,
    ))


def _record(o: Order) -> Result:
    taken = tuple(_taken(item) for item in o.body.bodies("taken"))
    season, on = _season(o), o.body.text("on")
    return one(deliveries.decide_record(o.book.contracts, season=season, on=on, taken=taken, by=o.by, today=_today(o)))


def _taken(b: Body) -> Taken:
    taken = Taken(ContractId(b.id("contract")), b.id("outcome"))
    b.end()
    return taken


def _skip(o: Order) -> Result:
    contract, on, to_on = _contract(o), o.body.text("on"), _day_text(o.body, "to_on")
    return one(deliveries.decide_skip(o.book.contracts, contract=contract, on=on, to_on=to_on, by=o.by, today=_today(o)))


def _swap(o: Order) -> Result:
    b = o.body
    return one(deliveries.decide_swap(
        o.book.contracts, contract=_contract(o), on=b.text("on"), other=ContractId(b.id("other")), other_on=b.text("other_on"),
        by=o.by, today=_today(o),
    ))


def _loss(o: Order) -> Result:
    b = o.body
    kept = Rate(b.number("kept_rate", highest=10_000))
    return one(deliveries.decide_loss(
        o.book.contracts, season=_season(o), on=b.text("on"), kept_rate=kept, reason=b.text("reason"), by=o.by
    ))


def _end(o: Order) -> Result:
    b = o.body
    return one(contract_money.decide_end(
        o.book.contracts, contract=_contract(o), leaving=b.id("leaving"), last_on=_day_text(b, "last_on"),
        reason=b.text("reason"), by=o.by, today=_today(o),
    ))


def _end_season(o: Order) -> Result:
    season, last_on, reason = _season(o), _day_text(o.body, "last_on"), o.body.text("reason")
    return contract_money.decide_end_season(
        o.book.contracts, season=season, last_on=last_on, reason=reason, by=o.by, today=_today(o)
    )


def _take_over(o: Order) -> Result:
    return one(contracting.decide_take_over(o.book.contracts, contract=_contract(o), agreed=o.body.text("agreed"), by=o.by))


def _shrink(o: Order) -> Result:
    contract, from_on = _contract(o), o.body.text("from_on")
    return one(contracting.decide_shrink(o.book.contracts, contract=contract, from_on=from_on, by=o.by, today=_today(o)))


def _pay_over(o: Order) -> Result:
    return contract_money.decide_pay_over(o.book.contracts, season=_season(o), up_to_on=o.body.text("up_to_on"), by=o.by)


def _refund(o: Order) -> Result:
    contract, cents, reference = _contract(o), o.body.cents("cents"), o.body.text("reference")
    return one(contract_money.decide_refund(o.book.contracts, contract=contract, cents=cents, reference=reference, by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "open_season": _open,
    "sign_contract": _sign,
    "pay_instalment": _pay,
    "pay_fund_parts": _pay_fund_parts,
    "return_instalment": _return,
    "record_deliveries": _record,
    "skip_delivery": _skip,
    "swap_deliveries": _swap,
    "declare_crop_loss": _loss,
    "end_contract": _end,
    "end_season": _end_season,
    "take_over_fund_part": _take_over,
    "shrink_contract": _shrink,
    "pay_over_contracts": _pay_over,
    "refund_contract": _refund,
}
