"""Law: what is handed over is said until it is answered, and answered alike for ever; each writer decides on its own book.

Two words: part (the handing caisse), parted (the paying one). terminal_gateway/between.py carries them like halves of sales.
"""

from itertools import islice
from typing import Final

from clearing.events.joint import HandoverEnded, PartAnswered, PayoutsHandedOver
from clearing.rules.between import joint
from clearing.rules.between.interchange import Handed
from clearing.rules.between.joint import HANDS_OVER, PAYS, AskedPart, Refusal
from clearing.rules.book import Book
from clearing.rules.voted.standing import joint_in_force
from clearing.values import BatchId, CaisseCode, PersonId
from clearing.wire.interchange import Part, Parted, encode_word

PARTS_MAX: Final = 200
"""Words about open parts that are handed out at once."""


def handed_over(book: Book, batch: BatchId, by: PersonId, *, at_us: int) -> tuple[PayoutsHandedOver, ...]:
    """What of a batch that is being approved leaves for another caisse."""
    agreed = joint_in_force(book, HANDS_OVER, at_us)
    if not agreed:
        return ()
    return joint.decide_hand_over(
        agreed, book.settlement, own=CaisseCode(book.caisse.code), batch=batch,
        today=book.caisse.calendar.day(at_us).isoformat(), by=by,
    )


def part(book: Book, word: Part, at_us: int) -> tuple[PartAnswered | None, Parted | None]:
    """What a part makes us record, and our answer. (None, None): it was asked for with another content."""
    asked = word.asked
    before = book.interchange.answered.get(asked.ref)
    if before is not None:
        if _content(before) != asked:
            return None, None
        return None, _parted(word, before.reason)
    agreed = [one for one in joint_in_force(book, PAYS, at_us) if one.other == asked.other]
    event = joint.decide_answer(
        asked, book.interchange, book.settlement, agreed=agreed[0] if agreed else None,
        producer=book.producers.producers.get(asked.producer), closed=0 < book.closing.ends_us <= at_us,
        today=book.caisse.calendar.day(at_us).isoformat(), at_us=at_us,
    )
    if book.closing.sealed:  # nothing is added behind the seal, and it stays shut: the same answer for ever
        return None, _parted(word, Refusal.CLOSED)
    return event, _parted(word, event.reason)


def _content(event: PartAnswered) -> AskedPart:
    return AskedPart(
        event.other, event.ref, event.batch, event.producer, event.theirs, event.cents, event.account, event.day
    )


def _parted(word: Part, reason: str) -> Parted:
    return Parted(handing=word.handing, paying=word.paying, ref=word.ref, reason=str(reason))


def parted(book: Book, word: Parted) -> HandoverEnded | None:
    """None when nobody waits for it: it came before."""
    handed = book.interchange.parts.get(word.ref)
    if handed is None or word.ref not in book.interchange.open_parts or handed.to != word.paying:
        return None
    return HandoverEnded(
        other=handed.to, ref=word.ref, batch=handed.batch, producer=handed.part.producer, cents=handed.part.cents,
        day=handed.day, reason=word.reason,
    )


def open_parts(book: Book, code: CaisseCode) -> list[bytes]:
    """Payloads of the parts that other caisses have not answered, the oldest first."""
    room = book.interchange
    return [encode_word(_part_word(code, room.parts[ref])) for ref in islice(room.open_parts, PARTS_MAX)]


def _part_word(code: CaisseCode, handed: Handed) -> Part:
    said = handed.part
    asked = AskedPart(code, said.ref, handed.batch, said.theirs, said.producer, said.cents, said.account, handed.day)
    return Part(handing=code, paying=handed.to, ref=said.ref, asked=asked)
