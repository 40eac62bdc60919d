"""Law: the bank of the play makes what it is asked on the day it is asked for, and tells it in statements as banks do.

It keeps one account, reads the program's own file (pain.001) and writes camt.053; what it does later, it does later. `answers`
is the one place where its word is taken in: a statement is imported, and its lines are said to be what they are.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from lxml import etree

from clearing.bank.reading import read_file
from clearing.bank.statement import Statement
from clearing.demo.caisse import CAMILLE
from clearing.demo.month.caisse import CODE, Caisse
from clearing.installation.bank_import import import_statement
from clearing.installation.home import write_private
from clearing.rules.treasury.bank_matching import proposals

ACCOUNT: Final = "FR7630006000011234567890189"
_CAMT: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
_RETURNED: Final = {"Dom": "PMNT", "Fmly": "ICDT", "Sub": "RRTN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One line of the account. code: why it came back; "" for what did not. what: the match of who takes it in, of the lines
    that name nothing of ours."""

    on: date
    cents: int
    name: str
    iban: str = ""
    text: str = ""
    end_to_end: str = ""
    code: str = ""
    what: dict[str, object] | None = None


@dataclass(slots=True, kw_only=True)
class Bank:
    """coming: what is booked on a day to come. told: how many statements were written."""

    balance_cents: int = 0
    coming: list[Payment] = field(default_factory=list)
    told: int = 0

    def expect(self, *payments: Payment) -> None:
        self.coming += payments

    def booked(self, until: date) -> list[Payment]:
        """Everything up to this day, the day included, oldest first; it is told once."""
        due = sorted((one for one in self.coming if one.on <= until), key=lambda one: one.on)
        self.coming = [one for one in self.coming if one.on > until]
        return due

    def statement(self, payments: list[Payment], until: date) -> bytes:
        """camt.053 of these payments."""
        self.told += 1
        opening, self.balance_cents = self.balance_cents, self.balance_cents + sum(one.cents for one in payments)
        document = etree.Element("Document", nsmap={None: _CAMT})
        whole = etree.SubElement(document, "BkToCstmrStmt")
        head = etree.SubElement(whole, "GrpHdr")
        _say(head, "MsgId", f"RELEVE-{self.told:04d}")
        _say(head, "CreDtTm", f"{until}T20:00:00")
        body = etree.SubElement(whole, "Stmt")
        _say(body, "Id", f"RELEVE-{self.told:04d}")
        _say(body, "Acct/Id/IBAN", ACCOUNT)
        _balance(body, "OPBD", opening, min((one.on for one in payments), default=until))
        _balance(body, "CLBD", self.balance_cents, until)
        for number, one in enumerate(payments, start=1):
            _entry(body, one, f"{self.told:04d}-{number:05d}")
        return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def _say(parent: etree._Element, path: str, text: str) -> etree._Element:
    """An element below parent by its path; one that is there already is gone through."""
    *through, last = path.split("/")
    for name in through:
        known = parent.find(name)
        parent = etree.SubElement(parent, name) if known is None else known
    said = etree.SubElement(parent, last)
    said.text = text
    return said


def _amount(parent: etree._Element, cents: int) -> None:
    _say(parent, "Amt", f"{abs(cents) // 100}.{abs(cents) % 100:02d}").set("Ccy", "EUR")
    _say(parent, "CdtDbtInd", "CRDT" if cents >= 0 else "DBIT")


def _balance(body: etree._Element, code: str, cents: int, on: date) -> None:
    balance = etree.SubElement(body, "Bal")
    _say(balance, "Tp/CdOrPrtry/Cd", code)
    _amount(balance, cents)
    _say(balance, "Dt/Dt", on.isoformat())


