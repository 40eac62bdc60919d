"""Law: a founding file says in a treasurer's words what the founding command says in cents, ten-thousandths and microseconds.

Amounts are "150.00", rates are percent, instants are local wall time of the caisse's zone. A field that is not known is an
error that names it; every mistake is told with its line. What the rules say of the content is the writer's business; here is
the form.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from clearing.installation.founding_tables import (
    NONE,
    PARTS,
    Pieces,
    Several,
    Table,
    each,
    end_of,
    list_of,
    read_charte,
    read_decision,
    read_zone,
    table_of,
)
from clearing.installation.slips import Slips
from clearing.installation.toml_lines import TomlLines
from clearing.values import CaisseCode, InvalidValue, identifier

PublicKeyOf = Callable[[str], bytes]
_BYTES_MAX: Final = 1 << 20


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
    caisse = table_of(tables.pop("caisse", None), "[caisse]")
    account = table_of(caisse.pop("account", None), "[caisse.account]")
    code = CaisseCode(identifier(caisse.pop("code", None), what="[caisse]: 'code'"))
    zone = read_zone(caisse.get("zone"))
    holder = {name: str(account[name]) for name in ("name", "iban", "bic") if account.get(name)}
    if {"name", "iban"} - holder.keys():
        raise InvalidValue("[caisse.account] needs 'name' (as the bank knows it) and 'iban': the producers are paid from it")
    body: Table = {"name": caisse.pop("name", None), "zone": caisse.pop("zone", None), "account_name": holder["name"]}
    pieces.read(lambda: end_of(caisse, "[caisse]"), "caisse", default=None)
    imports = pieces.read(lambda: _imports(path, tables.pop("import", None)), "import", default=dict[str, Path]())
    body["persons"] = pieces.read(
        lambda: each(tables.pop("persons", None), "persons", lambda one, _: _person(one, public_key_of)), default=NONE
    )
    for name, read in PARTS.items():
        body[name] = pieces.read(partial(each, tables.pop(name, None), name, partial(_in_zone, read, zone)), default=NONE)
    pieces.read(lambda: end_of(tables, path.name), default=None)
    pieces.end()
    return FoundingFile(path=path, code=code, body=body, account=holder, imports=imports, lines=lines)


def _in_zone(read: "Callable[[Table, ZoneInfo, int], Table]", zone: ZoneInfo, one: Table, place: int) -> Table:
    return read(one, zone, place)


def _imports(path: Path, value: object) -> dict[str, Path]:
    """[import]: lists that lie in files of their own, named from where this file lies."""
    named = {} if value is None else table_of(value, "[import]")
    for name, file in named.items():
        if name not in IMPORTS:
            raise InvalidValue(f"[import] does not know '{name}'; it brings {', '.join(IMPORTS)}")
        if not isinstance(file, str) or not file:
            raise InvalidValue(f"'{name}' of [import] is the name of a CSV file in quotes")
    return {name: path.parent / str(named[name]) for name in IMPORTS if name in named}


def read_charte_file(path: Path, zone: ZoneInfo, version: int) -> tuple[Table, list[Table]]:
    """A file with [charte] and, if the vote is not recorded yet, [[decisions]]: both as their commands' bodies."""
    return read_charte_text(path, read_text(path), zone, version)


def read_charte_text(path: Path, text: str, zone: ZoneInfo, version: int) -> tuple[Table, list[Table]]:
    """The same of what was typed. path: what mistakes call it by."""
    tables = parsed(path, text)
    body = read_charte(table_of(tables.pop("charte", None), "[charte]"), zone, version)
    decisions = [read_decision(one) for one in list_of(tables.pop("decisions", None), "decisions")]
    end_of(tables, path.name)
    return body, decisions


def _person(one: Table, public_key_of: PublicKeyOf) -> Table:
    said = dict(one)
    person = identifier(said.get("person"), what="[[persons]]: 'person'")
    given = said.pop("key", None)
    try:
        said["key"] = public_key_of(person) if given is None else bytes.fromhex(str(given))
    except InvalidValue:  # that there is none, as who looked it up says it
        raise
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
