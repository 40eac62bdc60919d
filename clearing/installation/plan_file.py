"""Law: the plan of accounts is a file that a treasurer and her accountant read; what is wrong in it is told with its line."""

import json
import tomllib
from importlib.resources import files
from typing import Final, NamedTuple

from clearing.events.books import AccountPlanSet, PlanRow
from clearing.installation.toml_lines import TomlLines
from clearing.rules.treasury.account_plan import SECTIONS, wrong_plan, wrong_row

_ALONE: Final = ("siren", "year_starts")


class PlanRefused(ValueError):
    """The file is no plan of accounts; the text names the line and what to write there."""


class PlanFile(NamedTuple):
    siren: str
    year_starts: int
    rows: tuple[PlanRow, ...]


def default_plan() -> str:
    """The plan that is offered, with its comments."""
    return files("clearing.installation").joinpath("account_plan.toml").read_text(encoding="utf-8")


def plan_text(plan: AccountPlanSet) -> str:
    """A recorded plan as such a file, to be changed and recorded again."""
    lines = [f"siren = {json.dumps(plan.siren)}", f"year_starts = {plan.year_starts}"]
    for section in SECTIONS:
        rows = [row for row in plan.rows if row.section == section]
        lines += ["", f"[{section}]"] if rows else []
        lines += [f"{json.dumps(row.name)} = {json.dumps(row.value, ensure_ascii=False)}" for row in rows]
    return "".join(f"{line}\n" for line in lines)


def read_plan(text: str, *, name: str = "the plan") -> PlanFile:
    """Raises PlanRefused."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanRefused(f"{name} is no TOML: {error}") from None
    lines = TomlLines(text)

    def refused(path: tuple[str, ...], why: str) -> PlanRefused:
        return PlanRefused(f"{name}, line {lines.line(path)}: {why}")

    rows: list[PlanRow] = []
    for section, said in table.items():
        if section in _ALONE:
            continue
        if section not in SECTIONS or not isinstance(said, dict):
            raise refused((section,), f"there is no section '{section}'; those there are: {', '.join(SECTIONS)}")
        for key, value in said.items():
            if not isinstance(value, str):
                raise refused((section, key), f"'{key}' needs a text in quotes, like \"512\", not {value!r}")
            row = PlanRow(section, key, value)
            if why := wrong_row(row):
                raise refused((section, key), why)
            rows.append(row)
    siren, starts = table.get("siren", ""), table.get("year_starts", 1)
    if not isinstance(siren, str):
        raise refused(("siren",), 'the SIREN is a text in quotes, like "732829320", or "" without one')
    if type(starts) is not int:
        raise refused(("year_starts",), f"the accounting year starts in a month from 1 to 12, not in {starts!r}")
    if why := wrong_plan(siren, starts, rows):
        raise refused(("siren",) if "SIREN" in why else ("natures",), why)
    return PlanFile(siren, starts, tuple(rows))
