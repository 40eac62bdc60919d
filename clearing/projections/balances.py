"""Law: a purse holds what it was granted by its groups at each credit run, plus what was put in, less what was taken out.

A credit run that gives all the same is one row; the .sql derives who it reached, as the writer's book does. Held cents are out
of the purse. What sales took stands in the rows of `sales` until it is folded into one row per lot: a balance row for every lot
of every sale cost 5 us of PostgreSQL, folded after many sales of the same members it is 2.6 for a whole sale.
"""

from collections.abc import Iterable
from typing import Final

from clearing.events.adjustments import AdjustmentMade
from clearing.events.basket import Return, Share
from clearing.events.bonus import BonusCredited, BonusTakenBack
from clearing.events.closing import ClosureConfirmed, OwnMoneyReleased
from clearing.events.contests import ContestDecided
from clearing.events.crediting import CohortRolled
from clearing.events.funds import AllocationGranted, CohortLapsed, LotLapsed, PurseCredited, SingleGranted
from clearing.events.households import HouseholdSeparated, MemberLeft, PurseEmptied
from clearing.events.interchange import InterchangeExpired, InterchangeHeld, InterchangeReleased
from clearing.events.members import MemberAdmitted, MemberGroupsChanged
from clearing.events.opening import OpeningAccepted, lot_ids
from clearing.events.orders import DeliveryNoted, DisputeResolved, ExceptionResolved, OrderCancelled, OrderPlaced
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    HoldExpired,
    RefundDecided,
    ReversalDecided,
)
from clearing.projections.page import Page, Recorded, Write, Writes, write
from clearing.rules.credit.amounts import terms_of
from clearing.rules.credit.lapsing import CARRIED
from clearing.rules.selling.returns import new_lot_ids, purse_of
from clearing.values import MemberId

FILE = "balances.sql"
FOLD_EVENTS: Final = 200_000  # so many rows of sales a purse is read from at most: 30 ms
_BETWEEN = "\x1f"  # stands in no group's name; arrays of arrays can't be unnested
_NOBODY = "-"  # no group's name: purses are told of these credits one by one


def writes(page: Page) -> Writes:
    groups, moves = _Groups(), _Moves()
    grants: list[tuple[object, ...]] = []
    rolled: list[tuple[object, ...]] = []
    lapsed: list[tuple[object, ...]] = []
    ends: list[Write] = []
    for recorded in page.recorded:
        match recorded.event:
            case AllocationGranted() as event:
                grants.append(_granted(event, recorded.position, moves))
            case CohortRolled() as event:
                lot = f"{event.lot}{CARRIED}"
                grants.append((lot, recorded.position, event.purse, event.fund, 0, _NOBODY, event.expires_us))
                rolled.append((event.lot, lot, event.each_max_cents, event.expires_us))
            case MemberLeft() as event:
                groups.close(event.member, recorded.position)
            case CohortLapsed() as event:
                lapsed.append((event.lot,))
            case ClosureConfirmed() as event:
                ends.append(Write("shorten", (event.ends_us,)))
            case MemberAdmitted() | MemberGroupsChanged() as event:
                groups.change(event.member, event.groups, recorded.position)
            case _:
                _move(recorded, moves)
    return [
        *groups.writes(), *write("grant", grants), *write("move", moves.rows()), *write("roll", rolled),
        *write("lapse", lapsed), *ends, Write("fold", (page.last, FOLD_EVENTS)),
    ]  # fmt: skip


def _granted(event: AllocationGranted, position: int, moves: "_Moves") -> tuple[object, ...]:
    """The run's row; where amounts differ, each purse's own cents stand beside it."""
    lot = f"{event.rule}/{event.period}"
    if terms_of(event).alike:
        return lot, position, event.purse, event.fund, event.cents_each, _BETWEEN.join(event.who), event.expires_us
    for one in event.amounts:
        for member in one.members:
            moves.put(member, event.purse, lot, one.cents, event.expires_us)
    return lot, position, event.purse, event.fund, 0, _NOBODY, event.expires_us


class _Groups:
    """Members' groups by range of positions."""

    def __init__(self) -> None:
        self._closed: list[tuple[str, int]] = []
        self._opened: dict[MemberId, list[tuple[int, str]]] = {}
        self._left: dict[MemberId, int] = {}

    def close(self, member: MemberId, position: int) -> None:
        """From here on no grant reaches her."""
        if member in self._opened:
            self._left[member] = position
        else:
            self._closed.append((member, position))

    def change(self, member: MemberId, groups: tuple[str, ...], position: int) -> None:
        changes = self._opened.setdefault(member, [])
        if not changes:
            self._closed.append((member, position))
        changes.append((position, _BETWEEN.join(groups)))

    def writes(self) -> Writes:
        rows = [
            (member, position, changes[i + 1][0] if i + 1 < len(changes) else self._left.get(member), groups)
            for member, changes in self._opened.items()
            for i, (position, groups) in enumerate(changes)
        ]
        return [*write("close_groups", self._closed), *write("open_groups", rows)]


