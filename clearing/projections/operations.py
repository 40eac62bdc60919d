"""Law: an operation of a terminal in the words of its event, and what it does to the operation it is about.

States: declined, held, captured, delivered (a hold that was captured), released, expired, undone; done (a refund or reversal
that took effect), tombstone and nothing (reversals that found nothing to undo). A reversal's amount is what it gave back.
"""

from typing import Final, NamedTuple

from clearing.events.basket import Line, Share
from clearing.events.catalogue import Event
from clearing.events.interchange import (
    InterchangeCaptured,
    InterchangeExpired,
    InterchangeHeld,
    InterchangeReleased,
    InterchangeReversed,
    InterchangeSold,
)
from clearing.events.sales import (
    AuthorisationDecided,
    CaptureDecided,
    HoldExpired,
    OperationHead,
    RefundDecided,
    ReversalDecided,
    SaleDecided,
)
from clearing.rules.between.abroad import as_authorisation, place_of
from clearing.rules.reductions.drawing import names_nobody
from clearing.rules.selling.returns import total

_DONE: Final = ("00", "10")
_NO_TERMINAL: Final = bytes(8)  # a sale at another caisse: its terminal is not known here


class Operation(NamedTuple):
    """One message of a terminal that was decided. approved_cents: the card's part."""

    kind: str
    op: OperationHead
    code: str
    answer: str
    state: str
    amount_cents: int
    approved_cents: int
    captured_cents: int
    member: str | None
    card: bytes | None
    charte_version: int
    note: str
    lines: tuple[Line, ...] = ()
    shares: tuple[Share, ...] = ()


class Change(NamedTuple):
    """What an event does to the operation that `original` names. state: its last word, '' leaves the one before."""

    kind: str
    original: bytes
    terminal: bytes
    producer: str
    done: bool
    state: str = ""
    released_cents: int = 0
    given_back_cents: int = 0
    goods_cents: int = 0


def operation(event: Event) -> Operation | None:
    """None for an event that is no operation of a terminal, or repeats one; and for a draw, a give or what undoes one, which
    nobody is shown one by one."""
    match event:
        case ReversalDecided() | RefundDecided() if names_nobody(event):
            return None
        case SaleDecided() | AuthorisationDecided():
            held = isinstance(event, AuthorisationDecided)
            state = "declined" if not event.approved_cents else "held" if held else "captured"
            return Operation(
                "authorisation" if held else "sale", event.op, str(event.code), event.answer, state, event.amount_cents,
                event.approved_cents, 0 if held else event.approved_cents, event.member,
                None if event.tap is None else event.tap.card, event.charte_version, "", event.lines, event.shares,
            )
        case InterchangeSold() | InterchangeHeld() | InterchangeReversed():
            return _between(event)
        case CaptureDecided():
            state = "captured" if event.code in _DONE else "declined"  # of nothing too: it releases the whole hold
            return Operation(
                "capture", event.op, str(event.code), event.answer, state, event.amount_cents, event.approved_cents,
                event.approved_cents, event.member, None, event.charte_version, "", event.lines, event.shares,
            )
        case ReversalDecided():
            back = total(event.returned)
            effect = "done" if event.effect in ("released", "undone") else event.effect
            return Operation(
                "reversal", event.op, str(event.code), event.answer, "declined" if event.code != "00" else effect, back, back,
                0, event.member, None, 0, event.exception,
            )
        case RefundDecided():
            return Operation(
                "refund", event.op, str(event.code), event.answer, "done" if event.code == "00" else "declined",
                event.amount_cents, event.card_cents, 0, event.member, None, 0, "",
            )
        case _:
            return None


def _between(event: InterchangeSold | InterchangeHeld | InterchangeReversed) -> Operation:
    """A sale with another caisse's card, one of our cards there, or what undid one."""
    match event:
        case InterchangeSold():
            state = "captured" if event.approved_cents else "declined"
            return Operation(
                "sale", event.op, str(event.code), event.answer, state, event.amount_cents, event.approved_cents,
                event.approved_cents, None, None, 0, f"with a card of {event.issuer}", event.lines,
            )
        case InterchangeHeld():
            done = as_authorisation(event)
            return Operation(
                "abroad", done.op, str(event.code), event.answer, "held" if event.hold_expires_us else "declined",
                event.amount_cents, event.approved_cents, 0, event.member, None if event.tap is None else event.tap.card,
                event.charte_version, f"at a producer of {event.acquirer}", event.lines, event.shares,
            )
        case InterchangeReversed():
            back = sum(part.cents for part in event.taken_back)
            effect = "done" if event.effect == "undone" else event.effect
            return Operation(
                "reversal", event.op, str(event.code), event.answer, effect, back, back, 0, None, None, 0, event.exception
            )


def change(event: Event) -> Change | None:
    """None for an event that is about no other operation, or about a draw or a give."""
    match event:
        case ReversalDecided() | RefundDecided() if names_nobody(event):
            return None
        case CaptureDecided():
            done = event.code in _DONE
            who = ("capture", event.original, event.op.terminal, event.op.producer, done)
            return Change(*who, state="delivered", released_cents=total(event.released)) if done else Change(*who)
        case ReversalDecided():
            who = ("reversal", event.original, event.op.terminal, event.op.producer, event.code == "00")
            back = total(event.returned)
            if event.effect == "released":
                return Change(*who, state="released", released_cents=back)
            return Change(*who, state="undone", given_back_cents=back) if event.effect == "undone" else Change(*who)
        case InterchangeReversed():
            who = ("reversal", event.original, event.op.terminal, event.op.producer, True)
            taken = sum(part.cents for part in event.taken_back)
            return Change(*who, state="undone", given_back_cents=taken) if event.effect == "undone" else Change(*who)
        case RefundDecided():
            done = event.code == "00"
            who = ("refund", event.original, event.op.terminal, event.op.producer, done)
            if not done:
                return Change(*who)
            return Change(*who, given_back_cents=total(event.returned), goods_cents=event.amount_cents)
        case InterchangeCaptured():
            return Change("abroad", event.ref, _NO_TERMINAL, place_of(event.acquirer), True, state="captured")
        case InterchangeReleased():
            back, undone = total(event.returned), event.undone
            return Change(
                "abroad", event.ref, _NO_TERMINAL, place_of(event.acquirer), True, state="undone" if undone else "released",
                released_cents=0 if undone else back, given_back_cents=back if undone else 0,
            )
        case InterchangeExpired():
            return Change(
                "abroad", event.ref, _NO_TERMINAL, place_of(event.acquirer), True, state="expired",
                released_cents=total(event.returned),
            )
        case HoldExpired():
            return Change(
                "expiry", event.original, event.terminal, event.producer, True, state="expired",
                released_cents=total(event.released),
            )
        case _:
            return None
