"""Law: what a line of the bank is said to be is one choice of a list; what was chosen becomes matches, and nothing else does.

A choice travels as the fields of a match, "kind=payout&batch=3": what names a thing that is not there is declined by the rules.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode

from clearing.authoriser.forms.bank import MATCH_KINDS
from clearing.console.pages import Visit
from clearing.events.bank import BankMatched
from clearing.installation.bank_reading import known_lines, producers_by_account, written
from clearing.rules.treasury.bank import Line
from clearing.rules.treasury.bank_hints import hints
from clearing.rules.treasury.bank_matching import Proposed
from clearing.values import CaisseCode, FundId, ProducerId

READERS: Final = ("treasurer",)
"""Roles that read what the bank wrote of a line: names, accounts and texts."""
NUMBERS: Final = ("batch", "deposit", "repayment")
TOGETHER: Final = ("booked", "nothing", "payout")
"""Kinds of which several lines may be one: lines with the same choice are one match."""
_ONCE: Final = ("batch", "grant", "member", "deposit", "repayment", "reference")
_MATCHES_A_COMMAND: Final = 500
_ITEM: Final = re.compile(r"(?:Item ([0-9]{1,4}): (.*))", re.DOTALL)
Item = dict[str, object]
"""A match as `match_lines` takes it, without its lines."""
Said = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the book and the bank's own words know of lines. texts: line -> what the bank wrote, for who may read it."""

    named: Mapping[int, Proposed]
    accounts: Mapping[bytes, str]
    texts: Mapping[int, Said] = field(default_factory=dict)

    def about(self, line: int) -> str:
        """Who, and what for; "" where the bank wrote nothing, or who looks may not read it."""
        said = self.texts.get(line, {})
        return " · ".join(text for text in (said.get("name", ""), said.get("text", "")) if text)


async def known_of(visit: Visit, lines: Iterable[int]) -> Known:
    book = visit.book
    async with visit.console.installation.people_of(CaisseCode(visit.code)) as people:
        accounts = await producers_by_account(book, people)
        records = await written(book, lines, people) if set(visit.roles) & set(READERS) else {}
    return Known(
        named=known_lines(book), accounts=accounts, texts={number: record.fields for number, record in records.items()}
    )


def as_choice(item: Item) -> str:
    """ "kind=booked&moves=345" """
    return urlencode(item, doseq=True)


def chosen(text: str) -> Item | None:
    """What a choice says; None for one that no list offered."""
    pairs = parse_qsl(text)
    item: Item = {name: int(value) if name in NUMBERS and _whole(value) else value for name, value in pairs if name != "moves"}
    moves = [int(value) for name, value in pairs if name == "moves" and _whole(value)]
    if item.get("kind") not in MATCH_KINDS:
        return None
    return item | ({"moves": moves} if moves else {})


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def offered(visit: Visit, number: int, known: Known) -> Iterator[Item]:
    """What a line may be, likeliest first: what it names itself, then what its amount, account and words hint at."""
    own = known.named.get(number)
    if own is not None:
        yield {"kind": own.kind} | ({"moves": list(own.moves)} if own.moves else {})
        return
    said = known.texts.get(number, {})
    for hint in hints(visit.book, number, f"{said.get('text', '')} {said.get('end_to_end', '')}", known.accounts):
        fields = dict(hint.said)
        move = fields.pop("move", None)
        yield {"kind": hint.kind, **fields} | ({"moves": [move]} if move is not None else {})


def always(visit: Visit, cents: int) -> Iterator[Item]:
    """What any line of this sign may be, whatever else is known."""
    if cents < 0 and visit.book.bank.charges is not None:
        yield {"kind": "charge"}
    for fund in visit.book.funds:
        yield {"kind": "charge" if cents < 0 else "fund", "fund": fund}
    yield {"kind": "nothing"}


