"""Law: a founding file says in a treasurer's words what the founding command says in cents, ten-thousandths and microseconds.

Amounts are "150.00", rates are percent, instants are local wall time of the caisse's zone. A field that is not known is an
error that names it; every mistake is told with its line. What the rules say of the content is the writer's business; here is
the form.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from clearing.installation.amounts import read_euros, read_percent
from clearing.installation.slips import Slips
from clearing.installation.toml_lines import TomlLines
from clearing.rules.calendar import instant_us
from clearing.rules.takings import MEANS
from clearing.values import WHOLE, CaisseCode, InvalidValue, Rate, identifier

Table = dict[str, object]
Place = tuple[str | int, ...]
T = TypeVar("T")
PublicKeyOf = Callable[[str], bytes]
_BYTES_MAX: Final = 1 << 20
_NONE: Final[list[Table]] = []
_HOUR_THAT_COMES_TWICE: Final = 0  # wall times of the night summer time ends mean the first of the two


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundingFile:
    """body: of the command `found`. account: name, iban and bic of the caisse's own account, which never enters an event.
    imports: list -> the CSV file that holds it. lines: of the file's text."""

    path: Path
    code: CaisseCode
    body: Table
    account: dict[str, str]
    imports: dict[str, Path]
    lines: TomlLines


class Several(InvalidValue):
    """More than one mistake in what was read. found: (path below it, why)."""

    def __init__(self, found: list[tuple[Place, str]]) -> None:
        super().__init__("; ".join(why for _, why in found))
        self.found = found


@dataclass(slots=True)
class Pieces:
    """Reads the pieces of a table and goes on after a mistake; `end` raises them together."""

    found: list[tuple[Place, str]] = field(default_factory=list)

    def read(self, piece: Callable[[], T], *path: str | int, default: T) -> T:
        """path: of the piece, in the table."""
        try:
            return piece()
        except Several as several:
            self.found += [((*path, *deeper), why) for deeper, why in several.found]
        except InvalidValue as fault:
            self.found.append((path, str(fault)))
        return default

    def end(self) -> None:
        if self.found:
            raise Several(self.found)


def read_founding_file(path: Path, public_key_of: PublicKeyOf) -> FoundingFile:
    """public_key_of: the key of a person who has none in the file. Raises InvalidValue with every mistake and its line."""
    return founding_of(path, read_text(path), public_key_of)


def founding_of(path: Path, text: str, public_key_of: PublicKeyOf) -> FoundingFile:
    """The same for a text that is, or will be, this file's."""
    tables, lines, slips = parsed(path, text), TomlLines(text), Slips()
    try:
        return _founding(path, tables, lines, public_key_of)
    except Several as several:
        for place, why in several.found:
            slips.add(path, lines.told(place, why), why)
    except InvalidValue as fault:
        slips.add(path, lines.told((), str(fault)), str(fault))
    slips.end()
    raise AssertionError("mistakes end the reading")


def _founding(path: Path, tables: Table, lines: TomlLines, public_key_of: PublicKeyOf) -> FoundingFile:
    pieces = Pieces()
    caisse = _table(tables.pop("caisse", None), "[caisse]")
    account = _table(caisse.pop("account", None), "[caisse.account]")
    code = CaisseCode(identifier(caisse.pop("code", None), what="[caisse]: 'code'"))
    zone = read_zone(caisse.get("zone"))
    holder = {name: str(account[name]) for name in ("name", "iban", "bic") if account.get(name)}
    if {"name", "iban"} - holder.keys():
        raise InvalidValue("[caisse.account] needs 'name' (as the bank knows it) and 'iban': the producers are paid from it")
    body: Table = {"name": caisse.pop("name", None), "zone": caisse.pop("zone", None), "account_name": holder["name"]}
    pieces.read(lambda: _end(caisse, "[caisse]"), "caisse", default=None)
    imports = pieces.read(lambda: _imports(path, tables.pop("import", None)), "import", default=dict[str, Path]())
    body["persons"] = pieces.read(
        lambda: each(tables.pop("persons", None), "persons", lambda one, _: _person(one, public_key_of)), default=_NONE
    )
    for name, read in PARTS.items():
        body[name] = pieces.read(partial(each, tables.pop(name, None), name, partial(_in_zone, read, zone)), default=_NONE)
    pieces.read(lambda: _end(tables, path.name), default=None)
    pieces.end()
    return FoundingFile(path=path, code=code, body=body, account=holder, imports=imports, lines=lines)


def _in_zone(read: "Callable[[Table, ZoneInfo, int], Table]", zone: ZoneInfo, one: Table, place: int) -> Table:
    return read(one, zone, place)


