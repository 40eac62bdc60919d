"""Law: a writer small enough to be believed: one purse per card, kept in dicts, the same sameness rules, signed replies.

It implements the Authoriser's port for tests of the doors and terminals before it; the real writer passes the same tests.
"""

from dataclasses import dataclass, field

from clearing.authoriser.client import (
    Answer,
    Authoriser,
    Deliver,
    Enrolment,
    EnrolmentRefused,
    OutcomeUnknown,
    Overloaded,
    Submission,
)
from clearing.directory import Directory, Holder, KeyEntry
from clearing.events.codes import Code
from clearing.values import CaisseCode, CardId, Cents, OperationId, TerminalId
from clearing.wire.enrolment import (
    Enrolled,
    encode_enrolled,
    macs_equal,
    pairing_key,
    server_mac,
    terminal_mac,
    transcript,
)
from clearing.wire.fields import TimeMs
from clearing.wire.frame import FrameType
from clearing.wire.replies import Reply, encode_reply
from clearing.wire.requests import Op, Request
from clearing.wire.signature import TerminalKey

Place = tuple[TerminalId, int, int]
NOTHING = Cents(0)
FUND = CardId(bytes(16))
"""Stands where a card would: what draws took and gives brought."""


@dataclass(kw_only=True)
class Slot:
    """An open pairing slot; wrong: codes that did not fit."""

    code: str
    wrong: int = 0
    taken_by: bytes | None = None


