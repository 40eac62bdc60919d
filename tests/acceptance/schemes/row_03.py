"""Row 3, democratic choice: a year under votes that follow, suspend, outlive and annul one another, and its replay."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clearing.audit.trial import Trial, tried
from clearing.audit.trial_report import TrialReport
from clearing.authoriser.bodies import Body, charte
from clearing.cli.trying import told
from clearing.events.charte import Charte
from clearing.rules.calendar import local_text
from clearing.rules.telling.plain_words import decision_in_words
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Op, Village, instant_of, village

BASKET = {"vegetables": "5.20", "cheese": "9.85", "flour": "3.15"}
YEAR = instant_of("2026-01-01 00:00:00"), instant_of("2027-01-01 00:00:00")
COVERS = {"vegetables": 10_000, "cheese": 7_000, "flour": 3_000}
"""The rates of the founding."""


@dataclass
class Year:
    """sold: the same basket at the market in each month. glycines: at the structure's own shop, by month. tried_before: the
    committee's proposal, played on March before it was voted. refused: what was tried backwards, or beyond a scope."""

    caisse: Village
    sold: dict[str, Done]
    glycines: dict[str, Done]
    hold: Done
    captured: Done
    refund: Done
    tried_before: TrialReport
    refused: dict[str, str]
    batch: int


def covers(**rates: int) -> list[dict[str, object]]:
    return [{"category": name, "rate": rate} for name, rate in (COVERS | rates).items()]


def credit(**rates: int) -> dict[str, object]:
    return {"id": "credit", "purse": "credit", "covers": covers(**rates)}


def residents_payers() -> list[dict[str, object]]:
    """A fifth of the vegetables at their own shop, before what holds for everybody."""
    fifth: list[object] = [{"category": "vegetables", "rate": 2_000}]
    own: dict[str, object] = {"id": "glycines", "fund": "glycines", "covers": fifth, "condition": {"where": ["les-glycines"]}}
    return [own, credit(cheese=5_000, flour=6_000)]


def opened() -> Village:
    caisse = village("03-democratic-choice", "2026-01-02 09:00:00")
    caisse.receive("general", "2000.00")
    caisse.receive("glycines", "30.00")
    caisse.admit("m-1", "m-2")
    caisse.stall("market-garden", "market")
    caisse.stall("glycines-shop", "les-glycines")
    return caisse


def ruled(caisse: Village, verb: str, decision: str, ruling: str, start: str) -> None:
    caisse.order(f"{verb}_decision", decision=decision, ruling=ruling, from_us=instant_of(start))


async def spring(caisse: Village) -> TrialReport:
    """The committee tries its proposal on March, takes it by consent, and it begins with April."""
    caisse.at("2026-03-28 18:00:00")
    wanted = proposal(caisse, cheese=5_000)
    trial = Trial(wanted, from_us=instant_of("2026-03-01 00:00:00"), until_us=instant_of("2026-04-01 00:00:00"), months=1)
    report = await tried(caisse.log, trial)
    caisse.vote("committee-2026-03", "Fromage à 50 %", body="citizens-committee", method="consent", votes_for=12,
                votes_against=0, abstained=1)  # fmt: skip
    caisse.adopt("committee-2026-03", "2026-04-01 00:00:00", COVERS | {"cheese": 5_000})
    return report


def proposal(caisse: Village, **rates: int) -> Charte:
    body = {"version": 1, "decision": "proposal", "effective_us": 0, "categories": list(COVERS), "payers": [credit(**rates)]}
    return charte(Body(body, "The charte"))


def summer(caisse: Village) -> dict[str, str]:
    """The meeting suspends the committee's decision from June on, not backwards."""
    caisse.at("2026-05-30 10:00:00")
    caisse.vote("ag-2026-05", "La décision sur le fromage est suspendue", minutes_sha256=bytes(range(32)))
    back = caisse.refused("suspend_decision", decision="committee-2026-03", ruling="ag-2026-05",
                          from_us=instant_of("2026-05-01 00:00:00"))  # fmt: skip
    ruled(caisse, "suspend", "committee-2026-03", "ag-2026-05", "2026-06-01 00:00:00")
    return {"suspend a decision from a month ago on": back}


def resumed(caisse: Village) -> None:
    caisse.at("2026-07-18 10:00:00")
    caisse.vote("ag-2026-07", "La décision sur le fromage vaut de nouveau")
    ruled(caisse, "resume", "committee-2026-03", "ag-2026-07", "2026-08-01 00:00:00")


