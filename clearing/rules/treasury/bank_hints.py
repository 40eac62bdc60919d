"""Law: an amount, an account or a word of a line is a hint for a person, never a match; a hint is a command to copy."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from clearing.events.bank import BankLine
from clearing.rules.treasury.bank_matching import nearest_moves
from clearing.rules.treasury.payout_answers import lines_that_may_come_back, lines_under_way
from clearing.rules.treasury.subsidies import Step
from clearing.values import MemberId

if TYPE_CHECKING:
    from clearing.rules.book import Book

HINTS_MAX: Final = 3
NOBODY: Final[Mapping[bytes, str]] = MappingProxyType({})


def hints(book: "Book", number: int, text: str = "", accounts: Mapping[bytes, str] = NOBODY) -> list[str]:
    """What may end the wait of a line, likeliest first: options of `clearing bank match NUMBER`. text: that the bank
    wrote. accounts: pseudonym of a producer's account -> producer."""
    line = book.bank.lines[number]
    found = [f"--with {at}" for at, _ in nearest_moves(book.bank, number)]
    found += _out(book, line.said, accounts) if line.said.cents < 0 else _in(book, line.said, line.on, text, accounts)
    return list(dict.fromkeys(found))[:HINTS_MAX]


def _out(book: "Book", line: BankLine, accounts: Mapping[bytes, str]) -> Iterator[str]:
    if line.kind == "charge":
        yield "--charge"
    paid_to = accounts.get(line.payer)
    for number, batch in book.settlement.batches.items():
        under_way = list(lines_under_way(batch))
        for one in under_way:
            if one.paid_cents == -line.cents and paid_to in (None, one.producer):
                yield f"--payout {number} {one.producer}"
        if under_way and sum(one.paid_cents for one in under_way) == -line.cents:
            yield f"--batch {number}"
    for place, repayment in book.subsidies.repayments.items():
        if repayment.step is Step.CONFIRMED and repayment.proposed.cents == -line.cents:
            yield f"--repayment {place}"


def _in(book: "Book", line: BankLine, on: str, text: str, accounts: Mapping[bytes, str]) -> Iterator[str]:
    producer = accounts.get(line.payer)
    for number, batch in book.settlement.batches.items():
        for one in lines_that_may_come_back(batch):
            theirs = producer == one.producer or (line.kind == "return" and producer is None)
            if theirs and one.paid_cents == line.cents:
                yield f"--returned {number} {one.producer}"
    for grant, subsidy in book.subsidies.known.items():
        if subsidy.to_come_cents() == line.cents:
            yield f"--subsidy {grant}"
    for deposit, counted in book.takings.counted.items():
        if counted.cents == line.cents:
            yield f"--deposit {deposit}"
    words = {word.strip(".,;:()/").lower() for word in text.split()}
    named = [member for member in book.members.members if member in words]
    before = who_paid(book).get(line.payer) if line.payer else None
    for member in [*named, *([before] if before is not None else [])]:
        agreed = book.cotisations.agreements.get(member)
        rule = agreed[-1].rule if agreed and agreed[-1].rule else next(iter(book.cotisations.rules), "")
        if rule:
            yield f"--cotisation {member} --rule {rule} --month {on[:7]}"


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
