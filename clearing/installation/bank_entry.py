"""Law: a producer's account is checked, then sealed apart; its digest enters the log. The caisse's own is no producer's."""

from collections.abc import Sequence

from clearing.installation.opening import Installation
from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK
from clearing.people import Record
from clearing.settlement.bank_details import InvalidBankDetails, bank_details
from clearing.values import CaisseCode


def bank_record(producer: str, *, name: str, iban: str, bic: str = "") -> Record:
    """name: as the bank knows it. Raises InvalidBankDetails."""
    checked = bank_details(name=name, iban=iban, bic=bic or None)
    fields = {"name": checked.name, "iban": checked.iban} | ({"bic": checked.bic} if checked.bic else {})
    return Record(subject=f"producer:{producer}", kind=BANK, fields=fields)


async def sealed_accounts(installation: Installation, code: CaisseCode, records: Sequence[Record]) -> list[object]:
    """Seal them; the lines of the command that proposes them. Raises InvalidBankDetails for the caisse's own account."""
    async with installation.people_of(code) as people:
        own = await people.newest(ACCOUNT_OF_THE_CAISSE, BANK)
        for record in records:
            if own is not None and record.fields["iban"] == own.fields["iban"]:
                raise InvalidBankDetails(f"The account of {record.subject} is the caisse's own; ask the producer for a RIB")
        digests = await people.keep(records)
    return [
        {"producer": record.subject.removeprefix("producer:"), "digest": digest}
        for record, digest in zip(records, digests, strict=True)
    ]
