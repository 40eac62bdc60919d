"""Law: a founding file says in a treasurer's words what the founding command says in cents, ten-thousandths and microseconds.

Amounts are "150.00", rates are percent, instants are local wall time of the caisse's zone. A field that is not known is an
error that names it. What the rules say of the content is the writer's business; here is the form.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from clearing.installation.amounts import read_euros, read_percent
from clearing.rules.calendar import instant_us
from clearing.values import WHOLE, CaisseCode, InvalidValue, identifier

Table = dict[str, object]
PublicKeyOf = Callable[[str], bytes]
_BYTES_MAX: Final = 1 << 20
_HOUR_THAT_COMES_TWICE: Final = 0  # wall times of the night summer time ends mean the first of the two


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundingFile:
    """body: of the command `found`. account: name, iban and bic of the caisse's own account, which never enters an event."""

    code: CaisseCode
    body: Table
    account: dict[str, str]


def read_founding_file(path: Path, public_key_of: PublicKeyOf) -> FoundingFile:
    """public_key_of: the key of a person who has none in the file. Raises InvalidValue with the place and what to write."""
    tables = _tables(path)
    caisse = _table(tables.pop("caisse", None), "[caisse]")
    account = _table(caisse.pop("account", None), "[caisse.account]")
    code = CaisseCode(identifier(caisse.pop("code", None), what="[caisse]: 'code'"))
    zone = read_zone(caisse.get("zone"))
    holder = {name: str(account[name]) for name in ("name", "iban", "bic") if account.get(name)}
    if {"name", "iban"} - holder.keys():
        raise InvalidValue("[caisse.account] needs 'name' (as the bank knows it) and 'iban': the producers are paid from it")
    body: Table = {"name": caisse.pop("name", None), "zone": caisse.pop("zone", None), "account_name": holder["name"]}
    _end(caisse, "[caisse]")
    body["persons"] = [_person(one, public_key_of) for one in _list(tables.pop("persons", None), "persons")]
    for name, read in PARTS.items():
        listed = _list(tables.pop(name, None), name)
        body[name] = [read(one, zone, place) for place, one in enumerate(listed, start=1)]
    _end(tables, path.name)
    return FoundingFile(code=code, body=body, account=holder)


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
    """A vote: its date may be a TOML date; the minutes' hash is left empty unless the file gives it in hex."""
    said = dict(one)
    taken_on = said.get("taken_on")
    said["taken_on"] = taken_on.isoformat() if isinstance(taken_on, date) else taken_on
    minutes = said.pop("minutes_sha256", "")
    try:
        said["minutes_sha256"] = bytes.fromhex(str(minutes))
    except ValueError:
        raise InvalidValue(f"minutes_sha256 of {said.get('decision')!r} is 64 hexadecimal digits (sha256sum FILE)") from None
    return said


def read_charte(one: Table, zone: ZoneInfo, version: int) -> Table:
    """A charte as clearing/authoriser/bodies.py reads it."""
    said = dict(one)
    said["version"] = version
    said["effective_us"] = read_wall_time(said.pop("effective", None), zone, what="'effective' of a charte")
    said["payers"] = [_payer(payer, zone) for payer in _list(said.pop("payers", None), "payers")]
    said["tariffs"] = [_tariff(tariff, zone) for tariff in _list(said.pop("tariffs", None), "tariffs")]
    if "capture_tolerance" in said:
        said["capture_tolerance"] = read_percent(said["capture_tolerance"], what="'capture_tolerance' of a charte")
    return said


def _payer(one: Table, zone: ZoneInfo) -> Table:
    said, what = dict(one), f"payer {one.get('id')!r}"
    said["covers"] = [_cover(cover, what, whole=True) for cover in _list(said.get("covers"), f"covers of {what}")]
    said["ceilings"] = [_ceiling(ceiling, what) for ceiling in _list(said.get("ceilings"), f"ceilings of {what}")]
    return _with_condition(said, zone, what)


def _tariff(one: Table, zone: ZoneInfo) -> Table:
    said, what = dict(one), f"tariff {one.get('id')!r}"
    said["covers"] = [_cover(cover, what, whole=False) for cover in _list(said.get("covers"), f"covers of {what}")]
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


def _fund(one: Table) -> Table:
    said = dict(one)
    said["advance_cents"] = read_euros(said.pop("advance", "0.00"), what=f"advance of fund {one.get('fund')!r}")
    return said


def _allocation(one: Table) -> Table:
    said = dict(one)
    said["cents_each"] = read_euros(said.pop("amount", None), what=f"amount of allocation rule {one.get('rule')!r}")
    return {"who": []} | said


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
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise InvalidValue(f"{path} is larger than a megabyte; is it the right file?")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise InvalidValue(f"{path} can't be read: {fault.strerror}; give a file like examples/caisse.toml") from None
    except UnicodeDecodeError:
        raise InvalidValue(f"{path} is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as fault:
        raise InvalidValue(f"{path} is not TOML: {fault}; compare the line with examples/caisse.toml") from None


PARTS: Final[dict[str, Callable[[Table, ZoneInfo, int], Table]]] = {
    "decisions": lambda one, _zone, _place: read_decision(one),
    "funds": lambda one, _zone, _place: _fund(one),
    "chartes": read_charte,
    "allocation_rules": lambda one, _zone, _place: _allocation(one),
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
