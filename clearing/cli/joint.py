"""Law: that one caisse pays another's producers with its own is voted, agreed by two people of each, and told in full here."""

import argparse
from collections.abc import Iterator

from clearing.cli.books import read_book
from clearing.cli.desk import Desk, Misused, day, now_ms, today
from clearing.cli.entry import Entry, Group
from clearing.cli.proposals import agreed
from clearing.events.joint import JointAgreed, JointProposed
from clearing.installation.amounts import euros, read_euros
from clearing.rules.between.interchange import TAKEN, Interchange
from clearing.rules.between.joint import HANDS_OVER, PAYS, ROLES, advanced_cents
from clearing.rules.book import Book
from clearing.rules.voted.standing import not_carried
from clearing.values import CaisseCode, InvalidValue, ProducerId, identifier


async def propose(desk: Desk) -> None:
    from clearing.installation.joint import Named, NoAccount, with_accounts

    given, now_us = desk.arguments, now_ms() * 1_000
    named = [Named(*_producer(text)) for text in given.producer]
    book = await read_book(desk)
    async with desk.opened() as installation:
        try:
            rows = await with_accounts(installation, desk.code, book.producers.producers, named, at_us=now_us)
        except NoAccount as missing:
            raise Misused(str(missing)) from None
    await desk.order("propose_joint_payout", {
        "other": given.other, "role": given.role, "decision": given.decision,
        "cap_cents": read_euros(given.cap, what="--cap") if given.cap else 0, "from_on": (given.since or today()).isoformat(),
        "producers": rows,
    })  # fmt: skip
    there = HANDS_OVER if given.role == PAYS else PAYS
    desk.say(f"Proposed. Another person than you: clearing joint agree {given.other} {given.role}")
    desk.say(f"{given.other} agrees likewise, by its own vote and people: clearing joint propose {desk.code} {there} "
             f"--caisse {given.other} ...")  # fmt: skip


def _producer(text: str) -> tuple[ProducerId, ProducerId, str]:
    """OURS:WHERE, or OURS=THEIRS:WHERE. Raises Misused."""
    ids, colon, consent = text.partition(":")
    ours, _, theirs = ids.partition("=")
    try:
        names = [ProducerId(identifier(one, what="--producer")) for one in (ours, theirs or ours)]
    except InvalidValue as fault:
        raise Misused(str(fault)) from None
    if not colon or not consent.strip():
        raise Misused(f"--producer is written OURS=THEIRS:WHERE, with where its own agreement is kept, not {text!r}")
    return names[0], names[1], consent.strip()


async def agree(desk: Desk) -> None:
    given = desk.arguments
    known = (await read_book(desk)).interchange.joint_proposed.get((CaisseCode(given.other), given.role))
    if known is None:
        raise Misused(f"Nobody proposed that; first: clearing joint propose {given.other} {given.role}")
    for line in _said(known.said):
        desk.say(line)
    agreed("Is that what was voted, and what these producers agreed to?")
    await desk.order("agree_joint_payout", {"other": given.other, "role": given.role, "proposed": known.position})
    desk.say(f"Agreed, from {known.said.from_on} on. It ends when either caisse says so: clearing joint end")


def _said(said: JointProposed | JointAgreed) -> Iterator[str]:
    pays = said.role == PAYS
    what = f"This caisse pays producers for {said.other}" if pays else f"{said.other} pays producers for this caisse"
    cap = f", at most {euros(said.cap_cents)} EUR before a netting brings them back" if pays else ""
    yield f"{what}{cap}, from {said.from_on} on, by {said.decision}:"
    for one in said.producers:
        yield f"  {one.ours:24} there {one.theirs:24} agreed: {one.consent}"


async def end(desk: Desk) -> None:
    given = desk.arguments
    await desk.order("end_joint_payout", {"other": given.other, "role": given.role, "reason": given.reason})
    desk.say("Ended: from now on each caisse pays for itself. What was handed over before still gets its answer.")


