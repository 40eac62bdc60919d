"""Law: a delivery is recorded as it was; a skip, a swap or a lost crop moves baskets, never money."""

from datetime import date, timedelta
from typing import Final

from clearing.events.basket import Line
from clearing.events.codes import Code, till_code
from clearing.events.contracts import (
    CropLossDeclared,
    DeliveriesRecorded,
    DeliveriesSwapped,
    DeliveryDecided,
    DeliverySkipped,
    Taken,
)
from clearing.events.sales import OperationHead, Tap
from clearing.rules.amap.contracting import running
from clearing.rules.amap.contracts import Contract, Contracts
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import civil_date
from clearing.rules.people.members import Card
from clearing.rules.stalls.producers import Terminal
from clearing.values import Cents, ContractId, MemberId, OperationId, PersonId, ProducerId, Rate, SeasonId

OUTCOMES: Final = ("taken", "reduced", "absent")
_FETCHED: Final = frozenset({"taken", "reduced"})


def fetcher(contracts: Contracts, contract: Contract, on: str) -> MemberId:
    """Whose member fetches the basket of a day: its own, or the one it was swapped with."""
    other = contract.swaps.get(on)
    return contract.member if other is None else contracts.contracts[other].member


def decide_delivery(
    contracts: Contracts, *, head: OperationHead, original: OperationId, amount_cents: Cents, lines: tuple[Line, ...],
    terminal: Terminal, tap: Tap | None, card: Card | None, reversed_before: bool, today: date, sealed: bool = False,
) -> DeliveryDecided:
    """A member's tap at the distribution of today. Decline reasons in their order of precedence. sealed: the caisse takes
    nothing in any more."""
    code, name = Code.TERMINAL_SUSPENDED, ContractId("")
    if not terminal.suspended:
        named, asked = contracts.by_number.get(original), (amount_cents, lines, reversed_before)
        code, name = _obstacle(contracts, named, head.producer, asked, tap, card, today.isoformat(), sealed=sealed)
    member = card.member if card is not None and tap is not None else None
    return DeliveryDecided(
        op=head, answer=till_code(code), original=original, amount_cents=amount_cents, lines=lines,
        on=today.isoformat() if code is Code.APPROVED else "", code=code, tap=tap, member=member, contract=name,
    )


def _obstacle(
    contracts: Contracts, name: ContractId | None, producer: ProducerId, asked: tuple[Cents, tuple[Line, ...], bool],
    tap: Tap | None, card: Card | None, today: str, *, sealed: bool,
) -> tuple[Code, ContractId]:
    """asked: amount, lines, and whether the terminal had cancelled this before."""
    amount_cents, lines, reversed_before = asked
    contract = contracts.contracts.get(name) if name is not None else None
    nobody = ContractId("")
    if sum(line.amount_cents for line in lines) != amount_cents:
        return Code.AMOUNTS_DO_NOT_ADD_UP, nobody
    if name is None or contract is None or contracts.season_of(contract).producer != producer:
        return Code.ORIGINAL_NOT_FOUND, nobody
    if reversed_before:
        return Code.LATE_AFTER_REVERSAL, name
    if contract.outcomes.get(today) in _FETCHED:
        return Code.EXPIRED_OR_RESOLVED, name
    if sealed or not contract.weights.get(today) or contract.outcomes.get(today) == "skipped":
        return Code.NOT_ALLOWED_NOW, name
    if tap is None or not tap.fresh or (card is not None and card.key_version != tap.key_version):
        return Code.TAP_VIOLATION, name
    if card is None:
        return Code.CARD_UNKNOWN, name
    if card.blocked is not None:
        return card.blocked, name
    if card.member != fetcher(contracts, contract, today):
        return Code.DECLINED, name
    return Code.APPROVED, name


