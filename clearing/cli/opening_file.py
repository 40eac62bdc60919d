"""Law: opening balances are written as a treasurer has them, in euros and days; each row knows the line it came from.

A TOML file with [opening]: the day, the bank's balance, and the lists of LISTS below. Each is the name of a CSV file beside
it, or is written in the file as [[purses]], [[funds]], [[debts]] and so on with the same columns.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from clearing.cli.lists import Row, collect_list
from clearing.cli.opening_contracts import (
    PARTS,
    assembled,
    read_arrear,
    read_basket,
    read_contract,
    read_instalment,
)
from clearing.installation.amounts import read_euros
from clearing.installation.founding_file import parsed, read_text
from clearing.installation.founding_tables import read_wall_time
from clearing.installation.slips import Slips
from clearing.installation.toml_lines import TomlLines
from clearing.values import InvalidValue, identifier

Item = dict[str, object]
_SPEAKS_OF: Final = re.compile(r"(Purse|Fund|Debt|Arrear|Contract) (\d+)\b(?:, (instalment|basket) (\d+))?")
_LIST_OF: Final = {"Purse": "purses", "Fund": "funds", "Debt": "debts", "Arrear": "arrears", "Contract": "contracts"}


@dataclass(frozen=True, slots=True)
class OpeningFile:
    """body: of the commands propose_opening and accept_opening. places: list -> file and line of each of its items."""

    path: Path
    body: dict[str, object]
    places: dict[str, list[tuple[Path, int]]]
    bank_line: int

    def place_of(self, problem: str) -> tuple[Path, int]:
        """File and line of what a sentence of the rules speaks of."""
        found = _SPEAKS_OF.match(problem)
        if found is None:
            return self.path, self.bank_line
        if found[3] is not None:
            return self.places[f"{found[3]}/{found[2]}"][int(found[4]) - 1]
        return self.places[_LIST_OF[found[1]]][int(found[2]) - 1]


def read_opening_file(path: Path, zone: ZoneInfo, slips: Slips) -> OpeningFile:
    """Rows that can't be read are among the slips. Raises InvalidValue, Misused for what is no such file at all."""
    text = read_text(path)
    tables, lines = parsed(path, text), TomlLines(text)
    opening = tables.pop("opening", None)
    if not isinstance(opening, dict):
        raise InvalidValue(f"{path} needs the table [opening]; compare it with examples/opening.toml")
    given = dict(opening)
    file = OpeningFile(path, {}, {}, lines.line(("opening", "bank")))
    with slips.at(path, lines.line(("opening", "as_of"))):
        file.body["as_of"] = _day(given.pop("as_of", None))
    with slips.at(path, file.bank_line):
        file.body["bank_cents"] = _balance(given.pop("bank", None))
    parts: dict[str, list[Item]] = {}
    for name, (needs, may, read) in LISTS.items():
        rows = _rows(path, given.pop(name, None), tables.pop(name, None), name, lines, slips)
        items, places = list[Item](), list[tuple[Path, int]]()
        for at, row in rows:
            with slips.at(at, row.line):
                _only(row, needs, may)
                items.append(read(row, zone))
                places.append((at, row.line))
        file.places[name] = places
        (parts if name in PARTS else file.body)[name] = items  # a body holds anything
    assembled(file.body, file.places, slips, parts)
    for unknown in (*given, *tables):
        where = ("opening", unknown) if unknown in given else (unknown,)
        slips.add(path, lines.line(where), f"this file does not know '{unknown}'; remove it or correct its name")
    return file


def _rows(
    path: Path, file: object, inside: object, name: str, lines: TomlLines, slips: Slips
) -> list[tuple[Path, Row]]:
    """The rows of one list, wherever they are written."""
    needs, may, _ = LISTS[name]
    if isinstance(file, str):
        beside = path.parent / file
        return [(beside, row) for row in collect_list(beside, slips, needs=needs, may=may)]
    listed = inside if isinstance(inside, list) else []
    return [
        (path, Row({key: _cell(value) for key, value in one.items()}, lines.line((name, place))))
        for place, one in enumerate(listed) if isinstance(one, dict)
    ]  # fmt: skip


def _cell(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _only(row: Row, needs: tuple[str, ...], may: tuple[str, ...]) -> None:
    for name in needs:
        if not row.get(name):
            raise InvalidValue(f"'{name}' is missing; a row has {', '.join(needs)}, and may have {', '.join(may) or 'no more'}")
    unknown = [name for name in row if name not in needs + may]
    if unknown:
        raise InvalidValue(f"a row does not know '{unknown[0]}'; it has {', '.join(needs + may)}")


def _day(value: object) -> str:
    try:
        return date.fromisoformat(_cell(value)).isoformat()
    except ValueError:
        raise InvalidValue(f"'as_of' is the day whose end the balances are of, like 2026-04-30, not {value!r}") from None


def _balance(value: object) -> int:
    """An account may be overdrawn: "-12.00"."""
    minus = isinstance(value, str) and value.startswith("-")
    cents = read_euros(value[1:] if minus and isinstance(value, str) else value, what="'bank', the account's balance,")
    return -cents if minus else cents


def _purse(row: Row, zone: ZoneInfo) -> Item:
    fund, until = row.get("fund"), row.get("until")
    item: Item = {
        "member": identifier(row["member"], what="'member'"), "cents": read_euros(row["amount"], what="'amount'"),
        "purse": identifier(row.get("purse") or ("credit" if fund else "own"), what="'purse'"),
    }  # fmt: skip
    if fund:
        item["fund"] = identifier(fund, what="'fund'")
    if until:
        item["expires_us"] = read_wall_time(until, zone, what="'until', the first day on which it can't be spent,")
    return item


def _fund(row: Row, _zone: ZoneInfo) -> Item:
    """announced: of signed grants, what has not arrived yet."""
    received = read_euros(row["received"], what="'received'")
    announced = read_euros(row.get("announced") or "0.00", what="'announced'")
    return {
        "fund": identifier(row["fund"], what="'fund'"), "notified_cents": received + announced if announced else 0,
        "received_cents": received, "engaged_cents": read_euros(row["engaged"], what="'engaged'"),
    }  # fmt: skip


def _debt(row: Row, _zone: ZoneInfo) -> Item:
    return {
        "producer": identifier(row["producer"], what="'producer'"), "cents": read_euros(row["amount"], what="'amount'"),
    }  # fmt: skip


LISTS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...], Callable[[Row, ZoneInfo], Item]]]] = {
    "purses": (("member", "amount"), ("purse", "fund", "until"), _purse),
    "funds": (("fund", "received", "engaged"), ("announced",), _fund),
    "debts": (("producer", "amount"), (), _debt),
    "arrears": (("member", "month", "due"), ("paid", "every", "rule"), read_arrear),
    "contracts": (
        ("contract", "season", "member", "portion"),
        ("joins", "fund", "fund_until", "fetched_until", "held", "price_from", "worth_before"), read_contract,
    ),
    "instalments": (
        ("contract", "due", "amount"), ("fund_part", "paid", "means", "reference", "fund_paid"), read_instalment
    ),
    "baskets": (("contract", "day", "outcome"), ("to",), read_basket),
}
"""List -> the columns it needs, those it may have, and how a row becomes an item of the command."""
