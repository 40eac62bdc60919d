"""Law: an amount, an account or a word of a line is a hint for a person, never a match.

A hint is what a match would say; the command line shows it as a command to copy, a page as a choice.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from clearing.events.bank import BankLine
from clearing.rules.treasury.bank_matching import nearest_moves
from clearing.rules.treasury.payout_answers import lines_that_may_come_back, lines_under_way
from clearing.rules.treasury.subsidies import Step
from clearing.values import MemberId

if TYPE_CHECKING:
    from clearing.rules.book import Book

HINTS_MAX: Final = 3
NOBODY: Final[Mapping[bytes, str]] = MappingProxyType({})


class Hint(NamedTuple):
    """What a line may be. said: the fields of a match of this kind, in the order in which a command names them."""

    kind: str
    said: tuple[tuple[str, str | int], ...] = ()

    def options(self) -> str:
        """Of `clearing bank match NUMBER`."""
        named = dict(self.said)
        match self.kind:
            case "booked":
                return f"--with {named['move']}"
            case "payout" if "producer" not in named:
                return f"--batch {named['batch']}"
            case "payout" | "payout_returned":
                option = "--payout" if self.kind == "payout" else "--returned"
                return f"{option} {named['batch']} {named['producer']}"
            case "cotisation":
                return f"--cotisation {named['member']} --rule {named['rule']} --month {named['period']}"
            case _:
                return " ".join((f"--{self.kind}", *(str(value) for value in named.values())))


def hints(book: "Book", number: int, text: str = "", accounts: Mapping[bytes, str] = NOBODY) -> list[Hint]:
    """What may end the wait of a line, likeliest first. text: that the bank wrote. accounts: pseudonym of a producer's
    account -> producer."""
    line = book.bank.lines[number]
    found = [Hint("booked", (("move", at),)) for at, _ in nearest_moves(book.bank, number)]
    found += _out(book, line.said, accounts) if line.said.cents < 0 else _in(book, line.said, line.on, text, accounts)
    return list(dict.fromkeys(found))[:HINTS_MAX]


def _out(book: "Book", line: BankLine, accounts: Mapping[bytes, str]) -> Iterator[Hint]:
    if line.kind == "charge":
        yield Hint("charge")
    paid_to = accounts.get(line.payer)
    for number, batch in book.settlement.batches.items():
        under_way = list(lines_under_way(batch))
        for one in under_way:
            if one.paid_cents == -line.cents and paid_to in (None, one.producer):
                yield Hint("payout", (("batch", number), ("producer", one.producer)))
        if under_way and sum(one.paid_cents for one in under_way) == -line.cents:
            yield Hint("payout", (("batch", number),))
    for place, repayment in book.subsidies.repayments.items():
        if repayment.step is Step.CONFIRMED and repayment.proposed.cents == -line.cents:
            yield Hint("repayment", (("repayment", place),))


def _in(book: "Book", line: BankLine, on: str, text: str, accounts: Mapping[bytes, str]) -> Iterator[Hint]:
    producer = accounts.get(line.payer)
    for number, batch in book.settlement.batches.items():
        for one in lines_that_may_come_back(batch):
            theirs = producer == one.producer or (line.kind == "return" and producer is None)
            if theirs and one.paid_cents == line.cents:
                yield Hint("payout_returned", (("batch", number), ("producer", one.producer)))
    for grant, subsidy in book.subsidies.known.items():
        if subsidy.to_come_cents() == line.cents:
            yield Hint("subsidy", (("grant", grant),))
    for deposit, counted in book.takings.counted.items():
        if counted.cents == line.cents:
            yield Hint("deposit", (("deposit", deposit),))
    words = {word.strip(".,;:()/").lower() for word in text.split()}
    named = [member for member in book.members.members if member in words]
    before = who_paid(book).get(line.payer) if line.payer else None
    for member in [*named, *([before] if before is not None else [])]:
        agreed = book.cotisations.agreements.get(member)
        rule = agreed[-1].rule if agreed and agreed[-1].rule else next(iter(book.cotisations.rules), "")
        if rule:
            yield Hint("cotisation", (("member", member), ("rule", rule), ("period", on[:7])))


def who_paid(book: "Book") -> dict[bytes, MemberId]:
    """Payer -> the member whose cotisation a person said a line of theirs was."""
    bank, found = book.bank, dict[bytes, MemberId]()
    for match in bank.matches.values():
        if match.kind == "cotisation" and match.match not in bank.undone and len(match.lines) == 1:
            payer = bank.lines[match.lines[0]].said.payer
            payment = next(
                (book.cotisations.payments.get(bank.matched[at].name) for at in match.moves if at in bank.matched), None
            )
            if payer and payment is not None:
                found[payer] = payment.member
    return found
