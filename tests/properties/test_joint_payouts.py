"""Whatever is lost between two steps, what a producer of two caisses gets is what both owe her, to the cent, and once.

The real receptions and the real carrier; a dying gateway loses a word before or after a writer took it. A naive count predicts
what she is owed in all: what tills were told, less what the banks made and did not send back.
"""

from asyncio import run
from contextlib import suppress
from random import Random

from hypothesis import given, settings, strategies as st

from clearing.audit import Level, audit
from clearing.events.codes import Code
from clearing.rules.between.interchange import TAKEN
from clearing.rules.between.netting import unmatched
from clearing.rules.ledger.postings import Ledger
from clearing.rules.stalls.payouts import FAILED, UNDER_WAY, PayoutState
from clearing.rules.stalls.settlement import BatchState
from clearing.values import CaisseCode, Position
from clearing.wire.requests import Op
from tests.between.joined import FIELD, agree, proposal
from tests.living_caisse import AMINA, BRUNO
from tests.three_caisses import AVAL, BRUME, SERVERS, Lost, Region

BOTH = (BRUME, AVAL)


class Life:
    """sold: what tills were told; paid: what a bank made and did not send back; by caisse."""

    def __init__(self, dice: Random) -> None:
        self.dice, self.region = dice, Region(codes=BOTH)
        self.sold, self.paid = dict.fromkeys(BOTH, 0), dict.fromkeys(BOTH, 0)
        agree(self.region, AVAL, proposal(BRUME, "pays", cap_cents=dice.choice((500, 5_000, 500_000))))
        agree(self.region, BRUME, proposal(AVAL, "hands-over"))

    async def step(self) -> None:
        code = self.dice.choice(BOTH)
        act = self.dice.randrange(12)
        if act < 4:
            self.sell(code)
        elif act < 6:
            self.settle(code)
        elif act < 8:
            await self.sweep()
        elif act == 8:
            self.bank(code)
        elif act == 9:
            self.anew(code)
        elif act == 10:
            self.people(code)
        else:
            await self.night()

    def tried(self, code: CaisseCode, person: object, verb: str, body: dict[str, object]) -> bool:
        return self.region.desks[code].command(person, verb, body).rc is Code.APPROVED  # type: ignore[arg-type]

    def sell(self, code: CaisseCode) -> None:
        reply = self.region.desks[code].ask(Op.SALE, {"fruit-veg": self.dice.randrange(1, 900)})[1]
        self.sold[code] += reply.aa or 0

    def settle(self, code: CaisseCode) -> None:
        batch = len(self.region.desks[code].book.settlement.batches) + 1
        if self.tried(code, AMINA, "close_batch", {"closed_on": self.region.today()}):
            self.approve(code, batch)

    def approve(self, code: CaisseCode, batch: int) -> None:
        self.tried(code, BRUNO, "approve_batch", {"batch": batch, "execution_on": self.region.today()})
        if self.dice.random() < 0.8:
            digest = bytes([batch]) * 32
            self.tried(code, AMINA, "export_batch", {"batch": batch, "message_id": f"m-{batch}", "file_sha256": digest})

    def bank(self, code: CaisseCode) -> None:
        """It makes a transfer, or sends one back."""
        batches = self.region.desks[code].book.settlement.batches
        found = [number for number, one in batches.items() if one.state is BatchState.EXPORTED and FIELD in one.payouts]
        if not found:
            return
        number = self.dice.choice(found)
        before, cents = batches[number].payouts[FIELD].state, batches[number].payouts[FIELD].cents
        if self.dice.random() < 0.7:
            if self.tried(code, AMINA, "confirm_payout", {"batch": number, "producer": FIELD, "reference": "line"}):
                self.paid[code] += cents
        elif self.tried(code, AMINA, "return_payout", {"batch": number, "producer": FIELD, "reason": "AC04"}):
            self.paid[code] -= cents if before is PayoutState.EXECUTED else 0

    def anew(self, code: CaisseCode) -> None:
        for number, batch in list(self.region.desks[code].book.settlement.batches.items()):
            payout = batch.payouts.get(FIELD)
            if payout is not None and payout.state in FAILED and not payout.paid_in:
                new = len(self.region.desks[code].book.settlement.batches) + 1
                if self.tried(code, AMINA, "reissue_payout", {"payouts": [{"batch": number, "producer": FIELD}]}):
                    self.approve(code, new)
                return

    def people(self, code: CaisseCode) -> None:
        """Somebody holds payments, lets them go on, ends the agreement or makes it anew."""
        act = self.dice.randrange(4)
        if act == 0:
            self.tried(code, AMINA, "hold_payout", {"producer": FIELD, "reason": "a call"})
        elif act == 1:
            self.tried(code, AMINA, "propose_payout_release", {"producer": FIELD, "reason": "it was the farm"})
            self.tried(code, BRUNO, "release_payout", {"producer": FIELD})
        elif act == 2:
            role, other = ("pays", BRUME) if code == AVAL else ("hands-over", AVAL)
            self.tried(code, AMINA, "end_joint_payout", {"other": other, "role": role, "reason": "by letter"})
        else:
            agree(self.region, AVAL, proposal(BRUME, "pays", cap_cents=self.dice.choice((500, 500_000))))
            agree(self.region, BRUME, proposal(AVAL, "hands-over"))

    async def sweep(self) -> None:
        if self.dice.random() < 0.5:
            self.region.wires.die(self.dice.randrange(1, 5), after=self.dice.random() < 0.5)
        with suppress(Lost):
            await self.region.sweep()
        self.region.wires.live()

    async def night(self) -> None:
        day = self.region.next_day()
        await self.region.sweep()
        found = self.region.net(day)
        assert found.total_cents() == 0
        for code in BOTH:
            if found.nets.get(code) and self.dice.random() < 0.7:
                self.tried(code, AMINA, "pay_netting", {"day": day, "reference": "line"})

    async def judge(self) -> None:
        await self.region.sweep()
        rooms = {code: desk.book.interchange for code, desk in self.region.desks.items()}
        assert unmatched(rooms) == []
        handed = {ref: one.part.cents for ref, one in rooms[BRUME].parts.items() if one.outcome == TAKEN}
        taken = {ref: one.cents for ref, one in rooms[AVAL].answered.items() if not one.reason}
        assert handed == taken
        assert len(rooms[BRUME].parts) == len(rooms[AVAL].answered)
        parts = sum(taken.values())
        assert self.left(BRUME) == self.sold[BRUME] - self.paid[BRUME] - parts
        assert self.left(AVAL) == self.sold[AVAL] + parts - self.paid[AVAL]
        assert rooms[BRUME].balances.get(AVAL, 0) == -rooms[AVAL].balances.get(BRUME, 0)
        for code, desk in self.region.desks.items():
            ledger = Ledger()
            for position, event in enumerate(desk.log.events(), start=1):
                assert sum(ledger.post(event, Position(position)).values()) == 0
            found = await audit(
                desk.log, report=lambda _: None, server_keys=[SERVERS[code].public], level=Level.WITHOUT_SIGNATURES
            )
            assert found.ok, (code, found.reason)

    def left(self, code: CaisseCode) -> int:
        """Owed to her there, or on its way."""
        settlement = self.region.desks[code].book.settlement
        owed = settlement.owed[FIELD].net_cents() if FIELD in settlement.owed else 0
        return owed + sum(
            one.payouts[FIELD].cents for one in settlement.batches.values()
            if FIELD in one.payouts and one.payouts[FIELD].state in UNDER_WAY
        )  # fmt: skip


async def live(dice: Random, steps: int) -> None:
    life = Life(dice)
    for _ in range(steps):
        await life.step()
    await life.judge()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(10, 60))
def test_what_a_producer_of_two_caisses_gets_is_what_both_owe_her_to_the_cent(seed: int, steps: int) -> None:
    run(live(Random(seed), steps))


def test_the_lives_that_are_tried_hand_over_take_refuse_and_pay() -> None:
    """Else the property would hold of nothing."""
    seen: set[str] = set()

    async def look() -> None:
        for seed in range(12):
            life = Life(Random(seed))
            for _ in range(60):
                await life.step()
            await life.judge()
            answered = life.region.desks[AVAL].book.interchange.answered.values()
            seen.update(one.reason or TAKEN for one in answered)
            seen.update(f"paid by {code}" for code in BOTH if life.paid[code])

    run(look())
    assert seen >= {TAKEN, "cap", "held", "no-agreement", f"paid by {BRUME}", f"paid by {AVAL}"}, seen
