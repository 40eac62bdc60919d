"""Law: what a line may be is asked with just the fields that this needs; what another kind asks for is not read."""

from collections.abc import Iterator, Mapping
from typing import Final

from clearing.authoriser.forms.fields import Id, Many, Month, Number, Text
from clearing.console.inputs import Input
from clearing.console.matching import Item, called, chosen
from clearing.console.offered import choices
from clearing.console.pages import Visit
from clearing.console.sheets import Sheet, sheet
from clearing.rules.treasury.payout_answers import lines_that_may_come_back, lines_under_way
from clearing.rules.treasury.subsidies import Step

_PAYOUT: Final = "Which payout"
_FUND: Final = "Fund"
_FORMS: Final[Mapping[str, Sheet]] = {
    "subsidy": sheet({"subsidy-grant": Id(of="grant")}, {"subsidy-grant": "Subsidy"}),
    "fund": sheet({"fund-fund": Id(of="fund")}, {"fund-fund": _FUND}),
    "cotisation": sheet(
        {"cotisation-member": Id(of="member"), "cotisation-rule": Id(of="cotisation"), "cotisation-period": Month()},
        {"cotisation-member": "Member", "cotisation-rule": "Rule of the cotisation", "cotisation-period": "Month"},
    ),
    "gift": sheet(
        {"gift-donor": Text(), "gift-fund": Id(of="fund")},
        {"gift-donor": "Giver: donor:NAME, or member:NAME", "gift-fund": "Fund"},
    ),
    "top_up": sheet(
        {"top_up-member": Id(of="member"), "top_up-purse": Id()},
        {"top_up-member": "Member whose own money it is", "top_up-purse": "Into her purse"},
    ),
    "deposit": sheet({"deposit-deposit": Number(lowest=1)}, {"deposit-deposit": "Number of the count"}),
    "payout": sheet({"payout-payout": Text(of="payout")}, {"payout-payout": _PAYOUT}),
    "payout_returned": sheet(
        {"payout_returned-payout": Text(of="payout_returned"), "payout_returned-reason": Text(optional=True)},
        {"payout_returned-payout": _PAYOUT, "payout_returned-reason": "Reason, when the bank gave no code"},
    ),
    "cotisation_returned": sheet(
        {"cotisation_returned-reference": Text()}, {"cotisation_returned-reference": "Reference under which it had come"}
    ),
    "charge": sheet({"charge-fund": Id(of="fund", optional=True)}, {"charge-fund": "Fund; left empty, the voted one"}),
    "repayment": sheet({"repayment-repayment": Number(lowest=1)}, {"repayment-repayment": "Number of the repayment"}),
    "booked": sheet({"booked-moves": Many(each=Number(lowest=1, of="move"))}, {"booked-moves": "What the book has already"}),
    "nothing": sheet({}, {}),
}  # fmt: skip
_IN: Final = (
    "subsidy", "fund", "cotisation", "gift", "top_up", "deposit", "payout_returned", "booked", "nothing",
)  # fmt: skip
_OUT: Final = ("charge", "payout", "cotisation_returned", "repayment", "booked", "nothing")


def _kinds(visit: Visit, cents: int) -> Iterator[str]:
    """Those that there is something of."""
    book = visit.book
    there = {
        "subsidy": book.subsidies.known, "cotisation": book.cotisations.rules, "deposit": book.takings.counted,
        "payout": _payouts(visit, back=False), "payout_returned": _payouts(visit, back=True),
        "cotisation_returned": book.cotisations.payments, "booked": book.bank.moves, "top_up": book.members.members,
        "repayment": [one for one in book.subsidies.repayments.values() if one.step is Step.CONFIRMED],
    }
    yield from (kind for kind in (_IN if cents > 0 else _OUT) if there.get(kind, True))


def _payouts(visit: Visit, *, back: bool) -> list[tuple[str, str]]:
    words, found = visit.words, list[tuple[str, str]]()
    for number, batch in visit.book.settlement.batches.items():
        for line in lines_that_may_come_back(batch) if back else lines_under_way(batch):
            name = visit.book.producers.producers[line.producer].name
            said = words.say("Payout of batch {batch} to {producer}", batch=number, producer=name)
            found.append((f"{number} {line.producer}", f"{said}: {words.euros(line.paid_cents)}"))
    return found


def kinds_drawn(visit: Visit, cents: int, problems: Mapping[str, str]) -> list[tuple[str, str, tuple[Input, ...]]]:
    """(kind, in words, its fields) of everything that a line of this sign may be."""
    month = f"{visit.book.caisse.calendar.day(visit.at_us):%Y-%m}"
    first = {"cotisation-period": month, "top_up-purse": "own"}
    return [
        (kind, called(visit, kind), _FORMS[kind].drawn(visit, problems=problems, first=first, choices_of=_choices))
        for kind in _kinds(visit, cents)
    ]


def _choices(visit: Visit, of: str) -> list[tuple[str, str]] | None:
    words = visit.words
    match of:
        case "payout" | "payout_returned":
            return _payouts(visit, back=of == "payout_returned")
        case "move":
            return [
                (str(at), f"{words.euros(move.cents)} · {words.say(f'event {move.kind}')}, {move.name} ({words.day(move.on)})")
                for at, move in visit.book.bank.moves.items()
            ]
        case _:
            found = choices(visit, of)
            return None if found is None else list(found)


def item_typed(visit: Visit) -> tuple[Item | None, dict[str, str]]:
    """(what the line is said to be, problems by field). None without problems: nothing was chosen."""
    kind = visit.given("kind")
    if kind not in _FORMS:
        return chosen(kind), {}
    body, problems = _FORMS[kind].read(visit)
    if problems:
        return None, problems
    item: Item = {"kind": kind} | {name.partition("-")[2]: value for name, value in body.items()}
    payout = str(item.pop("payout", ""))
    if payout:
        batch, _, producer = payout.partition(" ")
        item |= {"batch": int(batch) if batch.isdecimal() and len(batch) < 9 else 0, "producer": producer}
    return item, {}
