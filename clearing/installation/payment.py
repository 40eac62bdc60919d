"""Law: what goes to the bank is made of the batch's own events and the details they name: a rerun is the same byte for byte.

The money comes from BatchClosed and the days from BatchApproved, never from a view; a statement that does not add up to its
transfer stops the whole. Nothing is written before everything was made.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from clearing.event_store.reader import PAGE_ROWS_MAX, Reader
from clearing.events.caisse import CaisseFounded
from clearing.events.catalogue import Event
from clearing.events.codec import decode
from clearing.events.joint import PayoutsHandedOver
from clearing.events.producers import ProducerAdmitted
from clearing.events.settlement import BatchApproved, BatchClosed, BatchExported, BatchLine, PayoutsWithdrawn
from clearing.installation.home import write_many_private
from clearing.installation.opening import Installation
from clearing.people import Record
from clearing.projections.answers import StatementRow as Entry
from clearing.projections.drawn import DRAW, GIVE
from clearing.projections.questions import Questions
from clearing.rules.calendar import instant_us
from clearing.rules.stalls.payouts import HEAD_CHARS_MAX, end_to_end_id, message_id
from clearing.settlement import pain001
from clearing.settlement.calendar import is_business_day, next_business_day
from clearing.settlement.overview import OverviewHead, OverviewLine, render_overview, render_transfer_list
from clearing.settlement.statement import Adjustment, Section, StatementHead, StatementRow, render_statement
from clearing.values import BatchId, CaisseCode, Cents, MicroTime, ProducerId

ACCOUNT_OF_THE_CAISSE: Final = "caisse"
BANK: Final = "bank"
FEW: Final = 200
BY_DAY: Final = {DRAW: "Réductions solidaires", GIVE: "Reçu pour le fonds"}
_LABELS: Final = {"failed": "Virement non abouti du lot n° {}", "carried": "Report du lot n° {}"}
_NAMED: Final = {"opening": "Solde repris", "adjustment": "Ajustement"}  # opening: sold before the caisse was led here
_NOT_IN_A_REFERENCE: Final = re.compile(r"[^a-z0-9.-]")

T = TypeVar("T")
Said = tuple[StatementHead, tuple[StatementRow, ...]]
"""A statement before it is made a sheet or a paper."""


class NotReady(Exception):
    """The batch can't be exported yet, or not any more; the text says what is missing and who has to do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFiles:
    """files: name below the batch's folder -> content; bank_file: the name of the pain.001 among them. statements: of each
    producer that is paid, before they were made sheets."""

    batch: int
    message_id: str
    total_cents: int
    payouts: int
    bank_file: str
    files: dict[str, bytes]
    exported: BatchExported | None
    notes: tuple[str, ...]
    statements: Mapping[ProducerId, tuple[StatementHead, tuple[StatementRow, ...]]]

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.files[self.bank_file]).digest()

    def write(self, folder: Path) -> Path:
        """Write all of them; the bank file's path. Raises NotReady when it differs from what was exported before."""
        if self.exported is not None and self.exported.file_sha256 != self.sha256:
            raise NotReady(
                f"The file of batch {self.batch} would differ from the one exported before, so nothing was written. Was the "
                "caisse's own account changed? Do not pay this batch again; run: clearing audit"
            )
        write_many_private(folder, self.files, last=self.bank_file)
        return folder / self.bank_file


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """places: of each producer's line among the lines, from 1. elsewhere: whose transfers were taken out of it, or handed over
    to another caisse."""

    founded: CaisseFounded
    closed: BatchClosed
    approved: BatchApproved
    approved_us: int
    exported: BatchExported | None
    places: Mapping[ProducerId, int]
    elsewhere: frozenset[ProducerId]

    @property
    def message_id(self) -> str:
        return message_id(reference_head(self.founded.code), self.closed.batch)

    @property
    def total_cents(self) -> Cents:
        return Cents(sum(self.paid_cents(line) for line in self.closed.lines))

    def paid_cents(self, line: BatchLine) -> Cents:
        return Cents(0) if line.producer in self.elsewhere else line.paid_cents

    @property
    def execution_on(self) -> date:
        """The approved day, or the first one after it on which banks pay: nobody can approve a batch again."""
        approved = date.fromisoformat(self.approved.execution_on)
        return approved if is_business_day(approved) else next_business_day(approved)

    def reference(self, line: BatchLine) -> str:
        """The EndToEndId of a payout: the batch, its line and which attempt it is."""
        head = reference_head(self.founded.code)
        return end_to_end_id(head, self.closed.batch, self.places[line.producer], line.attempt)


