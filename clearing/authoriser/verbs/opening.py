"""Law: both persons send the whole list; its digest is over all of it, so that what was compared is what is accepted."""

from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.opening import OpeningDebt, OpeningFund, OpeningLot
from clearing.rules import opening
from clearing.rules.book import Book
from clearing.rules.calendar import civil_date
from clearing.values import CENTS_MAX, FundId, MemberId, ProducerId, PurseKind


def read_balances(b: Body) -> opening.Balances:
    """The list of a command. Raises InvalidValue."""
    digest = b.digest()
    as_of = civil_date(b.text("as_of"), what="as_of").isoformat()
    bank_cents = b.number("bank_cents", lowest=-CENTS_MAX, highest=CENTS_MAX)
    lots, funds, debts = (b.bodies(name) for name in ("purses", "funds", "debts"))
    read = opening.Balances(
        as_of=as_of, bank_cents=bank_cents, digest=digest, lots=tuple(_lot(row) for row in lots),
        funds=tuple(OpeningFund(
            fund=FundId(row.id("fund")), notified_cents=row.cents("notified_cents"), received_cents=row.cents("received_cents"),
            engaged_cents=row.cents("engaged_cents"),
        ) for row in funds),
        debts=tuple(OpeningDebt(producer=ProducerId(row.id("producer")), cents=row.cents("cents")) for row in debts),
    )
    for row in (*lots, *funds, *debts):
        row.end()
    return read


def _lot(row: Body) -> OpeningLot:
    fund = row.optional("fund", row.id)
    return OpeningLot(
        member=MemberId(row.id("member")), purse=PurseKind(row.id("purse")), fund=None if fund is None else FundId(fund),
        cents=row.cents("cents"), expires_us=row.optional("expires_us", row.instant),
    )


def known_of(book: Book, at_us: int) -> opening.Known:
    """What the list's rows may name."""
    return opening.Known(
        members=book.members.members, producers=book.producers.producers, funds=book.funds,
        sold=bool(book.operations.kept or book.settlement.batches), today=book.caisse.calendar.day(at_us).isoformat(),
    )


def _propose_opening(o: Order) -> Result:
    balances, known = read_balances(o.body), known_of(o.book, o.at_us)
    return one(opening.decide_propose(o.book.opening, balances, known=known, by=o.by, at_us=o.at_us))


def _accept_opening(o: Order) -> Result:
    balances, known = read_balances(o.body), known_of(o.book, o.at_us)
    return one(opening.decide_accept(o.book.opening, balances, known=known, by=o.by, at_us=o.at_us))


VERBS: Final[dict[str, Verb]] = {"propose_opening": _propose_opening, "accept_opening": _accept_opening}
