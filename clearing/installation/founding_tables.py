"""Law: a table of a founding file says in a treasurer's words what a command says in cents, ten-thousandths and microseconds.

Amounts are "150.00", rates are percent, instants are local wall time of the caisse's zone. Each mistake has its place.
"""


from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from clearing.installation.amounts import read_euros, read_percent
from clearing.rules.calendar import instant_us
from clearing.rules.treasury.takings import MEANS
from clearing.values import WHOLE, InvalidValue, Rate

Table = dict[str, object]
Place = tuple[str | int, ...]
T = TypeVar("T")
NONE: Final[list[Table]] = []
_HOUR_THAT_COMES_TWICE: Final = 0  # wall times of the night summer time ends mean the first of the two


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


def each(value: object, name: str, read: Callable[[Table, int], Table]) -> list[Table]:
    """The tables of a list, each read with its place from 1. Raises Several with the mistakes of all of them."""
    pieces = Pieces()
    done = [
        pieces.read(partial(read, one, place), name, place - 1, default=one)
        for place, one in enumerate(list_of(value, name), start=1)
    ]
    pieces.end()
    return done


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
    tallies = list_of(said.get("tallies"), "tallies")
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
    said["payers"] = pieces.read(lambda: each(payers, "payers", lambda payer, _: _payer(payer, zone)), default=NONE)
    said["tariffs"] = pieces.read(lambda: each(tariffs, "tariffs", lambda tariff, _: _tariff(tariff, zone)), default=NONE)
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
        lambda: each(one.get("covers"), "covers", lambda cover, _: _cover(cover, what, whole=True)), default=NONE
    )
    said["ceilings"] = pieces.read(
        lambda: each(one.get("ceilings"), "ceilings", lambda ceiling, _: _ceiling(ceiling, what)), default=NONE
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
    said["covers"] = [_cover(cover, what, whole=False) for cover in list_of(said.get("covers"), f"covers of {what}")]
    said["month_cents"] = read_euros(said.pop("month", None), what=f"month of {what}")
    return {"short": "less"} | _with_condition(said, zone, what)


def _cotisation(one: Table) -> Table:
    """minimum and step "0.01", every means, and the free amount without a grid, unless the file says otherwise."""
    said, what = dict(one), f"cotisation rule {one.get('rule')!r}"
    for name in ("minimum", "step"):
        said[f"{name}_cents"] = read_euros(said.pop(name, "0.01"), what=f"{name} of {what}")
    levels = list_of(said.get("levels"), f"levels of {what}")
    said["levels"] = [_level(level, what) for level in levels]
    return {"free": not levels, "means": list(MEANS), "over_is_gift": False} | said


def _level(one: Table, what: str) -> Table:
    said = dict(one)
    return said | {"cents": read_euros(said.pop("amount", None), what=f"level {one.get('label')!r} of {what}")}


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


def table_of(value: object, what: str) -> Table:
    if not isinstance(value, dict):
        example = "charte" if what == "[charte]" else "caisse"
        raise InvalidValue(f"the file needs the table {what}; compare it with examples/{example}.toml")
    return dict(value)


def list_of(value: object, what: str) -> list[Table]:
    """Missing is empty."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise InvalidValue(f"{what} is a list of tables, written [[{what}]]; compare it with examples/caisse.toml")
    return [dict(one) for one in value]


def end_of(left: Table, what: str) -> None:
    if left:
        raise InvalidValue(f"{what} does not know '{next(iter(left))}'; remove it or correct its name")
