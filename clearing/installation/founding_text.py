"""Law: a caisse's rules are written as a founding file that another caisse begins with: what was voted, never who or whose.

Amounts, rates and days as a person writes them; read again by founding_file.py, the file gives the same rules to the cent.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from clearing.authoriser.founding import PARTS
from clearing.events.caisse import CharteAdopted, DecisionRecorded
from clearing.events.catalogue import Event
from clearing.events.charte import Ceiling, Charte, Condition
from clearing.events.funds import AllocationRuleSet, Earmark, FundOpened
from clearing.rules.book import Book
from clearing.rules.calendar import instant_us
from clearing.values import CaisseCode, PersonId

COPIED: Final = ("decisions", "funds", "chartes", "allocation_rules")
"""The lists of a founding that are written here; the others are named in the file, for who writes them by hand."""
_NOBODY: Final = PersonId("nobody")
_NAMES: Final = {"cents_each": "amount", "unit_cents": "unit", "cents": "amount"}
"""How a founding file calls a field, where it is not the field's name without its unit."""
_NEVER: Final = frozenset({"by", "version"})

_HEAD: Final = """\
# The rules of {code}, as they stood on {day}: a template for another caisse.
#
#   clearing found THIS-FILE --check --by officer-1      tells every mistake, records nothing
#   clearing found THIS-FILE --by officer-1              founds it
#
# Fill in what is empty, give the persons their names, and put your own votes in the place of these: a rule stands on a decision
# of the caisse that it is for. Amounts are euros with two decimals in quotes, rates percent, dates without an offset.

[caisse]
code = {new_code}                  # short name on cards and files: a-z 0-9 . _ -   It never changes.
name = {name}
zone = {zone}

[caisse.account]                   # the account that producers are paid from; kept encrypted, never in the log
name = {holder}
iban = {iban}

# --- Who may command. Make a key for each: clearing person add NAME -----------------------------------------------------
"""
_TITLES: Final = {
    "decisions": "What was voted. Put your own votes here.", "funds": "Money with a purpose.",
    "chartes": "Who pays which cent at the till, asked in this order.",
    "allocation_rules": "The credit of a month, given with: clearing grant YYYY-MM",
}  # fmt: skip


def founding_text(book: Book, *, at_us: int, new_code: CaisseCode, holder: str = "", iban: str = "") -> str:
    """The file. holder, iban: of the new caisse's account; left empty, `found` asks for them with their line."""
    caisse = book.caisse
    zone, day = caisse.calendar.zone, caisse.calendar.day(at_us).isoformat()
    text = _HEAD.format(
        code=caisse.code, day=day, new_code=_text(new_code), name=_text(f"{caisse.name} (2)"), zone=_text(zone.key),
        holder=_text(holder), iban=_text(iban),
    )  # fmt: skip
    active = [person for person in caisse.persons.values() if person.active]
    for place, person in enumerate(active, start=1):
        text += f'\n[[persons]]\nperson = "officer-{place}"\nroles = {_value(person.roles, zone)}\n'
    rules = rules_of(book, at_us=at_us)
    for name in COPIED:
        text += f"\n# --- {_TITLES[name]} " + "-" * max(3, 110 - len(_TITLES[name])) + "\n"
        text += "".join(_tables(name, event, zone) for event in rules[name])
    others = [name for name in PARTS if name not in COPIED]
    return text + (f"\n# Not copied, write them here if you have any: {', '.join(others)}.\n" if others else "")


def rules_of(book: Book, *, at_us: int) -> dict[str, list[Event]]:
    """What of a caisse's rules is copied, by list of the founding: the charte in force and those to come, the credit rules, the
    decisions they stand on, and the funds."""
    caisse = book.caisse
    now = caisse.charte_at(at_us)
    chartes = [one for one in caisse.chartes if one is now or one.effective_us > at_us]
    rules = book.allocation.rules.values()
    named = {one.decision for one in chartes} | {one.decision for one in rules}
    named |= {fund.decision for fund in book.funds.values()}
    return {
        "decisions": [decision for decision in caisse.decisions.values() if decision.decision in named],
        "funds": [
            FundOpened(
                fund=fund, kind=one.kind, name=one.name, earmark=one.earmark, by=_NOBODY,
                advance_cents=one.advance_cents,  # type: ignore[arg-type]
                decision=one.decision,
            )
            for fund, one in book.funds.items()
        ],
        "chartes": [CharteAdopted(charte=charte, by=_NOBODY) for charte in chartes],
        "allocation_rules": list(rules),
    }


