"""Law: a file is what its content says, not its name; one that is none of the known kinds says which there are."""

from clearing.bank.camt import read_camt
from clearing.bank.documents import parsed
from clearing.bank.ofx import looks_like_ofx, read_ofx
from clearing.bank.pain002 import StatusReport, read_pain002
from clearing.bank.qif import looks_like_qif, read_qif
from clearing.bank.statement import Statement, Unreadable
from clearing.bank.tables import Columns, read_table

Read = list[Statement] | StatusReport


def read_file(content: bytes, columns: Columns | None = None) -> Read:
    """columns: the saved mapping that the person named, for CSV (and the order of days for QIF). Raises Unreadable."""
    if not content.strip():
        raise Unreadable("The file is empty: download it from the bank once more.")
    if looks_like_ofx(content):
        return [read_ofx(content)]
    if looks_like_qif(content):
        return [read_qif(content) if columns is None else read_qif(content, columns.days, columns.decimal)]
    if _looks_like_xml(content):
        return _message(content)
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise Unreadable("This is a spreadsheet or a PDF: ask the bank's page for CSV, OFX, QIF or XML (camt.053) instead.")
    if columns is None:
        raise Unreadable("This looks like a CSV. Name the mapping of this bank with --mapping NAME; save one first with: "
                         "clearing bank mapping NAME")  # fmt: skip
    return [read_table(content, columns)]


def _looks_like_xml(content: bytes) -> bool:
    head = content[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t")
    return head.startswith(b"<")


def _message(content: bytes) -> Read:
    message = parsed(content)
    if message.kind in ("camt.053", "camt.054"):
        return read_camt(message)
    if message.kind == "pain.002":
        return read_pain002(message)
    if message.kind in ("pain.001", "pain.008"):
        raise Unreadable("This is a file for the bank, not from it: import what the bank answers to it.")
    raise Unreadable(f"A message {message.name} is not read here: take the statement (camt.053), the notification (camt.054) "
                     "or the status report (pain.002) of the same day.")  # fmt: skip
