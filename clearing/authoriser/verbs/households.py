"""Law: one adult's request is enough to part; what credit is given on a spare card was voted before."""

from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, all_of, one
from clearing.events.catalogue import Event
from clearing.events.crediting import EmergencyRuleSet
from clearing.events.households import EaterClassSet, EaterJoined, HouseholdRulesSet
from clearing.events.members import CardBlocked
from clearing.rules.answers import Declined, not_now
from clearing.rules.book import Book
from clearing.rules.people import card_limits, emergency, households, members
from clearing.values import CardId, DecisionId, EaterId, FundId, MemberId, PersonId, PurseKind


def _classed(o: Order, b: Body, kind: type[EaterJoined | EaterClassSet]) -> Event | Declined:
    event = kind(
        member=MemberId(b.id("member")), eater=EaterId(b.id("eater")), credit_class=b.id("credit_class"),
        next_class=b.optional("next_class", b.id) or "", next_period=b.optional("next_period", b.text) or "", by=o.by,
    )
    return households.decide_class(o.book.members, o.book.caisse.calendar, event, at_us=o.at_us)


def _join_household(o: Order) -> Result:
    def name(event: Event) -> tuple[str, str]:
        assert isinstance(event, EaterJoined)
        return event.member, event.eater

    return all_of(o.body.bodies("eaters"), name, lambda b: _classed(o, b, EaterJoined))


def _change_class(o: Order) -> Result:
    return one(_classed(o, o.body, EaterClassSet))


def _leave_household(o: Order) -> Result:
    member, eater = MemberId(o.body.id("member")), EaterId(o.body.id("eater"))
    return one(households.decide_eater_leaves(o.book.members, member=member, eater=eater, by=o.by))


def _separate_household(o: Order) -> Result:
    """The new purse, her part, her old cards blocked, a card that lay ready: at once, in one command."""
    b, book = o.body, o.book
    member, new = MemberId(b.id("member")), MemberId(b.id("new_member"))
    eaters, blocked = tuple(EaterId(one) for one in b.ids("eaters")), b.texts("cards")
    spare = b.optional("spare", b.text)
    parted = households.decide_separate(
        book.households, book.members, book.allocation, member=member, new_member=new, eaters=eaters, by=o.by
    )
    if isinstance(parted, Declined):
        return parted
    groups = tuple(sorted(book.members.members[member].groups))
    decided: list[Event | Declined] = [members.decide_admit(book.members, member=new, groups=groups, by=o.by), parted]
    decided += [_block_hers(book, alias, member, o.by) for alias in blocked]
    if spare is not None:
        decided.append(emergency.decide_bind(book.members, alias=spare, member=new, by=o.by, admitted=True))
    return _whole(decided)


def _block_hers(book: Book, alias: str, member: MemberId, by: PersonId) -> CardBlocked | Declined:
    decided = members.decide_block(book.members, alias=alias, code="62", by=by)
    if isinstance(decided, CardBlocked) and book.members.cards[decided.card].member != member:
        return not_now(f"The card {alias} is not one of {member}; read its alias again.")
    return decided


def _whole(decided: list[Event | Declined]) -> Result:
    """All of them, or why not."""
    declined = next((event for event in decided if isinstance(event, Declined)), None)
    return declined or tuple(event for event in decided if not isinstance(event, Declined))


def _leave(o: Order) -> Result:
    b = o.body
    return one(households.decide_leave(
        o.book.households, o.book.members, o.book.caisse.calendar, member=MemberId(b.id("member")), reason=b.id("reason"),
        by=o.by, at_us=o.at_us,
    ))


def _propose_back(o: Order) -> Result:
    b = o.body
    member, how, reference = MemberId(b.id("member")), b.id("how"), b.text("reference")
    return one(households.decide_back(o.book.households, member=member, how=how, reference=reference, by=o.by))


def _confirm_back(o: Order) -> Result:
    member, cents = MemberId(o.body.id("member")), o.body.cents("cents")
    return one(households.decide_back_confirmed(o.book.households, member=member, cents=cents, by=o.by))


def _limit_card(o: Order) -> Result:
    b = o.body
    return one(card_limits.decide_limit(
        o.book.members, alias=b.text("alias"), sale_cents=b.optional("sale_cents", b.cents),
        day_cents=b.optional("day_cents", b.cents), month_cents=b.optional("month_cents", b.cents), by=o.by,
    ))


def _make_spares(o: Order) -> Result:
    result = all_of(o.body.bodies("cards"), lambda e: getattr(e, "alias", None), lambda b: emergency.decide_spare(
        o.book.members, card=CardId(b.bytes("card", 16)), key_version=b.number("key_version", lowest=1), alias=b.text("alias"),
        by=o.by,
    ))
    if not isinstance(result, Declined) and len({getattr(event, "card", None) for event in result}) != len(result):
        return not_now("One card is in the list twice; remove one of the two.")
    return result


def _bind_card(o: Order) -> Result:
    alias, member = o.body.text("alias"), MemberId(o.body.id("member"))
    return one(emergency.decide_bind(o.book.members, alias=alias, member=member, by=o.by))


def _set_household_rules(o: Order) -> Result:
    b = o.body
    rules = HouseholdRulesSet(
        separation=b.id("separation"), leaving=b.id("leaving"), decision=DecisionId(b.id("decision")), by=o.by
    )
    return one(households.decide_rules(rules))


def read_emergency_rule(b: Body, by: PersonId) -> EmergencyRuleSet:
    """A voted emergency credit, as commands and founding files give it."""
    return EmergencyRuleSet(
        rule=b.id("rule"), purse=PurseKind(b.id("purse")), fund=FundId(b.id("fund")), each_max_cents=b.cents("each_max_cents"),
        day_max_cents=b.cents("day_max_cents"), days_valid=b.number("days_valid", lowest=1, highest=366),
        groups=b.ids("groups"), decision=DecisionId(b.id("decision")), by=by,
    )  # fmt: skip


def _set_emergency_rule(o: Order) -> Result:
    rule = read_emergency_rule(o.body, o.by)
    return one(emergency.decide_rule(rule, funds=o.book.funds))


def _give_emergency(o: Order) -> Result:
    b, book = o.body, o.book
    return emergency.decide_give(
        book.emergency, book.members, book.funds, book.caisse.calendar, rule=b.id("rule"), cents=b.cents("cents"),
        alias=b.text("alias"), member=MemberId(b.id("member")), by=o.by, at_us=o.at_us,
    )


VERBS: Final[dict[str, Verb]] = {
    "join_household": _join_household,
    "change_class": _change_class,
    "leave_household": _leave_household,
    "separate_household": _separate_household,
    "leave_caisse": _leave,
    "propose_pay_back": _propose_back,
    "confirm_pay_back": _confirm_back,
    "limit_card": _limit_card,
    "make_spare_cards": _make_spares,
    "bind_card": _bind_card,
    "set_household_rules": _set_household_rules,
    "set_emergency_rule": _set_emergency_rule,
    "give_emergency": _give_emergency,
}
