"""Law: the requests, keys and bytes that the tests of the wire start from; each is valid, so that one change decides."""

from dataclasses import replace
from typing import Any

from clearing.events.basket import Line
from clearing.events.codes import Code
from clearing.values import CaisseCode, CategoryId, Cents, OperationId, PersonId, ProducerId, TerminalId
from clearing.wire.commands import Command, person_number
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType, open_envelope, pack
from clearing.wire.replies import Reply
from clearing.wire.requests import CardUrl, NewKey, Op, Request
from clearing.wire.signature import TerminalKey, VerifiedFrame, prove_new_key, verify

FRAME_BYTES_MAX = 4096
KEY = TerminalKey.from_seed(bytes(range(32)))
NEXT_KEY = TerminalKey.from_seed(bytes(range(1, 33)))
TERMINAL = TerminalId(bytes.fromhex("00000000000000a1"))
X = OperationId(bytes(range(16)))
TAP = CardUrl(bytes.fromhex("ef963ff7828658a599f3041510671e88"), bytes.fromhex("94eed9ee65337086"))
LINES = (
    Line(category=CategoryId("fruit-veg"), amount_cents=Cents(1250)),
    Line(category=CategoryId("staple"), amount_cents=Cents(340), payee=ProducerId("ferme-du-lac")),
    Line(category=CategoryId("animal"), amount_cents=Cents(10), product="3017620422003", qty_milli=1500),
)


def sample_request(op: Op, **changes: Any) -> Request:
    """A request of that op with the fields it requires."""
    amount: dict[str, Any] = {"amount_cents": Cents(1600), "lines": LINES}
    original = OperationId(bytes(range(16, 32)))
    needs: dict[Op, dict[str, Any]] = {
        Op.SALE: amount | {"card": TAP, "pack": 7},
        Op.AUTH: amount | {"card": TAP, "pack": 7},
        Op.CAP: amount | {"original": original},
        Op.REF: amount | {"original": original},
        Op.REV: {"original": original},
        Op.DRAW: amount | {"price_choice": 70},
        Op.GIVE: amount | {"price_choice": 120},
        Op.DLV: amount | {"card": TAP, "original": original},
        Op.BAL: {"card": TAP, "pin": bytes(60)},
        Op.SYNC: {"pack": 7},
        Op.TIME: {"nonce": bytes(16)},
        Op.RECEIPT: {"original": original},
        Op.ROTATE: {"new_key": NewKey(NEXT_KEY.public, prove_new_key(NEXT_KEY, terminal=TERMINAL, epoch=3))},
    }
    request = Request(
        op=op, terminal=TERMINAL, epoch=3, n=42, x=X, ts_ms=TimeMs(1_700_000_000_000), previous=bytes(range(32))
    )
    return replace(request, **(needs[op] | changes))


def sample_fields(**changes: Any) -> dict[str, Any]:
    """The payload map of a sale with every change made in its place; a value of None takes the key out."""
    fields: dict[str, Any] = {
        "t": "sale", "m": bytes(TERMINAL), "e": 3, "n": 42, "x": bytes(X), "ts": 1_700_000_000_000, "a": 1250, "cu": "978",
        "k": {"p": TAP.p, "c": TAP.c}, "l": [["fruit-veg", 1250]], "o": 0, "pv": 7, "h": bytes(32),
    }  # fmt: skip
    return {key: value for key, value in (fields | changes).items() if value is not None}


def signed(payload: bytes, frame_type: FrameType = FrameType.TERM_REQ, key: TerminalKey = KEY) -> VerifiedFrame:
    """The frame as the door has it after verification: whatever the payload is, its signature holds."""
    raw = key.sign_envelope(frame_type, payload)
    return verify(open_envelope(raw, frame_bytes_max=8 << 20), frame_type, key.public)


def signed_fields(**changes: Any) -> VerifiedFrame:
    return signed(pack(sample_fields(**changes)))


def sample_reply(**changes: Any) -> Reply:
    reply = Reply(m=TERMINAL, e=3, n=42, x=X, rq=bytes(32), rc=Code.APPROVED, st=TimeMs(1_700_000_000_500), sq=17)
    return replace(reply, **changes)


def sample_command(**changes: Any) -> Command:
    command = Command(
        caisse=CaisseCode("montpellier"),
        person=person_number(PersonId("odile")),
        epoch=1,
        n=5,
        x=X,
        ts_ms=TimeMs(1_700_000_000_000),
        verb="allocation.grant",
        body={"month": "2017-02", "cents": 15_000, "to": ["all"], "dry": False, "note": None, "seal": b"\x01"},
    )
    return replace(command, **changes)
