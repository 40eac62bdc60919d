"""Law: the general meeting reads where money came from and went to, to the cent, and of persons only what five or more did.

Folds one log; told for civil days from the first to the last, both included.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from clearing.books.journal import Gathered
from clearing.books.report import AMOUNT, NARROW, WIDE, Cell, Money, Report, Section, total
from clearing.books.words import Words
from clearing.events import contracts, corrections, cotisations, funds, opening, solidarity
from clearing.events.caisse import CaisseFounded, DecisionRecorded
from clearing.events.catalogue import Event
from clearing.events.funds import FundOpened
from clearing.events.grants import SubsidyNotified
from clearing.events.households import MemberLeft
from clearing.events.members import MemberAdmitted
from clearing.rules.telling.statistics import K_MIN, OTHER, REST, Figure, Purchases, published
from clearing.rules.treasury.runway import Flows

_CREDITS: Final = ("credit", "bonus")
_CAME: Final = ("cotisation", "gift", "coupon", "surplus", "subsidy", "announced", "income", "opening")
_USED: Final = ("sale", "draw", "contract", "bank-charges", "written-off", "given-back", "rest", "spending")


@dataclass(slots=True)
class Meeting:
    """Feed every event of one log in order. came: by civil day and source; names: of funds."""

    gathered: Gathered = field(default_factory=Gathered)
    purchases: Purchases = field(default_factory=Purchases)
    flows: Flows = field(default_factory=Flows)
    came: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    funders: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    decisions: list[DecisionRecorded] = field(default_factory=list)
    members: dict[str, int] = field(default_factory=dict)  # heads by civil day of the change
    caisse: str = ""

    def take(self, event: Event, position: int, at_us: int) -> None:
        self.gathered.take(event, position, at_us)
        self.purchases.take(event, at_us)
        self.flows.take(event, position, at_us)
        day = self.gathered.last
        match event:
            case CaisseFounded():
                self.caisse = event.name
            case FundOpened():
                self.names[event.fund] = event.name
            case DecisionRecorded():
                self.decisions.append(event)
            case SubsidyNotified():
                self.funders[event.grant] = event.funder
            case MemberAdmitted():
                self.members[day] = self.members.get(day, 0) + 1
            case MemberLeft():
                self.members[day] = self.members.get(day, 0) - 1
            case _:
                pass
        for source, name, cents in _sources(event):
            of_day = self.came.setdefault(day, {})
            of_day[source, name] = of_day.get((source, name), 0) + cents

    def report(self, first: date, last: date, words: Words) -> Report:
        """Of the days from first to last."""
        title = words.said("meeting", first=words.day(first), last=words.day(last))
        sections = (
            self._sources(first, last, words), self._credits(first, last, words), self._spent(first, last, words),
            self._funds(first, last, words), self._members(first, last, words), self._decisions(first, last, words),
            self._runway(last, words),
        )  # fmt: skip
        return Report(title, self.caisse, last, (), (), sections)

    def _sources(self, first: date, last: date, words: Words) -> Section:
        sums: dict[tuple[str, str], int] = {}
        for day, of in self.came.items():
            if first.isoformat() <= day <= last.isoformat():
                for key, cents in of.items():
                    sums[key] = sums.get(key, 0) + cents
        rows = tuple((self._source(*key, words), Money(cents)) for key, cents in sorted(sums.items()) if cents)
        return Section(
            words.said("sources"), (("source", WIDE), ("amount", AMOUNT)), rows, (words.said("total"), total(rows, 1))
        )

    def _source(self, source: str, name: str, words: Words) -> str:
        said = words.said(f"source-{source}", name=name)
        return f"{said}, {self.funders[name]}" if name in self.funders else said

    def _of_funds(self, up_to: date, since: date | None = None) -> dict[tuple[str, str], int]:
        """What moved in funds, by fund and why, a credit above zero."""
        sums: dict[tuple[str, str], int] = {}
        for day, pieces in self.gathered.days.items():
            if day <= up_to.isoformat() and (since is None or day >= since.isoformat()):
                for move, cents in ((move, cents) for of in pieces.values() for move, cents in of.items()):
                    if move.account.startswith(("fund:", "held:fund:", "held-abroad:fund:")):
                        key = move.account.rpartition(":")[2], move.nature
                        sums[key] = sums.get(key, 0) - cents
        return sums

    def _credits(self, first: date, last: date, words: Words) -> Section:
        moved = self._of_funds(last, first)
        lapsed = sum(cents for (_, nature), cents in moved.items() if nature == "lapsed")
        given = -sum(cents for (_, nature), cents in moved.items() if nature in _CREDITS)
        rows: tuple[tuple[Cell, ...], ...] = (
            (words.said("credits"), Money(given)), (words.said("lapsed"), Money(-lapsed))
        )  # fmt: skip
        return Section(
            words.said("credits"), (("label", WIDE), ("amount", AMOUNT)), rows, (words.said("total"), Money(given - lapsed))
        )

    def _figures(self, first: date, last: date) -> list[Figure]:
        told = published(self.purchases.months, before=self.gathered.last[:7])
        return [one for one in told if first.isoformat()[:7] <= one.month <= last.isoformat()[:7]]

    def _spent(self, first: date, last: date, words: Words) -> Section:
        sums: dict[tuple[str, str], int] = {}
        for one in _leaves(self._figures(first, last)):
            few = one.path[-1:] == (REST,) or len(one.path) < 3
            key = (words.said("few"), "") if few else (one.path[1], _outlet(one.path[2], words))
            sums[key[0], key[1]] = sums.get((key[0], key[1]), 0) + one.card_cents
        rows = tuple((*key, Money(cents)) for key, cents in sorted(sums.items(), key=lambda one: -one[1]) if cents)
        return Section(
            words.said("spent"), (("category", WIDE), ("outlet", NARROW), ("amount", AMOUNT)), rows,
            (words.said("total"), "", total(rows, 2)), (words.said("spent-note"),),
        )  # fmt: skip

    def _funds(self, first: date, last: date, words: Words) -> Section:
        whole, moved = self._of_funds(last), self._of_funds(last, first)
        rows = []
        for fund, name in self.names.items():
            def of(natures: Iterable[str], fund: str = fund) -> int:
                return sum(moved.get((fund, nature), 0) for nature in natures)

            closing = sum(cents for (of_fund, _), cents in whole.items() if of_fund == fund)
            change = sum(cents for (of_fund, _), cents in moved.items() if of_fund == fund)
            rows.append((
                name, Money(closing - change), Money(of(_CAME)), Money(of(_CREDITS)), Money(of(_USED)), Money(of(("lapsed",))),
                Money(of(("result",))), Money(closing),
            ))  # fmt: skip
        columns = ("opening", "came-in", "credited", "used", "came-back", "moved", "closing")
        return Section(
            words.said("funds"), (("fund", 26), *((name, NARROW) for name in columns)), tuple(rows),
            (words.said("total"), *(total(rows, place) for place in range(1, 8))),
        )  # fmt: skip

    def _members(self, first: date, last: date, words: Words) -> Section:
        heads = sum(change for day, change in self.members.items() if day <= last.isoformat())
        told = str(heads) if heads >= K_MIN else words.said("members-few")
        months = [one for one in self._figures(first, last) if not one.path]
        rows = tuple((words.month(one.month), one.members, one.baskets) for one in months)
        return Section(
            f"{words.said('members')} : {told}" if words.language == "fr" else f"{words.said('members')}: {told}",
            (("month", NARROW), ("bought", WIDE), ("sales", NARROW)), rows,
        )  # fmt: skip

    def _decisions(self, first: date, last: date, words: Words) -> Section:
        rows = tuple(
            (one.title, words.said(f"body-{one.body}"), date.fromisoformat(one.taken_on),
             f"{one.votes_for} / {one.votes_against} / {one.abstained}")
            for one in self.decisions if first.isoformat() <= one.taken_on <= last.isoformat()
        )  # fmt: skip
        columns = (("decision", WIDE), ("body", NARROW), ("day", NARROW), ("votes", NARROW))
        return Section(words.said("decisions"), columns, rows)

    def _runway(self, last: date, words: Words) -> Section:
        there: dict[str, int] = {}
        for (fund, _), cents in self._of_funds(last).items():
            there[fund] = there.get(fund, 0) + cents
        lasts, gauge = self.flows.runway(there, last), self.flows.gauge(last)
        if lasts.tenths is None or lasts.runs_out is None:
            told = words.said("runway-early", there=words.money(lasts.there_cents))
        else:
            months, tenth = divmod(lasts.tenths, 10)
            told = words.said(
                "runway-text", there=words.money(lasts.there_cents), month=words.money(lasts.a_month_cents), months=months,
                tenth=tenth, day=words.day(lasts.runs_out),
            )  # fmt: skip
        gauged = words.said(
            "gauge-text", came=words.money(gauge.in_cents), paid=words.money(gauge.out_cents), percent=gauge.percent
        )
        rows = tuple((self.names[fund], Money(there.get(fund, 0))) for fund in self.names)
        return Section(
            words.said("runway"), (("fund", WIDE), ("amount", AMOUNT)), rows, (words.said("total"), total(rows, 1)),
            (told, gauged),
        )  # fmt: skip


def _outlet(kind: str, words: Words) -> str:
    """As the caisse calls it; what it calls nothing has a word here."""
    return words.said("outlet-other") if kind == OTHER else kind


def _leaves(figures: list[Figure]) -> Iterator[Figure]:
    """What adds up to the months: figures with nothing below them."""
    paths = {(one.month, one.path) for one in figures}
    above = {(month, path[:size]) for month, path in paths for size in range(len(path))}
    return (one for one in figures if (one.month, one.path) not in above)


def _sources(event: Event) -> Iterator[tuple[str, str, int]]:
    """(source, name, cents) of what came from outside, or went back there."""
    match event:
        case funds.MoneyReceived():
            yield ("subsidy", event.grant, event.cents) if event.grant else ("other", "", event.cents)
        case funds.PurseCredited(fund=None):
            yield "own", "", event.cents
        case cotisations.CotisationReceived():
            yield "cotisation", "", event.cents
        case cotisations.CotisationReturned():
            yield "returned", "", -event.cents
        case cotisations.GiftReceived():
            yield "gift", "", event.cents
        case solidarity.CouponsSold():
            yield "coupon", "", event.cents
        case contracts.InstalmentReceived(fund=None) if event.into:
            yield "contract", "", event.cents
        case contracts.InstalmentReturned() if event.through:
            yield "returned", "", -event.cents
        case opening.OpeningAccepted():
            yield "opening", "", event.totals.bank_cents
        case corrections.EntryCorrected():
            source = "contract" if event.entry.kind == "instalment" else event.entry.kind
            right = event.right()
            if event.wrong.account:
                yield source, "", -event.wrong.cents
            if right is not None and not (isinstance(right, contracts.InstalmentReceived) and not right.into):
                yield source, "", right.cents
        case _:
            pass
