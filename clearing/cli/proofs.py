"""Law: the five proofs are told figure by figure, by each road; going on in spite of one takes two people and a why."""

import argparse
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, day, now_ms, today, zone_of
from clearing.cli.entry import Entry, Group
from clearing.cli.proposals import agreed
from clearing.events.proofs import ProofResult
from clearing.installation.amounts import counted
from clearing.rules.treasury.proofs import PROOFS, agrees, holds, told

if TYPE_CHECKING:
    from clearing.installation.kept_figures import Taken


async def proofs(desk: Desk) -> int:
    given = desk.arguments
    if given.day is not None:
        return await _recorded(desk, given.day)
    if given.night:
        return await _night(desk)
    return await _by_hand(desk)


async def _by_hand(desk: Desk) -> int:
    """What is found now also takes the place of the last night's in operators' figures."""
    from clearing.installation.kept_figures import keep

    taken, closed = await _taken(desk)
    for line in proofs_told(taken.results):
        desk.say(line)
    desk.say(f"Taken at event {taken.up_to} of the log.")
    recorded = desk.arguments.record
    if recorded:
        await desk.order("take_proofs", taken.body(today()))
        desk.say(f"Recorded for {today()}.")
    elif not taken.ok:
        desk.say("They are not recorded; with their figures: clearing proofs --record")
    keep(desk.home, desk.code, taken, closed, now_ms() * 1_000, recorded=recorded)
    return 0 if taken.ok else 1


async def _taken(desk: Desk) -> "tuple[Taken, date]":
    """The proofs as they are now, and the newest day that is over."""
    from clearing.installation.daily_proofs import last_close, take_proofs

    async with desk.opened() as installation:
        zone, at_us = await zone_of(installation, desk.code), now_ms() * 1_000
        return await take_proofs(installation, desk.code, at_us), last_close(at_us, zone)


async def _night(desk: Desk) -> int:
    """For the day that is over; signed by the person whom the settings name, if they name one."""
    from clearing.installation.kept_figures import keep

    (taken, on), code = await _taken(desk), desk.code
    kept = keep(desk.home, code, taken, on, now_ms() * 1_000, recorded=False)
    if desk.settings.proofs_by and not taken.sealed:
        desk.arguments.by = desk.settings.proofs_by
        desk.arguments.passphrase_file = Path(desk.settings.proofs_passphrase_file)
        await desk.order("take_proofs", taken.body(on))
        keep(desk.home, code, taken, on, kept.at_us, recorded=True)
    return 0 if taken.ok else 1


async def _recorded(desk: Desk, on: date) -> int:
    async with desk.opened() as installation, installation.asking(desk.code) as views:
        found = await views.proofs(first=on, last=on)
    if not found:
        raise Misused(f"No proofs of {on} are recorded; take some with: clearing proofs --record")
    newest = found[0]
    for line in proofs_told(newest.results):
        desk.say(line)
    desk.say(f"Recorded by {newest.by} at event {newest.position}, taken at event {newest.up_to}.")
    if newest.gone_on_by:
        desk.say(f"{newest.gone_on_by[0]} and {newest.gone_on_by[1]} went on from it: {newest.reason}")
    return 0 if newest.ok else 1


def proofs_told(results: Iterable[ProofResult]) -> Iterator[str]:
    """A line for each proof, and its figures below."""
    for one in results:
        wrong = sum(not agrees(figure) for figure in one.figures)
        verdict = "holds" if holds(one) else f"DOES NOT HOLD, {counted(wrong, 'figure')} differ{'s' if wrong == 1 else ''}"
        yield f"{PROOFS[one.proof]}: {verdict} ({counted(one.compared, 'sum')} compared)"
        for figure in one.figures:
            yield f"  {'  ' if agrees(figure) else '! '}{told(figure)}"


async def propose(desk: Desk) -> None:
    await desk.order("propose_going_on", {"reason": desk.arguments.reason})
    desk.say("Said. Another treasurer or approver looks at the proofs and says so too: clearing proceed confirm")


async def confirm(desk: Desk) -> None:
    book = await read_book(desk)
    said = book.proofs.going_on
    if said is None:
        raise Misused("Nobody has said why payouts go on; first, another person: clearing proceed propose --reason TEXT")
    which = ", ".join(PROOFS[one] for one in book.proofs.failed)
    desk.say(f"{book.proofs.day}: {which} does not hold ({book.proofs.told}). {said.by} says: {said.reason}")
    agreed("Do payouts go on all the same?")
    await desk.order("confirm_going_on", {"taken": said.taken})
    desk.say("Batches can be approved again, until other proofs fail.")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--day", type=day, metavar="YYYY-MM-DD", help="show those that are recorded for a day")
    parser.add_argument("--record", action="store_true", help="sign and record what is found now")
    parser.add_argument("--night", action="store_true", help="as `clearing serve` does it for the day that is over")


def _reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why, for whoever reads it in a year")


ENTRIES = (
    Entry(words=("proofs",), group=Group.LOOKING, does="the five proofs: what every sum is by each road to it", run=proofs,
          arguments=_arguments, signed=True),
    Entry(words=("proceed", "propose"), group=Group.SETTLEMENT, does="say why batches are approved in spite of a proof",
          run=propose, arguments=_reason, signed=True),
    Entry(words=("proceed", "confirm"), group=Group.SETTLEMENT, does="say so too, as another person", run=confirm, signed=True),
)  # fmt: skip
