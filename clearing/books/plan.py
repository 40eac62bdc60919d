"""Law: every account of the ledger stands in one account of the plan; one that stands nowhere is named, and waits in 471.

A pattern ends in ":*"; the longest that fits wins. A reserve stands where its source stands, so a hold is no entry.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from clearing.books.moves import Move
from clearing.events.books import AccountPlanSet
from clearing.rules.treasury.account_plan import DEDICATED

NOWHERE: Final = "471"
"""Where the plan says nothing: the general waiting account."""
_AUXILIARY: Final = ("owed:", "payable:", "interchange:")
_NO_AUXILIARY: Final = ("payable:member:", "payable:heir:", "payable:grantor:")
"""Kinds whose name is no third party's of the books: a member is never named there."""
_UNNAMED: Final = {
    NOWHERE: "Compte d'attente", "6894": "Reports en fonds dédiés sur subventions",
    "6895": "Reports en fonds dédiés sur contributions d'autres organismes",
    "6896": "Reports en fonds dédiés sur générosité du public", "7894": "Utilisations de fonds dédiés sur subventions",
    "7895": "Utilisations de fonds dédiés sur contributions d'autres organismes",
    "7896": "Utilisations de fonds dédiés sur générosité du public",
}  # fmt: skip


class Place(NamedTuple):
    """An account of the books. auxiliary: the third party's id, "" where there is none."""

    number: str
    auxiliary: str = ""


@dataclass(slots=True)
class Plan:
    """A recorded plan, to be asked. nowhere: ledger accounts that it did not know, as they were asked."""

    said: AccountPlanSet
    nowhere: set[str] = field(default_factory=set)
    _of: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.said.rows:
            self._of.setdefault(row.section, {})[row.name] = row.value

    def place(self, move: Move) -> Place:
        """Where a move stands."""
        account = move.account
        for reserve in ("held:", "held-abroad:"):
            account = account.removeprefix(reserve)
        if move.nature:
            return Place(self._nature(move))
        number = self._pattern(account)
        if number is None:
            self.nowhere.add(account)
            number = NOWHERE
        return Place(number, _third_party(account))

    def _nature(self, move: Move) -> str:
        if move.nature in ("subsidy", "given-back", "announced"):
            subsidies = self._of.get("subsidies", {})
            of = subsidies.get(move.grant) or subsidies.get(move.account.partition(":")[2] if not move.grant else "")
            if of is not None:
                return of
        return self._of["natures"][move.nature]

    def _pattern(self, account: str) -> str | None:
        accounts = self._of.get("accounts", {})
        if account in accounts:
            return accounts[account]
        while account:
            account, _, _ = account.rpartition(":")
            if f"{account}:*" in accounts:
                return accounts[f"{account}:*"]
        return None

    def nature(self, name: str) -> str:
        return self._of["natures"][name]

    def dedicated(self, fund: str, kind: str) -> tuple[str, str, str] | None:
        """(fund's account, what is put in, what is taken out) of a fund whose rest is dedicated at the end of a year."""
        known = self._of.get("dedicated", {})
        number = known.get(f"fund:{fund}") or known.get(f"kind:{kind}")
        return None if number is None else (number, *DEDICATED[number])

    def label(self, number: str) -> str:
        """As the plan calls it; else as the shortest account above it; else its number."""
        labels = self._of.get("labels", {})
        for size in range(len(number), 2, -1):
            found = labels.get(number[:size]) or _UNNAMED.get(number[:size])
            if found is not None:
                return found
        return f"Compte {number}"

    def journal(self, name: str) -> tuple[str, str]:
        """(code, label)."""
        code, _, label = self._of.get("journals", {}).get(name, JOURNAL_NAMES[name]).partition(" ")
        return code, label.strip()


JOURNAL_NAMES: Final = {
    "bank": "BQ Banque", "hand": "CA Caisse et chèques", "sales": "AC Achats aux points de vente",
    "credit": "CR Crédits des adhérents", "subsidies": "SU Subventions", "other": "OD Opérations diverses",
    "opening": "AN À nouveau",
}  # fmt: skip


def _third_party(account: str) -> str:
    if account.startswith(_NO_AUXILIARY) or not account.startswith(_AUXILIARY):
        return ""
    return account.partition(":")[2]