def reference_head(code: str) -> str:
    """A caisse's code as references spell it."""
    return _NOT_IN_A_REFERENCE.sub("-", code)[:HEAD_CHARS_MAX]


async def make_files(installation: Installation, code: CaisseCode, batch: int) -> BatchFiles:
    """Everything for the bank, the committee and the producers. Raises NotReady, UnpayableFile, NotKept, StatementMismatch."""
    async with installation.reading(code) as reader, installation.people_of(code) as people, installation.asking(code) as views:
        facts = await _facts(reader, batch)
        debtor = await people.newest(ACCOUNT_OF_THE_CAISSE, BANK)
        if debtor is None:
            raise NotReady("The caisse's own account is not entered; enter it with: clearing account --name NAME --iban IBAN")
        if not facts.total_cents:
            raise NotReady(f"Batch {batch} pays nobody through the bank: its transfers were taken out of it, or handed over to "
                           f"another caisse. Look at it: clearing batches {batch}")  # fmt: skip
        details = await people.read(sorted({line.details for line in facts.closed.lines if line.details}))
        names = await _names(reader, [line.producer for line in facts.closed.lines])
        payment_file = _payment_file(facts, debtor, details)
        files = {f"{facts.message_id}.xml": pain001.render(payment_file), **_sheets(facts, details, names)}
        own = await _statements(facts, reader, views, [line for line in facts.closed.lines if facts.paid_cents(line)], names)
    sections = await _sections(installation, [line for line in facts.closed.lines if facts.paid_cents(line)])
    statements = {
        producer: (replace(head, sections=sections.get(producer, ())), rows) for producer, (head, rows) in own.items()
    }
    files |= {f"statements/{producer}.csv": render_statement(*said) for producer, said in statements.items()}
    return BatchFiles(
        batch=batch, message_id=facts.message_id, total_cents=facts.total_cents, payouts=len(payment_file.payouts),
        bank_file=f"{facts.message_id}.xml", files=files, exported=facts.exported, notes=tuple(pain001.notes(payment_file)),
        statements=statements,
    )


async def _statements(
    facts: _Batch, reader: Reader, views: Questions, wanted: Sequence[BatchLine], names: Mapping[ProducerId, str]
) -> dict[ProducerId, Said]:
    """The caisse's own sales behind these lines of a batch."""
    found = {}
    for lines in _few(wanted):
        entries = await views.statements(facts.closed.batch, [line.producer for line in lines])
        positions = sorted(one.position for some in entries.values() for one in some)
        times = {at: us for some in _few(positions, PAGE_ROWS_MAX) for at, us in (await reader.instants(some)).items()}
        for line in lines:
            found[line.producer] = _statement(facts, line, names[line.producer], entries.get(line.producer, ()), times)
    return found


async def _sections(
    installation: Installation, lines: Sequence[BatchLine]
) -> dict[ProducerId, tuple[Section, ...]]:
    """What these lines pay for other caisses: sale by sale where that caisse is of this home, else as one sum."""
    wanted: dict[tuple[CaisseCode, BatchId], list[ProducerId]] = {}
    for line in lines:
        for part in line.parts:
            wanted.setdefault((part.caisse, part.batch), []).append(part.producer)
    made: dict[tuple[CaisseCode, BatchId, ProducerId], Section] = {}
    for (caisse, batch), producers in wanted.items():
        if caisse in installation.home.caisses():
            for producer, section in (await _of_other(installation, caisse, batch, producers)).items():
                made[caisse, batch, producer] = section
    return {
        line.producer: tuple(
            made.get((part.caisse, part.batch, part.producer))
            or Section(caisse_name=part.caisse, batch_id=part.batch, cents=part.cents)
            for part in line.parts
        )
        for line in lines if line.parts
    }  # fmt: skip


