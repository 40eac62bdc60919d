"""Law: a basket's lines sum to its amount; a share says who paid which cents of which line, from which lots, and why.

Named tuples, not dataclasses: a sale makes and reads about ten of them (measured: made in 0.3 us against 1.5, and packed and
unpacked as they are).
"""

from typing import NamedTuple

from clearing.values import CategoryId, Cents, PayerId, ProducerId, Rate


class Line(NamedTuple):
    """One line of a basket as the terminal sent it. qty_milli: thousandths of the product's unit."""

    category: CategoryId
    amount_cents: Cents
    product: str | None = None
    payee: ProducerId | None = None
    qty_milli: int | None = None


class LotUse(NamedTuple):
    """Cents taken from one lot of a purse. lot: "<rule>/<period>" of a grant, or "x<position>" of a single credit."""

    lot: str
    cents: Cents


class Share(NamedTuple):
    """What one payer carries of one line.

    line: index into the basket's lines (after equal lines were added up: the first of them). step: "tariff", "payer" or
    "surplus" (domain.md section 2). source: "purse:<kind>" or "fund:<id>". rate: ten-thousandths of the price to pay, 0 for
    a fixed amount. lots: how the cents left the purse, empty for a fund.
    """

    line: int
    payer: PayerId
    step: str
    source: str
    rate: Rate
    cents: Cents
    payee: ProducerId
    lots: tuple[LotUse, ...] = ()


class LotReturn(NamedTuple):
    """Cents that went back to one lot. outcome: "back" (spendable again), "lapsed" (its time was over: to the fund), or
    "new" (a refund to a lapsed lot: a new lot "x<position of this event>" of refund_lot_days)."""

    lot: str
    cents: Cents
    outcome: str


class Return(NamedTuple):
    """The opposite of a Share: cents given back to the source they came from. line: index into the ORIGINAL basket."""

    line: int
    payer: PayerId
    step: str
    source: str
    cents: Cents
    payee: ProducerId
    lots: tuple[LotReturn, ...] = ()
