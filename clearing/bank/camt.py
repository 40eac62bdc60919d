"""Law: a camt.053 statement or camt.054 notification becomes bookings in cents; only what is booked counts.

Source: ISO 20022 camt.053/054.001.08 and .02, which differ in where a status, a party's name and an amount stand.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from lxml import etree

from clearing.bank.documents import Message, every, first_said, one, said
from clearing.bank.statement import CURRENCY, Entry, Line, Statement, Unreadable, checked
from clearing.bank.texts import camt_cents, plain, reference

_BODIES: Final = {"camt.053": "Stmt", "camt.054": "Ntfctn"}
_CHARGES: Final = frozenset({"CHRG", "COMM", "FEES", "TAXE", "NTAV", "BRKF"})
_INTEREST: Final = frozenset({"INTR"})
_RETURNS: Final = frozenset({"RRTN", "RPCR", "UPDD", "UPCT", "PRDD", "ARET", "UPCQ"})
_SIGNS: Final = {"CRDT": 1, "DBIT": -1}
_REASON_CHARS: Final = 4


def read_camt(message: Message) -> list[Statement]:
    """The statements of one message. Raises Unreadable."""
    found = [_statement(message.kind, body) for body in every(message.root, _BODIES[message.kind])]
    if not found:
        raise Unreadable("The message holds no statement; ask the bank for the file again.")
    return found


def _statement(kind: str, body: etree._Element) -> Statement:
    account = first_said(body, ("Acct", "Id", "IBAN"), ("Acct", "Id", "Othr", "Id"))
    currency = said(body, "Acct", "Ccy")
    if not account:
        raise Unreadable("The statement names no account; ask the bank for the file again.")
    if currency and currency != CURRENCY:
        raise Unreadable(f"The statement is of an account in {plain(currency, 8)}, not in euros: choose that of the caisse.")
    entries = [entry for place, one_of in enumerate(every(body, "Ntry"), start=1) if (entry := _entry(one_of, place))]
    opening, _ = _balance(body, ("OPBD", "PRCD"))
    closing, closed_on = _balance(body, ("CLBD",))
    from_on, to_on = _span(body, [entry.on for entry in entries], closed_on)
    return checked(Statement(
        source=kind, account=account.replace(" ", "").upper(), from_on=from_on, to_on=to_on, opening_cents=opening,
        closing_cents=closing, entries=tuple(entries),
    ))  # fmt: skip


def _span(body: etree._Element, booked: list[date], closed_on: date | None) -> tuple[date, date]:
    """From the day that the statement names, or the first booking, to the day of its closing balance; no booking is left
    out."""
    since, until = _day(said(body, "FrToDt", "FrDtTm")), _day(said(body, "FrToDt", "ToDtTm"))
    last = closed_on or until or max(booked, default=None) or _day(said(body, "CreDtTm"))
    if last is None:
        raise Unreadable("The statement says no day; ask the bank for the file again.")
    to_on = max(last, *booked) if booked else last
    from_on = min([*booked, *([since] if since is not None else [])], default=to_on)
    return min(from_on, to_on), to_on


def _balance(body: etree._Element, codes: tuple[str, ...]) -> tuple[int | None, date | None]:
    """The first balance of one of these codes, in the order of the codes; below zero is a debit."""
    for code in codes:
        for balance in every(body, "Bal"):
            if said(balance, "Tp", "CdOrPrtry", "Cd") == code:
                place = f"the balance {code}"
                day = _day(first_said(balance, ("Dt", "Dt"), ("Dt", "DtTm")))
                return _amount(balance, place) * _sign(balance, place), day
    return None, None


def _entry(entry: etree._Element, place: int) -> Entry | None:
    """A booking; None when it is only announced."""
    where = f"entry {place}"
    if first_said(entry, ("Sts", "Cd"), ("Sts",)) not in ("BOOK", ""):
        return None
    day = _day(first_said(entry, ("BookgDt", "Dt"), ("BookgDt", "DtTm"), ("ValDt", "Dt"), ("ValDt", "DtTm")))
    if day is None:
        raise Unreadable(f"{where}: it has no day; ask the bank for the file again.")
    cents = _amount(entry, where) * _sign(entry, where)
    own = reference(said(entry, "AcctSvcrRef"))
    details = [one_of for group in every(entry, "NtryDtls") for one_of in every(group, "TxDtls")]
    single = reference(said(details[0], "Refs", "AcctSvcrRef")) if len(details) == 1 else ""
    return Entry(
        place=where, on=day, cents=cents, reference=own or single, lines=tuple(_lines(entry, details, cents, where))
    )


def _lines(entry: etree._Element, details: list[etree._Element], cents: int, where: str) -> Iterator[Line]:
    """The payments of a booking when they add up to it, else the booking as one payment that names nobody."""
    kind = _kind(entry)
    if len(details) == 1:
        yield _line(entry, details[0], cents, kind)
        return
    sign = 1 if cents >= 0 else -1
    parts = [_part(one_of, sign, where) for one_of in details]
    known = [part for part in parts if part is not None]
    if details and len(known) == len(parts) and sum(known) == cents:
        for one_of, part in zip(details, known, strict=True):
            yield _line(entry, one_of, part, kind)
    else:
        yield Line(cents=cents, kind=kind, text=plain(said(entry, "AddtlNtryInf")))


def _part(details: etree._Element, sign: int, where: str) -> int | None:
    """Cents of one payment of a collective booking; None where the bank does not say, or says them in another
    currency."""
    for amount in (one(details, "Amt"), one(details, "AmtDtls", "TxAmt", "Amt")):
        if amount is not None and amount.text and amount.get("Ccy", CURRENCY) == CURRENCY:
            own = _SIGNS.get(said(details, "CdtDbtInd"), sign)
            return camt_cents(amount.text, where) * own
    return None


def _line(entry: etree._Element, details: etree._Element, cents: int, kind: str) -> Line:
    code = first_said(details, ("RtrInf", "Rsn", "Cd"), ("RtrInf", "Rsn", "Prtry"))
    returned = one(details, "RtrInf") is not None
    # The other side: of money that came its debtor, of money that went its creditor; of a return it is the other way round.
    sides = ("Dbtr", "Cdtr") if cents >= 0 else ("Cdtr", "Dbtr")
    side, other = sides[::-1] if returned or kind == "return" else sides
    parties = one(details, "RltdPties")
    name = first_said(parties, (side, "Pty", "Nm"), (side, "Nm"), (other, "Pty", "Nm"), (other, "Nm"))
    iban = first_said(parties, (f"{side}Acct", "Id", "IBAN"), (f"{other}Acct", "Id", "IBAN"))
    texts = [text.text or "" for text in every(one(details, "RmtInf"), "Ustrd")]
    structured = [said(one_of, "CdtrRefInf", "Ref") for one_of in every(one(details, "RmtInf"), "Strd")]
    text = " ".join(part for part in (*texts, *structured) if part)
    text = text or said(details, "AddtlTxInf") or said(entry, "AddtlNtryInf")
    return Line(
        cents=cents, end_to_end=reference(said(details, "Refs", "EndToEndId")), code=_reason(code),
        kind="return" if returned else kind, name=plain(name), iban=iban.replace(" ", "").upper(), text=plain(text),
    )


def _kind(entry: etree._Element) -> str:
    sub = said(entry, "BkTxCd", "Domn", "Fmly", "SubFmlyCd")
    if sub in _RETURNS:
        return "return"
    if sub in _CHARGES:
        return "charge"
    return "interest" if sub in _INTEREST else ""


def _reason(code: str) -> str:
    """An ISO code, as far as it is one; what else a bank writes there is text."""
    return code if len(code) <= _REASON_CHARS and code.isascii() and code.isalnum() else ""


def _amount(element: etree._Element, place: str) -> int:
    amount = one(element, "Amt")
    if amount is None or not amount.text:
        raise Unreadable(f"{place}: it has no amount; ask the bank for the file again.")
    currency = amount.get("Ccy", CURRENCY)
    if currency != CURRENCY:
        raise Unreadable(f"{place}: it is in {plain(currency, 8)}, not in euros; the caisse's account is in euros.")
    return camt_cents(amount.text, place)


def _sign(element: etree._Element, place: str) -> int:
    side = said(element, "CdtDbtInd")
    if side not in _SIGNS:
        raise Unreadable(f"{place}: it says neither CRDT nor DBIT, so nobody knows whether money came or went.")
    return _SIGNS[side]


def _day(text: str) -> date | None:
    """The civil day that the bank wrote, of a day or an instant in the bank's own time."""
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Unreadable(f"{plain(text, 40)!r} is no day of an XML statement, which is written 2026-03-21.") from None
