"""Law: cents go back to the very lot or fund they came from; if its time is over they lapse, or make a new lot (refund)."""

from collections.abc import Iterable

from clearing.events.basket import LotReturn, LotUse, Return, Share
from clearing.rules.answers import BrokenBook
from clearing.rules.credit.allocation import Allocation, SingleLot
from clearing.rules.people.members import Member, Purse
from clearing.rules.treasury.funds import Funds, engage, release
from clearing.values import Cents, FundId, PurseKind


def purse_of(source: str) -> PurseKind | None:
    """The purse kind of a share's source, None for a fund."""
    return PurseKind(source[6:]) if source.startswith("purse:") else None


def fund_named(source: str) -> FundId:
    """The fund of a source or payee "fund:<id>"."""
    return FundId(source[5:])


def returned(shares: Iterable[Share], allocation: Allocation, *, at_us: int, when_lapsed: str) -> tuple[Return, ...]:
    """Shares to give back as Returns. when_lapsed: "lapsed" (a hold or a reversal) or "new" (a refund)."""
    return tuple(
        Return(
            line=share.line, payer=share.payer, step=share.step, source=share.source, cents=share.cents, payee=share.payee,
            lots=tuple(_lot_return(use, allocation, at_us, when_lapsed) for use in share.lots),
        )
        for share in shares
    )


def _lot_return(use: LotUse, allocation: Allocation, at_us: int, when_lapsed: str) -> LotReturn:
    expires_us = allocation.lot_expires_us(use.lot)
    lapsed = expires_us is not None and expires_us <= at_us
    return LotReturn(lot=use.lot, cents=use.cents, outcome=when_lapsed if lapsed else "back")


def new_lot_ids(returns: Iterable[Return], position: int) -> dict[str, str]:
    """Lot that lapsed -> id of the new lot that a refund at `position` makes for it: "x<position>", then ".1", ".2" ..."""
    lapsed = dict.fromkeys(lot.lot for part in returns for lot in part.lots if lot.outcome == "new")
    return {lot: f"x{position}" if i == 0 else f"x{position}.{i}" for i, lot in enumerate(lapsed)}


def take_shares(shares: Iterable[Share], allocation: Allocation, funds: Funds, member: Member) -> None:
    """Take what the shares say out of lots and funds, to spend or to hold it. Raises BrokenBook when it is not there."""
    opened: dict[str, Purse] = {}
    cohorts = allocation.cohorts
    for share in shares:
        source = share.source
        purse = opened.get(source)
        if purse is None:
            kind = purse_of(source)
            if kind is None:
                engage(funds, fund_named(source), share.cents)
                continue
            purse = opened[source] = allocation.open_purse(member, kind)
        for lot, cents in share.lots:
            purse.take(lot, cents)
            cohort = cohorts.get(lot)
            if cohort is not None:
                cohort.left -= cents


def pool_surplus(parts: Iterable[Share | Return], funds: Funds, sign: int) -> None:
    """A captured surplus is in its fund (sign 1) until it is taken back (sign -1); a held one is in no fund yet.

    Raises BrokenBook when the fund has engaged what is taken back.
    """
    for part in parts:
        if part.step == "surplus":
            fund = funds[fund_named(part.payee)]
            fund.received_cents += sign * part.cents
            if sign < 0 and fund.free_cents() < 0:
                raise BrokenBook(f"fund {fund_named(part.payee)} gave back a surplus that it had engaged")


def within_funds(returns: Iterable[Return], funds: Funds) -> tuple[Return, ...]:
    """The same returns, but of a surplus only what its fund has still free: what it engaged is not there to give back."""
    room: dict[FundId, int] = {}
    kept: list[Return] = []
    for part in returns:
        if part.step == "surplus":
            fund = fund_named(part.payee)
            free = room.setdefault(fund, max(0, funds[fund].free_cents()))
            part = _first_cents(part, min(part.cents, free))
            room[fund] = free - part.cents
        if part.cents:
            kept.append(part)
    return tuple(kept)


def _first_cents(part: Return, cents: int) -> Return:
    lots: list[LotReturn] = []
    left = cents
    for lot in part.lots:
        if left:
            lots.append(lot._replace(cents=Cents(min(left, lot.cents))))
            left -= lots[-1].cents
    return part._replace(cents=Cents(cents), lots=tuple(lots))


def give_back(
    returns: tuple[Return, ...], allocation: Allocation, funds: Funds, member: Member, *, position: int, new_expires_us: int
) -> None:
    """The opposite of take_shares, by the outcome that each lot's return names."""
    renewed = new_lot_ids(returns, position)
    for part in returns:
        kind = purse_of(part.source)
        if kind is None:
            engage(funds, fund_named(part.source), -part.cents)
            continue
        for lot in part.lots:
            fund = allocation.lot_fund(lot.lot)
            if lot.outcome == "back":
                allocation.give_back(member, kind, lot.lot, lot.cents)
            elif lot.outcome == "new":
                lapse_to = allocation.lapse_fund(lot.lot)
                single = SingleLot(member.member, kind, fund, new_expires_us, lapse_to if lapse_to != fund else None)
                allocation.new_lot(renewed[lot.lot], member, single, lot.cents)
            elif fund is not None:
                release(funds, fund, allocation.lapse_fund(lot.lot) or fund, lot.cents)


def total(parts: Iterable[Share | Return]) -> Cents:
    """Cents of goods that the parts carry (a surplus is no goods)."""
    return Cents(sum(part.cents for part in parts if part.step != "surplus"))
