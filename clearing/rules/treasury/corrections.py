"""Law: two people take back what was entered wrong, and put the right entry in its place, as if the wrong one had never been.

Credit that was given on it stays where it is; whose month is unpaid then is in arrears. No box or fund gives what it has not.
"""

import shlex
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from clearing.events.contracts import InstalmentReceived
from clearing.events.corrections import (
    CorrectionDropped,
    CorrectionProposed,
    EntryCorrected,
    EntryName,
    RightEntry,
    TakenBack,
)
from clearing.events.cotisations import CotisationReceived, GiftReceived
from clearing.rules.amap.contract_money import decide_pay
from clearing.rules.amap.contracting import running
from clearing.rules.amap.contracts import Contract, Contracts
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.people.members import Members
from clearing.rules.treasury.cotisations import Cotisations, Unpaid, decide_receive
from clearing.rules.treasury.funds import Funds
from clearing.rules.treasury.gifts import Gifts, decide_gift
from clearing.rules.treasury.takings import ACCOUNT_OF, BOXES, Takings
from clearing.values import Cents, ContractId, FundId, MemberId, PersonId, money

KINDS: Final = ("cotisation", "gift", "instalment")
Right = CotisationReceived | GiftReceived | InstalmentReceived


@dataclass(slots=True)
class Corrections:
    """proposed: by the entry's name."""

    proposed: dict[EntryName, CorrectionProposed] = field(default_factory=dict)


class Rooms(NamedTuple):
    """Where entries stand. gifts_count: whether the legal basis lets what goes beyond the minimum be a gift."""

    cotisations: Cotisations
    gifts: Gifts
    contracts: Contracts
    members: Members
    funds: Funds
    takings: Takings
    this_period: str


def in_command(entry: EntryName) -> str:
    """How a command names it."""
    contract = f" --contract {entry.contract}" if entry.contract else ""
    return f"{entry.kind} {shlex.quote(entry.reference)}{contract}"


def evolve_proposed(corrections: Corrections, event: CorrectionProposed) -> None:
    corrections.proposed[event.entry] = event


def evolve_dropped(corrections: Corrections, event: CorrectionDropped) -> None:
    del corrections.proposed[event.entry]


def take_back_cotisation(cotisations: Cotisations, event: EntryCorrected) -> None:
    """What it had made good of a debit that came back is owed again; nobody of the two who corrected may write it off."""
    wrong = event.wrong
    if cotisations.payments[event.entry.reference].returned_by:
        raise BrokenBook(f"the cotisation of {event.entry.reference} came back before")
    _unpay(cotisations, event.entry.reference, (event.proposed_by, event.by))
    cotisations.paid[MemberId(wrong.who)][wrong.month] -= wrong.cents


def _unpay(cotisations: Cotisations, reference: str, by: tuple[PersonId, ...]) -> None:
    payment = cotisations.payments.pop(reference)
    if payment.cleared_cents:
        key = payment.member, payment.period, payment.fund
        before = cotisations.unpaid.get(key, Unpaid(0, ()))
        cotisations.unpaid[key] = Unpaid(before.cents + payment.cleared_cents, (*before.by, *by))


def take_back_instalment(contracts: Contracts, event: EntryCorrected) -> None:
    contract = contracts.contracts[ContractId(event.entry.contract)]
    _unpay_instalment(contract, event.entry.reference)
    if contract.held_cents < contract.refundable_cents:
        raise BrokenBook(f"{event.entry.contract} would give more than it holds")


def _unpay_instalment(contract: Contract, reference: str) -> None:
    cents, paid = contract.references.pop(reference), contract.paid_for.pop(reference)
    contract.dues[paid.instalment - 1].household_paid -= cents
    if paid.into:
        contract.held_cents -= cents