async def show(desk: Desk) -> int:
    """Exit code 1: something was not taken, or waits for a word since yesterday."""
    book = await read_book(desk)
    room, now_us = book.interchange, now_ms() * 1_000
    for key in sorted({*room.joint, *room.joint_proposed}):
        if (one := room.joint.get(key)) is not None:
            standing = "in force" if not_carried(one, book.caisse, now_us) is None else "not in force"
            desk.say(f"{standing}; {_cap_told(room, one)}")
            for line in _said(one):
                desk.say(line)
        if (proposed := room.joint_proposed.get(key)) is not None:
            desk.say(f"proposed by {proposed.said.by}, waits for another person: clearing joint agree {' '.join(key)}")
    for line in _parts(room):
        desk.say(line)
    if not room.joint and not room.joint_proposed:
        desk.say("No caisse pays for another one; after a vote: clearing joint propose CAISSE pays|hands-over")
    return 1 if _to_do(book, today().isoformat()) else 0


def _cap_told(room: Interchange, one: JointAgreed) -> str:
    if one.role == HANDS_OVER:
        return f"{one.other} says how much it advances"
    return f"{euros(advanced_cents(room, one.other))} EUR of {euros(one.cap_cents)} EUR advanced"


def _parts(room: Interchange) -> Iterator[str]:
    for handed in room.parts.values():
        told = {"": f"waits for {handed.to}'s word", TAKEN: f"{handed.to} pays it"}.get(
            handed.outcome, f"{handed.to} does not pay it"
        )
        told += f": {handed.outcome}" if handed.outcome not in ("", TAKEN) else ""
        yield f"{handed.day}  batch {handed.batch:4}  {handed.part.producer:24} {euros(handed.part.cents):>12} EUR  {told}"
    for one in room.answered.values():
        told = f"for {one.other}, its batch {one.batch}" if not one.reason else f"not taken for {one.other}: {one.reason}"
        yield f"{one.day}  {'':10}  {one.producer:24} {euros(one.cents):>12} EUR  {told}"


def _to_do(book: Book, on: str) -> bool:
    room = book.interchange
    old = any(room.parts[ref].day < on for ref in room.open_parts)
    return old or any(
        not book.settlement.batches[one.batch].payouts[one.part.producer].paid_in
        for one in room.parts.values() if one.outcome not in ("", TAKEN)
    )  # fmt: skip


def _which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("other", metavar="CAISSE")
    parser.add_argument("role", choices=ROLES, help="what this caisse does: it pays for the other one, or hands over to it")


def _propose_arguments(parser: argparse.ArgumentParser) -> None:
    _which(parser)
    parser.add_argument("--decision", required=True, help="the recorded vote")
    parser.add_argument("--cap", metavar="EUROS", help="the most that this caisse advances; only where it pays")
    parser.add_argument("--from", dest="since", type=day, metavar="YYYY-MM-DD", help="default: today")
    parser.add_argument("--producer", action="append", required=True, metavar="OURS=THEIRS:WHERE",
                        help="its id here and there, and where its own agreement is kept")  # fmt: skip


def _end_arguments(parser: argparse.ArgumentParser) -> None:
    _which(parser)
    parser.add_argument("--reason", required=True)


ENTRIES = (
    Entry(words=("joint", "propose"), group=Group.RULES, does="one transfer for producers of two caisses, by a vote",
          run=propose, arguments=_propose_arguments, signed=True),
    Entry(words=("joint", "agree"), group=Group.RULES, does="agree to it, as another person", run=agree, arguments=_which,
          signed=True),
    Entry(words=("joint", "end"), group=Group.RULES, does="each caisse pays for itself again", run=end,
          arguments=_end_arguments, signed=True),
    Entry(words=("joint", "list"), group=Group.SETTLEMENT, does="what is paid for other caisses, and by them; exit code 1: act",
          run=show),
)  # fmt: skip
