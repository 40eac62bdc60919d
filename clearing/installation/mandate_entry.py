"""Law: what a member signed for her bank is checked before it is sealed; her account lies apart, the log has its digest."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from clearing.installation.opening import Installation
from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK
from clearing.people import Record
from clearing.rules.book import Book
from clearing.settlement.bank_details import InvalidBankDetails, bank_details
from clearing.values import CaisseCode, InvalidValue, identifier

_NOT_IN_A_REFERENCE: Final = re.compile(r"[^A-Z0-9.-]")


def free_reference(book: Book, code: CaisseCode) -> str:
    """The next reference of the caisse's own that nothing is called by: it names no member."""
    number = len(book.debits.mandates) + 1
    start = _NOT_IN_A_REFERENCE.sub("-", code.upper())[:20]
    while book.debits.find(f"{start}-M{number:06d}") is not None:
        number += 1
    return f"{start}-M{number:06d}"


def read_row(row: Mapping[str, str]) -> tuple[dict[str, object], Record]:
    """One mandate of a list, its digest still missing; and the account. Raises InvalidValue, InvalidBankDetails."""
    member = identifier(row["member"], what="'member'")
    checked = bank_details(name=row["name"], iban=row["iban"], bic=row.get("bic") or None)
    fields = {"name": checked.name, "iban": checked.iban} | ({"bic": checked.bic} if checked.bic else {})
    item: dict[str, object] = {
        "mandate": row["mandate"], "member": member, "kind": row.get("kind") or "recurrent", "how": row.get("how") or "paper",
        "signed_on": _day(row["signed_on"], "signed_on"),
    }
    if row.get("used_on"):
        item["used_on"] = _day(row["used_on"], "used_on")
    return item, Record(subject=f"member:{member}", kind=BANK, fields=fields)


def _day(text: str, column: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InvalidValue(f"'{column}' is written YYYY-MM-DD, like 2026-03-21, not {text!r}") from None


async def sealed(installation: Installation, code: CaisseCode, records: Sequence[Record]) -> list[bytes]:
    """Digests of the accounts, sealed. Raises InvalidBankDetails for the caisse's own account."""
    async with installation.people_of(code) as people:
        own = await people.newest(ACCOUNT_OF_THE_CAISSE, BANK)
        for record in records:
            if own is not None and record.fields["iban"] == own.fields["iban"]:
                member = record.subject.removeprefix("member:")
                raise InvalidBankDetails(f"The account of {member} is the caisse's own; ask the member for a RIB")
        return await people.keep(records)
