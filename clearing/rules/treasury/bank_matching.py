"""Law: a line of the bank is said once to be what it is, cent for cent; many may be one, one may be many, never more or
less.

A proposal names lines by what we gave the bank ourselves (an end-to-end id), never by amount alone: an amount is a hint
for a person.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from clearing.events.bank import BankCharged, BankMatched, BankMatchUndone
from clearing.events.catalogue import Event
from clearing.events.cotisations import CotisationReceived, GiftReceived
from clearing.events.funds import MoneyReceived
from clearing.rules.answers import Declined, not_found, not_now
from clearing.rules.stalls.settlement import Settlement
from clearing.rules.treasury.bank import Bank, Move
from clearing.rules.treasury.bank_moves import payout_name
from clearing.rules.treasury.cotisations import Cotisations
from clearing.rules.treasury.funds import Funds
from clearing.rules.treasury.gifts import Gifts
from clearing.rules.treasury.payout_answers import payout_of
from clearing.values import Cents, FundId, PersonId, money

LINES_A_MATCH: Final = 1_000


class Lines(NamedTuple):
    """Lines of one match. on: the day of the last one."""

    numbers: tuple[int, ...]
    cents: int
    on: str
    end_to_end: str
    code: str

    @property
    def reference(self) -> str:
        """How what is recorded with them names them."""
        return f"line {self.numbers[0]} of the bank"


def waiting_lines(bank: Bank, numbers: Sequence[int], used: set[int]) -> Lines | Declined:
    """The lines, if they all wait. used: by matches of the same command; these are added."""
    if not 1 <= len(numbers) <= LINES_A_MATCH:
        return not_now(f"A match is of 1 to {LINES_A_MATCH} lines.")
    for number in numbers:
        line = bank.lines.get(number)
        if line is None:
            return not_found(f"There is no line {number} of the bank; those that wait: clearing bank lines")
        if line.match:
            return not_now(f"Line {number} is {said(bank.matches[line.match])} (match {line.match}); if that is wrong: "
                           f"clearing bank unmatch {line.match}")  # fmt: skip
        if number in used:
            return not_now(f"Line {number} is named twice; a line is one thing only.")
        used.add(number)
    first, alone = bank.lines[numbers[0]].said, len(numbers) == 1
    return Lines(
        tuple(numbers), sum(bank.waiting[number] for number in numbers), max(bank.lines[number].on for number in numbers),
        first.end_to_end if alone else "", first.code if alone else "",
    )


def said(match: BankMatched) -> str:
    """What a match says its lines are."""
    return f"a {match.kind}".replace("_", " ") if match.kind not in ("booked", "nothing") else (
        "in the book" if match.kind == "booked" else "cancelled by another line")  # fmt: skip


def open_moves(bank: Bank, positions: Sequence[int], used: set[int]) -> int | Declined:
    """Their cents, if no line was matched with them. used: by matches of the same command; these are added."""
    cents = 0
    for position in positions:
        move = bank.moves.get(position)
        if move is None:
            was = "is matched with another line already" if position in bank.matched else "moved nothing at the bank"
            return not_now(f"What event {position} recorded {was}; what waits for a line: clearing bank lines --book")
        if position in used:
            return not_now(f"Event {position} is named twice; it is one movement of money.")
        used.add(position)
        cents += move.cents
    return cents


def decide_match(
    *, kind: str, lines: Lines, moves: Iterable[int], moved_cents: int, number: int, by: PersonId
) -> BankMatched | Declined:
    """moved_cents: of the moves, those included that the same command records. number: of the match."""
    if lines.cents != moved_cents:
        return not_now(f"{_lines(lines)} {money(lines.cents)}, what they are said to be is {money(moved_cents)}: choose "
                       "lines and movements of the same sum.")  # fmt: skip
    return BankMatched(match=number, kind=kind, lines=lines.numbers, moves=tuple(moves), cents=lines.cents, by=by)


def _lines(lines: Lines) -> str:
    if len(lines.numbers) == 1:
        return f"Line {lines.numbers[0]} is"
    return f"Lines {', '.join(str(number) for number in lines.numbers)} are together"


def decide_unmatch(bank: Bank, *, match: int, by: PersonId) -> BankMatchUndone | Declined:
    known = bank.matches.get(match)
    if known is None:
        return not_found(f"There is no match {match}; `clearing bank lines --all` names them.")
    if match in bank.undone:
        return not_now(f"Match {match} was undone before; its lines wait.")
    return BankMatchUndone(match=match, lines=known.lines, moves=known.moves, cents=known.cents, by=by)


def decide_charge(
    bank: Bank, funds: Funds, *, fund: FundId | None, lines: Lines, spent: dict[FundId, int], by: PersonId
) -> BankCharged | Declined:
    """fund None: the one that the caisse's rule names. spent: of funds by the same command so far; this is added."""
    if fund is None:
        if bank.charges is None:
            return not_now("No rule says which fund bears what the bank takes: name a fund, or record the vote with: "
                           "clearing bank charges FUND --decision DECISION")  # fmt: skip
        fund = bank.charges.fund
    if fund not in funds:
        return not_found(f"There is no fund {fund}; open it first.")
    if lines.cents >= 0:
        return not_now(f"Charges leave the account; {_lines(lines)} {money(lines.cents)}.")
    there = funds[fund].there_cents() - spent.get(fund, 0)
    if -lines.cents > there:
        return not_now(f"In fund {fund} {money(max(0, there))} are received and not engaged, the bank took "
                       f"{money(-lines.cents)}: name another fund, or receive money first.")  # fmt: skip
    spent[fund] = spent.get(fund, 0) - lines.cents
    return BankCharged(fund=fund, cents=Cents(-lines.cents), on=lines.on, by=by)


