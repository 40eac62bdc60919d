"""Law: a contract's total is spread over instalments and over deliveries to the cent; no instalment is ever 0.00.

Earlier instalments and days get the odd cents (values.largest_remainder); pro rata is by weight of the deliveries, once.
"""

from collections.abc import Mapping, Sequence

from clearing.events.contracts import Instalment
from clearing.values import Cents, Rate, half_up, largest_remainder

INSTALMENTS_MAX = 12


def instalments(total_cents: int, due_on: Sequence[str], fund_rate: Rate) -> tuple[Instalment, ...]:
    """due_on: rising ISO dates, one per instalment; fund_rate: the fund's part of each. total_cents >= len(due_on)."""
    parts = largest_remainder(total_cents, [1] * len(due_on))
    return tuple(
        Instalment(day, cents, half_up(fund_rate, cents)) for day, cents in zip(due_on, parts, strict=True)
    )


def before_and_after(cents: int, weights: Mapping[str, int], last_on: str) -> tuple[Cents, Cents]:
    """cents divided between the days up to last_on and those after it, by weight; half a cent goes to the days before."""
    before = sum(weight for day, weight in weights.items() if day <= last_on)
    first, rest = largest_remainder(cents, [before, sum(weights.values()) - before])
    return first, rest


def spread(cents: int, days: Sequence[tuple[str, int]]) -> dict[str, Cents]:
    """What each day's delivery is worth. days: (day, weight)."""
    return {
        day: part for (day, _), part in zip(days, largest_remainder(cents, [weight for _, weight in days]), strict=True)
    }


def in_order(cents: int, room: Sequence[int]) -> list[int]:
    """cents laid into rooms, the first filled first."""
    laid: list[int] = []
    for most in room:
        laid.append(min(cents, most))
        cents -= laid[-1]
    return laid
