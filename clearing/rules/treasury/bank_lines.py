"""Law: a line of the bank's statement comes into the books once; one that is just like another is taken when a person
says so.

The same reference and amount are the same line, unless both have a day and the days differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from clearing.events.funds import MoneyReceived
from clearing.rules.answers import Declined, not_now
from clearing.values import Cents, FundId, money


class Line(NamedTuple):
    """on: the bank's ISO date, "" when nobody said it."""

    fund: FundId
    on: str


@dataclass(slots=True)
class BankLines:
    """received: by reference and cents, in the order they were recorded."""

    received: dict[tuple[str, int], tuple[Line, ...]] = field(default_factory=dict)


def evolve_received(lines: BankLines, event: MoneyReceived) -> None:
    key = event.reference, event.cents
    lines.received[key] = (*lines.received.get(key, ()), Line(event.fund, event.on))


def same(lines: BankLines, *, reference: str, cents: int, on: str) -> Line | None:
    """The last line in the books that this may be."""
    known = lines.received.get((reference, cents), ())
    return next((one for one in reversed(known) if not on or not one.on or one.on == on), None)


NONE_WAIT: Final[Mapping[int, int]] = MappingProxyType({})


def refused(
    lines: BankLines, *, reference: str, cents: Cents, on: str, another: bool, at_bank: Mapping[int, int] = NONE_WAIT
) -> Declined | None:
    """another: the person looked, and the bank sent two that are alike. at_bank: cents of imported lines that wait to
    be matched, by number: what is typed by hand may be one of them."""
    if another:
        return None
    known = same(lines, reference=reference, cents=cents, on=on)
    if known is None:
        line = next((number for number, there in at_bank.items() if there == cents), None)
        return None if line is None else not_now(
            f"Line {line} of the bank's statement is {money(cents)} and waits to be matched. If it is this money: clearing "
            f"bank match {line}; if the bank sent another one, say so (--another).")  # fmt: skip
    of = f" of {known.on}" if known.on else ""
    return not_now(f"{money(cents)} are recorded already under '{reference}'{of}, for fund {known.fund}. If the bank sent "
                   "another line just like it, give its day when that differs, or say that this is another one "
                   "(--another).")  # fmt: skip
