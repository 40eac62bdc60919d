"""Law: where a form names a thing of the caisse, the page offers those that there are."""

from collections.abc import Sequence

from clearing.console.pages import Visit
from clearing.console.words import capital
from clearing.events.caisse import DecisionRecorded
from clearing.rules.book import Book
from clearing.rules.treasury.takings import MEANS
from clearing.rules.voted.caisse import Caisse
from clearing.rules.voted.decisions import ANNULLED, IN_FORCE, SUSPENDED, period_us, state_at

OFFERED_MAX = 500  # of more a person types the name


def choices(visit: Visit, of: str) -> Sequence[tuple[str, str]] | None:
    """(id, as people read it) of every thing of a kind; None where anything may be typed."""
    if of.startswith("word:"):
        return _words(visit, of.removeprefix("word:").split(","))
    if of == "means":
        return _words(visit, MEANS)
    found = _known(visit.book, of, visit.at_us)
    return None if found is None or len(found) > OFFERED_MAX else found


def _words(visit: Visit, words: Sequence[str]) -> list[tuple[str, str]]:
    """ "word wait.fund" says what fund means in a choice that begins with wait; "word fund" what it means elsewhere."""
    called = [(word, visit.words.term(f"word {words[0]}.{word}", f"word {word}")) for word in words]
    return [(word, capital(name)) for word, name in called]


def _known(book: Book, of: str, at_us: int) -> list[tuple[str, str]] | None:
    match of:
        case "fund":
            return [(name, fund.name) for name, fund in book.funds.items()]
        case "officer":
            return [(name, name) for name, one in book.caisse.persons.items() if one.active]
        case "producer":
            return [(name, one.name) for name, one in book.producers.producers.items()]
        case "decision" | "unapproved" | "suspended" | "ruled":
            return _votes(book.caisse, of, at_us)
        case "rule":
            return [(name, name) for name in book.allocation.rules]
        case "emergency":
            return [(name, name) for name in book.emergency.rules]
        case "cotisation":
            return [(name, name) for name in book.cotisations.rules]
        case "grant":
            return [(name, f"{name}: {one.notified.funder}") for name, one in book.subsidies.known.items()]
        case "season":
            return [(name, one.title) for name, one in book.contracts.seasons.items()]
        case "convention":
            return [(name, name) for name in book.producers.conventions]
        case "place":
            return _places(book)
        case "group":
            return [(name, name) for name in sorted({group for one in book.members.members.values() for group in one.groups})]
        case "category":
            charte = book.caisse.charte_at(at_us)
            return None if charte is None else [(name, name) for name in charte.categories]
        case _:
            return None


def _votes(caisse: Caisse, of: str, at_us: int) -> list[tuple[str, str]]:
    """Those that may be named there, the newest first. decision: a rule may stand on it, now or once it takes effect."""

    def offered(vote: DecisionRecorded) -> bool:
        state = state_at(caisse, vote.decision, at_us)
        match of:
            case "unapproved":
                return vote.needs_approval and vote.decision not in caisse.approvals
            case "suspended":
                return state == SUSPENDED
            case "ruled":
                return state != ANNULLED
            case _:
                ends_us = period_us(vote, caisse.calendar)[1]
                return state == IN_FORCE and (ends_us is None or at_us < ends_us)

    return [(one.decision, f"{one.decision}: {one.title}") for one in reversed(caisse.decisions.values()) if offered(one)]


def _places(book: Book) -> list[tuple[str, str]]:
    structures = sorted({name for one in book.producers.producers.values() for name in one.structures})
    return [(name, name) for name in (*structures, *book.producers.producers, *book.producers.conventions)]
