"""Law: both persons send the whole list; its digest is over all of it, so that what was compared is what is accepted."""

from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.contracts import read_day, read_portion
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.contracts import Instalment
from clearing.events.opening import (
    OpeningArrear,
    OpeningBasket,
    OpeningContract,
    OpeningDebt,
    OpeningFund,
    OpeningLot,
    OpeningPayment,
)
from clearing.rules.book import Book
from clearing.rules.calendar import civil_date, period_start
from clearing.rules.ends import opening
from clearing.values import CENTS_MAX, Cents, ContractId, FundId, MemberId, ProducerId, PurseKind, SeasonId
from clearing.wire.commands import contract_number


def read_balances(b: Body) -> opening.Balances:
    """The list of a command. Raises InvalidValue."""
    digest = b.digest()
    as_of = civil_date(b.text("as_of"), what="as_of").isoformat()
    bank_cents = b.number("bank_cents", lowest=-CENTS_MAX, highest=CENTS_MAX)
    lots, funds, debts, arrears, contracts = (
        b.bodies(name) for name in ("purses", "funds", "debts", "arrears", "contracts")
    )
    read = opening.Balances(
        as_of=as_of, bank_cents=bank_cents, digest=digest, lots=tuple(_lot(row) for row in lots),
        funds=tuple(OpeningFund(
            fund=FundId(row.id("fund")), notified_cents=row.cents("notified_cents"), received_cents=row.cents("received_cents"),
            engaged_cents=row.cents("engaged_cents"),
        ) for row in funds),
        debts=tuple(OpeningDebt(producer=ProducerId(row.id("producer")), cents=row.cents("cents")) for row in debts),
        arrears=tuple(_arrear(row) for row in arrears), contracts=tuple(_contract(row) for row in contracts),
    )
    for row in (*lots, *funds, *debts, *arrears, *contracts):
        row.end()
    return read


def _lot(row: Body) -> OpeningLot:
    fund = row.optional("fund", row.id)
    return OpeningLot(
        member=MemberId(row.id("member")), purse=PurseKind(row.id("purse")), fund=None if fund is None else FundId(fund),
        cents=row.cents("cents"), expires_us=row.optional("expires_us", row.instant),
    )


def _arrear(row: Body) -> OpeningArrear:
    first = period_start(row.text("period"))
    return OpeningArrear(
        member=MemberId(row.id("member")), rule=row.id("rule"), period=f"{first:%Y-%m}", months=row.number("months", lowest=1),
        due_cents=row.cents("due_cents"), paid_cents=Cents(row.optional("paid_cents", row.cents) or 0),
    )


def _contract(row: Body) -> OpeningContract:
    fund, contract = row.optional("fund", row.id), ContractId(row.id("contract"))
    return OpeningContract(
        contract=contract, number=contract_number(contract), season=SeasonId(row.id("season")),
        member=MemberId(row.id("member")), portions=tuple(read_portion(one) for one in row.bodies("portions")),
        joins_on=read_day(row, "joins_on"), instalments=tuple(_instalment(one) for one in row.bodies("instalments")),
        fund=None if fund is None else FundId(fund), fund_until=read_day(row, "fund_until"),
        payments=tuple(_payment(one) for one in row.bodies("payments")), delivered_until=read_day(row, "delivered_until"),
        baskets=tuple(_basket(one) for one in row.bodies("baskets")), held_cents=_cents_or_none(row, "held_cents"),
        price_from=read_day(row, "price_from"), before_cents=_cents_or_none(row, "before_cents"),
    )


def _cents_or_none(row: Body, name: str) -> Cents:
    return Cents(row.optional(name, row.cents) or 0)


def _instalment(b: Body) -> Instalment:
    due = Instalment(civil_date(b.text("due_on")).isoformat(), b.cents("cents"), _cents_or_none(b, "fund_cents"))
    b.end()
    return due


def _payment(b: Body) -> OpeningPayment:
    paid = OpeningPayment(
        b.number("instalment", lowest=1), b.id("payer"), b.cents("cents"), b.id("means"), b.text("reference")
    )
    b.end()
    return paid


def _basket(b: Body) -> OpeningBasket:
    basket = OpeningBasket(civil_date(b.text("on")).isoformat(), b.id("outcome"), read_day(b, "to_on"))
    b.end()
    return basket


def known_of(book: Book, at_us: int) -> opening.Known:
    """What the list's rows may name."""
    return opening.Known(
        members=book.members.members, producers=book.producers.producers, funds=book.funds,
        cotisations=book.cotisations, contracts=book.contracts,
        sold=bool(book.operations.kept or book.settlement.batches), today=book.caisse.calendar.day(at_us).isoformat(),
    )


def _propose_opening(o: Order) -> Result:
    balances, known = read_balances(o.body), known_of(o.book, o.at_us)
    return one(opening.decide_propose(o.book.opening, balances, known=known, by=o.by, at_us=o.at_us))


def _accept_opening(o: Order) -> Result:
    balances, known = read_balances(o.body), known_of(o.book, o.at_us)
    return one(opening.decide_accept(o.book.opening, balances, known=known, by=o.by, at_us=o.at_us))


def _discard_opening(o: Order) -> Result:
    return one(opening.decide_discard(o.book.opening, reason=o.body.text("reason"), by=o.by))


VERBS: Final[dict[str, Verb]] = {
    "propose_opening": _propose_opening,
    "accept_opening": _accept_opening,
    "discard_opening": _discard_opening,
}