def told(visit: Visit, item: Item, line: int = 0) -> str:
    """A choice in words."""
    words, book, kind = visit.words, visit.book, str(item["kind"])
    fund = book.funds.get(FundId(str(item.get("fund", ""))))
    match kind:
        case "booked":
            moves = [move for at in _moves(item) if (move := book.bank.moves.get(at)) is not None]
            said = ", ".join(
                f"{words.say(f'event {move.kind}')}, {move.name} ({words.day(move.on)})" for move in moves
            )
            return words.say("In the book already: {what}", what=said)
        case "payout" | "payout_returned":
            if "batch" in item and "producer" not in item:
                return words.say("All payouts of batch {batch}", batch=item["batch"])
            batch, producer = _payout(visit, item, line)
            back = "Payout of batch {batch} to {producer}, sent back"
            text = "Payout of batch {batch} to {producer}" if kind == "payout" else back
            return words.say(text, batch=batch, producer=producer)
        case "cotisation":
            return words.say("Cotisation of {member}, {month}", member=item["member"], month=words.month(str(item["period"])))
        case "subsidy":
            return words.say("A part of the subsidy {grant}", grant=item["grant"])
        case "deposit":
            return words.say("Cash or cheques counted, number {number}", number=item["deposit"])
        case "repayment":
            return words.say("Paid back to a funder, number {number}", number=item["repayment"])
        case "fund" if fund is not None:
            return words.say("Money for the fund {fund}", fund=fund.name)
        case "charge" if fund is not None:
            return words.say("The bank's charges, from the fund {fund}", fund=fund.name)
        case "nothing":
            return words.say("Not ours: the other lines marked like this cancel it")
        case _:
            return called(visit, kind)


def _moves(item: Item) -> list[int]:
    moves = item.get("moves")
    return moves if isinstance(moves, list) else []


def _payout(visit: Visit, item: Item, line: int) -> tuple[str, str]:
    """(batch, producer's name): named by the choice, else by the line's own id ("3/field")."""
    own = known_lines(visit.book).get(line) if "batch" not in item else None
    batch, _, name = own.about.partition("/") if own is not None else (str(item.get("batch", "")), "", "")
    name = str(item.get("producer", name))
    producer = visit.book.producers.producers.get(ProducerId(name))
    return batch, producer.name if producer is not None else name


def called(visit: Visit, kind: str) -> str:
    """A kind of match in a word."""
    said = visit.words.say(f"word booked.{kind}" if kind == "fund" else f"word {kind}")
    return said[:1].upper() + said[1:]


def matched(visit: Visit, match: BankMatched) -> str:
    """What lines were said to be: the kind, and the movements of the book."""
    words, bank = visit.words, visit.book.bank
    moves = [move for at in match.moves if (move := bank.matched.get(at)) is not None]
    said = ", ".join(f"{words.say(f'event {move.kind}')}, {move.name}" for move in moves)
    return f"{called(visit, match.kind)}: {said}" if said else called(visit, match.kind)


def state(visit: Visit, line: Line) -> str:
    """Of a line in a list: waits, or what it is."""
    return matched(visit, visit.book.bank.matches[line.match]) if line.match else visit.words.say("Waits")


_TURNS: Final = {"payout_returned": 1, "cotisation_returned": 1, "charge": 2}


def commands(picked: Mapping[int, Item]) -> Iterator[list[Item]]:
    """Matches, in as few commands as their rules allow: what a command names twice is for the next one. A command is decided
    on the book before it: what came back is said after what was paid, charges after the money that may bear them."""
    gathered = list(_gathered(picked))
    for turn in range(3):
        yield from _parted([one for one in gathered if _TURNS.get(str(one["kind"]), 0) == turn])


def _parted(waiting: list[Item]) -> Iterator[list[Item]]:
    while waiting:
        now, later, named = list[Item](), list[Item](), set[tuple[str, object]]()
        for item in waiting:
            names: set[tuple[str, object]] = {(name, item[name]) for name in _ONCE if name in item}
            names |= {("fund", item["fund"])} if item["kind"] == "fund" else set()
            if names & named or len(now) == _MATCHES_A_COMMAND:
                later.append(item)
            else:
                now.append(item)
                named |= names
        yield now
        waiting = later


def declined(visit: Visit, matches: list[Item], why: str) -> str:
    """Why a command was declined, with the line of the bank that it is about."""
    found = _ITEM.fullmatch(why)
    if found is None or not 1 <= int(found[1]) <= len(matches):
        return visit.words.refusal(why)
    lines = matches[int(found[1]) - 1]["lines"]
    assert isinstance(lines, list), "made by _gathered"
    return visit.words.say("Line {number} of the bank: {why}", number=lines[0], why=visit.words.refusal(found[2]))


def _gathered(picked: Mapping[int, Item]) -> Iterator[Item]:
    """Lines of one choice are one match where they may be; a payout that its line names itself is its own."""
    found: dict[str, Item] = {}
    for number, item in picked.items():
        several = item["kind"] in TOGETHER and (item["kind"] != "payout" or "batch" in item)
        key = as_choice(item) if several else str(number)
        known = found.setdefault(key, {**item, "lines": []})
        lines = known["lines"]
        assert isinstance(lines, list), "made one line above"
        lines.append(number)
    yield from found.values()