async def _of_other(
    installation: Installation, caisse: CaisseCode, batch: BatchId, producers: Sequence[ProducerId]
) -> dict[ProducerId, Section]:
    """As its own statement would say it. What was handed over is a whole payout of that batch."""
    async with installation.reading(caisse) as reader, installation.asking(caisse) as views:
        facts = await _facts(reader, batch)
        lines = [line for line in facts.closed.lines if line.producer in producers]
        said = await _statements(facts, reader, views, lines, {line.producer: str(line.producer) for line in lines})
    return {
        producer: Section(
            caisse_name=head.caisse_name, batch_id=head.batch_id, cents=head.payout_cents, rows=rows,
            adjustments=head.adjustments,
        )
        for producer, (head, rows) in said.items()
    }  # fmt: skip


async def _facts(reader: Reader, batch: int) -> _Batch:
    founded = [event for _, event in _decoded(await reader.read(0, 1))]
    events = _decoded(await reader.events_of(f"batch/{batch}"))
    closed = next((event for _, event in events if isinstance(event, BatchClosed)), None)
    approved = next(((at_us, event) for at_us, event in events if isinstance(event, BatchApproved)), None)
    if closed is None or not founded or not isinstance(founded[0], CaisseFounded):
        raise NotReady(f"There is no batch {batch}; close one with: clearing close, or look at: clearing batches")
    if approved is None:
        raise NotReady(
            f"Batch {batch} is not approved yet; another person than {closed.by} has to: clearing approve {batch} --by PERSON"
        )
    exported = next((event for _, event in events if isinstance(event, BatchExported)), None)
    return _Batch(
        founded=founded[0], closed=closed, approved=approved[1], approved_us=approved[0], exported=exported,
        places={line.producer: place for place, line in enumerate(closed.lines, start=1)},
        elsewhere=frozenset(
            one.producer for _, event in events if isinstance(event, PayoutsWithdrawn | PayoutsHandedOver)
            for one in (event.payouts if isinstance(event, PayoutsWithdrawn) else event.parts)
        ),
    )


def _decoded(rows: Sequence[object]) -> list[tuple[int, Event]]:
    return [(row.at_us, decode(row.type, row.schema_version, row.public, row.private)) for row in rows]  # type: ignore[attr-defined]


def _few(items: Sequence[T], size: int = FEW) -> Iterator[Sequence[T]]:
    """Slices of a sequence: ten thousand producers are asked for by some hundred at a time, not one by one."""
    return (items[start : start + size] for start in range(0, len(items), size))


async def _names(reader: Reader, producers: Sequence[ProducerId]) -> dict[ProducerId, str]:
    """What each producer is called: as admitted, or by its id."""
    names = {producer: str(producer) for producer in producers}
    for some in _few(producers):
        for _, event in _decoded(await reader.events_of_many([f"producer/{producer}" for producer in some])):
            if isinstance(event, ProducerAdmitted):
                names[event.producer] = event.name
    return names


def _payment_file(facts: _Batch, own: Record, details: dict[bytes, Record]) -> pain001.PaymentFile:
    said = f"{facts.founded.name} lot {facts.closed.batch} jusqu'au {facts.closed.closed_on}"[-pain001.REMITTANCE_CHARS_MAX :]
    payouts = []
    for line in facts.closed.lines:
        if facts.paid_cents(line):
            account = details[line.details].fields
            payouts.append(pain001.Payout(
                end_to_end_id=facts.reference(line), producer_name=account["name"], iban=account["iban"],
                bic=account.get("bic"), amount_cents=line.paid_cents, remittance=said,
            ))
    debtor = pain001.BankParty(name=own.fields["name"], iban=own.fields["iban"], bic=own.fields.get("bic"))
    return pain001.PaymentFile(
        msg_id=facts.message_id, created_at_us=MicroTime(facts.approved_us), execution_date=facts.execution_on, debtor=debtor,
        payouts=tuple(payouts),
    )


