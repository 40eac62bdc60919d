"""Law: personal data of a test lies in a dictionary, under the digests and pseudonyms that the real ones have."""

import hashlib
import json
from collections.abc import Sequence

from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK
from clearing.people import People, Record
from tests.bank.samples import OWN_IBAN


class PeopleInMemory(People):
    """As People, without a database: a digest is of the record and its number."""

    def __init__(self, iban: str = OWN_IBAN) -> None:
        self._pseudonyms = b"k" * 32  # type: ignore[misc]
        self.kept: dict[bytes, Record] = {}
        if iban:
            self.kept[b"own"] = Record(subject=ACCOUNT_OF_THE_CAISSE, kind=BANK, fields={"name": "CAISSE", "iban": iban})

    async def keep(self, records: Sequence[Record]) -> list[bytes]:
        found = []
        for record in records:
            said = json.dumps([len(self.kept), record.subject, dict(record.fields)]).encode()
            found.append(hashlib.sha256(said).digest())
            self.kept[found[-1]] = record
        return found

    async def newest(self, subject: str, kind: str) -> Record | None:
        alike = [one for one in self.kept.values() if (one.subject, one.kind) == (subject, kind)]
        return alike[-1] if alike else None

    async def read_kept(self, digests: Sequence[bytes]) -> dict[bytes, Record]:
        return {digest: self.kept[digest] for digest in digests if digest in self.kept}
