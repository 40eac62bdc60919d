"""Law: what people read is plain values: cents, civil days, pseudonyms; the names of the fields say the unit and the side."""

from dataclasses import dataclass
from datetime import date, time
from typing import Final

from clearing.events.proofs import ProofResult

_PARTIAL: Final = "10"
_APPROVED: Final = "00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How often a code was answered to sales and authorisations (or another kind), and for how much."""

    kind: str
    code: str
    operations: int
    amount_cents: int
    approved_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """Cents that a payer of the charte paid from a source. step: "tariff", "payer" or "surplus"."""

    step: str
    payer: str
    source: str
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a producer took by card in a period, and what went back."""

    producer: str
    captured_cents: int
    given_back_cents: int
    captures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """owed: captured - refunded - settled (in batches that pay) + returned by the bank. All since the founding."""

    producer: str
    captured_cents: int
    refunded_cents: int
    settled_cents: int
    returned_cents: int
    confirmed_cents: int
    owed_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleRow:
    """One operation of a terminal; states are in sales.py. approved: the card's part; of a sale or capture it is
    captured, of a hold it may be released. given_back: reversed or refunded since; refunded_goods: that at full price."""

    position: int
    at_us: int
    day: date
    local_time: time
    kind: str
    terminal: bytes
    x: bytes
    original_position: int | None
    producer: str
    member: str | None
    card: bytes | None
    code: str
    answer: str
    state: str
    amount_cents: int
    approved_cents: int
    captured_cents: int
    released_cents: int
    given_back_cents: int
    refunded_goods_cents: int
    charte_version: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """Who paid which cents of a line, by which rate (ten-thousandths, 0: a fixed amount)."""

    line: int
    category: str
    payer: str
    step: str
    source: str
    payee: str
    rate: int
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """An operation, who paid it, and the operations that changed it afterwards."""

    row: SaleRow
    shares: tuple[ShareRow, ...]
    later: tuple[SaleRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRow:
    """What is in one lot of a purse by the events so far; from expires_us on it can't be spent (None: never lapses)."""

    purse: str
    lot: str
    cents: int
    expires_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurseTotal:
    purse: str
    cents: int
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """cents: debit - credit."""

    account: str
    debit_cents: int
    credit_cents: int
    cents: int
    postings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """state: closed, approved, exported. Holds what was captured after after_position, up to up_to."""

    batch: int
    closed_on: date
    after_position: int
    up_to: int
    total_cents: int
    state: str
    closed_us: int
    closed_by: str
    endorsed_by: str
    approved_us: int | None
    approved_by: str | None
    execution_on: date | None
    exported_us: int | None
    exported_by: str | None
    message_id: str | None
    file_sha256: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLineRow:
    """payout: carried (why: see events/settlement.py), waiting, instructed, accepted, executed, rejected, returned, withdrawn,
    handed-over, taken, not-taken (reference: the other caisse). given: cash taken for funds. question: what the bank is to be
    asked; paid_in: the batch that pays what failed here. parts: what other caisses handed over."""

    producer: str
    captured_cents: int
    refunded_cents: int
    carried_cents: int
    net_cents: int
    paid_cents: int
    details: bytes
    payout: str
    payout_us: int | None
    reference: str
    given_cents: int = 0
    adjusted_cents: int = 0
    contested_cents: int = 0
    why: str = ""
    attempt: int = 1
    code: str = ""
    question: str = ""
    paid_in: int = 0
    parts_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """kind: capture, refund, reversal, repaid, opening, adjustment, part; refunds and reversals have amounts below zero; draw,
    give: of one or more days together. gross: goods at full price; card: its part. sale_position: the sale that it is about,
    the row's own position for a capture."""

    day: date
    local_time: time
    position: int
    sale_position: int
    kind: str
    gross_cents: int
    card_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofsRow:
    """The five proofs as they were recorded once. gone_on_by: who proposed and who confirmed to go on in spite of them."""

    position: int
    at_us: int
    day: date
    up_to: int
    ok: bool
    results: tuple[ProofResult, ...]
    by: str
    gone_on_by: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A period as a treasurer wants it, at one position of the log."""

    position: int
    first: date
    last: date
    answers: tuple[Answered, ...]
    paid: tuple[Paid, ...]
    categories: dict[str, int]
    taken: tuple[Taken, ...]
    owed: tuple[Owed, ...]

    @property
    def sales(self) -> int:
        """Sales and authorisations that were asked for."""
        return sum(a.operations for a in self._asked())

    @property
    def approved(self) -> int:
        return sum(a.operations for a in self._asked() if a.code == _APPROVED)

    @property
    def partial(self) -> int:
        return sum(a.operations for a in self._asked() if a.code == _PARTIAL)

    @property
    def declined(self) -> dict[str, int]:
        """Precise code -> how often; for the treasurer, never for a till."""
        found: dict[str, int] = {}
        for answer in self._asked():
            if answer.code not in (_APPROVED, _PARTIAL):
                found[answer.code] = found.get(answer.code, 0) + answer.operations
        return found

    @property
    def captured_cents(self) -> int:
        return sum(one.captured_cents for one in self.taken)

    @property
    def given_back_cents(self) -> int:
        return sum(one.given_back_cents for one in self.taken)

    def _asked(self) -> list[Answered]:
        return [a for a in self.answers if a.kind in ("sale", "authorisation")]
