"""Law: beside the charte, every rule that a vote can set is told in sentences: credits, bonuses, households, contracts ...

One table, kind of event -> its words. Amounts of rules are public; who is in a group, and what anybody got, is in none of them.
A kind that names a decision and is neither in the table nor among ACTS fails a test.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from clearing.events.bank import BankChargesRuleSet
from clearing.events.bonus import BonusRuleSet, ShortBonus
from clearing.events.caisse import (
    DecisionAnnulled,
    DecisionApproved,
    DecisionRecorded,
    DecisionResumed,
    DecisionSuspended,
)
from clearing.events.catalogue import Event
from clearing.events.closing import ClosureConfirmed, ClosureProposed
from clearing.events.contracts import SeasonOpened
from clearing.events.cotisations import CotisationRuleSet
from clearing.events.crediting import EmergencyRuleSet
from clearing.events.debits import DebitRuleSet
from clearing.events.funds import UNBOUND, AllocationRuleSet, Earmark, FundOpened
from clearing.events.grants import (
    AdvanceVoted,
    CreditsFrozen,
    CreditsResumed,
    EarmarkSet,
    RepaymentProposed,
    TransferProposed,
)
from clearing.events.households import HouseholdRulesSet
from clearing.events.interchange import InterchangeWrittenOff, RecognitionSet, WriteOffProposed
from clearing.events.joint import JointAgreed, JointEnded, JointProposed
from clearing.events.settlement import PayoutRulesSet
from clearing.events.solidarity import SolidarityRuleSet, WhenShort
from clearing.events.units import UnitOpened
from clearing.rules.between.joint import HANDS_OVER
from clearing.rules.calendar import local_text
from clearing.rules.telling.plain_words import any_of, days, fund_called, limits, percent
from clearing.rules.voted.caisse import Caisse
from clearing.rules.voted.decisions import IN_FORCE, lapsed, ruling_at
from clearing.values import DecisionId, FundId, money

Data = dict[str, Any]
NOT_IN_FORCE: Final = "not in force"
ACTS: Final = frozenset({
    DecisionRecorded, DecisionApproved, DecisionSuspended, DecisionResumed, DecisionAnnulled, TransferProposed,
    RepaymentProposed, ClosureProposed, CreditsResumed, WriteOffProposed, InterchangeWrittenOff,
    JointProposed,
})  # fmt: skip
"""They name a decision and set no rule: they are votes themselves, or are done once under one."""


@dataclass(frozen=True, slots=True)
class Names:
    """What people call things. zone: IANA name of the caisse's."""

    zone: str
    funds: Mapping[FundId, str] = field(default_factory=dict)

    def fund(self, fund: FundId) -> str:
        return fund_called(fund, self.funds)


@dataclass(slots=True)
class Voted:
    """The newest word of each rule, in the order in which rules were first set."""

    rules: dict[tuple[str, str], Event] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """The next event of a log."""
        found = _KINDS.get(type(event))
        if found is not None:
            kind, name_field, _ = found
            self.rules[kind, str(getattr(event, name_field)) if name_field else ""] = event
        elif isinstance(event, CreditsResumed):
            self.rules.pop(("freeze", ""), None)
        elif isinstance(event, JointEnded):
            self.rules.pop(("joint", f"{event.other} {event.role}"), None)

    def told(self, caisse: Caisse, names: Names, at_us: int) -> list[Data]:
        """kind, name, decision (None: set without one), standing, sentences."""
        found = []
        for (kind, name), event in self.rules.items():
            decision: DecisionId | None = getattr(event, "decision", None) or None
            found.append({
                "kind": kind, "name": name, "decision": decision, "standing": standing_in_words(caisse, decision, at_us),
                "sentences": list(words_of(event, names)),
            })  # fmt: skip
        return found


def standing_in_words(caisse: Caisse, decision: DecisionId | None, at_us: int) -> str:
    """One of "in force", "suspended", "annulled", or "not in force" (not approved, not begun, or over); names nobody."""
    vote = None if decision is None else caisse.decisions.get(decision)
    if vote is None:
        return IN_FORCE
    ruling = ruling_at(caisse.rulings.get(vote.decision, ()), at_us)
    if ruling is not None and ruling.state != IN_FORCE:
        return ruling.state
    waits = vote.needs_approval and vote.decision not in caisse.approvals
    return NOT_IN_FORCE if waits or lapsed(caisse, vote, at_us) is not None else IN_FORCE