def twin(event: Event, cents: int, *, bank: Bank, cotisations: Cotisations, gifts: Gifts) -> int | None:
    """Money of that amount, and of the same member or donor where it is somebody's, that was recorded by hand and that no
    line was matched with: what comes now may be it. None for what its own room takes once only."""
    alike = [(at, move.name) for at, move in bank.moves.items() if (move.kind, move.cents) == (type(event).__name__, cents)]
    for at, name in alike:
        payment, gift = cotisations.payments.get(name), gifts.references.get(name)
        match event:
            case MoneyReceived():
                return at
            case CotisationReceived() if payment is not None and payment.member == event.member:
                return at
            case GiftReceived() if gift is not None and gift.donor == event.donor:
                return at
            case _:
                continue
    return None


class Proposed(NamedTuple):
    """What a line is, as its end-to-end id says. kind: payout, payout_returned, cotisation_returned, booked. moves: that
    are in the book already."""

    line: int
    kind: str
    about: str
    moves: tuple[int, ...] = ()


def proposals(bank: Bank, settlement: Settlement, payments: Iterable[str]) -> Iterator[Proposed]:
    """Of the lines that wait, those that name what they are. payments: references of cotisations received and not
    returned."""
    by_name = {(move.cents, move.name): at for at, move in reversed(bank.moves.items())}
    collected = set(payments)
    taken: set[int] = set()
    for number in bank.waiting:
        said_by_bank = bank.lines[number].said
        if not said_by_bank.end_to_end:
            continue
        payout = payout_of(settlement, said_by_bank.end_to_end)
        name = said_by_bank.end_to_end if payout is None else payout_name(*payout)
        at = by_name.get((said_by_bank.cents, name))
        if at is not None and at not in taken:
            taken.add(at)
            yield Proposed(number, "booked", name, (at,))
        elif payout is not None:
            yield Proposed(number, "payout" if said_by_bank.cents < 0 else "payout_returned", name)
        elif said_by_bank.end_to_end in collected and said_by_bank.cents < 0:
            yield Proposed(number, "cotisation_returned", name)


def nearest_moves(bank: Bank, number: int) -> list[tuple[int, Move]]:
    """Movements of the book of just that amount, nearest day first: for a person to choose from."""
    line = bank.lines[number]
    same = [(at, move) for at, move in bank.moves.items() if move.cents == line.said.cents]
    return sorted(same, key=lambda one: (abs(_days(one[1].on) - _days(line.on)), one[0]))


def _days(on: str) -> int:
    """A day as a number that grows by about one: good enough to tell which of two is nearer."""
    year, month, day = on.split("-")
    return (int(year) * 12 + int(month)) * 31 + int(day)
