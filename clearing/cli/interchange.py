"""Law: between caisses only amounts are shown: no member, card, payer or producer of one caisse is told to another.

The books of all caisses of this home are folded from their logs: for a desk, not for a till.
"""

import argparse
from collections.abc import Iterable
from datetime import date

from clearing.authoriser.link import CommandRefused
from clearing.cli.books import events
from clearing.cli.desk import Desk, Misused, day, hex_bytes, now_ms, zone_of
from clearing.cli.entry import Entry, Group
from clearing.cli.proposals import agreed
from clearing.installation.amounts import counted, euros, read_euros
from clearing.installation.founding_tables import read_wall_time
from clearing.installation.office import NotAllowed
from clearing.installation.opening import Installation
from clearing.rules.between.interchange import Interchange
from clearing.rules.between.netting import Netting, netting, unmatched
from clearing.rules.book import Book
from clearing.rules.voted.standing import recognition_in_force
from clearing.values import CaisseCode, OperationId
from clearing.vault import Vault

_WHAT = {
    "open": "waits for the word of {other}; clearing serve says it again every few seconds",
    "refused": "was sold, but {other} holds nothing for it any more: agree with its treasurer on who bears it, then, by a "
               "vote: clearing interchange write-off",
    "held": "is held for {other}, which has not said what became of it; it goes back by itself when the hold is over",
    "given-up": "was given up by {other} and is owed to it here: by a vote, clearing interchange write-off",
    "part": "is a payout handed over to {other}, which has not answered; clearing serve says it again every few seconds",
    "other-part": "is a payout that the log of {other} says otherwise: run clearing audit on both",
    "missing": "is not in the log of {other} as it is here: run clearing audit on both",
}


async def books(installation: Installation, codes: Iterable[CaisseCode]) -> dict[CaisseCode, Book]:
    """The book of each founded caisse, from its log."""
    found: dict[CaisseCode, Book] = {}
    for code in codes:
        book = Book()
        async with installation.reading(code) as log:
            async for row, event in events(log):
                book.apply(event, row.position, row.at_us)
        if book.position:
            found[code] = book
    return found


async def _rooms(desk: Desk) -> dict[CaisseCode, Interchange]:
    async with desk.opened() as installation:
        return {code: book.interchange for code, book in (await books(installation, desk.home.caisses())).items()}


async def key(desk: Desk) -> None:
    desk.say(Vault.open(desk.home.vault(desk.code)).signing_key().public.hex())


async def recognise(desk: Desk) -> None:
    given = desk.arguments
    other = CaisseCode(given.other)
    async with desk.opened() as installation:
        zone = await zone_of(installation, desk.code)
    since = now_ms() * 1_000 if given.since is None else read_wall_time(given.since, zone, what="--from")
    body: dict[str, object] = {
        "other": other, "key": _key_of(desk, other), "decision": given.decision, "from_us": since,
        "debit_cap_cents": read_euros(given.cap, what="--cap"), "categories": [_pair(text) for text in given.category],
    }
    if given.until is not None:
        body["until_us"] = read_wall_time(given.until, zone, what="--until")
    await desk.order("recognise_caisse", body)
    until = f" until {given.until}" if given.until else ""
    desk.say(f"Our cards may pay at producers that {other} vouches for, and its cards at ours, up to {given.cap} EUR a day"
             f"{until}.")  # fmt: skip
    desk.say(f"{other} has to recognise {desk.code} too: clearing interchange recognise {desk.code} --caisse {other} ...")


def _key_of(desk: Desk, other: CaisseCode) -> bytes:
    """As given, else of the caisse in this home. Raises Misused."""
    if desk.arguments.key is not None:
        return hex_bytes(desk.arguments.key, 32, "a server key")
    if other not in desk.home.caisses():
        raise Misused(f"{other} is no caisse of this home; ask for its clearing interchange key, and give it with --key")
    return Vault.open(desk.home.vault(other)).signing_key().public


def _pair(text: str) -> dict[str, object]:
    theirs, equals, ours = text.partition("=")
    if not equals:
        raise Misused(f"--category is written THEIRS=OURS, like legumes=fruit-veg, not {text!r}")
    return {"theirs": theirs, "ours": ours}


async def net(desk: Desk) -> int:
    on: date = desk.arguments.day
    found = netting(await _rooms(desk), on.isoformat())
    _say_netting(desk, found)
    if found.differs or found.waits:
        for sentence in found.differs:
            desk.say(f"Not netted: {sentence}")
        for code, count in found.waits.items():
            desk.say(f"Not netted: {counted(count, 'sale')} of {code} still wait for the other's word; let clearing serve run")
        return 1
    return await _record(desk, found)