def each(value: object, name: str, read: Callable[[Table, int], Table]) -> list[Table]:
    """The tables of a list, each read with its place from 1. Raises Several with the mistakes of all of them."""
    pieces = Pieces()
    done = [
        pieces.read(partial(read, one, place), name, place - 1, default=one)
        for place, one in enumerate(_list(value, name), start=1)
    ]
    pieces.end()
    return done


def _imports(path: Path, value: object) -> dict[str, Path]:
    """[import]: lists that lie in files of their own, named from where this file lies."""
    named = {} if value is None else _table(value, "[import]")
    for name, file in named.items():
        if name not in IMPORTS:
            raise InvalidValue(f"[import] does not know '{name}'; it brings {', '.join(IMPORTS)}")
        if not isinstance(file, str) or not file:
            raise InvalidValue(f"'{name}' of [import] is the name of a CSV file in quotes")
    return {name: path.parent / str(named[name]) for name in IMPORTS if name in named}


def read_charte_file(path: Path, zone: ZoneInfo, version: int) -> tuple[Table, list[Table]]:
    """A file with [charte] and, if the vote is not recorded yet, [[decisions]]: both as their commands' bodies."""
    tables = _tables(path)
    body = read_charte(_table(tables.pop("charte", None), "[charte]"), zone, version)
    decisions = [read_decision(one) for one in _list(tables.pop("decisions", None), "decisions")]
    _end(tables, path.name)
    return body, decisions


def read_zone(name: object) -> ZoneInfo:
    """Raises InvalidValue."""
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        raise InvalidValue(f"'zone' must be the name of a time zone, like Europe/Paris, not {name!r}") from None