@dataclass(kw_only=True)
class SmallWriter(Authoriser):
    """purses: cents per card. full, dying: how many of the next submissions are refused, or decided and not answered."""

    caisse: CaisseCode
    directory: Directory
    key: TerminalKey
    root: TerminalKey
    purses: dict[CardId, int] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    full: int = 0
    dying: int = 0
    submissions: list[Submission] = field(default_factory=list)
    replies: dict[Place, tuple[bytes, bytes]] = field(default_factory=dict)
    paid: dict[tuple[TerminalId, OperationId], tuple[CardId, int]] = field(default_factory=dict)
    outcomes: dict[tuple[TerminalId, OperationId], tuple[Code, Cents]] = field(default_factory=dict)
    tombstones: set[tuple[TerminalId, OperationId]] = field(default_factory=set)

    def post(self, submission: Submission, deliver: Deliver) -> None:
        if self.full:
            self.full -= 1
            deliver(Overloaded(retry_after_s=1))
            return
        self.submissions.append(submission)
        try:
            answer: Answer = self._answer(submission)
        except EnrolmentRefused as refused:
            answer = refused
        if self.dying:
            self.dying -= 1
            answer = OutcomeUnknown()
        deliver(answer)

    def _answer(self, submission: Submission) -> bytes:
        match submission.request:
            case Enrolment() as proof:
                return self._enrol(proof)
            case Request() as request:
                return self._decide_once(submission, request)
            case _:
                raise AssertionError("no person commands through this door")

    def _decide_once(self, submission: Submission, request: Request) -> bytes:
        place = (request.terminal, request.epoch, request.n)
        stored = self.replies.get(place)
        if stored is not None and stored[0] == request.digest:
            return stored[1]
        if stored is not None:
            return self._signed(request, Code.CONFLICT, NOTHING)
        operation = (request.terminal, request.x)
        if operation not in self.outcomes:
            self.outcomes[operation] = self._decide(submission, request)
        code, approved = self.outcomes[operation]
        self.replies[place] = (request.digest, self._signed(request, code, approved))
        return self.replies[place][1]

    def _decide(self, submission: Submission, request: Request) -> tuple[Code, Cents]:
        match request.op:
            case Op.SALE | Op.AUTH:
                return self._sell(submission, request)
            case Op.DRAW | Op.GIVE:
                return self._share(request)
            case Op.REV:
                return self._give_back(request, self._taken(request))
            case Op.REF:
                taken = self._taken(request)
                if not taken:
                    return Code.ORIGINAL_NOT_FOUND, NOTHING
                return self._give_back(request, min(taken, request.amount_cents))
            case Op.CAP:
                taken = self._taken(request)
                self._give_back(request, max(0, taken - request.amount_cents))
                return (
                    (Code.APPROVED, Cents(min(taken, request.amount_cents)))
                    if taken
                    else (Code.ORIGINAL_NOT_FOUND, NOTHING)
                )
            case Op.DLV:
                taken, tap = self._taken(request), submission.tap
                known = tap is not None and tap.genuine and tap.card in self.purses
                return (Code.APPROVED, Cents(taken)) if known else (Code.CARD_UNKNOWN, NOTHING)
            case Op.ROTATE:
                return self._rotate(request)
            case _:
                return Code.NOT_ALLOWED_NOW, NOTHING

    def _sell(self, submission: Submission, request: Request) -> tuple[Code, Cents]:
        tap = submission.tap
        if (request.terminal, request.x) in self.tombstones:
            return Code.LATE_AFTER_REVERSAL, NOTHING
        if tap is None or not tap.genuine or tap.card is None:
            return Code.TAP_VIOLATION, NOTHING
        if tap.card not in self.purses:
            return Code.CARD_UNKNOWN, NOTHING
        cents = Cents(min(self.purses[tap.card], request.amount_cents))
        if cents == 0:
            return Code.DECLINED, NOTHING
        self.purses[tap.card] -= cents
        self.paid[request.terminal, request.x] = (tap.card, cents)
        return (Code.APPROVED if cents == request.amount_cents else Code.PARTIAL), cents

    def _share(self, request: Request) -> tuple[Code, Cents]:
        """A fund that carries everything."""
        percent = request.price_choice or 0
        more = percent if request.op is Op.DRAW or percent == 100 else percent - 100
        cents = Cents(request.amount_cents * more // 100)
        self.paid[request.terminal, request.x] = (FUND, cents)
        self.purses[FUND] = self.purses.get(FUND, 0) - cents
        return Code.APPROVED, cents

    def _taken(self, request: Request) -> int:
        assert request.original is not None
        return self.paid.get((request.terminal, request.original), (b"", 0))[1]

    def _give_back(self, request: Request, cents: int) -> tuple[Code, Cents]:
        assert request.original is not None
        original = (request.terminal, request.original)
        if original in self.paid:
            card, left = self.paid[original]
            self.purses[card] += cents
            self.paid[original] = (card, left - cents)
        elif request.op is Op.REV:
            self.tombstones.add(original)
        return Code.APPROVED, Cents(cents)

    def _rotate(self, request: Request) -> tuple[Code, Cents]:
        assert request.new_key is not None
        old = next(e for e in self._entries() if (e.number, e.epoch) == (request.terminal, request.epoch))
        self.directory.put_key(entry_of(old.caisse, request.new_key.key, request.terminal, request.epoch + 1))
        return Code.APPROVED, NOTHING

    def _entries(self) -> list[KeyEntry]:
        return list(self.directory._terminals.values())

    def _enrol(self, proof: Enrolment) -> bytes:
        slot = self.slots.get(proof.slot)
        if slot is None or slot.wrong >= 5 or slot.taken_by not in (None, proof.key):
            raise EnrolmentRefused
        secret = pairing_key(slot.code, proof.slot)
        if not macs_equal(proof.mac, terminal_mac(secret, said(proof))):
            slot.wrong += 1
            raise EnrolmentRefused
        slot.taken_by, number = proof.key, TerminalId(b"paired" + proof.key[:2])
        self.directory.put_key(entry_of(self.caisse, proof.key, number, 0))
        mac = server_mac(secret, said(proof, self.root.public))
        return encode_enrolled(Enrolled(terminal=number, epoch=0, root=self.root.public, mac=mac))

    def _signed(self, request: Request, code: Code, approved: Cents) -> bytes:
        reply = Reply(
            m=request.terminal, e=request.epoch, n=request.n, x=request.x, rq=request.digest, rc=code, aa=approved,
            st=TimeMs(1_500_000_000_000), sq=len(self.replies) + 1,
        )  # fmt: skip
        return self.key.sign_envelope(FrameType.SRV_RESP, encode_reply(reply))


def said(proof: Enrolment, root: bytes = b"") -> bytes:
    return transcript(slot=proof.slot, key=proof.key, nonce=proof.nonce, server_nonce=proof.server_nonce, root=root)


def entry_of(
    caisse: CaisseCode, public: bytes, number: TerminalId, epoch: int, *, holder: Holder = Holder.TERMINAL
) -> KeyEntry:
    return KeyEntry(kid=public[:8], public_key=public, caisse=caisse, holder=holder, number=number, epoch=epoch)
