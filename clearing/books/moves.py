"""Law: the books move what the ledger moves, cent by cent, and say besides why a fund moved; a reserve is still its source's.

The ledger keeps what is held in one account; in the books a hold is no entry, so it is told by where it is held from, and
stands where that stands. `moves` compares itself with the ledger's own legs of the same event (two roads).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from clearing.events import (
    adjustments,
    bank,
    bonus,
    closing,
    contests,
    contracts,
    corrections,
    cotisations,
    debits,
    funds,
    grants,
    households,
    interchange,
    opening,
    orders,
    sales,
    solidarity,
)
from clearing.events.basket import LotReturn, LotUse, Return, Share
from clearing.events.catalogue import Event
from clearing.rules.ledger.accounts import HELD, HELD_ABROAD
from clearing.rules.ledger.legs import payable_member, payee_account
from clearing.rules.ledger.postings import Origins, legs
from clearing.rules.treasury import adjusting

OF_FUNDS: Final = ("fund:", "notified:")
SURPLUS: Final = "surplus"
OWN: Final = "own"


class Move(NamedTuple):
    """cents above zero: debit. account: of the ledger; of purses "own:<kind>" is what came from no fund; "held:" or
    "held-abroad:" before one is what is reserved there. nature: why, of a fund's
    account; "" of any other. grant: the subsidy that it is about, or ""."""

    account: str
    nature: str
    cents: int
    grant: str = ""


class Unfaithful(AssertionError):
    """The books would move other cents than the ledger: the program is wrong; nothing is written."""


NATURE: Final[dict[type, str]] = {
    funds.MoneyNotified: "announced", grants.AnnouncementWithdrawn: "announced", grants.SubsidyNotified: "subsidy",
    grants.SubsidyReduced: "subsidy", cotisations.CotisationReceived: "cotisation", cotisations.GiftReceived: "gift",
    cotisations.CotisationWrittenOff: "written-off", interchange.InterchangeWrittenOff: "written-off",
    solidarity.CouponsSold: "coupon", bank.BankCharged: "bank-charges", debits.DebitCounted: "cotisation",
    funds.AllocationGranted: "credit",
    funds.SingleGranted: "credit", funds.PurseCredited: "credit", bonus.BonusCredited: "bonus",
    bonus.BonusTakenBack: "bonus", funds.CohortLapsed: "lapsed", funds.LotLapsed: "lapsed",
    grants.RepaymentConfirmed: "given-back", closing.RestReleased: "rest",
    contracts.InstalmentReceived: "contract", contracts.ContractEnded: "contract", opening.OpeningAccepted: "opening",
}  # fmt: skip
"""Why a fund moves with this event; what is not here is income or spending that no other word says (rules' account_plan.py).
A transfer is neither: what one fund loses the other one has, in the same account of the books."""
_ADJUSTED: Final = {adjusting.WRITE_OFF: "written-off", adjusting.DEBIT: "credit"}
"""An adjustment that is neither is what goods cost, or a part of it back."""
_UNNAMED: Final = {True: "spending", False: "income"}
_SAME_PLACE: Final = "result"


def _taken(origins: Origins, shares: Iterable[Share], nature: str, owner: str = "") -> Iterator[Move]:
    """owner: "held:" or "held-abroad:" when it comes out of a reserve."""
    for share in shares:
        yield from _source(origins, share.source, nature, share.lots, share.cents, owner)
        yield _payee(share.step, share.payee, -share.cents)


def _held(origins: Origins, shares: Iterable[Share], owner: str) -> Iterator[Move]:
    for share in shares:
        for one in _source(origins, share.source, "sale", share.lots, share.cents):
            yield one
            yield one._replace(account=f"{owner}{one.account}", cents=-one.cents)


def _back(returned: Iterable[Return], origins: Origins, out_of: Callable[[Return], Iterable[Move]]) -> Iterator[Move]:
    for back in returned:
        yield from out_of(back)
        for lot in back.lots:
            if lot.outcome == "lapsed":
                yield Move(f"fund:{origins.fund_of(lot.lot)}", "lapsed", -lot.cents)
        stays = [lot for lot in back.lots if lot.outcome != "lapsed"]
        if stays or not back.lots:
            kept = sum(lot.cents for lot in stays) if back.lots else back.cents
            yield from (one._replace(cents=-one.cents) for one in _source(origins, back.source, "sale", stays, kept))


def _source(
    origins: Origins, source: str, nature: str, lots: Iterable[LotUse | LotReturn], cents: int, owner: str = ""
) -> Iterator[Move]:
    """Out of a fund, or out of a purse, lot by lot: what came from no fund is the member's own."""
    kind, _, name = source.partition(":")
    if kind != "purse":
        yield Move(f"{owner}{source}", nature if source.startswith(OF_FUNDS) else "", cents)
        return
    for lot in lots:
        yield Move(f"{owner}{'purse' if f'lot:{lot.lot}' in origins.known else OWN}:{name}", "", lot.cents)


def _payee(step: str, payee: str, cents: int) -> Move:
    account = payee_account(step, payee)  # type: ignore[arg-type]  # a payee is a producer, or "fund:<id>"
    return Move(account, SURPLUS if step == SURPLUS else "", cents)


def _gift(fund: str, cents: int) -> Iterator[Move]:
    """What goes beyond the minimum of a cotisation is a gift."""
    yield Move(f"fund:{fund}", "cotisation", cents)
    yield Move(f"fund:{fund}", "gift", -cents)


def _from_payee(back: Return) -> Iterable[Move]:
    return (_payee(back.step, back.payee, back.cents),)


class Moves:
    """Feed every event of one log in order."""

    def __init__(self) -> None:
        self.origins = Origins()
        self._abroad: dict[bytes, tuple[Share, ...]] = {}

    def take(self, event: Event, position: int) -> tuple[Move, ...]:
        """What it moves in the books. Raises Unfaithful, UnexplainedPosting."""
        self.origins.note(event, position)  # type: ignore[arg-type]  # a position of the log
        plain = legs(event, self.origins)
        fine = _FINE.get(type(event))
        found = tuple(fine(self, event) if fine is not None else self._named(event, plain))
        told = _in_ledger(found)
        if told != plain:
            raise Unfaithful(f"event {position}: the books move {told}, the ledger {plain}; run `clearing audit`")
        return tuple(one for one in found if one.cents)

    def _named(self, event: Event, plain: dict[str, int]) -> Iterator[Move]:
        """With why the fund moves, by the kind of event."""
        moved = [account for account in plain if account.startswith("fund:")]
        nature, grant = NATURE.get(type(event)), str(getattr(event, "grant", None) or "")
        if isinstance(event, funds.MoneyReceived):
            nature = "subsidy" if event.grant else "announced"
        if isinstance(event, corrections.EntryCorrected):
            nature = event.entry.kind
        if isinstance(event, adjustments.AdjustmentMade):
            nature = _ADJUSTED.get(event.what.kind, "sale")
        if nature is None and len(moved) == len(plain):
            nature = _SAME_PLACE  # from fund to fund
        for account, cents in plain.items():
            of_fund = account.startswith(OF_FUNDS)
            yield Move(account, (nature or _UNNAMED[cents > 0]) if of_fund else "", cents, grant if of_fund else "")

    def cotisation(self, event: cotisations.CotisationReceived | debits.DebitCounted) -> Iterator[Move]:
        yield from self._named(event, legs(event, self.origins))
        yield from _gift(event.fund, event.gift_cents)

    def corrected(self, event: corrections.EntryCorrected) -> Iterator[Move]:
        yield from self._named(event, legs(event, self.origins))
        yield from _gift(event.wrong.fund, -event.wrong.gift_cents)
        if event.cotisation is not None:
            yield from _gift(event.cotisation.fund, event.cotisation.gift_cents)

    def held_abroad(self, event: interchange.InterchangeHeld) -> Iterator[Move]:
        self._abroad[event.ref] = event.shares
        return _held(self.origins, event.shares, "held-abroad:")

    def captured_abroad(self, event: interchange.InterchangeCaptured) -> Iterator[Move]:
        for share in self._abroad[event.ref]:
            yield from _source(self.origins, share.source, "sale", share.lots, share.cents, "held-abroad:")
            yield Move(f"interchange:{event.acquirer}", "", -share.cents)

    def released_abroad(self, event: interchange.InterchangeReleased) -> Iterator[Move]:
        other = f"interchange:{event.acquirer}"
        if event.undone:
            return _back(event.returned, self.origins, lambda back: (Move(other, "", back.cents),))
        return self.released(event.returned, "held-abroad:")

    def released(self, returned: Iterable[Return], owner: str = "held:") -> Iterator[Move]:
        """Out of a reserve."""
        return _back(returned, self.origins, lambda back: _source(
            self.origins, back.source, "sale", back.lots, back.cents, owner
        ))  # fmt: skip

    def captured(self, event: sales.CaptureDecided | orders.DeliveryNoted | orders.DisputeResolved) -> Iterator[Move]:
        yield from _taken(self.origins, event.shares, "sale", "held:")
        yield from self.released(event.released)

    def given_back(self, event: sales.ReversalDecided | sales.RefundDecided) -> Iterator[Move]:
        if isinstance(event, sales.ReversalDecided) and event.effect == "released":
            return self.released(event.returned)
        return _back(event.returned, self.origins, _from_payee)

    def contested(self, event: contests.ContestDecided) -> Iterator[Move]:
        """What the fund bears in a producer's place is lost."""
        fund = f"fund:{event.fund}"

        def out_of(back: Return) -> Iterable[Move]:
            return (Move(fund, "written-off", back.cents),) if event.fund and back.step != SURPLUS else _from_payee(back)

        yield from _back(event.returned, self.origins, out_of)
        yield Move(fund, "written-off", event.paid_cents)
        yield Move(f"owed:{event.payee}", "", -event.paid_cents)

    def drawn(self, event: solidarity.DrawDecided) -> Iterable[Move]:
        return () if event.claimed else _taken(self.origins, event.shares, "draw")

    def emptied(self, event: households.PurseEmptied) -> Iterator[Move]:
        for lot in event.lots:
            yield Move(f"{'purse' if lot.fund is not None else OWN}:{lot.purse}", "", lot.cents)
            to = f"fund:{lot.fund}" if lot.fund is not None else payable_member(event.member)
            yield Move(to, "lapsed" if lot.fund is not None else "", -lot.cents)

    def opened(self, event: opening.OpeningAccepted) -> Iterator[Move]:
        yield from self._named(event, legs(event, self.origins))
        for lot in event.lots:
            if lot.fund is None:
                yield from _own(f"purse:{lot.purse}", -lot.cents)

    def own_money(self, event: funds.PurseCredited | closing.OwnMoneyReleased) -> Iterator[Move]:
        yield from self._named(event, legs(event, self.origins))
        if isinstance(event, closing.OwnMoneyReleased):
            yield from _own(f"purse:{event.purse}", event.cents)
        elif event.fund is None:
            yield from _own(f"purse:{event.purse}", -event.cents)


def _own(purse: str, cents: int) -> Iterator[Move]:
    """What was told of a purse is the member's own part of it."""
    yield Move(purse, "", -cents)
    yield Move(f"{OWN}:{purse.partition(':')[2]}", "", cents)


_FINE: Final[dict[type, Callable[[Moves, Any], Iterable[Move]]]] = {
    sales.SaleDecided: lambda the, event: _taken(the.origins, event.shares, "sale"),
    orders.ExceptionResolved: lambda the, event: _taken(the.origins, event.shares, "sale"),
    solidarity.GiveDecided: lambda the, event: _taken(the.origins, event.shares, SURPLUS),
    solidarity.DrawDecided: Moves.drawn,
    solidarity.DrawsShared: lambda the, event: _taken(
        the.origins, (one for part in event.draws for one in part.shares), "draw"
    ),
    sales.AuthorisationDecided: lambda the, event: _held(the.origins, event.shares, "held:"),
    orders.OrderPlaced: lambda the, event: _held(the.origins, event.shares, "held:"),
    sales.CaptureDecided: Moves.captured,
    orders.DeliveryNoted: Moves.captured,
    orders.DisputeResolved: Moves.captured,
    sales.HoldExpired: lambda the, event: the.released(event.released),
    orders.OrderCancelled: lambda the, event: the.released(event.released),
    sales.ReversalDecided: Moves.given_back,
    sales.RefundDecided: Moves.given_back,
    interchange.InterchangeHeld: Moves.held_abroad,
    interchange.InterchangeCaptured: Moves.captured_abroad,
    interchange.InterchangeReleased: Moves.released_abroad,
    interchange.InterchangeExpired: lambda the, event: the.released(event.returned, "held-abroad:"),
    households.PurseEmptied: Moves.emptied,
    opening.OpeningAccepted: Moves.opened,
    funds.PurseCredited: Moves.own_money,
    closing.OwnMoneyReleased: Moves.own_money,
    cotisations.CotisationReceived: Moves.cotisation, debits.DebitCounted: Moves.cotisation,
    corrections.EntryCorrected: Moves.corrected,
    contests.ContestDecided: Moves.contested,
}
"""Events whose legs in the books are finer than the ledger's."""


def _in_ledger(moved: Iterable[Move]) -> dict[str, int]:
    """The ledger's own accounts of these moves, without empty ones."""
    found: dict[str, int] = {}
    for one in moved:
        kind, _, rest = one.account.partition(":")
        account = {"held": HELD, "held-abroad": HELD_ABROAD, OWN: f"purse:{rest}"}.get(kind if rest else "", one.account)
        found[account] = found.get(account, 0) + one.cents
    return {account: cents for account, cents in found.items() if cents}
