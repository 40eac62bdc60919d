"""Law: a group is rows in order, each hashed over what will be stored; the book has seen them all before they are appended."""

from collections.abc import Callable, Sequence

from clearing.authoriser.client import TapFacts
from clearing.authoriser.operations import uses_tap
from clearing.authoriser.sameness import MessageKey
from clearing.event_store.proofs import chain_hash, leaf_hash
from clearing.event_store.rows import EventRow, ReplyRow, TapRow
from clearing.events import caisse, funds, members, producers, sales, settlement
from clearing.events.catalogue import Event
from clearing.events.codec import Encoded, encode
from clearing.rules.book import Book
from clearing.values import CardId

SALT_BYTES = 16


class ApplyFailed(Exception):
    """An event could not be folded into the book: the program is wrong, the book has to be rebuilt from the log."""


class Group:
    """Rows that will be committed together, on top of a log whose last chain hash is `chain`."""

    def __init__(self, book: Book, chain: bytes, salts: Callable[[int], bytes]) -> None:
        self._book, self._salts = book, salts
        self.first = book.position + 1
        self.chain = chain
        self.events: list[Event] = []
        self.rows: list[EventRow] = []
        self.replies: list[ReplyRow] = []
        self.taps: list[TapRow] = []
        self._used: set[tuple[CardId | None, int, int]] = set()

    def add(self, events: Sequence[Event], at_us: int, *, evidence: bytes = b"", reply: bytes = b"") -> None:
        """Apply and record the events of one request; the first carries its evidence and reply. Raises ApplyFailed."""
        stored = [encode(event) for event in events]  # all before the first is applied: a fault here leaves the book untouched
        for place, (event, form) in enumerate(zip(events, stored, strict=True)):
            first = place == 0
            self._add(event, form, at_us + place, evidence if first else b"", reply if first else b"")

    def store_reply(self, key: MessageKey, digest: bytes, reply: bytes, position: int) -> None:
        terminal, epoch, n = key
        self.replies.append(ReplyRow(terminal=terminal, key_epoch=epoch, n=n, digest=digest, position=position, reply=reply))

    def uses(self, tap: TapFacts | None) -> bool:
        """Whether a request before in this group used the tap up."""
        return tap is not None and (tap.card, tap.key_version, tap.counter) in self._used

    def _add(self, event: Event, stored: Encoded, at_us: int, evidence: bytes, reply: bytes) -> None:
        position = self._book.position + 1
        salt = self._salts(SALT_BYTES)
        leaf = leaf_hash(
            position, at_us, stored.type, stored.schema_version, stored.public, stored.private, salt, evidence, reply
        )
        try:
            self._book.apply(event, position, at_us, stored)
        except Exception as fault:
            raise ApplyFailed(f"{type(event).__name__} at {position}: {fault}") from fault
        self.chain = chain_hash(self.chain, leaf)
        self.events.append(event)
        self.rows.append(EventRow(
            position=position, stream=stream_of(event), version=position, type=stored.type,
            schema_version=stored.schema_version, at_us=at_us, public=stored.public, private=stored.private, salt=salt,
            evidence=evidence, leaf=leaf, chain=self.chain,
        ))
        tap = uses_tap(event)
        if tap is not None:
            self._used.add((tap.card, tap.key_version, tap.counter))
            self.taps.append(TapRow(card=tap.card, key_version=tap.key_version, counter=tap.counter, position=position))


def stream_of(event: Event) -> str:
    """What the event is about: all events of one sale, member, producer, fund or batch can be read by it.

    A sale or a hold is "op/<terminal hex>/<x hex>", and so is what the same terminal does to it afterwards; another terminal of
    the producer has a stream of its own, for the event says no more than which x it is about.
    """
    match event:
        case sales.SaleDecided() | sales.AuthorisationDecided() | sales.OperationRepeated():
            return f"op/{event.op.terminal.hex()}/{event.op.x.hex()}"
        case sales.CaptureDecided() | sales.ReversalDecided() | sales.RefundDecided():
            return f"op/{event.op.terminal.hex()}/{event.original.hex()}"
        case sales.HoldExpired():
            return f"op/{event.terminal.hex()}/{event.original.hex()}"
        case members.MemberAdmitted() | members.MemberGroupsChanged() | funds.PurseCredited() | funds.LotLapsed():
            return f"member/{event.member}"
        case members.CardIssued() | members.CardBlocked() | members.CardUnblocked():
            return f"card/{event.card.hex()}"
        case funds.FundOpened() | funds.MoneyNotified() | funds.MoneyReceived():
            return f"fund/{event.fund}"
        case producers.TerminalEnrolled() | producers.TerminalSuspended() | producers.TerminalResumed():
            return f"terminal/{event.terminal.hex()}"
        case producers.ProducerAdmitted() | producers.BankDetailsProposed() | producers.BankDetailsApproved():
            return f"producer/{event.producer}"
        case settlement.BatchClosed() | settlement.BatchApproved() | settlement.BatchExported():
            return f"batch/{event.batch}"
        case settlement.PayoutConfirmed() | settlement.PayoutReturned():
            return f"batch/{event.batch}"
        case caisse.PersonProposed() | caisse.PersonNamed() | caisse.PersonRemoved():
            return f"person/{event.person}"
        case _:
            return "caisse"