def read_wall_time(value: object, zone: ZoneInfo, *, what: str) -> int:
    """A TOML local date-time or date, or its text, in the caisse's zone -> microseconds UTC. Raises InvalidValue."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - wall time; its zone comes next
        if not isinstance(moment, datetime) or moment.tzinfo is not None:
            raise ValueError
    except ValueError:
        raise InvalidValue(
            f"{what} is a day, or a local time without an offset, like 2026-03-21 or 2026-03-21T08:00:00, not {value}"
        ) from None
    return instant_us(moment.replace(tzinfo=zone, fold=_HOUR_THAT_COMES_TWICE))


def read_decision(one: Table) -> Table:
    """A vote: its dates may be TOML dates; the minutes' hash is left empty unless the file gives it in hex. With tallies by
    college the totals are their sums unless the file gives them; who was drawn by lot does not vote."""
    said = dict(one)
    for name in ("taken_on", "effective_on", "ends_on"):
        if isinstance(said.get(name), date):
            said[name] = str(said[name])
    tallies = _list(said.get("tallies"), "tallies")
    for name in ("votes_for", "votes_against", "abstained"):
        votes = [tally.get(name, 0) for tally in tallies]
        said.setdefault(name, sum(vote for vote in votes if isinstance(vote, int)))
        tallies = [{name: 0} | tally for tally in tallies]
    if tallies:
        said["tallies"] = tallies
    minutes = said.pop("minutes_sha256", "")
    try:
        said["minutes_sha256"] = bytes.fromhex(str(minutes))
    except ValueError:
        raise InvalidValue(f"minutes_sha256 of {said.get('decision')!r} is 64 hexadecimal digits (sha256sum FILE)") from None
    return said


def read_charte(one: Table, zone: ZoneInfo, version: int) -> Table:
    """A charte as clearing/authoriser/bodies.py reads it."""
    said, pieces = dict(one), Pieces()
    said["version"] = version
    effective, payers, tariffs = (said.pop(name, None) for name in ("effective", "payers", "tariffs"))
    said["effective_us"] = pieces.read(
        lambda: read_wall_time(effective, zone, what="'effective' of a charte"), "effective", default=0
    )
    said["payers"] = pieces.read(lambda: each(payers, "payers", lambda payer, _: _payer(payer, zone)), default=_NONE)
    said["tariffs"] = pieces.read(lambda: each(tariffs, "tariffs", lambda tariff, _: _tariff(tariff, zone)), default=_NONE)
    if "capture_tolerance" in said:
        what = "'capture_tolerance' of a charte"
        said["capture_tolerance"] = pieces.read(
            lambda: read_percent(one["capture_tolerance"], what=what), "capture_tolerance", default=Rate(0)
        )
    pieces.end()
    return said


def _payer(one: Table, zone: ZoneInfo) -> Table:
    said, what, pieces = dict(one), f"payer {one.get('id')!r}", Pieces()
    said["covers"] = pieces.read(
        lambda: each(one.get("covers"), "covers", lambda cover, _: _cover(cover, what, whole=True)), default=_NONE
    )
    said["ceilings"] = pieces.read(
        lambda: each(one.get("ceilings"), "ceilings", lambda ceiling, _: _ceiling(ceiling, what)), default=_NONE
    )
    pieces.end()
    return _with_condition(said, zone, what)


def _tariff(one: Table, zone: ZoneInfo) -> Table:
    said, what = dict(one), f"tariff {one.get('id')!r}"
    said["covers"] = each(said.get("covers"), "covers", lambda cover, _: _cover(cover, what, whole=False))
    return _with_condition(said, zone, what)


def _with_condition(said: Table, zone: ZoneInfo, what: str) -> Table:
    """who, where, from, until stand beside the rule in the file and inside `condition` in the command."""
    condition: Table = {name: said.pop(name) for name in ("who", "where") if name in said}
    for name in ("from", "until"):
        if name in said:
            condition[f"{name}_us"] = read_wall_time(said.pop(name), zone, what=f"'{name}' of {what}")
    return said | {"condition": condition}


def _cover(one: Table, what: str, *, whole: bool) -> Table:
    """whole: the rate is a share of a line, so at most all of it."""
    said = dict(one)
    if "rate" in said:
        said["rate"] = rate = read_percent(said["rate"], what=f"rate of {what}")
        if whole and rate > WHOLE:
            raise InvalidValue(f"rate of {what} is at most 100 percent")
    if "unit" in said:
        said["unit_cents"] = read_euros(said.pop("unit"), what=f"amount per unit of {what}")
    return said


def _ceiling(one: Table, what: str) -> Table:
    said = dict(one)
    said["cents"] = read_euros(said.pop("amount", None), what=f"ceiling of {what}")
    per = said.pop("per", "purse")
    if per not in ("purse", "caisse"):
        raise InvalidValue(f"ceilings of {what}: per is 'purse' (each member) or 'caisse' (all together), not {per!r}")
    return said | {"per_purse": per == "purse"}


def _fund(one: Table, zone: ZoneInfo) -> Table:
    """places, categories, from, until, alone bind it; they stand beside its other fields."""
    said = dict(one)
    what = f"fund {one.get('fund')!r}"
    earmark: Table = {name: said.pop(name) for name in ("places", "categories", "alone") if name in said}
    for name in ("from", "until"):
        if name in said:
            earmark[f"{name}_us"] = read_wall_time(said.pop(name), zone, what=f"'{name}' of {what}")
    if earmark:
        said["earmark"] = earmark
    said["advance_cents"] = read_euros(said.pop("advance", "0.00"), what=f"advance of fund {one.get('fund')!r}")
    return said


def _allocation(one: Table) -> Table:
    said = dict(one)
    what = f"of allocation rule {one.get('rule')!r}"
    amount = said.pop("amount", "0.00" if one.get("form") == "mean" else None)
    said["cents_each"] = read_euros(amount, what=f"amount {what}")
    for name, into in (("further", "further_cents"), ("rollover_max", "rollover_max_cents")):
        if name in said:
            said[into] = read_euros(said.pop(name), what=f"{name} {what}")
    classes = said.pop("classes", {})
    if not isinstance(classes, dict):
        raise InvalidValue(f'classes {what} are written like: classes = {{ child = "45.00" }}')
    said["classes"] = [
        {"credit_class": name, "cents": read_euros(cents, what=f"class {name} {what}")} for name, cents in classes.items()
    ]
    return {"who": []} | said


def _emergency(one: Table) -> Table:
    said, what = dict(one), f"of emergency rule {one.get('rule')!r}"
    said["each_max_cents"] = read_euros(said.pop("each_max", None), what=f"each_max {what}")
    said["day_max_cents"] = read_euros(said.pop("day_max", None), what=f"day_max {what}")
    return {"groups": []} | said
def read_solidarity_rule(one: Table) -> Table:
    """Reductions and prices in percent, amounts in euros; every ceiling is named "..._day" or "give_debt"."""
    said, what = dict(one), f"solidarity rule {one.get('rule')!r}"
    for name in ("rates", "prices"):
        listed = _plain(said.pop(name, None), name, what)
        said[name] = [{"rate": read_percent(rate, what=f"{name} of {what}")} for rate in listed]
    for name in _CEILINGS:
        said[f"{name}_cents"] = read_euros(said.pop(name, "0.00"), what=f"{name} of {what}")
    said["watch_rate"] = read_percent(said.pop("watch", 50), what=f"watch of {what}")
    return {"where": [], "categories": [], "when_short": "first-come"} | said


_CEILINGS: Final = (
    "coupon", "terminal_day", "producer_day", "fund_day", "give_terminal_day", "give_producer_day", "give_debt",
)  # fmt: skip


def _plain(value: object, name: str, what: str) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidValue(f"{name} of {what} is a list of percents, like [10, 20, 30]")
    return list(value)


def read_bonus_rule(one: Table, zone: ZoneInfo) -> Table:
    """covers: category (or product of it) and rate in percent; month: most per purse and month, in euros."""
    said, what = dict(one), f"bonus rule {one.get('rule')!r}"
    said["covers"] = [_cover(cover, what, whole=False) for cover in _list(said.get("covers"), f"covers of {what}")]
    said["month_cents"] = read_euros(said.pop("month", None), what=f"month of {what}")
    return {"short": "less"} | _with_condition(said, zone, what)
def _cotisation(one: Table) -> Table:
    """minimum and step "0.01", every means, and the free amount without a grid, unless the file says otherwise."""
    said, what = dict(one), f"cotisation rule {one.get('rule')!r}"
    for name in ("minimum", "step"):
        said[f"{name}_cents"] = read_euros(said.pop(name, "0.01"), what=f"{name} of {what}")
    levels = _list(said.get("levels"), f"levels of {what}")
    said["levels"] = [_level(level, what) for level in levels]
    return {"free": not levels, "means": list(MEANS), "over_is_gift": False} | said


def _level(one: Table, what: str) -> Table:
    said = dict(one)
    return said | {"cents": read_euros(said.pop("amount", None), what=f"level {one.get('label')!r} of {what}")}


def _person(one: Table, public_key_of: PublicKeyOf) -> Table:
    said = dict(one)
    person = identifier(said.get("person"), what="[[persons]]: 'person'")
    given = said.pop("key", None)
    try:
        said["key"] = public_key_of(person) if given is None else bytes.fromhex(str(given))
    except ValueError:
        raise InvalidValue(f"the key of {person} is 64 hexadecimal digits; `clearing person show {person}` prints it") from None
    return said


def _tables(path: Path) -> Table:
    return parsed(path, read_text(path))


def read_text(path: Path) -> str:
    """Raises InvalidValue."""
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise InvalidValue(f"{path} is larger than a megabyte; is it the right file?")
        return path.read_text(encoding="utf-8")
    except OSError as fault:
        raise InvalidValue(f"{path} can't be read: {fault.strerror}; give a file like examples/caisse.toml") from None
    except UnicodeDecodeError:
        raise InvalidValue(f"{path} is not UTF-8 text; save it as UTF-8") from None


def parsed(path: Path, text: str) -> Table:
    """Raises InvalidValue."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise InvalidValue(f"{path} is not TOML: {fault}; compare the line with examples/caisse.toml") from None


