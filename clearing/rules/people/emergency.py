"""Law: emergency credit comes from a voted fund on a card that lay ready, up to a voted amount each time and each day."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from clearing.events.crediting import EmergencyGiven, EmergencyRuleSet
from clearing.events.funds import PurseCredited
from clearing.events.households import CardBound, SpareCardMade
from clearing.events.members import MemberAdmitted
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar
from clearing.rules.people.members import EMERGENCY_GROUP, Card, Members, SpareCard
from clearing.rules.selling.facts import OWN_PURSE
from clearing.rules.treasury.funds import Funds
from clearing.values import CardId, Cents, FundId, MemberId, PersonId, money

DAYS_VALID_MAX = 366
REFERENCE = "emergency"


@dataclass(slots=True)
class Emergency:
    """given: cents by rule, of the civil day (its number) on which it was given last."""

    rules: dict[str, EmergencyRuleSet] = field(default_factory=dict)
    given: dict[str, tuple[int, int]] = field(default_factory=dict)

    def given_cents(self, rule: str, day: date) -> int:
        on, cents = self.given.get(rule, (0, 0))
        return cents if on == day.toordinal() else 0


def evolve_rule(emergency: Emergency, event: EmergencyRuleSet) -> None:
    emergency.rules[event.rule] = event


def evolve_given(emergency: Emergency, event: EmergencyGiven, day: date) -> None:
    emergency.given[event.rule] = (day.toordinal(), emergency.given_cents(event.rule, day) + event.cents)


def evolve_spare(members: Members, event: SpareCardMade) -> None:
    members.spares[event.alias] = SpareCard(event.card, event.key_version)


def evolve_bound(members: Members, event: CardBound) -> None:
    del members.spares[event.alias]
    members.give_card(event.card, Card(member=event.member, key_version=event.key_version, alias=event.alias))


def decide_spare(
    members: Members, *, card: CardId, key_version: int, alias: str, by: PersonId
) -> SpareCardMade | Declined:
    taken = card in members.cards or any(spare.card == card for spare in members.spares.values())
    if taken or alias in members.aliases or alias in members.spares:
        return not_now(f"This card, or another one called {alias}, is known already; make a new card with another alias.")
    return SpareCardMade(card=card, key_version=key_version, alias=alias, by=by)


def decide_bind(
    members: Members, *, alias: str, member: MemberId, by: PersonId, admitted: bool = False
) -> CardBound | Declined:
    """admitted: the member is made by this very command."""
    spare, holder = members.spares.get(alias), members.members.get(member)
    if spare is None:
        return not_found(f"There is no spare card called {alias}; make some with: clearing card spare 5")
    if not admitted and (holder is None or holder.gone):
        return not_found(f"There is no member {member}, or the member has left; admit the member first.")
    return CardBound(card=spare.card, key_version=spare.key_version, member=member, alias=alias, by=by)


def decide_rule(rule: EmergencyRuleSet, *, funds: Iterable[FundId]) -> EmergencyRuleSet | Declined:
    if rule.fund not in funds:
        return not_found(f"There is no fund {rule.fund}; open it first.")
    if rule.purse == OWN_PURSE:
        return not_now(f"The purse {OWN_PURSE} holds what members added themselves; name another purse for the credit.")
    if rule.each_max_cents < 1 or rule.day_max_cents < rule.each_max_cents or not 1 <= rule.days_valid <= DAYS_VALID_MAX:
        return not_now(f"Give at least one cent each, a day's amount not below it, and 1 to {DAYS_VALID_MAX} days to spend it.")
    return rule


def decide_give(
    emergency: Emergency, members: Members, funds: Funds, calendar: CivilCalendar,
    *, rule: str, cents: Cents, alias: str, member: MemberId, by: PersonId, at_us: int,
) -> tuple[MemberAdmitted, CardBound, EmergencyGiven, PurseCredited] | Declined:
    """A new anonymous purse, the spare card bound to it, and the credit: usable at once. The purse is nobody's household: no
    credit for everybody reaches it, or what is given for some days would become a credit each month."""
    voted = emergency.rules.get(rule)
    if voted is None:
        return not_found(f"There is no emergency rule {rule}; set it by a decision first: clearing emergency-rule {rule}")
    if member in members.members:
        return not_now(f"Member {member} is admitted already; emergency credit makes a purse of its own.")
    bound = decide_bind(members, alias=alias, member=member, by=by, admitted=True)
    if isinstance(bound, Declined):
        return bound
    if not 1 <= cents <= voted.each_max_cents:
        return not_now(f"The vote allows up to {money(voted.each_max_cents)} at a time, not {money(cents)}.")
    day = calendar.day(at_us)
    left = voted.day_max_cents - emergency.given_cents(rule, day)
    if cents > left:
        return not_now(f"Of the voted {money(voted.day_max_cents)} a day {money(left)} are left today; give less, or wait a "
                       "day.")  # fmt: skip
    if funds[voted.fund].free_cents() < cents:
        return not_now(f"Fund {voted.fund} has {money(max(0, funds[voted.fund].free_cents()))} free; receive money first.")
    return (
        MemberAdmitted(member=member, groups=tuple(sorted({*voted.groups, EMERGENCY_GROUP})), by=by), bound,
        EmergencyGiven(rule=rule, member=member, cents=cents, by=by),
        PurseCredited(
            member=member, purse=voted.purse, fund=voted.fund, cents=cents, by=by, reference=REFERENCE,
            expires_us=calendar.end_of_day_us(day + timedelta(days=voted.days_valid)),
        ),
    )  # fmt: skip
