"""Law: what a caisse tells everybody is what it voted, where one buys, its funds and its months; of nobody in particular.

Plain values, the same for the same log and instant: no member, card, terminal, officer or single sale is in it. Funds are told
as they stood when the month began, so that nobody reads one purchase off two days' pages. docs/PUBLIC.md says what each field
is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from clearing.events.caisse import DecisionRecorded
from clearing.events.catalogue import Event
from clearing.events.charte import Charte, Condition, Cover, Span
from clearing.events.records import field_names
from clearing.rules.book import Book
from clearing.rules.calendar import local_text
from clearing.rules.producers import Producer
from clearing.rules.standing import recognition_in_force
from clearing.rules.statistics import OUTLET, TERRITORY, Figure
from clearing.values import FundId, money

Data = dict[str, Any]
VERSION: Final = 1
CONTEST_DAYS: Final = 90
_SPANS: Final = {Span.SALE: "per sale", Span.DAY: "a day", Span.MONTH: "a month", Span.YEAR: "a year"}
_PERSONAL: Final = frozenset({"by"})  # who typed a vote in is nobody's business; who took it is its body


def public_page(history: Iterable[tuple[Event, int]], *, months: Sequence[Figure], at_us: int) -> Data:
    """history: every event of the log with its instant; months: what may be told of them (rules/statistics.py).

    Raises ValueError for a log that has no caisse.
    """
    book, month_us = Book(), -1
    funds: list[Data] | None = None
    for event, when_us in history:
        if when_us >= month_us >= 0 and funds is None:
            funds = _funds(book)
        book.apply(event, book.position + 1, when_us)
        if month_us < 0:  # the first event is the founding: the calendar is known now
            month_us = book.caisse.calendar.start_us(book.caisse.calendar.day(at_us).replace(day=1))
    if not book.position:
        raise ValueError("an empty log has no public page; found the caisse first")
    zone = book.caisse.calendar.zone.key
    if funds is None:
        funds = _funds(book) if book.at_us < month_us else []
    return {
        "version": VERSION,
        "caisse": {"code": book.caisse.code, "name": book.caisse.name, "day": book.caisse.calendar.day(at_us).isoformat()},
        "rules": _rules(book, at_us),
        "coming": [_charte(one, book, zone) for one in book.caisse.chartes if one.effective_us > at_us],
        "decisions": [
            _decision(one) for one in sorted(book.caisse.decisions.values(), key=lambda one: (one.taken_on, one.decision))
        ],
        "credits": [_credit(book, name) for name in sorted(book.allocation.rules)],
        "outlets": [
            _outlet(one, book, at_us) for _, one in sorted(book.producers.producers.items()) if one.convention_at(at_us)
        ],
        "partners": _partners(book, at_us),
        "funds": {"as_of": _month_begins(book, at_us), "list": funds},
        "months": [_month(one) for one in months],
        "contest": _contest(book),
    }


def _rules(book: Book, at_us: int) -> Data | None:
    charte = book.caisse.charte_at(at_us)
    return None if charte is None else _charte(charte, book, book.caisse.calendar.zone.key)


def _charte(charte: Charte, book: Book, zone: str) -> Data:
    since = local_text(zone, charte.effective_us) if charte.effective_us else None
    return {
        "version": charte.version, "since": since, "decision": charte.decision, "categories": list(charte.categories),
        "sentences": list(charte_words(charte, {name: fund.name for name, fund in book.funds.items()}, zone)),
    }


def charte_words(charte: Charte, funds: Mapping[FundId, str], zone: str) -> Iterator[str]:
    """The charte as its voters would say it, in the order it is applied."""
    for tariff in charte.tariffs:
        carried = " and ".join(str(funds.get(one.fund, one.fund)) for one in tariff.funds)
        by = f", the rest is carried by {carried}" if carried else ""
        pooled = tariff.surplus_fund
        surplus = "" if pooled is None else f", what is above goes to {funds.get(pooled, pooled)}"
        yield f"The price is {_covers(tariff.covers)}{by}{surplus}{_condition(tariff.condition, zone)}."
    for payer in charte.payers:
        fund = None if payer.fund is None else funds.get(payer.fund, payer.fund)
        who = f"The purse {payer.purse}" if fund is None else str(fund)
        up_to = "".join(
            f", at most {money(one.cents)} {_SPANS[one.span]}{'' if one.per_purse else ' for all together'}"
            for one in payer.ceilings
        )  # fmt: skip
        yield f"{who} pays {_covers(payer.covers)}{up_to}{_condition(payer.condition, zone)}."
    yield "What nobody here pays is between the member and the seller."


def _covers(covers: Iterable[Cover]) -> str:
    said = []
    for one in covers:
        what = one.category if one.product is None else f"{one.product} ({one.category})"
        much = f"{money(one.unit_cents or 0)} a unit" if one.rate is None else f"{_percent(one.rate)} %"
        said.append(f"{much} of {what}")
    return ", ".join(said)


def _condition(condition: Condition, zone: str) -> str:
    said = f" for {', '.join(condition.who)}" if condition.who else ""
    said += f" at {', '.join(condition.where)}" if condition.where else ""
    said += f" from {local_text(zone, condition.from_us)}" if condition.from_us is not None else ""
    return said + (f" until {local_text(zone, condition.until_us)}" if condition.until_us is not None else "")


def _percent(rate: int) -> str:
    whole, part = divmod(rate, 100)
    return f"{whole}.{part:02d}".rstrip("0") if part else str(whole)


def _decision(one: DecisionRecorded) -> Data:
    """Every field of a vote but who recorded it: also those that later versions add."""
    return {name: _plain(getattr(one, name)) for name in field_names(DecisionRecorded) if name not in _PERSONAL}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        named = getattr(value, "_asdict", None)
        return {key: _plain(one) for key, one in named().items()} if named else [_plain(one) for one in value]
    return value


def _credit(book: Book, name: str) -> Data:
    rule = book.allocation.rules[name]
    return {
        "rule": rule.rule, "cents_each": rule.cents_each, "months_valid": rule.months_valid, "for": list(rule.who),
        "fund": rule.fund, "decision": rule.decision,
    }


def _outlet(one: Producer, book: Book, at_us: int) -> Data:
    convention = one.convention_at(at_us)
    assert convention is not None, "only outlets under convention are told"
    categories = None if convention.categories is None else sorted(convention.categories)
    tags = sorted(one.structures)
    return {
        "outlet": one.producer, "name": one.name, "categories": categories,
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


def _funds(book: Book) -> list[Data]:
    return [
        {
            "fund": name, "name": fund.name, "kind": fund.kind, "notified_cents": fund.notified_cents,
            "received_cents": fund.received_cents, "engaged_cents": fund.engaged_cents, "free_cents": fund.free_cents(),
        }
        for name, fund in sorted(book.funds.items())
    ]


def _month_begins(book: Book, at_us: int) -> str:
    return book.caisse.calendar.day(at_us).replace(day=1).isoformat()


def _month(one: Figure) -> Data:
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
    yield "Rules in force:"
    yield from (f"  {sentence}" for sentence in (page["rules"] or {"sentences": ["none yet"]})["sentences"])
    yield "Decisions:"
    for one in page["decisions"]:
        link = f"  {one['minutes_link']}" if one.get("minutes_link") else ""
        yield (f"  {one['taken_on']}  {one['decision']}: {one['title']} ({one['body']}, {one['votes_for']} for, "
               f"{one['votes_against']} against, {one['abstained']} abstained){link}")  # fmt: skip
    yield "Outlets:"
    for one in page["outlets"]:
        what = ", ".join(one["categories"]) if one["categories"] else "all categories"
        yield f"  {one['name']}, since {one['since']}: {what}"
    yield f"Funds on {page['funds']['as_of']}:"
    for one in page["funds"]["list"]:
        yield (f"  {one['name']}: notified {money(one['notified_cents'])}, received {money(one['received_cents'])}, "
               f"credited or spent {money(one['engaged_cents'])}")  # fmt: skip
    yield "Months:"
    for one in page["months"]:
        if not one["path"]:
            yield (f"  {one['month']}: {one['members_at_least']} members, {one['baskets_at_least']} baskets, "
                   f"{money(one['card_cents'])} by card")  # fmt: skip
    yield "To contest:"
    yield from (f"  {sentence}" for sentence in page["contest"])