def words_of(event: Event, names: Names) -> Iterator[str]:
    """Raises KeyError for an event that is no rule."""
    words: Callable[[Any, Names], Iterable[str]] = _KINDS[type(event)][2]
    yield from words(event, names)


def _fund(event: FundOpened, names: Names) -> Iterator[str]:
    yield f"The fund {event.name} ({event.fund}) is a {event.kind} fund{_bound(event.earmark, names)}."
    if event.advance_cents:
        yield f"Of what is announced for it and has not come, {money(event.advance_cents)} may be used early."


def _earmark(event: EarmarkSet, names: Names) -> Iterator[str]:
    bound = _bound(event.earmark, names) or ": its money is free for everything"
    yield f"For {names.fund(event.fund)} it was voted anew{bound}."


def _bound(earmark: Earmark, names: Names) -> str:
    if earmark == UNBOUND:
        return ""
    said = f", at {any_of(earmark.places)}" if earmark.places else ""
    said += f", for {', '.join(earmark.categories)}" if earmark.categories else ""
    said += f", from {local_text(names.zone, earmark.from_us)}" if earmark.from_us is not None else ""
    said += f", until {local_text(names.zone, earmark.until_us)}" if earmark.until_us is not None else ""
    said += ", and no other money is mixed with it" if earmark.alone else ""
    return ": its money is spent only" + said.removeprefix(",")


def _advance(event: AdvanceVoted, names: Names) -> Iterator[str]:
    yield (
        f"Of what is announced for {names.fund(event.fund)} and has not come, {money(event.advance_cents)} may be used early."
    )


def _credit(event: AllocationRuleSet, names: Names) -> Iterator[str]:
    who = f" who are in {any_of(event.who)}" if event.who else ""
    paid = f"into the purse {event.purse}, from {names.fund(event.fund)}"
    if event.form == "mean":
        yield f"Each month the members{who} share what was paid in for it, by heads, {paid}."
    else:
        each = (
            f"{money(event.cents_each)} for the first person of a purse and {money(event.further_cents)} for each other"
        )
        if not event.further_cents:
            each = f"{money(event.cents_each)} for a purse, however many share it"
        each += "".join(f", {money(one.cents)} for a person of the class {one.credit_class}" for one in event.classes)
        less = ", less what was paid in for the month" if event.form == "top-up" else ""
        yield f"Each month members{who} get {each}{less}, {paid}."
    if event.after_cotisation:
        yield "It is given once the month's cotisation has come."
    if event.first_period or event.last_period:
        begin = f" from {event.first_period}" if event.first_period else ""
        yield f"It is given{begin}{f' to {event.last_period}' if event.last_period else ''}."
    ends = f"It can be spent for {event.months_valid} months, the month of the credit included"
    yield ends.replace(" 1 months", " one month") + "."
    yield {
        "wait": "When the fund is short, nobody gets it until there is enough.",
        "smaller": "When the fund is short, everybody gets the same smaller part.",
    }.get(event.short) or f"When the fund is short, {names.fund(event.short_fund or event.fund)} pays the whole month."
    kept = f", but for up to {money(event.rollover_max_cents)} a purse, once" if event.rollover_max_cents else ""
    yield f"What is not spent then goes to {names.fund(event.lapse_to or event.fund)}{kept}."
    if event.notice_days:
        yield f"Members are told {days(event.notice_days)} before."


def _emergency(event: EmergencyRuleSet, names: Names) -> Iterator[str]:
    yield (f"In an emergency up to {money(event.each_max_cents)} at a time and {money(event.day_max_cents)} a day in all are "
           f"credited at once into the purse {event.purse}, from {names.fund(event.fund)}.")  # fmt: skip
    yield f"It can be spent for {days(event.days_valid)} after its day."


def _households(event: HouseholdRulesSet, _: Names) -> Iterator[str]:
    yield ("Who separates takes her part of what is in the purse along, by heads, at once." if event.separation == "split"
           else "Who separates gets a purse of her own at once; what is in the common one stays there.")  # fmt: skip
    when = "at once" if event.leaving == "at-once" else "at the end of the month"
    yield f"The credit of who leaves goes back to its funds {when}; own money is paid back."


