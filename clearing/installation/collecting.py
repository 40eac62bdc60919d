"""Law: what goes to the bank, and what members are told, is made of the collection's own events and the details they name.

A rerun is the same byte for byte. Nothing is written before everything was made.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from clearing.event_store.reader import Reader
from clearing.events.caisse import CaisseFounded
from clearing.events.catalogue import Event
from clearing.events.codec import decode
from clearing.events.debits import (
    CollectionAnnounced,
    CollectionApproved,
    CollectionDropped,
    CollectionExported,
    CollectionProposed,
    DebitLeftOut,
    DebitRow,
)
from clearing.installation.home import write_many_private
from clearing.installation.opening import Installation
from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK, NotReady
from clearing.people import Record
from clearing.rules.treasury.collecting import message_id
from clearing.settlement import pain008
from clearing.settlement.bank_details import BankDetails
from clearing.settlement.notice import Notice, render_notice
from clearing.settlement.pain001 import REMITTANCE_CHARS_MAX
from clearing.settlement.sheet import Row, money_cell, render_sheet, text_cell
from clearing.values import CaisseCode, MemberId, MicroTime

LIST: Final = "list.csv"
_HEADER: Final = ("Membre", "Titulaire", "Mois", "Montant EUR", "Mandat", "Signé le", "Type", "Référence")


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionFiles:
    """files: name below the collection's folder -> content. main: the one written last."""

    collection: int
    message_id: str
    collect_on: str
    total_cents: int
    debits: int
    main: str
    files: dict[str, bytes]
    sha256: bytes
    before: bytes

    def write(self, folder: Path) -> Path:
        """Write all of them; the path of the main one. Raises NotReady when they differ from what was recorded before."""
        if self.before not in (b"", self.sha256):
            raise NotReady(
                f"The files of collection {self.collection} would differ from those made before, so nothing was written. Was "
                "a name or the caisse's own account changed? Do not send a second file; run: clearing audit"
            )
        write_many_private(folder, self.files, last=self.main)
        return folder / self.main


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """left_out: members, before the notices were made and after. approved_us: 0 before it."""

    founded: CaisseFounded
    proposed: CollectionProposed
    approved_us: int
    announced: CollectionAnnounced | None
    exported: CollectionExported | None
    left_out: frozenset[MemberId]
    untold: frozenset[MemberId]

    def rows(self, without: frozenset[MemberId]) -> list[DebitRow]:
        return [row for row in self.proposed.rows if row.member not in without]


async def make_notices(installation: Installation, code: CaisseCode, collection: int) -> CollectionFiles:
    """A notice per member, and the list. Raises NotReady, NotKept."""
    facts, _, details = await _known(installation, code, collection)
    rows = facts.rows(facts.untold)
    notices = {f"notices/{row.member}.txt": render_notice(_notice(facts, row, details[row.details])) for row in rows}
    files = notices | {LIST: _list(rows, details)}
    digest = hashlib.sha256(b"".join(notices[name] for name in sorted(notices))).digest()
    before = facts.announced.sha256 if facts.announced is not None else b""
    return _made(facts, rows, files, LIST, digest, before)


async def make_bank_file(installation: Installation, code: CaisseCode, collection: int) -> CollectionFiles:
    """The pain.008 and the list. Raises NotReady, UnpayableFile, NotKept."""
    facts, own, details = await _known(installation, code, collection)
    if facts.announced is None:
        raise NotReady(f"The members have not been told of collection {collection}: clearing collection announce {collection}")
    rows = facts.rows(facts.left_out)
    name = f"{message_id(facts.founded.code, collection)}.xml"
    xml = pain008.render(_debit_file(facts, own, details, rows))
    before = facts.exported.file_sha256 if facts.exported is not None else b""
    return _made(facts, rows, {LIST: _list(rows, details), name: xml}, name, hashlib.sha256(xml).digest(), before)


def _made(
    facts: _Facts, rows: list[DebitRow], files: dict[str, bytes], main: str, digest: bytes, before: bytes
) -> CollectionFiles:
    proposed = facts.proposed
    return CollectionFiles(
        collection=proposed.collection, message_id=message_id(facts.founded.code, proposed.collection),
        collect_on=proposed.collect_on, total_cents=sum(row.cents for row in rows), debits=len(rows), main=main, files=files,
        sha256=digest, before=before,
    )