IMPORTS: Final = ("members", "producers", "cards")
"""What [import] may name, in the order it is taken."""

PARTS: Final[dict[str, Callable[[Table, ZoneInfo, int], Table]]] = {
    "decisions": lambda one, _zone, _place: read_decision(one),
    "products": lambda one, _zone, _place: one,
    "funds": lambda one, zone, _place: _fund(one, zone),
    "chartes": read_charte,
    "allocation_rules": lambda one, _zone, _place: _allocation(one),
    "emergency_rules": lambda one, _zone, _place: _emergency(one),
    "household_rules": lambda one, _zone, _place: dict(one),
    "solidarity_rules": lambda one, _zone, _place: read_solidarity_rule(one),
    "bonus_rules": lambda one, zone, _place: read_bonus_rule(one, zone),
    "cotisation_rules": lambda one, _zone, _place: _cotisation(one),
}
"""[[list]] of the file -> how a table of it (with the zone, and its place from 1) becomes an item of the founding's body."""


def _table(value: object, what: str) -> Table:
    if not isinstance(value, dict):
        example = "charte" if what == "[charte]" else "caisse"
        raise InvalidValue(f"the file needs the table {what}; compare it with examples/{example}.toml")
    return dict(value)


def _list(value: object, what: str) -> list[Table]:
    """Missing is empty."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise InvalidValue(f"{what} is a list of tables, written [[{what}]]; compare it with examples/caisse.toml")
    return [dict(one) for one in value]


def _end(left: Table, what: str) -> None:
    if left:
        raise InvalidValue(f"{what} does not know '{next(iter(left))}'; remove it or correct its name")