def _bonus(event: BonusRuleSet, names: Names) -> Iterator[str]:
    if not event.month_cents:
        yield f"The bonus {event.rule} into the purse {event.purse} has ended."
        return
    share = ", ".join(
        f"{percent(one.rate)} of the price of {one.category}{f' (product {one.product})' if one.product else ''}"
        for one in event.covers
    )
    yield (f"After a sale {names.fund(event.fund)} adds {share} to the purse {event.purse}"
           f"{limits(event.condition, names.zone)}, "
           f"at most {money(event.month_cents)} a month.")  # fmt: skip
    yield f"It can be spent for {event.months_valid} months, the month of the sale included.".replace(
        " 1 months", " one month"
    )
    less = "the bonus is what it still carries" if event.short is ShortBonus.LESS else "there is no bonus"
    yield f"When the fund can't carry it whole, {less}. It goes back with its goods."


_WHEN_SHORT: Final = {
    WhenShort.FIRST_COME: "When the fund is short, the next one is refused.",
    WhenShort.LOWER: "When the fund is short, the highest lower reduction that it can carry is given.",
    WhenShort.PRO_RATA: "When the fund is short, it is shared among the reductions of the day at its end.",
}


def _solidarity(event: SolidarityRuleSet, names: Names) -> Iterator[str]:
    where = f" at {any_of(event.where)}" if event.where else ""
    what = f" for {', '.join(event.categories)}" if event.categories else ""
    fund = names.fund(event.fund)
    if event.rates:
        yield (f"Anybody may ask at the till for a reduction of {any_of(tuple(map(percent, event.rates)))}{what}{where}, "
               f"without a card and without a reason; {fund} pays it.")  # fmt: skip
        yield (f"A day it pays at most {money(event.fund_day_cents)} in all, {money(event.producer_day_cents)} at one outlet, "
               f"{money(event.terminal_day_cents)} at one till. {_WHEN_SHORT[event.when_short]}")  # fmt: skip
        if event.watch_rate:
            yield f"Above {percent(event.watch_rate)} of an outlet's card sales somebody looks at its reductions."
    if event.prices:
        yield f"Who can may pay {any_of(tuple(map(percent, event.prices)))} of the price{where}; what is above goes to {fund}."
    if event.coupon_cents:
        yield f"Coupons of {money(event.coupon_cents)} are sold to anybody for {fund}."
    if event.prices or event.coupon_cents:
        yield (
            f"A day up to {money(event.give_producer_day_cents)} is taken for it at one outlet, "
            f"{money(event.give_terminal_day_cents)} at one till; an outlet owes it at most {money(event.give_debt_cents)}."
        )


def _season(event: SeasonOpened, _: Names) -> Iterator[str]:
    double = sum(day.weight > 1 for day in event.days)
    extra = f" ({double} of them with more than one basket)" if double else ""
    first, last = min(day.on for day in event.days), max(day.on for day in event.days)
    yield f"Contracts {event.title} with {event.producer}: {len(event.days)} deliveries{extra} from {first} to {last}."
    yield (
        "Money goes through the caisse."
        if event.mode != "recorded"
        else "Cheques go to the producer; the caisse records them only."
    )
    yield {
        "moved": f"A basket can be moved to a later delivery until {days(event.skip_days)} before.",
        "lost": f"A basket can be given up until {days(event.skip_days)} before.",
    }.get(event.skip, "Baskets are not moved.") + " What a harvest fails to give is shared by all contracts alike."


def _cotisation(event: CotisationRuleSet, names: Names) -> Iterator[str]:
    step = f", in steps of {money(event.step_cents)}" if event.step_cents else ""
    if event.levels:
        grid = ", ".join(f"{one.label} {money(one.cents)}" for one in event.levels)
        also = f", or another amount from {money(event.minimum_cents)} on{step}" if event.free else ""
        yield f"The cotisation is chosen by each from a grid: {grid}{also}. Nobody is asked what she earns."
    else:
        yield f"The cotisation is free, from {money(event.minimum_cents)} on{step}."
    over = (
        f" What is above {money(event.minimum_cents)} is a gift, where the law allows it." if event.over_is_gift else ""
    )
    yield f"It is paid by {any_of(event.means)} and goes to {names.fund(event.fund)}.{over}"


def _debits(event: DebitRuleSet, _: Names) -> Iterator[str]:
    counted = "when the bank has made it" if event.counts_on == "execution" else "when it can't come back any more"
    yield f"Who pays by debit is told {days(event.notice_days)} before; it counts as paid {counted}."


