"""Law: issued = accounts; each purse = its activity; tills and producers = deposits; batches = file = bank; in - out = remains.

The five proofs of a day, taken over two or three independent roads to each sum. One that fails stops the approval of batches,
until later ones hold or two people record why they go on; it stops no sale, credit or closing. Source: treasury.md section 1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from clearing.events.proofs import GoingOnConfirmed, GoingOnProposed, ProofFigure, ProofResult, ProofsTaken
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar, civil_date
from clearing.values import PersonId, Position, money

ISSUED, PURSES, DEPOSITS, BATCHES, MONEY = "issued", "purses", "deposits", "batches", "money"
PROOFS: Final[Mapping[str, str]] = {
    ISSUED: "credit issued = accounts",
    PURSES: "each purse = its activity",
    DEPOSITS: "tills and producers = deposits",
    BATCHES: "batches = bank file = bank",
    MONEY: "money in - out = what remains",
}
"""In the order in which they are taken and told."""
FIRST: Final[Mapping[str, str]] = {
    ISSUED: "purse", PURSES: "purses", DEPOSITS: "owed", BATCHES: "payable", MONEY: "bank",
}  # fmt: skip
"""The total that each of them opens with."""
LOOK_BACK_EVENTS: Final = 20_000
"""How many events may be recorded between the figures and their record: the audit goes so far back to count them again."""
FIGURES_MAX: Final = 60
DIFFERING_MAX: Final = 20
NAME_CHARS_MAX: Final = 120
_NOT_PRODUCERS: Final = ("payable:grantor:", "payable:member:", "payable:heir:")
_MANY: Final = {"purse": "purse:", "owed": "owed:", "fund": "fund:"}
_OF_ACCOUNTS: Final = frozenset({
    "purse", "owed", "payable", "fund", "bank", "held", "held-abroad", "contract", "cash", "cheques", "returned", "receivable",
    "notified", "interchange", "netting",
})  # fmt: skip


@dataclass(slots=True)
class Proofs:
    """The newest ones. taken: their position, 0 before the first; failed: which of them do not hold; told: the first of their
    figures that differs. going_on: what a first person said; gone_on: position of failed ones that two people go on from."""

    taken: int = 0
    day: str = ""
    failed: tuple[str, ...] = ()
    told: str = ""
    going_on: GoingOnProposed | None = None
    gone_on: int = 0

    def stops(self) -> bool:
        return bool(self.failed) and self.gone_on != self.taken


def evolve_taken(proofs: Proofs, event: ProofsTaken, position: int) -> None:
    failed = tuple(one.proof for one in event.results if not holds(one))
    if event.ok is bool(failed):
        raise BrokenBook(f"the proofs at {position} say of themselves what their figures do not")
    first = next((figure for one in event.results for figure in one.figures if not agrees(figure)), None)
    proofs.taken, proofs.day, proofs.failed = position, event.day, failed
    proofs.told = "" if first is None else told(first)
    proofs.going_on = None


def evolve_proposed(proofs: Proofs, event: GoingOnProposed) -> None:
    proofs.going_on = event


def evolve_confirmed(proofs: Proofs, event: GoingOnConfirmed) -> None:
    if proofs.going_on is None or event.taken != proofs.taken:
        raise BrokenBook("two people go on from proofs that are not the newest")
    proofs.going_on, proofs.gone_on = None, event.taken


def agrees(figure: ProofFigure) -> bool:
    """Whether its roads lead to one sum."""
    return len(set(_known(figure))) == 1


def holds(result: ProofResult) -> bool:
    return all(agrees(one) for one in result.figures)


def _known(figure: ProofFigure) -> list[int]:
    return [cents for cents in figure[1:] if cents is not None]


def result(proof: str, totals: Iterable[ProofFigure], others: Iterable[ProofFigure] = ()) -> ProofResult:
    """totals: told in any case. others: told when they differ, the first DIFFERING_MAX of them."""
    shown = list(totals)
    compared, wrong = len(shown), list[ProofFigure]()
    for one in others:
        compared += 1
        if not agrees(one):
            wrong.append(one)
    return ProofResult(proof, compared, (*shown, *wrong[:DIFFERING_MAX]))


def by_log(balances: Mapping[str, int], name: str) -> int | None:
    """Cents of a figure by the ledger's accounts (a debit above zero there), a credit above zero here, but for the bank;
    None: no account is called so."""
    if name == "payable":
        return -sum(
            cents for account, cents in balances.items()
            if account.startswith("payable:") and not account.startswith(_NOT_PRODUCERS)
        )  # fmt: skip
    if name in _MANY:
        return -sum(cents for account, cents in balances.items() if account.startswith(_MANY[name]))
    if name == "bank":
        return balances.get(name, 0)
    return -balances.get(name, 0) if name.partition(":")[0] in _OF_ACCOUNTS else None


def decide_take(
    results: tuple[ProofResult, ...], *, calendar: CivilCalendar, day: str, up_to: Position, position: int, by: PersonId,
    at_us: int,
) -> ProofsTaken | Declined:
    """results: as they were taken at up_to; whether they hold is said by their figures alone. position: of the book."""
    if civil_date(day) > calendar.day(at_us):
        return not_now(f"{day} has not come yet; take the proofs of a day when it is over.")
    if not 0 < up_to <= position or position - up_to > LOOK_BACK_EVENTS:
        return not_now("These proofs are of another time; take them again: clearing proofs --record")
    if tuple(one.proof for one in results) != tuple(PROOFS):
        return not_now(f"Five proofs are taken together, in this order: {', '.join(PROOFS)}.")
    for one in results:
        named = [figure.name for figure in one.figures]
        if named[:1] != [FIRST[one.proof]] or len(named) > FIGURES_MAX or len(set(named)) != len(named):
            return not_now(f"The proof {one.proof} opens with the figure '{FIRST[one.proof]}' and has at most {FIGURES_MAX}, "
                           "each once.")  # fmt: skip
        alone = next((figure.name for figure in one.figures if len(_known(figure)) < 2 or _unlogged(figure)), None)
        if alone is not None:
            return not_now(f"The figure '{alone}' has no second road to it, or is an account without its sum by the log: it "
                           "proves nothing.")  # fmt: skip
    return ProofsTaken(day=day, up_to=up_to, results=results, ok=all(holds(one) for one in results), by=by)


def _unlogged(figure: ProofFigure) -> bool:
    """The sum of an account by the log is what the audit adds up again: it may not be left out."""
    return figure.log_cents is None and by_log({}, figure.name) is not None


def decide_propose(proofs: Proofs, *, reason: str, by: PersonId) -> GoingOnProposed | Declined:
    if not proofs.stops():
        return not_found("No proof stops anything; batches can be approved.")
    if proofs.going_on is not None:
        return not_now(f"{proofs.going_on.by} has said why already; another person confirms: clearing proceed confirm")
    return GoingOnProposed(taken=Position(proofs.taken), reason=reason, by=by)


def decide_confirm(proofs: Proofs, *, taken: Position, by: PersonId) -> GoingOnConfirmed | Declined:
    """taken: position of the proofs that the second person has looked at."""
    said = proofs.going_on
    if said is None or not proofs.stops():
        return not_found("Nobody has said why payouts go on in spite of a proof; first: clearing proceed propose --reason TEXT")
    if taken != said.taken:
        return not_now("Other proofs were taken since then; look at them first: clearing proofs --day " + proofs.day)
    if said.by == by:
        return not_now("A second person decides on it: ask another treasurer or approver.")
    return GoingOnConfirmed(taken=said.taken, reason=said.reason, proposed_by=said.by, by=by)


def stopped(proofs: Proofs) -> Declined | None:
    """Why no batch may be approved now; None: nothing stops it."""
    if not proofs.stops():
        return None
    which = " and ".join(f"'{PROOFS[one]}'" for one in proofs.failed)
    return not_now(
        f"No batch is approved while a proof does not hold: {which}, taken for {proofs.day} ({proofs.told}). Look at it: "
        f"clearing proofs --day {proofs.day}. When it is mended: clearing proofs --record. Or two people say why they go on: "
        "clearing proceed propose --reason TEXT"
    )


def told(figure: ProofFigure) -> str:
    """A figure in words: "owed to garden: 12.50 EUR by the log, 12.49 EUR shown"."""
    roads = (("by the log", figure.log_cents), ("in the book", figure.book_cents), ("shown", figure.shown_cents))
    return f"{named(figure.name)}: " + ", ".join(f"{money(cents)} {road}" for road, cents in roads if cents is not None)


TOTALS: Final = {
    "purse": "credit in all purses, issued less used", "purses": "all purses together", "owed": "owed to all producers",
    "payable": "transfers that the bank has still to make", "bank": "at the bank, what came less what went",
    "fund": "left in all funds", "tills": "what tills showed and what is owed for it",
    "captured": "all sales, in batches or waiting for one",
    "in": "money that came to the bank", "out": "money that left the bank", "paid": "transfers that the bank made",
    "balance": "the bank's own balance", "held": "reserved by holds and orders",
    "held-abroad": "held for other caisses' stalls",
    "netting": "netting with other caisses", "cash": "in the cash box", "cheques": "cheques in the box",
}  # fmt: skip
"""Figures whose name has no second part, in words."""
KINDS: Final = {
    "purse": "credit in purses '{}'", "member": "purse {}", "owed": "owed to {}", "payable": "transfers on their way to {}",
    "fund": "left in fund {}", "till": "what till {} showed", "batch": "lines of batch {}", "file": "file of batch {}",
    "other-file": "file of batch {}, which is another one than was exported,",
    "cohort": "credit {} as purses hold it", "captured": "sales of {}", "payout": "transfers of batch {} that the bank made",
    "event": "event {}, which takes what is not there", "contract": "money of contract {}",
    "returned": "cotisations of fund {} that came back", "receivable": "announced to fund {}",
    "notified": "announced to fund {}, other side", "interchange": "owed between the caisse and {}",
}  # fmt: skip
"""Figures that are about something, by their first part; its name stands in the braces."""


def named(name: str) -> str:
    """A figure's name for a person."""
    kind, _, rest = name.partition(":")
    if not rest:
        return TOTALS.get(name, name)
    return KINDS[kind].format(rest) if kind in KINDS else name