def differing(rules: dict[str, list[Event]], founded: Iterable[Event]) -> list[str]:
    """Lists in which a founding is not what was to be copied: a rule that the file has no words for."""
    kinds = dict(zip(COPIED, (DecisionRecorded, FundOpened, CharteAdopted, AllocationRuleSet), strict=True))
    events = list(founded)
    return [
        name for name, kind in kinds.items()
        if [_bare(one) for one in rules[name]] != [_bare(one) for one in events if isinstance(one, kind)]
    ]  # fmt: skip


def _bare(event: Event) -> object:
    """Without who commanded, and without a version: the new caisse counts its own."""
    if isinstance(event, CharteAdopted):
        return replace(event.charte, version=1)
    bare: Any = event
    return replace(bare, by=_NOBODY)


def _tables(name: str, event: Event, zone: ZoneInfo) -> str:
    if not isinstance(event, CharteAdopted):
        return f"\n[[{name}]]\n" + _lines(_pairs(event, zone))
    charte: Charte = event.charte
    inside = {"tariffs", "payers"}
    text = f"\n[[{name}]]\n" + _lines(pair for pair in _pairs(charte, zone) if pair[0] not in inside)
    for kind, rules in (("tariffs", charte.tariffs), ("payers", charte.payers)):
        text += "".join(f"\n[[{name}.{kind}]]\n" + _lines(_pairs(rule, zone)) for rule in rules)
    return text


def _lines(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{name} = {value}\n" for name, value in pairs)


def _pairs(record: Any, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """Each field that is not as it is when left out, by the name and in the form of a founding file."""
    for name, value, left_out in _fields(record):
        if name in _NEVER or value is None or value in ((), b"") or value == left_out:
            continue
        if isinstance(value, Condition | Earmark):
            yield from _pairs(value, zone)
        elif isinstance(record, Ceiling) and name == "per_purse":
            yield "per", '"caisse"'
        elif name.endswith("_us"):
            yield name.removesuffix("_us"), _wall_time(value, zone)
        elif name.endswith("cents") or name in _NAMES:
            yield _NAMES.get(name, name.removesuffix("_cents")), f'"{value // 100}.{value % 100:02d}"'
        elif name == "rate":
            yield name, _percent(value)
        elif name == "taken_on":
            yield name, str(value)
        else:
            yield name, _value(value, zone)


def _fields(record: Any) -> Iterator[tuple[str, Any, Any]]:
    """(name, value, what it is when left out) of a dataclass, or of a named tuple."""
    if is_dataclass(record):
        for field in fields(record):
            yield field.name, getattr(record, field.name), () if field.default is MISSING else field.default
    else:
        for name, value in record._asdict().items():
            yield name, value, record._field_defaults.get(name, ())


def _value(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return _text(value.hex())
    if isinstance(value, tuple) and any(is_dataclass(one) or hasattr(one, "_asdict") for one in value):
        rows = ["{ " + ", ".join(f"{name} = {said}" for name, said in _pairs(one, zone)) + " }" for one in value]
        return f"[{rows[0]}]" if len(rows) == 1 else "[\n" + "".join(f"  {row},\n" for row in rows) + "]"
    if isinstance(value, tuple):
        return "[" + ", ".join(_value(one, zone) for one in value) + "]"
    return _text(str(value))


def _text(text: str) -> str:
    """A text in quotes: JSON's escapes are TOML's too."""
    return json.dumps(text, ensure_ascii=False)


def _percent(rate: int) -> str:
    whole, part = divmod(rate, 100)
    return str(whole) if not part else f'"{whole}.{part:02d}"'


def _wall_time(us: int, zone: ZoneInfo) -> str:
    """To the microsecond if it has to be; an instant of the hour that comes twice is read as the first of the two."""
    at = datetime.fromtimestamp(us // 1_000_000, zone).replace(microsecond=us % 1_000_000, tzinfo=None)
    assert instant_us(at.replace(tzinfo=zone)) <= us, "a wall time names the first of two instants"
    return at.isoformat()