async def _known(
    installation: Installation, code: CaisseCode, collection: int
) -> tuple[_Facts, Record, Mapping[bytes, Record]]:
    async with installation.reading(code) as reader, installation.people_of(code) as people:
        facts = await _facts(reader, collection)
        own = await people.newest(ACCOUNT_OF_THE_CAISSE, BANK)
        if own is None:
            raise NotReady("The caisse's own account is not entered; enter it with: clearing account --name NAME --iban IBAN")
        details = await people.read(sorted({row.details for row in facts.proposed.rows}))
    return facts, own, details


async def _facts(reader: Reader, collection: int) -> _Facts:
    founded = [decode(row.type, row.schema_version, row.public, row.private) for row in await reader.read(0, 1)]
    events: list[tuple[int, Event]] = []
    after = 0
    while rows := await reader.events_of(f"collection/{collection}", after=after):
        events += [(row.at_us, decode(row.type, row.schema_version, row.public, row.private)) for row in rows]
        after = rows[-1].position
    proposed = next((event for _, event in events if isinstance(event, CollectionProposed)), None)
    if proposed is None or not founded or not isinstance(founded[0], CaisseFounded):
        raise NotReady(f"There is no collection {collection}; look at: clearing collections")
    approved_us = next((at_us for at_us, event in events if isinstance(event, CollectionApproved)), 0)
    if not approved_us:
        raise NotReady(f"Collection {collection} is not approved yet; another person than {proposed.by} has to: clearing "
                       f"collection approve {collection} --by PERSON")  # fmt: skip
    if any(isinstance(event, CollectionDropped) for _, event in events):
        raise NotReady(f"Collection {collection} was dropped; propose another one")
    announced_at = next((place for place, (_, event) in enumerate(events) if isinstance(event, CollectionAnnounced)), None)
    told = events if announced_at is None else events[:announced_at]
    return _Facts(
        founded=founded[0], proposed=proposed, approved_us=approved_us,
        announced=next((event for _, event in events if isinstance(event, CollectionAnnounced)), None),
        exported=next((event for _, event in events if isinstance(event, CollectionExported)), None),
        left_out=_left_out(events), untold=_left_out(told),
    )


def _left_out(events: list[tuple[int, Event]]) -> frozenset[MemberId]:
    return frozenset(event.member for _, event in events if isinstance(event, DebitLeftOut))


def _notice(facts: _Facts, row: DebitRow, account: Record) -> Notice:
    return Notice(
        caisse_name=facts.founded.name, creditor_id=facts.proposed.creditor, name=account.fields["name"],
        iban=account.fields["iban"], mandate=row.mandate, signed_on=date.fromisoformat(row.signed_on),
        collect_on=date.fromisoformat(facts.proposed.collect_on), months=tuple((part.period, part.cents) for part in row.parts),
    )


def _debit_file(
    facts: _Facts, own: Record, details: Mapping[bytes, Record], rows: list[DebitRow]
) -> pain008.DebitFile:
    debits = []
    for row in rows:
        account, months = details[row.details].fields, " ".join(part.period for part in row.parts)
        debits.append(pain008.DirectDebit(
            end_to_end_id=row.reference, mandate=row.mandate, signed_on=date.fromisoformat(row.signed_on),
            sequence=row.sequence, debtor_name=account["name"], iban=account["iban"], bic=account.get("bic"),
            amount_cents=row.cents, remittance=f"Cotisation {months} {facts.founded.name}"[:REMITTANCE_CHARS_MAX],
            new_account=row.new_account, old_creditor=row.old_creditor,
        ))  # fmt: skip
    creditor = BankDetails(name=own.fields["name"], iban=own.fields["iban"], bic=own.fields.get("bic"))
    return pain008.DebitFile(
        msg_id=message_id(facts.founded.code, facts.proposed.collection), created_at_us=MicroTime(facts.approved_us),
        collection_date=date.fromisoformat(facts.proposed.collect_on), creditor=creditor,
        creditor_id=facts.proposed.creditor, debits=tuple(debits),
    )


def _list(rows: list[DebitRow], details: Mapping[bytes, Record]) -> bytes:
    """What the second person looks at, and keeps."""
    found: list[Row] = [
        (
            text_cell(row.member), text_cell(details[row.details].fields["name"]),
            text_cell(" ".join(part.period for part in row.parts)), money_cell(row.cents), text_cell(row.mandate),
            row.signed_on, row.sequence, text_cell(row.reference),
        )
        for row in rows
    ]  # fmt: skip
    return render_sheet([_HEADER, *found])