def _partner(event: RecognitionSet, names: Names) -> Iterator[str]:
    until = f" until {local_text(names.zone, event.until_us)}" if event.until_us is not None else ""
    since = local_text(names.zone, event.from_us)
    yield (f"Cards of {event.other} pay here and ours pay there, from {since}{until}; a day we owe it "
           f"at most {money(event.debit_cap_cents)} more than it owes us.")  # fmt: skip
    if event.categories:
        yield (
            "What is called otherwise there: "
            + ", ".join(f"{one.theirs} is our {one.ours}" for one in event.categories)
            + "."
        )


def _joint(event: JointAgreed, _: Names) -> Iterator[str]:
    who = ", ".join(one.ours for one in event.producers)
    if event.role == HANDS_OVER:
        yield f"What {who} are owed here is paid by {event.other} with its own transfer, from {event.from_on} on."
        return
    yield (f"What {event.other} owes {who} is paid here with our own transfer, from {event.from_on} on; at most "
           f"{money(event.cap_cents)} are advanced for it.")  # fmt: skip


def _unit(event: UnitOpened, _: Names) -> Iterator[str]:
    yield f"There is a second unit, {event.name} ({event.unit}); it is never exchanged with euros or with credit."


def _freeze(_: CreditsFrozen, __: Names) -> Iterator[str]:
    yield "No credit is given for now; cards pay with what is in purses, and producers are paid."


def _charges(event: BankChargesRuleSet, names: Names) -> Iterator[str]:
    yield f"What the bank takes for itself is borne by {names.fund(event.fund)}."


def _closure(event: ClosureConfirmed, names: Names) -> Iterator[str]:
    yield f"The caisse closes: {event.last_day} is the last day on which cards pay. Producers are paid in full."
    for heir in event.heirs:
        yield f"What is left of {names.fund(heir.fund)} goes to {heir.body}."


_DAYS: Final = {
    "mon": "Mondays", "tue": "Tuesdays", "wed": "Wednesdays", "thu": "Thursdays", "fri": "Fridays", "sat": "Saturdays",
    "sun": "Sundays",
}  # fmt: skip


def _payouts(event: PayoutRulesSet, _: Names) -> Iterator[str]:
    paid_on = f" on {any_of(tuple(_DAYS.get(day, day) for day in event.payout_days))}" if event.payout_days else ""
    yield f"Producers are paid in full{paid_on}, without any fee."
    if event.minimum_cents:
        yield (f"Less than {money(event.minimum_cents)} waits for more, at most {days(event.minimum_days)}; then it is paid "
               "all the same.")  # fmt: skip
    if event.two_above_cents:
        yield f"A batch above {money(event.two_above_cents)} is approved by two people beside the one who closed it."
    if event.negative_cap_cents:
        yield (f"What a producer owes is taken off what comes next, and told; above {money(event.negative_cap_cents)} somebody "
               "talks with the producer.")  # fmt: skip


_KINDS: Final[dict[type, tuple[str, str, Callable[[Any, Names], Iterable[str]]]]] = {
    FundOpened: ("fund", "fund", _fund),
    EarmarkSet: ("earmark", "fund", _earmark),
    AdvanceVoted: ("advance", "fund", _advance),
    AllocationRuleSet: ("credit", "rule", _credit),
    EmergencyRuleSet: ("emergency", "rule", _emergency),
    HouseholdRulesSet: ("households", "", _households),
    BonusRuleSet: ("bonus", "rule", _bonus),
    SolidarityRuleSet: ("solidarity", "rule", _solidarity),
    SeasonOpened: ("contracts", "season", _season),
    CotisationRuleSet: ("cotisation", "rule", _cotisation),
    DebitRuleSet: ("debits", "", _debits),
    RecognitionSet: ("partner", "other", _partner),
    JointAgreed: ("joint", "called", _joint),
    UnitOpened: ("unit", "unit", _unit),
    CreditsFrozen: ("freeze", "", _freeze),
    BankChargesRuleSet: ("bank charges", "", _charges),
    PayoutRulesSet: ("payouts", "", _payouts),
    ClosureConfirmed: ("closing", "", _closure),
}
"""Event -> (kind, the field that names the rule or "", its words)."""
KINDS: Final = frozenset(_KINDS)