def standing(entry: EntryName, rooms: Rooms) -> TakenBack | Declined:
    """The entry as it is in the books."""
    match entry.kind:
        case "cotisation":
            payment = rooms.cotisations.payments.get(entry.reference)
            if payment is None:
                return not_found(f"No cotisation was received under {entry.reference}; `clearing cotisations` lists them.")
            if payment.returned_by:
                return not_now(f"The payment {entry.reference} came back from the bank already; it is among the arrears.")
            return TakenBack(
                payment.member, payment.fund, payment.period, Cents(payment.cents), Cents(payment.cleared_cents),
                Cents(payment.gift_cents), ACCOUNT_OF[payment.means],
            )
        case "gift":
            gift = rooms.gifts.references.get(entry.reference)
            if gift is None:
                return not_found(f"No gift was received under {entry.reference}.")
            return TakenBack(gift.donor, gift.fund, "", gift.cents, Cents(0), Cents(0), ACCOUNT_OF[gift.means])
        case "instalment":
            return _instalment(entry, rooms.contracts)
        case _:
            return not_now(f"What can be corrected is a {', a '.join(KINDS)}.")


def _instalment(entry: EntryName, contracts: Contracts) -> TakenBack | Declined:
    contract = running(contracts, ContractId(entry.contract))
    if isinstance(contract, Declined):
        return contract
    paid, cents = contract.paid_for.get(entry.reference), contract.references.get(entry.reference, 0)
    if paid is None or not cents:
        return not_found(f"The household paid nothing for {entry.contract} under {entry.reference}, or it came back.")
    if paid.into and contract.held_cents - contract.refundable_cents < cents:
        return not_now(f"{money(cents)} of {entry.contract} were paid over to the producer already: let it come back with "
                       "`clearing contract returned`, and record the right payment.")  # fmt: skip
    return TakenBack(entry.contract, FundId(""), str(paid.instalment), Cents(cents), Cents(0), Cents(0), paid.into)


def decide_propose(
    rooms: Rooms, *, entry: EntryName, right: RightEntry | None, reason: str, by: PersonId
) -> CorrectionProposed | Declined:
    """A proposal takes the place of one before it of the same entry."""
    found = _worked_out(rooms, entry=entry, right=right, by=by)
    return found if isinstance(found, Declined) else CorrectionProposed(entry=entry, right=right, reason=reason, by=by)


def decide_confirm(
    corrections: Corrections, rooms: Rooms, *, entry: EntryName, right: RightEntry | None, by: PersonId
) -> EntryCorrected | Declined:
    """right: what the second person saw."""
    proposed = corrections.proposed.get(entry)
    if proposed is None:
        return not_found(f"Nobody proposed to correct {entry.kind} {entry.reference}: it was corrected or dropped, or never.")
    if proposed.by == by:
        return not_now(f"{by} proposed this correction; another person has to look at the papers and confirm it.")
    if proposed.right != right:
        return not_now(f"This is not what {proposed.by} proposed; look again, and confirm or drop it.")
    found = _worked_out(rooms, entry=entry, right=right, by=by)
    if isinstance(found, Declined):
        return found
    wrong, made = found
    return EntryCorrected(
        entry=entry, wrong=wrong, cotisation=made if isinstance(made, CotisationReceived) else None,
        gift=made if isinstance(made, GiftReceived) else None,
        instalment=made if isinstance(made, InstalmentReceived) else None, reason=proposed.reason, proposed_by=proposed.by,
        by=by,
    )


def decide_drop(corrections: Corrections, *, entry: EntryName, by: PersonId) -> CorrectionDropped | Declined:
    if entry not in corrections.proposed:
        return not_found(f"Nobody proposed to correct {entry.kind} {entry.reference}: it was corrected or dropped, or never.")
    return CorrectionDropped(entry=entry, by=by)


def _worked_out(
    rooms: Rooms, *, entry: EntryName, right: RightEntry | None, by: PersonId
) -> tuple[TakenBack, Right | None] | Declined:
    wrong = standing(entry, rooms)
    if isinstance(wrong, Declined):
        return wrong
    made = None if right is None else _right(entry, right, rooms, by)
    if isinstance(made, Declined):
        return made
    if made is not None and _said(made) == (*wrong[:4], wrong.account):
        return not_now("That is what the books say already; give what it should say, or that nothing was paid.")
    return _missing(wrong, made, rooms) or (wrong, made)


