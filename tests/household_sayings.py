"""Law: short words for persons of a purse, voted credits and what people ask at the desk, for stories."""

from dataclasses import replace
from typing import Any

from clearing.events.catalogue import Event
from clearing.events.cotisations import CotisationRuleSet
from clearing.events.crediting import EmergencyRuleSet
from clearing.events.funds import AllocationRuleSet, ClassCents
from clearing.events.households import EaterJoined, SpareCardMade
from clearing.events.members import MemberAdmitted
from clearing.rules.answers import Declined
from clearing.rules.book import Book
from clearing.rules.credit import allocation
from clearing.rules.people import card_limits, emergency, households
from clearing.values import Cents, EaterId, FundId, MemberId, PersonId, PurseKind
from tests.given_when_then import Story
from tests.sayings import AMINA, BRUNO, VOTE, Decide, card_of, monthly


def joins(owner: str, name: str, kind: str = "adult", *, then: str = "", month: str = "") -> EaterJoined:
    return EaterJoined(
        member=MemberId(owner), eater=EaterId(name), credit_class=kind, next_class=then, next_period=month, by=BRUNO
    )


def home(owner: str, *kinds: str) -> tuple[Event, ...]:
    """A purse with a person of each class: "<owner>.0", "<owner>.1" ..."""
    persons = (joins(owner, f"{owner}.{place}", kind) for place, kind in enumerate(kinds))
    return (MemberAdmitted(member=MemberId(owner), groups=(), by=BRUNO), *persons)


def voted(cents: int = 15_000, *, each: dict[str, int] | None = None, further: int = 0, **fields: Any) -> AllocationRuleSet:
    """The rule "monthly" with what was voted beside its amount."""
    classes = tuple(ClassCents(name, Cents(amount)) for name, amount in (each or {}).items())
    return replace(monthly(cents), classes=classes, further_cents=Cents(further), **fields)


def dues(minimum: int = 1_000) -> CotisationRuleSet:
    """Members pay in at least this each month, and choose how much."""
    return CotisationRuleSet(
        rule="dues", fund=FundId("general"), minimum_cents=Cents(minimum), step_cents=Cents(1), levels=(), free=True,
        means=("cash",), over_is_gift=False, decision=VOTE, by=AMINA,
    )


def pay(story: Story, owner: str, cents: int, period: str = "2026-05") -> tuple[int, ...]:
    """A cotisation of the period arrives, as the room of cotisations says it: first what becomes due by it, then the payment,
    then those credits. Their cents."""
    book = story.book
    due = allocation.due_by_payment(
        book.allocation, book.members, book.funds, cotisations=book.cotisations, member=MemberId(owner), period=period,
        cents=cents, by=AMINA, at_us=max(story.at_us, book.at_us + 1),
    )  # fmt: skip
    allocation.paid_in(book.allocation, book.members, MemberId(owner), period, cents)
    story.and_given(*due)
    return tuple(one.cents for one in due)


def part(owner: str, new: str, *names: str) -> Decide:
    return lambda book, _at_us: households.decide_separate(
        book.households, book.members, book.allocation, member=MemberId(owner), new_member=MemberId(new),
        eaters=tuple(EaterId(name) for name in names), by=BRUNO,
    )  # fmt: skip


def leave(owner: str, why: str = "left") -> Decide:
    return lambda book, at_us: households.decide_leave(
        book.households, book.members, book.caisse.calendar, member=MemberId(owner), reason=why, by=BRUNO, at_us=at_us
    )


def pay_back(owner: str, by: PersonId = BRUNO) -> Decide:
    return lambda book, _at_us: households.decide_back(
        book.households, member=MemberId(owner), how="transfer", reference="bank line 7", by=by
    )


def paid_back(owner: str, cents: int, by: PersonId = AMINA) -> Decide:
    return lambda book, _at_us: households.decide_back_confirmed(
        book.households, member=MemberId(owner), cents=Cents(cents), by=by
    )


def limit(owner: str = "m-1", *, sale: int | None = None, day: int | None = None, month: int | None = None) -> Decide:
    def cents(amount: int | None) -> Cents | None:
        return None if amount is None else Cents(amount)

    return lambda book, _at_us: card_limits.decide_limit(
        book.members, alias=f"card of {owner}", sale_cents=cents(sale), day_cents=cents(day), month_cents=cents(month), by=BRUNO
    )


def spare(name: str = "e-1") -> SpareCardMade:
    return SpareCardMade(card=card_of(name), key_version=1, alias=f"spare {name}", by=BRUNO)


def emergency_rule(each: int = 5_000, day: int = 8_000, days: int = 7, **fields: Any) -> EmergencyRuleSet:
    values: dict[str, Any] = {
        "rule": "emergency", "purse": PurseKind("credit"), "fund": FundId("general"), "each_max_cents": Cents(each),
        "day_max_cents": Cents(day), "days_valid": days, "groups": (), "decision": VOTE, "by": AMINA,
    }
    return EmergencyRuleSet(**{**values, **fields})


def give(story: Story, cents: int, name: str = "e-1") -> str:
    """Emergency credit on the spare card of that name; why not, or "" when it was given."""
    story.sweep()
    found = _given(story.book, max(story.at_us, story.book.at_us + 1), cents, name)
    if isinstance(found, Declined):
        return found.why
    story.and_given(*found)
    return ""


def _given(book: Book, at_us: int, cents: int, name: str) -> tuple[Event, ...] | Declined:
    return emergency.decide_give(
        book.emergency, book.members, book.funds, book.caisse.calendar, rule="emergency", cents=Cents(cents),
        alias=f"spare {name}", member=MemberId(name), by=BRUNO, at_us=at_us,
    )  # fmt: skip
