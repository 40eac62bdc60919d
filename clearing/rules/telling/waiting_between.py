"""Law: what was sold across caisses waits for a person like the rest: refused, unheard, not netted, not paid, given up."""

from collections.abc import Callable, Iterator
from typing import Final

from clearing.events.catalogue import Event
from clearing.events.interchange import WriteOffProposed
from clearing.events.joint import JointProposed
from clearing.rules.between.interchange import Interchange
from clearing.rules.between.joint import PAYS
from clearing.rules.telling.waiting_settling import Told
from clearing.values import money

SINCE: Final[dict[type[Event], tuple[str, ...]]] = {WriteOffProposed: ("ref",), JointProposed: ("other", "role")}
Since = Callable[..., str]


def _told(day: str, told: str, *commands: str) -> Told:
    return Told(day, told, commands)


def _joint(between: Interchange, since: Since, today: str) -> Iterator[Told]:
    """Agreements that need a second person; payouts that another caisse has not answered since yesterday. What it did not take
    is told among the transfers that failed."""
    for (other, role), proposed in between.joint_proposed.items():
        what = f"pays producers for {other}" if role == PAYS else f"hands producers' payouts over to {other}"
        told = f"an agreement by which this caisse {what}, as {proposed.said.by} proposes, waits for another person"
        barred = frozenset({proposed.said.by})
        yield Told(since(JointProposed, other, role), told, (f"joint agree {other} {role}",), barred=barred)
    silent = sorted(
        (between.parts[ref].day, between.parts[ref].part.cents) for ref in between.open_parts
        if between.parts[ref].day < today
    )  # fmt: skip
    if silent:
        cents = money(sum(cents for _, cents in silent))
        told = f"{cents} of {len(silent)} payouts handed over have no word of the other caisse"
        yield _told(silent[0][0], told, "joint list")


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
    unnetted = sorted(day for (_, day), sums in between.days.items() if day < today and any(sums.whole()))
    if unnetted:
        yield _told(unnetted[0], "what caisses owe each other is not netted", f"interchange net {unnetted[-1]}")
    yield from _joint(between, since, today)
    for day, net in between.nets.items():
        if net.net_cents and net.reference is None:
            what = "are to come from" if net.net_cents > 0 else "are to be paid to"
            yield _told(
                day,
                f"{money(abs(net.net_cents))} of the netting of {day} {what} the other caisses",
                f"interchange paid {day} --reference LINE",
            )