def _said(made: Right) -> tuple[str, FundId, str, Cents, str]:
    """As TakenBack says it, without what it cleared or gave."""
    match made:
        case CotisationReceived():
            return made.member, made.fund, made.period, made.cents, ACCOUNT_OF[made.means]
        case GiftReceived():
            return made.donor, made.fund, "", made.cents, ACCOUNT_OF[made.means]
        case InstalmentReceived():
            return made.contract, FundId(""), str(made.instalment), made.cents, made.into


def _right(entry: EntryName, right: RightEntry, rooms: Rooms, by: PersonId) -> Right | Declined:
    """Decided as ever, where the wrong entry never was."""
    match entry.kind:
        case "cotisation":
            return decide_receive(
                _without(rooms.cotisations, entry.reference), rooms.members, rooms.takings, member=MemberId(right.who),
                rule=right.rule, period=right.month, cents=right.cents, means=right.means, reference=entry.reference,
                gifts_count=rooms.gifts.over_contribution_counts(), by=by, this_period=rooms.this_period,
            )
        case "gift":
            gift = rooms.gifts.references[entry.reference]
            others = {name: one for name, one in rooms.gifts.references.items() if name != entry.reference}
            return decide_gift(
                replace(rooms.gifts, references=others), rooms.funds, rooms.takings, donor=right.who, fund=gift.fund,
                cents=right.cents, means=right.means, reference=entry.reference, by=by,
            )
        case _:
            before = deepcopy(rooms.contracts.contracts[ContractId(entry.contract)])
            _unpay_instalment(before, entry.reference)
            others_too = {**rooms.contracts.contracts, ContractId(entry.contract): before}
            return decide_pay(
                replace(rooms.contracts, contracts=others_too), rooms.takings, contract=ContractId(right.who),
                instalment=int(right.month) if right.month.isdecimal() else 0, cents=right.cents, means=right.means,
                reference=entry.reference, by=by,
            )


def _without(cotisations: Cotisations, reference: str) -> Cotisations:
    """The same, but for one payment; what both share is only read."""
    payment = cotisations.payments[reference]
    months = cotisations.paid[payment.member]
    paid = {**months, payment.period: months[payment.period] - payment.cents}
    found = replace(
        cotisations, payments=dict(cotisations.payments), unpaid=dict(cotisations.unpaid),
        paid={**cotisations.paid, payment.member: paid},
    )
    _unpay(found, reference, ())
    return found


def _missing(wrong: TakenBack, made: Right | None, rooms: Rooms) -> Declined | None:
    """Why the box or the fund can't give back what it never got: it was counted to the bank, or is credited."""
    if wrong.account in BOXES:
        waits = sum(one.cents for one in rooms.takings.counted.values() if one.account == wrong.account)
        there = rooms.takings.in_box.get(wrong.account, 0) - waits + _into(made, wrong.account)
        if there < wrong.cents:
            return not_now(f"{money(there)} of {wrong.account} are in the box and in no deposit, {money(wrong.cents)} would be "
                           "taken out: two people counted them to the bank. Discard a deposit that was counted wrong, "
                           "or correct nothing: it was there.")  # fmt: skip
    gone = wrong.cents - wrong.cleared_cents
    fund = rooms.funds.get(wrong.fund)
    if fund is None:
        return None
    free = fund.free_cents() + (made.cents - getattr(made, "cleared_cents", 0) if _of(made, wrong.fund) and made else 0)
    if free >= gone:
        return None
    return not_now(f"The fund {wrong.fund} would be short by {money(gone - free)}: it was credited already. Receive money or "
                   "move some from another fund first (clearing fund transfer); credit that was given stays.")  # fmt: skip


def _of(made: Right | None, fund: FundId) -> bool:
    return isinstance(made, CotisationReceived | GiftReceived) and made.fund == fund


def _into(made: Right | None, account: str) -> int:
    if made is None:
        return 0
    into = made.into if isinstance(made, InstalmentReceived) else ACCOUNT_OF[made.means]
    return made.cents if into == account else 0
