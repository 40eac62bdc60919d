"""Law: what names a decision, or is done under a rule that names one, needs it approved, in force and wide enough right then.

One table for every room. Asked of each event before it is recorded (restrictions.py), of each draw, bonus and sale abroad
when it is decided, and of all of them again by the audit.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from clearing.events import (
    bank,
    closing,
    contracts,
    cotisations,
    crediting,
    debits,
    funds,
    grants,
    households,
    interchange,
    joint,
)
from clearing.events.bonus import BonusRuleSet
from clearing.events.caisse import CharteAdopted
from clearing.events.catalogue import Event
from clearing.events.charte import Charte
from clearing.events.settlement import PayoutRulesSet
from clearing.events.solidarity import SolidarityRuleSet
from clearing.rules.answers import Declined, not_now
from clearing.rules.voted.caisse import Caisse
from clearing.rules.voted.decisions import GROUP, WHOLE_CAISSE, standing
from clearing.values import CaisseCode, DecisionId

if TYPE_CHECKING:
    from clearing.rules.between.interchange import Recognition
    from clearing.rules.book import Book
    from clearing.rules.credit.bonuses import Bonuses
    from clearing.rules.reductions.solidarity import Solidarity
    from clearing.rules.treasury.subsidies import Repayment, Transfer


class Voted(Protocol):
    """A rule or step as it was voted. "" for the decision: it needs none."""

    @property
    def decision(self) -> DecisionId: ...


R = TypeVar("R", bound=Voted)
Under = Callable[[Any, "Book"], Voted | None]


def _itself(event: Any, _book: "Book") -> Voted:
    return event  # type: ignore[no-any-return]  # one of the types below, each with a decision


STAND_ON: Final[dict[type, Under]] = {
    **dict.fromkeys((
        funds.AllocationRuleSet, funds.FundOpened, BonusRuleSet, SolidarityRuleSet, cotisations.CotisationRuleSet,
        debits.DebitRuleSet,
        crediting.EmergencyRuleSet, households.HouseholdRulesSet, interchange.RecognitionSet, contracts.SeasonOpened,
        grants.EarmarkSet, grants.AdvanceVoted, grants.TransferProposed, grants.RepaymentProposed, grants.CreditsFrozen,
        grants.CreditsResumed, closing.ClosureProposed, closing.ClosureConfirmed, interchange.WriteOffProposed,
        interchange.InterchangeWrittenOff, bank.BankChargesRuleSet, PayoutRulesSet, joint.JointProposed, joint.JointAgreed,
    ), _itself),
    CharteAdopted: lambda event, _: event.charte,
    funds.AllocationGranted: lambda event, book: book.allocation.rules.get(event.rule),
    funds.AllocationDeclined: lambda event, book: book.allocation.rules.get(event.rule),
    funds.SingleGranted: lambda event, book: book.allocation.rules.get(event.rule),
    crediting.EmergencyGiven: lambda event, book: book.emergency.rules.get(event.rule),
    cotisations.CotisationAgreed: lambda event, book: book.cotisations.rules.get(event.rule),
    debits.CollectionProposed: lambda _, book: book.debits.rule,
    contracts.ContractSigned: lambda event, book: book.contracts.seasons.get(event.season),
    grants.TransferConfirmed: lambda event, book: _proposed(book.subsidies.transfers.get(event.transfer)),
    grants.RepaymentConfirmed: lambda event, book: _proposed(book.subsidies.repayments.get(event.repayment)),
}  # fmt: skip
"""Event of a command -> the rule or step that carries its decision. None: there is none, which the room itself says."""


def _proposed(known: "Transfer | Repayment | None") -> Voted | None:
    return None if known is None else known.proposed


def unsupported(event: Event, book: "Book", at_us: int) -> Declined | None:
    """Why the decision that this event stands on does not carry it; None when it does, or none is needed. book: before it."""
    under = STAND_ON.get(type(event))
    voted = None if under is None else under(event, book)
    if voted is None:
        return None
    lacking = not_carried(voted, book.caisse, at_us)
    if lacking is None and isinstance(event, funds.AllocationGranted | funds.AllocationDeclined):
        return _month_before(event, voted.decision, book.caisse)
    return lacking


def not_carried(voted: Voted, caisse: Caisse, at_us: int) -> Declined | None:
    """Why its decision does not carry this rule or step at at_us; None when it does."""
    decision, scope = voted.decision, ""
    if not decision:
        return None
    match voted:
        case Charte() if voted.effective_us > at_us:
            at_us = voted.effective_us
        case interchange.RecognitionSet() if voted.from_us > at_us:
            at_us = voted.from_us
        case funds.AllocationRuleSet(who=(group,)):
            scope = f"{GROUP}:{group}"
        case _:
            pass
    declined = standing(caisse, decision, at_us)
    if declined is not None or isinstance(voted, Charte):  # how far a charte reaches beyond a scope: scope.py
        return declined
    of = caisse.decisions[decision].scope
    if of in (WHOLE_CAISSE, scope):
        return None
    return not_now(f"Decision {decision} is about {of} only; this is for the whole caisse to vote.")


def _month_before(
    event: funds.AllocationGranted | funds.AllocationDeclined, decision: DecisionId, caisse: Caisse
) -> Declined | None:
    """A month that was over before the vote took effect is not credited: nobody voted anything for it."""
    vote = caisse.decisions[decision]
    begins_on = vote.effective_on or vote.taken_on
    if event.period >= begins_on[:7]:
        return None
    return not_now(f"Decision {decision} takes effect on {begins_on}: the first month that it credits is {begins_on[:7]}, not "
                   f"{event.period}.")  # fmt: skip


def draws_in_force(book: "Book", at_us: int) -> "Solidarity":
    """Draws, gives and coupons as they may be had now: without the rules whose vote does not stand."""
    kept = _carried(book.solidarity.rules, book.caisse, at_us)
    return book.solidarity if len(kept) == len(book.solidarity.rules) else replace(book.solidarity, rules=kept)


def bonuses_in_force(book: "Book", at_us: int) -> "Bonuses":
    """The same for bonuses."""
    kept = _carried(book.bonuses.rules, book.caisse, at_us)
    return book.bonuses if len(kept) == len(book.bonuses.rules) else replace(book.bonuses, rules=kept)


def payout_rules_in_force(book: "Book", at_us: int) -> PayoutRulesSet | None:
    """How the caisse pays, while the vote stands; None: every amount, on every day, by one approver."""
    rules = book.settlement.rules
    return rules if rules is not None and not_carried(rules, book.caisse, at_us) is None else None


def recognition_in_force(book: "Book", other: CaisseCode, at_us: int) -> "Recognition | None":
    """How the other caisse is recognised, between the days of the recognition and while its vote stands."""
    known = book.interchange.recognised.get(other)
    stands = known is not None and known.in_force(at_us) and not_carried(known, book.caisse, at_us) is None
    return known if stands else None


def joint_in_force(book: "Book", role: str, at_us: int) -> list[joint.JointAgreed]:
    """Agreements in this role whose vote stands."""
    return [
        one for (_, of), one in book.interchange.joint.items()
        if of == role and not_carried(one, book.caisse, at_us) is None
    ]  # fmt: skip


def _carried(rules: Mapping[str, R], caisse: Caisse, at_us: int) -> dict[str, R]:
    return {name: rule for name, rule in rules.items() if not_carried(rule, caisse, at_us) is None}