def drawn(caisse: Village) -> None:
    """Persons drawn by lot vote a rate for three months; then the rules before it are in force again by themselves."""
    caisse.at("2026-08-29 10:00:00")
    caisse.vote("drawn-2026-08", "Farine à 60 % pour trois mois", body="citizens-committee", method="draw", drawn=15,
                votes_for=0, votes_against=0, abstained=0, effective_on="2026-09-01", ends_on="2026-12-01")  # fmt: skip
    caisse.adopt("drawn-2026-08", "2026-09-01 00:00:00", COVERS, payers=[credit(cheese=5_000, flour=6_000)])


def residents(caisse: Village) -> dict[str, str]:
    """One structure's residents vote about their own money, and about nothing else."""
    caisse.at("2026-09-26 10:00:00")
    caisse.vote("glycines-2026-09", "Un cinquième des légumes à l'épicerie des Glycines", body="residents-group",
                scope="structure:les-glycines", votes_for=14, votes_against=3, abstained=0)  # fmt: skip
    wide: dict[str, Any] = {"version": 4, "decision": "glycines-2026-09", "effective_us": instant_of("2026-10-01 00:00:00"),
                            "categories": list(COVERS), "payers": [credit(cheese=10_000)]}  # fmt: skip
    beyond = caisse.refused("adopt_charte", **wide)
    caisse.adopt("glycines-2026-09", "2026-10-01 00:00:00", COVERS, payers=residents_payers())
    return {"change everybody's rates by one structure's vote": beyond}


def annulled(caisse: Village) -> None:
    caisse.at("2026-10-24 10:00:00")
    caisse.vote("ag-2026-10", "Le vote des Glycines est annulé : il n'avait pas été convoqué", tallies=[
        {"college": "eaters", "votes_for": 26, "votes_against": 5, "abstained": 1},
        {"college": "producers", "votes_for": 4, "votes_against": 0, "abstained": 1},
    ])  # fmt: skip
    ruled(caisse, "annul", "glycines-2026-09", "ag-2026-10", "2026-11-01 00:00:00")


class Market:
    """The same basket on the 15th of each month; from September on at the structure's shop too."""

    def __init__(self, caisse: Village) -> None:
        self.caisse = caisse
        self.sold: dict[str, Done] = {}
        self.glycines: dict[str, Done] = {}

    def days(self, *months: int) -> None:
        for month in months:
            name = f"2026-{month:02}"
            self.caisse.at(f"{name}-15 10:00:00")
            self.caisse.order("grant", rule="monthly", period=name)
            self.sold[name] = self.caisse.sell("market-garden", "m-1", BASKET)
            if month >= 9:
                self.glycines[name] = self.caisse.sell("glycines-shop", "m-2", BASKET)


async def year() -> Year:
    caisse = opened()
    market = Market(caisse)
    market.days(1, 2, 3)
    before = await spring(caisse)
    market.days(4, 5)
    refused = summer(caisse)
    hold = caisse.ask(Op.AUTH, "market-garden", {"cheese": "20.00"}, card="m-2")
    caisse.at("2026-06-02 10:00:00")
    captured = caisse.ask(Op.CAP, "market-garden", {"cheese": "18.40"}, original=hold.request.x)
    market.days(6)
    refund = caisse.ask(Op.REF, "market-garden", {"cheese": "4.00"}, original=market.sold["2026-05"].request.x)
    market.days(7)
    resumed(caisse)
    market.days(8)
    drawn(caisse)
    market.days(9)
    refused |= residents(caisse)
    market.days(10)
    annulled(caisse)
    market.days(11, 12)
    batch = caisse.settle("2026-12-15", "2026-12-17")
    return Year(caisse, market.sold, market.glycines, hold, captured, refund, before, refused, batch)


def stretches(caisse: Village) -> Iterator[tuple[int, int, Charte]]:
    """The year in pieces of one charte in force each."""
    begins = [(max(at_us, YEAR[0]), rules) for at_us, rules in caisse.book.caisse.in_force if rules and at_us < YEAR[1]]
    ends = [at_us for at_us, _ in begins[1:]] + [YEAR[1]]
    for (from_us, rules), until_us in zip(begins, ends, strict=True):
        yield from_us, until_us, rules


