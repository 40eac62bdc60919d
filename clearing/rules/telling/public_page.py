"""Law: what a caisse tells everybody is what it voted, where one buys, its funds and its months; of nobody in particular.

Plain values, the same for the same log and instant: no member, card, terminal, officer or single sale is in it. Funds are told
as they stood when the month began, so that nobody reads one purchase off two days' pages. docs/PUBLIC.md says what each field
is.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from clearing.events.caisse import DecisionRecorded
from clearing.events.catalogue import Event
from clearing.events.charte import Charte
from clearing.rules.book import Book
from clearing.rules.stalls.producers import Producer
from clearing.rules.telling.plain_words import decision_in_words, rule_sentences, rules_in_words
from clearing.rules.telling.public_funds import PublicFunds
from clearing.rules.telling.statistics import K_MIN, OUTLET, TERRITORY, Figure
from clearing.rules.telling.voted_words import Names, Voted, standing_in_words
from clearing.rules.treasury.runway import Flows
from clearing.rules.voted.decisions import IN_FORCE
from clearing.rules.voted.standing import recognition_in_force
from clearing.values import money

Data = dict[str, Any]
VERSION: Final = 2
CONTEST_DAYS: Final = 90


class MonthlyFunds:
    """Follows a log beside its book, whoever folds that: the funds as the month of at_us found them."""

    def __init__(self, flows: Flows, at_us: int) -> None:
        """flows: of the same log, taken up to where the book is."""
        self._flows, self._public, self._at_us = flows, PublicFunds(), at_us
        self._month_us, self._begins_us, self._told = 0, 0, list[Data]()

    def before(self, book: Book, when_us: int) -> None:
        """An event of that instant comes next."""
        if book.position:
            self._months(book, min(when_us, self._begins_us))

    def after(self, book: Book, event: Event, when_us: int) -> None:
        """book: as the event left it."""
        self._public.take(book.funds, event, book.position)
        if book.position == 1:  # the founding: the calendar is known now
            calendar = book.caisse.calendar
            self._begins_us = calendar.start_us(calendar.day(self._at_us).replace(day=1))
            self._month_us = self._after_us(book, when_us)

    def told(self, book: Book) -> Data:
        """The log is at its end."""
        self._months(book, self._begins_us)
        return {"as_of": _month_begins(book, self._at_us), "list": self._told}

    def _months(self, book: Book, until_us: int) -> None:
        """Every month that begins up to until_us finds the funds as they are now."""
        while self._month_us <= until_us:
            self._public.month()
            last = book.caisse.calendar.day(self._month_us - 1)
            self._told = self._public.told(book.funds, self._flows, last)
            self._month_us = self._after_us(book, self._month_us)

    def _after_us(self, book: Book, at_us: int) -> int:
        """When the next month begins."""
        calendar = book.caisse.calendar
        return calendar.period_end_us(calendar.day(at_us).isoformat()[:7], 1)


def public_page(history: Iterable[tuple[Event, int]], *, months: Sequence[Figure], at_us: int) -> Data:
    """history: every event of the log with its instant; months: what may be told of them (rules/telling/statistics.py).

    Raises ValueError for a log that has no caisse.
    """
    book, voted, flows = Book(), Voted(), Flows()
    funds = MonthlyFunds(flows, at_us)
    for event, when_us in history:
        funds.before(book, when_us)
        book.apply(event, book.position + 1, when_us)
        voted.take(event)
        flows.take(event, book.position, when_us)
        funds.after(book, event, when_us)
    if not book.position:
        raise ValueError("an empty log has no public page; found the caisse first")
    return public_data(book, voted, funds=funds.told(book), months=[month_told(one) for one in months], at_us=at_us)


def public_data(book: Book, voted: Voted, *, funds: Data, months: Sequence[Data], at_us: int) -> Data:
    """voted: every event of the streams that rules are voted in; funds, months: as they may be told."""
    caisse, calendar = book.caisse, book.caisse.calendar
    charte = caisse.charte_at(at_us)
    names = Names(calendar.zone.key, {name: fund.name for name, fund in book.funds.items()})
    decisions = sorted(caisse.decisions.values(), key=lambda one: (one.taken_on, one.decision))
    return {
        "version": VERSION,
        "caisse": {
            "code": caisse.code, "name": caisse.name, "day": calendar.day(at_us).isoformat(),
            "last_day": None if book.closing.confirmed is None else book.closing.confirmed.last_day,
        },
        "rules": None if charte is None else _charte(charte, book, names, at_us),
        "coming": [_charte(one, book, names, at_us) for one in caisse.chartes if one.effective_us > at_us],
        "voted": voted.told(caisse, names, at_us),
        "decisions": [_decision(one, book, at_us) for one in decisions],
        "outlets": [
            _outlet(one, book, at_us) for _, one in sorted(book.producers.producers.items()) if one.convention_at(at_us)
        ],
        "partners": _partners(book, at_us),
        "funds": funds,
        "months": list(months),
        "contest": _contest(book),
    }


def _charte(charte: Charte, book: Book, names: Names, at_us: int) -> Data:
    rules = rules_in_words(
        charte, book.caisse.decisions, zone=names.zone, at_us=at_us, products=book.products.listed, funds=names.funds
    )
    return {
        "version": charte.version, "since": rules["effective"], "decision": charte.decision,
        "categories": list(charte.categories), "tariffs": rules["tariffs"], "payers": rules["payers"],
        "sentences": list(rule_sentences(rules)),
    }


def _decision(vote: DecisionRecorded, book: Book, at_us: int) -> Data:
    """A vote as its minutes have it, but who typed it in: who took it is its body."""
    return decision_in_words(vote, heads_min=K_MIN) | {"standing": standing_in_words(book.caisse, vote.decision, at_us)}


def _outlet(one: Producer, book: Book, at_us: int) -> Data:
    convention = one.convention_at(at_us)
    assert convention is not None, "only outlets under convention are told"
    categories = None if convention.categories is None else sorted(convention.categories)
    tags = sorted(one.structures)
    return {
        "outlet": one.producer, "name": one.name, "categories": categories, "criteria": tags,
        "since": book.caisse.calendar.day(min(each.from_us for each in one.conventions)).isoformat(),
        "until": None if convention.until_us is None else book.caisse.calendar.day(convention.until_us).isoformat(),
        "territory": next((tag.removeprefix(TERRITORY) for tag in tags if tag.startswith(TERRITORY)), None),
        "kind": next((tag.removeprefix(OUTLET) for tag in tags if tag.startswith(OUTLET)), None),
    }


def _partners(book: Book, at_us: int) -> list[Data]:
    """Caisses at whose producers our cards pay."""
    return [
        {"caisse": other, "decision": known.decision, "daily_cap_cents": known.debit_cap_cents}
        for other, known in sorted(book.interchange.recognised.items())
        if recognition_in_force(book, other, at_us) is not None
    ]  # fmt: skip


def _month_begins(book: Book, at_us: int) -> str:
    return book.caisse.calendar.day(at_us).replace(day=1).isoformat()


def month_told(one: Figure) -> Data:
    return {
        "month": one.month, "path": list(one.path), "baskets_at_least": one.baskets, "members_at_least": one.members,
        "purchases": one.purchases, "goods_cents": one.goods_cents, "card_cents": one.card_cents,
    }


def _contest(book: Book) -> list[str]:
    return [
        (f"A purchase can be contested within {CONTEST_DAYS} days at the welcome desk of {book.caisse.name}, or at any of "
         "its tills with the receipt."),
        "Each cent of a sale is explained from the rules in force at its time, down to the vote: ask the desk for it.",
        "A rule is changed by a vote of the body that took it; the decisions above say which one.",
    ]


def told(page: Data) -> str:
    """The same to be read."""
    return "\n".join(_lines(page))


def _lines(page: Data) -> Iterator[str]:
    yield f"{page['caisse']['name']} ({page['caisse']['code']}), {page['caisse']['day']}"
    yield "What the card pays:"
    yield from (f"  {sentence}" for sentence in (page["rules"] or {"sentences": ["no rules yet"]})["sentences"])
    for one in page["coming"]:
        yield f"From {one['since']} on:"
        yield from (f"  {sentence}" for sentence in one["sentences"])
    yield "What was voted beside it:"
    for one in page["voted"]:
        state = "" if one["standing"] == IN_FORCE else f" [{one['standing']}]"
        by = f" (decision {one['decision']})" if one["decision"] else ""
        yield from (f"  {sentence}" for sentence in one["sentences"][:-1])
        yield f"  {one['sentences'][-1]}{by}{state}"
    yield "Decisions:" if page["decisions"] else "Decisions: none."
    for one in page["decisions"]:
        yield from (f"  {sentence}" for sentence in one["sentences"])
        if one["standing"] != IN_FORCE:
            yield f"  It is {one['standing']}."
    yield "Outlets:" if page["outlets"] else "Outlets: none yet."
    for one in page["outlets"]:
        what = ", ".join(one["categories"]) if one["categories"] else "all categories"
        tags = f" ({', '.join(one['criteria'])})" if one["criteria"] else ""
        yield f"  {one['name']}{tags}, since {one['since']}: {what}"
    yield from _told_funds(page["funds"])
    yield "Months:" if page["months"] else "Months: none yet in which five members bought five baskets."
    for one in page["months"]:
        if not one["path"]:
            yield (f"  {one['month']}: {one['members_at_least']} members, {one['baskets_at_least']} baskets, "
                   f"{money(one['card_cents'])} by card")  # fmt: skip
    yield "To contest:"
    yield from (f"  {sentence}" for sentence in page["contest"])


def _told_funds(funds: Data) -> Iterator[str]:
    yield f"Funds on {funds['as_of']}:" if funds["list"] else f"Funds on {funds['as_of']}: none was open."
    for one in funds["list"]:
        lasts = f"; what is there lasts {one['months_left']} months" if one["months_left"] else ""
        yield (f"  {one['name']}: announced {money(one['notified_cents'])}, received {money(one['received_cents'])}, "
               f"credited or spent {money(one['engaged_cents'])}{lasts}")  # fmt: skip