async def _record(desk: Desk, found: Netting) -> int:
    """Each caisse that --caisse names, or all of them; who has no office in one leaves it to its own treasurer."""
    chosen = [desk.code] if desk.arguments.caisse is not None else list(found.lines)
    left = 0
    for code in chosen:
        if not found.lines[code] or code in found.netted:
            continue
        body: dict[str, object] = {"day": found.day, "lines": [line._asdict() for line in found.lines[code]]}
        try:
            await desk.officer(code).order("net_interchange", body)
            desk.say(f"{code}: recorded. {_transfer(code, found.nets[code], found.day)}")
        except (NotAllowed, CommandRefused) as refused:
            left += 1
            desk.say(f"{code}: not recorded: {refused}")
    return 1 if left else 0


def _transfer(code: CaisseCode, cents: int, on: str) -> str:
    if not cents:
        return "It comes to nothing: no transfer."
    what = f"receives {euros(cents)} EUR" if cents > 0 else f"pays {euros(-cents)} EUR"
    return f"{code} {what}; when the bank made it: clearing interchange paid {on} --reference LINE --caisse {code}"


def _say_netting(desk: Desk, found: Netting) -> None:
    desk.say(f"Up to the end of {found.day}:")
    for code, lines in found.lines.items():
        for line in lines:
            owed, owes = euros(line.in_cents), euros(line.out_cents)
            desk.say(f"  {code:16} {line.other:16} owes it {owed:>12}   it owes {owes:>12} EUR")
    for code, cents in found.nets.items():
        recorded = "   recorded" if code in found.netted else ""
        desk.say(f"  {code:16} {'net':16} {euros(cents):>20} EUR{recorded}")
    desk.say(f"  {'all':16} {'sum':16} {euros(found.total_cents()):>20} EUR")


async def paid(desk: Desk) -> None:
    on: date = desk.arguments.day
    await desk.order("pay_netting", {"day": on.isoformat(), "reference": desk.arguments.reference})
    desk.say(f"The transfer of the netting of {on} is recorded.")


async def report(desk: Desk) -> None:
    async with desk.opened() as installation:
        found = await books(installation, [desk.code])
    if desk.code not in found:
        raise Misused(f"{desk.code} is not founded yet; run: clearing found FILE")
    book = found[desk.code]
    room, now_us = book.interchange, now_ms() * 1_000
    for other, known in sorted(room.recognised.items()):
        state = "in force" if recognition_in_force(book, other, now_us) is not None else "not in force"
        balance = room.balances.get(other, 0)
        owes = f"owes us {euros(balance)}" if balance >= 0 else f"is owed {euros(-balance)}"
        cap, held = euros(known.debit_cap_cents), euros(room.held.get(other, 0))
        desk.say(f"{other:16} {state} by {known.decision}, cap {cap} EUR a day; {owes} EUR not netted; held for it {held} EUR")
    for on, one in sorted(room.nets.items()):
        told = f"paid, {one.reference}" if one.reference else "no transfer" if not one.net_cents else "waits for its transfer"
        desk.say(f"netted {on}   {euros(one.net_cents):>14} EUR   {told}")
    if not room.recognised:
        desk.say("No other caisse is recognised; after a vote: clearing interchange recognise CAISSE --decision ID --cap EUROS")


async def exceptions(desk: Desk) -> int:
    found = unmatched(await _rooms(desk))
    chosen = [one for one in found if desk.arguments.caisse in (None, one.caisse)]
    for one in chosen:
        on = f" of {one.day}" if one.day else ""
        desk.say(f"{one.caisse:16} {one.ref.hex()}  {euros(one.cents):>10} EUR{on} {_WHAT[one.what].format(other=one.other)}")
    if not chosen:
        desk.say("Every record between caisses has found its twin.")
    return 1 if any(one.what in ("refused", "missing", "given-up", "other-part") for one in chosen) else 0


async def write_off(desk: Desk) -> None:
    given = desk.arguments
    done = await desk.order("propose_write_off", {
        "ref": hex_bytes(given.ref, 16, "a sale's name"), "fund": given.fund, "decision": given.decision,
        "reason": given.reason,
    })  # fmt: skip
    desk.say(f"{_borne(int(str(done['cents'])), given.fund)} Another person looks at it: "
             f"clearing interchange write-off-confirm {given.ref}")  # fmt: skip


def _borne(cents: int, fund: str) -> str:
    if not cents:
        return "No money moves; the sale is only not waited for any more."
    return f"{euros(abs(cents))} EUR would {'fall on' if cents > 0 else 'come to'} the fund {fund}."