async def replayed(caisse: Village) -> list[tuple[int, Charte, TrialReport, Trial]]:
    """Each stretch decided anew by the charte that was in force in it."""
    found = []
    for from_us, until_us, rules in stretches(caisse):
        trial = Trial(rules, from_us=from_us, until_us=until_us, months=1)
        found.append((from_us, rules, await tried(caisse.log, trial), trial))
    return found


def decision_of(caisse: Village, done: Done) -> str:
    return caisse.book.caisse.charte(done.event.charte_version).decision


async def page() -> Page:
    lived = await year()
    caisse = lived.caisse
    page = Page(3, "03-democratic-choice", "Democratic choice: every rule is a vote, and every cent ends at one", """
        The rules are votes. A decision says who took it (`body`), how (`method`), with which votes of which college,
        about whom (`scope`), where its minutes are, and from when until when it holds. A second officer approves the
        record before anything stands on it. A later decision can suspend, resume or annul it, forward only: what was
        sold stands. Before a vote the assembly sees what the proposal would have done to a month that is over.
    """)  # fmt: skip
    page.heading("Before the vote").says("""
        The committee wants cheese at 50 %. `clearing charte try` plays March again under it; nothing is recorded.
    """)
    page.quotes("\n".join(told(lived.tried_before, "2026-03", "Europe/Paris")))
    page.heading("What was decided in the year").quotes("\n\n".join(
        "\n".join(decision_in_words(vote)["sentences"]) for vote in caisse.book.caisse.decisions.values()
    ))  # fmt: skip
    page.says("What the decisions do to one another, each from its own instant on:")
    page.table(["decision", "is", "from", "by decision"], list(rulings(caisse)))
    page.heading("What happens").says("""
        The same basket on the 15th of each month, and which decision it is judged by. In December the vote of those
        drawn by lot has ended: the rules before it hold again by themselves.
    """)
    page.table(
        ["month", "charte", "decision", "the card pays", "at the Glycines' shop", "their own fund's part"],
        [month_row(lived, month, done) for month, done in lived.sold.items()],
    )
    page.says("""
        A hold of May keeps the rules it was made by, though they were suspended when it was captured in June; a
        refund gives back what was paid by the rules of its sale.
    """)
    page.table(["", "decision", "goods", "the card"], [
        ("30 May, a cheese is ordered", decision_of(caisse, lived.hold), *amounts(lived.hold)),
        ("2 June, it is handed over", decision_of(caisse, lived.captured), *amounts(lived.captured)),
        ("15 June, part of May's cheese comes back", "-", int(lived.refund.request.amount_cents),
         -int(lived.refund.event.card_cents)),
    ])  # fmt: skip
    page.heading("What is not taken in").table(["somebody tries to", "the answer"], list(lived.refused.items()))
    page.heading("The year again").says("""
        Each stretch of the year is played again by the charte that was in force in it: each operation is decided anew
        by its own signed request. The cents are those of the log, and `clearing audit` proves the same log without
        deciding anew.
    """)
    page.table(["from", "charte", "baskets", "paid otherwise", "paid then", "paid in the replay"], [
        (local_text("Europe/Paris", from_us)[:10], str(rules.version), str(report.baskets), str(report.changed_count),
         sum(pair.now for pair in report.payers.values()), sum(pair.proposed for pair in report.payers.values()))
        for from_us, rules, report, _ in await replayed(caisse)
    ])  # fmt: skip
    page.heading("Why, down to the vote").quotes(await caisse.explained(lived.glycines["2026-10"]))
    return page.heading("What the statement shows").statement(caisse, "glycines-shop", lived.batch)


def amounts(done: Done) -> tuple[int, int]:
    """Goods, and what the card pays of them."""
    return int(done.request.amount_cents), int(done.card_cents)


def month_row(lived: Year, month: str, done: Done) -> tuple[str | int, ...]:
    own = lived.glycines.get(month)
    there = ("-", "-") if own is None else (int(own.card_cents), own.paid_by().get("glycines", 0))
    return month, str(done.event.charte_version), decision_of(lived.caisse, done), int(done.card_cents), *there


def rulings(caisse: Village) -> Iterator[tuple[str, str, str, str]]:
    zone = caisse.book.caisse.calendar.zone.key
    for decision, found in caisse.book.caisse.rulings.items():
        for ruling in found:
            yield decision, ruling.state, local_text(zone, ruling.from_us), ruling.ruling