def decide_record(
    contracts: Contracts, *, season: SeasonId, on: str, taken: tuple[Taken, ...], by: PersonId, today: date
) -> DeliveriesRecorded | Declined:
    """A whole attendance sheet, or none of it; a later sheet of the same day corrects the earlier one."""
    known = contracts.seasons.get(season)
    if known is None:
        return not_found(f"There is no season {season}; `clearing contract list` shows them.")
    if civil_date(on) > today or on not in known.days:
        return not_now(f"{season} has no distribution on {on}, or it has not come yet.")
    if not taken or len({one.contract for one in taken}) != len(taken):
        return not_now("The sheet is empty, or names a contract twice.")
    for one in taken:
        contract = contracts.contracts.get(one.contract)
        if contract is None or contract.season != season:
            return not_found(f"There is no contract {one.contract} in {season}.")
        if not contract.weights.get(on) or contract.outcomes.get(on) == "skipped":
            return not_now(f"{one.contract} has no delivery on {on}: it was skipped, or the contract did not run then.")
        if one.outcome not in OUTCOMES:
            return not_now(f"A basket is {', '.join(OUTCOMES)}, not {one.outcome}.")
    return DeliveriesRecorded(season=season, on=on, taken=taken, by=by)


def _ahead(contracts: Contracts, name: ContractId, on: str, today: date) -> Contract | Declined:
    """A running contract with an untouched delivery on a day to come."""
    contract = running(contracts, name)
    if isinstance(contract, Declined):
        return contract
    if civil_date(on) <= today or not contract.weights.get(on):
        return not_now(f"{name} has no delivery to come on {on}; `clearing contract show {name}` lists the days.")
    if on in contract.outcomes or on in contract.swaps:
        return not_now(f"The delivery of {name} on {on} is skipped or swapped already.")
    return contract


def decide_skip(
    contracts: Contracts, *, contract: ContractId, on: str, to_on: str, by: PersonId, today: date
) -> DeliverySkipped | Declined:
    """to_on: where the season moves skipped baskets, a later day of the contract."""
    known = _ahead(contracts, contract, on, today)
    if isinstance(known, Declined):
        return known
    season = contracts.season_of(known)
    if season.skip == "none":
        return not_now("This season's baskets can't be skipped; let somebody else fetch it, or: clearing contract swap.")
    if civil_date(on) - timedelta(days=season.skip_days) < today:
        return not_now(f"A basket is skipped at least {season.skip_days} days before; for {on} it is too late.")
    if season.skip == "lost":
        return DeliverySkipped(contract=contract, on=on, to_on="", by=by) if not to_on else not_now(
            "By this season's rule a skipped basket is lost: leave the other day out."
        )
    target = _ahead(contracts, contract, to_on, today) if to_on else not_now("Name the later day the basket moves to.")
    if isinstance(target, Declined):
        return target
    if to_on <= on:
        return not_now(f"The basket moves to a later day than {on}.")
    return DeliverySkipped(contract=contract, on=on, to_on=to_on, by=by)


def decide_swap(
    contracts: Contracts, *, contract: ContractId, on: str, other: ContractId, other_on: str, by: PersonId, today: date
) -> DeliveriesSwapped | Declined:
    one, another = _ahead(contracts, contract, on, today), _ahead(contracts, other, other_on, today)
    if isinstance(one, Declined):
        return one
    if isinstance(another, Declined):
        return another
    if contract == other or one.season != another.season:
        return not_now("Baskets are swapped between two contracts of one season.")
    return DeliveriesSwapped(contract=contract, on=on, other=other, other_on=other_on, by=by)


def decide_loss(
    contracts: Contracts, *, season: SeasonId, on: str, kept_rate: Rate, reason: str, by: PersonId
) -> CropLossDeclared | Declined:
    known = contracts.seasons.get(season)
    if known is None:
        return not_found(f"There is no season {season}; `clearing contract list` shows them.")
    if on not in known.days:
        return not_now(f"{season} has no delivery on {on}.")
    return CropLossDeclared(season=season, on=on, kept_rate=kept_rate, reason=reason, by=by)