async def write_off_confirm(desk: Desk) -> None:
    ref = OperationId(hex_bytes(desk.arguments.ref, 16, "a sale's name"))
    async with desk.opened() as installation:
        found = await books(installation, [desk.code])
    proposed = found[desk.code].interchange.write_offs.get(ref) if desk.code in found else None
    if proposed is None:
        raise Misused("Nobody proposed to give this sale up; first: clearing interchange write-off")
    desk.say(f"{proposed.by} proposes, by {proposed.decision}, because {proposed.reason}: a sale with {proposed.other}. "
             f"{_borne(proposed.cents, proposed.fund)}")  # fmt: skip
    agreed("Is that what was voted?")
    await desk.order("confirm_write_off", {"ref": ref, "fund": proposed.fund, "cents": proposed.cents})
    desk.say(f"Given up; {proposed.other}'s word is not waited for any more. Tell its treasurer.")


async def write_off_drop(desk: Desk) -> None:
    await desk.order("drop_write_off", {"ref": hex_bytes(desk.arguments.ref, 16, "a sale's name")})
    desk.say("It is not given up.")


async def check(desk: Desk) -> int:
    """Whether the logs of all caisses of this home say the same of each other; exit code 1 when not."""
    rooms = await _rooms(desk)
    wrong = [f"{one.caisse}: {one.ref.hex()} {_WHAT[one.what].format(other=one.other)}" for one in unmatched(rooms)
             if one.what in ("missing", "refused", "other-part")]  # fmt: skip
    days = sorted({on for room in rooms.values() for on in room.nets})
    for on in days:
        found = netting(rooms, on)
        wrong += [f"{on}: {sentence}" for sentence in found.differs]
        if found.total_cents():
            wrong.append(f"{on}: the positions sum to {euros(found.total_cents())} EUR, not to zero")
    for sentence in wrong:
        desk.say(sentence)
    halves = sum(len(room.halves) for room in rooms.values())
    if not wrong:
        desk.say(f"{counted(len(rooms), 'caisse')}, {counted(halves, 'sale')} between them, {counted(len(days), 'netting')}: "
                 "both halves of each agree, and every netting sums to zero.")  # fmt: skip
    return 1 if wrong else 0


def _recognise_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("other", metavar="CAISSE")
    parser.add_argument("--decision", required=True, help="the recorded vote")
    parser.add_argument("--cap", required=True, metavar="EUROS", help="the most our cards may owe it in a day, net")
    parser.add_argument("--key", help="its server key, when it is in another home (its: clearing interchange key)")
    parser.add_argument("--category", action="append", default=[], metavar="THEIRS=OURS", help="one of another name there")
    parser.add_argument("--from", dest="since", metavar="YYYY-MM-DD", help="default: now")
    parser.add_argument("--until", metavar="YYYY-MM-DD", help="the first day without; ends it when set again")


def _day(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("day", type=day, metavar="YYYY-MM-DD")


def _paid_arguments(parser: argparse.ArgumentParser) -> None:
    _day(parser)
    parser.add_argument("--reference", required=True, help="the bank line")


def _ref_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ref", help="the sale's name, as clearing interchange exceptions shows it")


def _write_off_arguments(parser: argparse.ArgumentParser) -> None:
    _ref_argument(parser)
    parser.add_argument("--fund", required=True, help="which bears it, or gets it")
    parser.add_argument("--decision", required=True, help="the recorded vote")
    parser.add_argument("--reason", required=True)


ENTRIES = (
    Entry(words=("interchange", "recognise"), group=Group.RULES, does="let cards pay across two caisses, by a vote",
          run=recognise, arguments=_recognise_arguments, signed=True),
    Entry(words=("interchange", "key"), group=Group.RULES, does="show this caisse's server key for another one", run=key),
    Entry(words=("interchange", "net"), group=Group.SETTLEMENT, does="net what caisses owe each other up to a day", run=net,
          arguments=_day, signed=True),
    Entry(words=("interchange", "paid"), group=Group.SETTLEMENT, does="the bank made the one transfer of a netting", run=paid,
          arguments=_paid_arguments, signed=True),
    Entry(words=("interchange", "report"), group=Group.SETTLEMENT, does="what this caisse and others owe each other",
          run=report),
    Entry(words=("interchange", "exceptions"), group=Group.SETTLEMENT, does="records whose twin is not there; exit code 1: act",
          run=exceptions),
    Entry(words=("interchange", "write-off"), group=Group.SETTLEMENT, does="give up a sale that has no twin",
          run=write_off, arguments=_write_off_arguments, signed=True),
    Entry(words=("interchange", "write-off-confirm"), group=Group.SETTLEMENT, does="confirm it, as another person",
          run=write_off_confirm, arguments=_ref_argument, signed=True),
    Entry(words=("interchange", "write-off-drop"), group=Group.SETTLEMENT, does="go on waiting for it",
          run=write_off_drop, arguments=_ref_argument, signed=True),
    Entry(words=("interchange", "check"), group=Group.OPERATING, does="prove that the caisses' logs agree with each other",
          run=check),
)  # fmt: skip
