"""Law: what was sold across caisses waits for a person like the rest: refused, unheard, not netted, not paid, given up."""

from collections.abc import Callable, Iterator
from typing import Final

from clearing.events.catalogue import Event
from clearing.events.interchange import WriteOffProposed
from clearing.rules.between.interchange import Interchange
from clearing.values import money

SINCE: Final[dict[type[Event], tuple[str, ...]]] = {WriteOffProposed: ("ref",)}
Since = Callable[..., str]
Told = tuple[str, str, tuple[str, ...]]
"""As waiting.Wait says it."""


def _told(day: str, told: str, *commands: str) -> Told:
    return day, told, commands


def waits(between: Interchange, since: Since, today: str) -> Iterator[Told]:
    """today: ISO, in the caisse's zone."""
    for ref, proposed in between.write_offs.items():
        yield _told(
            since(WriteOffProposed, ref),
            f"a sale with {proposed.other}, given up as {proposed.by} proposes, waits for another person",
            f"interchange write-off-confirm {ref.hex()}",
        )
    old = sorted((between.halves[ref].day, between.halves[ref].cents) for ref in between.refused)
    if old:
        yield _told(
            old[0][0],
            f"{money(sum(cents for _, cents in old))} of {len(old)} sales with cards of other caisses were refused "
            "by them",
            "interchange exceptions",
        )
    silent = sorted(between.halves[ref].day for ref in between.open_halves if between.halves[ref].day < today)
    if silent:
        yield _told(
            silent[0],
            f"{len(silent)} sales with cards of other caisses have no word of theirs",
            "interchange exceptions",
        )
    unnetted = sorted(
        day for (_, day), sums in between.days.items() if day < today and (sums.in_cents or sums.out_cents)
    )
    if unnetted:
        yield _told(unnetted[0], "sales between caisses are not netted", f"interchange net {unnetted[-1]}")
    for day, net in between.nets.items():
        if net.net_cents and net.reference is None:
            what = "are to come from" if net.net_cents > 0 else "are to be paid to"
            yield _told(
                day,
                f"{money(abs(net.net_cents))} of the netting of {day} {what} the other caisses",
                f"interchange paid {day} --reference LINE",
            )
