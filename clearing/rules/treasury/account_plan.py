"""Law: a plan of accounts says where each account of the ledger stands in the books, and each reason why a fund moves.

Accountants differ, so it is data. Checked when it is recorded: the books of a closed month must be readable for ever.
Source: règlement ANC 2018-06 (associations), article A.47 A-1 of the livre des procédures fiscales.
"""

import re
from collections.abc import Iterable
from typing import Final

from clearing.events.books import PlanRow

INCOME: Final = ("cotisation", "gift", "coupon", "surplus", "subsidy", "announced", "income")
SPENDING: Final = (
    "credit", "sale", "draw", "bonus", "contract", "lapsed", "bank-charges", "written-off", "given-back", "rest",
    "spending",
)  # fmt: skip
BALANCES: Final = ("opening", "result")
NATURES: Final = (*INCOME, *SPENDING, *BALANCES)
"""Why a fund moves. income, spending: what no other word says. opening: balances of before; result: of a year that is over."""
DEDICATED: Final = {"194": ("6894", "7894"), "195": ("6895", "7895"), "196": ("6896", "7896")}
"""Account of a dedicated fund -> what is put into it and taken out of it at the end of a year."""
KINDS_OF_FUNDS: Final = ("general", "tier", "solidarity", "sponsor", "guarantee")
JOURNALS: Final = ("bank", "hand", "sales", "credit", "subsidies", "other", "opening")
SECTIONS: Final = ("accounts", "natures", "subsidies", "dedicated", "labels", "journals")
ROWS_MAX: Final = 500
_NUMBER: Final = re.compile(r"[1-7][0-9]{2,9}")
_PATTERN: Final = re.compile(r"[a-z][a-z-]*(:[a-z0-9._-]+)*(:\*)?")
_CODE: Final = re.compile(r"[A-Z0-9]{1,6}")
_FORBIDDEN: Final = re.compile(r"[\t|\r\n\x00-\x1f]")


def wrong_row(row: PlanRow) -> str | None:
    """Why this row can't stand in a plan, in a sentence; None when it can."""
    section, name, value = row
    if section == "labels":
        if not _NUMBER.fullmatch(name):
            return f"'{name}' is no account number: a digit from 1 to 7, then two to nine digits"
        return None if value.strip() and not _FORBIDDEN.search(value) else f"the label of {name} must be one line of text"
    if section == "journals":
        if name not in JOURNALS:
            return f"there is no journal '{name}'; those there are: {', '.join(JOURNALS)}"
        code, _, label = value.partition(" ")
        good = _CODE.fullmatch(code) and label.strip() and not _FORBIDDEN.search(label)
        return None if good else f"journal '{name}' is written as a code and its name, like \"BQ Banque\""
    if section not in SECTIONS:
        return f"there is no section '{section}'; those there are: {', '.join(SECTIONS)}"
    if not _NUMBER.fullmatch(value):
        return f"'{name}' needs an account number, a digit from 1 to 7, then two to nine digits, not '{value}'"
    return _wrong_name(section, name, value)


def _wrong_name(section: str, name: str, value: str) -> str | None:
    match section:
        case "accounts" if not _PATTERN.fullmatch(name) or name.startswith(("fund:", "notified:", "held")):
            return f"'{name}' is no account of the ledger that stands somewhere by itself: like bank, owed:* or purse:own"
        case "natures" if name not in NATURES:
            return f"there is no nature '{name}'; those there are: {', '.join(NATURES)}"
        case "dedicated":
            kind, _, of = name.partition(":")
            if kind not in ("fund", "kind") or not of or (kind == "kind" and of not in KINDS_OF_FUNDS):
                return f"'{name}' is neither fund:ID nor kind:KIND; kinds are {', '.join(KINDS_OF_FUNDS)}"
            if value not in DEDICATED:
                return f"dedicated funds stand in {', '.join(DEDICATED)}, not in {value}"
        case _:
            pass
    return None


def wrong_plan(siren: str, year_starts: int, rows: Iterable[PlanRow]) -> str | None:
    """Why this plan can't be recorded; None when it can."""
    known = list(rows)
    if not 1 <= year_starts <= 12:
        return "the accounting year starts in a month from 1 to 12"
    if siren and not siren_holds(siren):
        return f"{siren} is no SIREN: nine digits, the last of which checks the others; leave it empty without one"
    if len(known) > ROWS_MAX:
        return f"a plan has at most {ROWS_MAX} lines, not {len(known)}"
    for row in known:
        if why := wrong_row(row):
            return why
    names = [(row.section, row.name) for row in known]
    twice = next((name for place, (_, name) in enumerate(names) if names[place] in names[:place]), None)
    if twice is not None:
        return f"'{twice}' stands twice"
    there = {name for section, name in names if section == "natures"}
    missing = [name for name in NATURES if name not in there]
    return f"the natures {', '.join(missing)} are missing" if missing else None


def siren_holds(siren: str) -> bool:
    """Nine digits by Luhn's rule. Source: INSEE."""
    if not re.fullmatch(r"[0-9]{9}", siren) or siren == "000000000":
        return False
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(siren))
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0