def _entry(body: etree._Element, one: Payment, reference: str) -> None:
    entry = etree.SubElement(body, "Ntry")
    _amount(entry, one.cents)
    _say(entry, "Sts/Cd", "BOOK")
    _say(entry, "BookgDt/Dt", one.on.isoformat())
    _say(entry, "AcctSvcrRef", reference)
    details = etree.SubElement(etree.SubElement(entry, "NtryDtls"), "TxDtls")
    if one.end_to_end:
        _say(details, "Refs/EndToEndId", one.end_to_end)
    side = "Dbtr" if (one.cents >= 0) != bool(one.code) else "Cdtr"
    if one.name:
        _say(details, f"RltdPties/{side}/Pty/Nm", one.name)
    if one.iban:
        _say(details, f"RltdPties/{side}Acct/Id/IBAN", one.iban)
    if one.text:
        _say(details, "RmtInf/Ustrd", one.text)
    if one.code:
        _say(details, "RtrInf/Rsn/Cd", one.code)


def asked_to_pay(content: bytes) -> list[tuple[str, int, str, str]]:
    """(end-to-end id, cents, name, iban) of each transfer of a pain.001."""
    found = []
    for one in etree.fromstring(content).iter("{*}CdtTrfTxInf"):
        whole, _, part = (one.findtext("{*}Amt/{*}InstdAmt") or "").partition(".")
        found.append((
            one.findtext("{*}PmtId/{*}EndToEndId") or "", int(whole) * 100 + int(part.ljust(2, "0")),
            one.findtext("{*}Cdtr/{*}Nm") or "", one.findtext("{*}CdtrAcct/{*}Id/{*}IBAN") or "",
        ))  # fmt: skip
    return found


async def answers(caisse: Caisse, bank: Bank, until: date) -> int:
    """Take in what the bank booked up to this day; how many of its lines still wait for a person."""
    payments = bank.booked(until)
    if not payments:
        return len(caisse.book.bank.waiting)
    content = bank.statement(payments, until)
    folder = caisse.running.installation.home.files / CODE / "statements"
    folder.mkdir(parents=True, exist_ok=True)
    write_private(folder / f"{until}.xml", content)
    before = set(caisse.book.bank.lines)
    for statement in read_file(content):  # type: ignore[union-attr]  # a statement was written, and no status report
        assert isinstance(statement, Statement)
        await _import(caisse, statement)
    for kind in ("booked", "payout", "payout_returned", "cotisation_returned"):  # what came back was paid before
        await _say_what_names_itself(caisse, kind)
    await _say_what_people_know(caisse, payments, before)
    return len(caisse.book.bank.waiting)


async def _import(caisse: Caisse, statement: Statement) -> None:
    async def give(body: dict[str, object]) -> dict[str, object]:
        return await caisse.order(CAMILLE, "import_statement", body)

    async with caisse.running.installation.people_of(CODE) as people:
        await import_statement(statement, book=caisse.book, people=people, give=give)


async def _say_what_names_itself(caisse: Caisse, kind: str) -> None:
    book = caisse.book
    received = [name for name, one in book.cotisations.payments.items() if not one.returned_by]
    matches: list[object] = [
        {"lines": [one.line], "kind": kind} | ({"moves": list(one.moves)} if kind == "booked" else {})
        for one in proposals(book.bank, book.settlement, received) if one.kind == kind
    ]  # fmt: skip
    await caisse.in_bulk(CAMILLE, "match_lines", "matches", matches)


async def _say_what_people_know(caisse: Caisse, payments: list[Payment], before: set[int]) -> None:
    """Lines that name nothing of ours, by their amount and day, as a treasurer reads them; one member once in a command."""
    waiting = [number for number in caisse.book.bank.waiting if number not in before]
    known = [one for one in payments if one.what is not None]
    matches: list[object] = []
    for number in waiting:
        line = caisse.book.bank.lines[number]
        told = next((one for one in known if (one.on.isoformat(), one.cents) == (line.on, line.said.cents)), None)
        if told is not None and told.what is not None:
            known.remove(told)
            matches.append({"lines": [number], **told.what})
    await caisse.in_bulk(CAMILLE, "match_lines", "matches", matches)