def _sheets(facts: _Batch, details: dict[bytes, Record], names: dict[ProducerId, str]) -> dict[str, bytes]:
    head = OverviewHead(
        caisse_name=facts.founded.name, batch_id=facts.closed.batch, execution_date=facts.execution_on,
        total_cents=facts.total_cents,
    )
    lines = [
        OverviewLine(
            producer_name=names[line.producer], captures_cents=line.captured_cents, refunds_cents=line.refunded_cents,
            adjustments_cents=(
                line.carried_cents - line.given_cents + line.adjusted_cents - line.contested_cents + line.parts_cents()
            ),
            iban=details[line.details].fields["iban"] if line.details else "",
            holder=details[line.details].fields["name"] if line.details else "",
            reference=facts.reference(line), carried=not facts.paid_cents(line),
        )
        for line in facts.closed.lines
    ]
    return {"overview.csv": render_overview(head, lines), "transfers.csv": render_transfer_list(head, lines)}


def _statement(
    facts: _Batch, line: BatchLine, name: str, entries: Iterable[Entry], times: Mapping[int, int]
) -> tuple[StatementHead, tuple[StatementRow, ...]]:
    head = StatementHead(
        caisse_name=facts.founded.name, producer_name=name, batch_id=facts.closed.batch,
        reference=facts.reference(line), execution_date=facts.execution_on, zone=ZoneInfo(facts.founded.zone),
        payout_cents=line.paid_cents, adjustments=carried_over(line), closed_on=date.fromisoformat(facts.closed.closed_on),
    )
    rows: dict[int, StatementRow] = {}
    for entry in entries:
        if entry.kind == "part":
            continue  # of another caisse: a section of its own
        if entry.kind in BY_DAY:
            rows[entry.position] = of_days(entry, head.zone)
            continue
        known = rows.get(entry.sale_position)
        if entry.kind in ("capture", "opening"):
            goods, card, refunded = entry.gross_cents, entry.card_cents, 0
        else:
            goods, card, refunded = (known.goods_cents, known.card_cents, known.refunded_cents) if known else (0, 0, 0)
            refunded -= entry.card_cents
        rows[entry.sale_position] = StatementRow(
            at_us=known.at_us if known else MicroTime(times[entry.position]),
            sale_id=_NAMED.get(entry.kind, f"V{entry.sale_position}"),
            goods_cents=Cents(goods), card_cents=Cents(card), refunded_cents=Cents(refunded),
        )
    return head, tuple(rows.values())


def carried_over(line: BatchLine) -> tuple[Adjustment, ...]:
    """What is no sale of this batch, each with the batch that it comes from; a line of before links has one for all."""
    found = [Adjustment(label=_LABELS[link.what].format(link.batch), amount_cents=link.cents) for link in line.links]
    if line.carried_cents and not line.links:
        found = [Adjustment(label="Report des lots précédents", amount_cents=line.carried_cents)]
    if line.contested_cents:
        found.append(Adjustment(label="Achats contestés, en attente", amount_cents=-line.contested_cents))
    return tuple(found)


def of_days(entry: Entry, zone: ZoneInfo) -> StatementRow:
    """Draws or gives of a day, or of some: named by the day, for nobody is to find one of them by its time."""
    day = datetime(entry.day.year, entry.day.month, entry.day.day, tzinfo=zone)
    given = entry.kind == GIVE
    return StatementRow(
        at_us=instant_us(day), sale_id=BY_DAY[entry.kind], goods_cents=Cents(entry.gross_cents),
        card_cents=Cents(0 if given else entry.card_cents), refunded_cents=Cents(-entry.card_cents if given else 0),
    )