class _Moves:
    """Cents in and out per (member, purse, lot); the expiry of lots that were put in."""

    def __init__(self) -> None:
        self._cents: dict[tuple[str, str, str], int] = {}
        self._expires_us: dict[tuple[str, str, str], int | None] = {}

    def add(self, member: str, purse: str, lot: str, cents: int) -> None:
        key = (member, purse, lot)
        self._cents[key] = self._cents.get(key, 0) + cents

    def put(self, member: str, purse: str, lot: str, cents: int, expires_us: int | None) -> None:
        self.add(member, purse, lot, cents)
        self._expires_us[member, purse, lot] = expires_us

    def rows(self) -> list[tuple[str, str, str, int, int | None]]:
        return [(*key, cents, self._expires_us.get(key)) for key, cents in sorted(self._cents.items())]


def _move(recorded: Recorded, moves: _Moves) -> None:
    match recorded.event:
        case AuthorisationDecided() | InterchangeHeld() as event:
            if event.member is not None:
                _take(event.member, event.shares, moves)
        case CaptureDecided() | HoldExpired() as event:
            _give_back(event.member, event.released, moves, recorded.position, 0)
        case ReversalDecided() | InterchangeReleased() | InterchangeExpired() as event:
            _give_back(event.member, event.returned, moves, recorded.position, 0)
        case RefundDecided() | ContestDecided() as event:
            _give_back(event.member, event.returned, moves, recorded.position, event.new_lot_expires_us)
        case SingleGranted() as event:
            moves.put(event.member, event.purse, f"{event.rule}/{event.period}", event.cents, event.expires_us)
        case PurseCredited() as event:
            moves.put(event.member, event.purse, f"x{recorded.position}", event.cents, event.expires_us)
        case BonusCredited() as event:
            if event.cents:
                moves.put(event.member, event.purse, f"x{recorded.position}", event.cents, event.expires_us)
        case AdjustmentMade() as event:
            for one in event.taken:
                moves.add(event.what.who, event.what.purse, one.lot, -one.cents)
        case BonusTakenBack() as event:
            moves.add(event.member, event.purse, event.lot, -event.cents)
        case OrderPlaced() as event:
            _take(event.account, event.shares, moves)
        case DeliveryNoted() | DisputeResolved() | OrderCancelled() as event:
            _give_back(event.account, event.released, moves, recorded.position, 0)
        case ExceptionResolved() as event:
            if event.member is not None:
                _take(event.member, event.shares, moves)
        case OpeningAccepted() as event:
            for lot_id, lot in zip(lot_ids(event, recorded.position), event.lots, strict=True):
                moves.put(lot.member, lot.purse, lot_id, lot.cents, lot.expires_us)
        case LotLapsed() as event:
            moves.add(event.member, event.purse, event.lot, -event.cents)
        case HouseholdSeparated() as event:
            for part in event.lots:
                moves.add(event.member, part.purse, part.lot, -part.cents)
                moves.put(event.new_member, part.purse, part.new_lot, part.cents, part.expires_us)
        case PurseEmptied() as event:
            for gone in event.lots:
                moves.add(event.member, gone.purse, gone.lot, -gone.cents)
        case OwnMoneyReleased() as event:
            for use in event.lots:
                moves.add(event.member, event.purse, use.lot, -use.cents)
        case _:
            pass


def _take(member: MemberId, shares: Iterable[Share], moves: _Moves) -> None:
    for share in shares:
        purse = purse_of(share.source)
        if purse is not None:
            for use in share.lots:
                moves.add(member, purse, use.lot, -use.cents)


def _give_back(
    member: MemberId | None, returns: tuple[Return, ...], moves: _Moves, position: int, new_expires_us: int
) -> None:
    if member is None or not returns:
        return
    renewed = new_lot_ids(returns, position)
    for part in returns:
        purse = purse_of(part.source)
        if purse is None:
            continue
        for lot in part.lots:
            if lot.outcome == "back":
                moves.add(member, purse, lot.lot, lot.cents)
            elif lot.outcome == "new":
                moves.put(member, purse, renewed[lot.lot], lot.cents, new_expires_us)
