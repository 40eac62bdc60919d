"""Law: one seed, one log: a caisse that lives at random from its founding on, with its settlement."""


from clearing.events.settlement import (
    BatchApproved,
    BatchClosed,
    BatchExported,
    BatchLine,
    PayoutConfirmed,
    PayoutReturned,
)
from clearing.values import (
    BatchId,
    Cents,
    PersonId,
    Position,
    ProducerId,
)
from tests.projections.random_money import BY, PRODUCERS, START_US
from tests.projections.random_sales import RandomSales

__all__ = ["START_US", "RandomCaisse"]


class RandomCaisse(RandomSales):
    """events and at_us, one per position from 1; the other fields are the expectation."""

    __slots__ = ()

    def live(self, operations: int) -> "RandomCaisse":
        """So many more things happen."""
        acts = (
            (self._sale, 50), (self._decline, 8), (self._hold, 14), (self._capture, 9), (self._reverse, 7), (self._refund, 10),
            (self._expire, 3), (self._grant, 2), (self._single, 3), (self._credit, 5), (self._lapse, 2), (self._regroup, 3),
            (self._admit, 2), (self._close, 2), (self._bank, 4), (self._notify, 1), (self._noise, 2),
        )  # fmt: skip
        chosen = self.dice.choices([act for act, _ in acts], [weight for _, weight in acts], k=operations)
        for act in chosen:
            act()
        return self

    def _close(self) -> None:
        owed = {p: -self.accounts[f"owed:{p}"] for p in PRODUCERS}
        lines = tuple(
            BatchLine(
                producer=p, captured_cents=Cents(max(0, cents)), refunded_cents=Cents(0), carried_cents=0, net_cents=cents,
                paid_cents=Cents(max(0, cents)), details=b"d" * 32,
            )
            for p, cents in owed.items() if cents
        )  # fmt: skip
        if not lines:
            return
        batch = BatchClosed(
            batch=BatchId(len(self.batches) + 1), closed_on="2017-04-02", up_to=Position(len(self.events)), lines=lines,
            total_cents=Cents(sum(line.paid_cents for line in lines)), by=BY,
        )  # fmt: skip
        self._say(batch)
        self.batches.append(batch)
        for line in lines:
            self._post(f"owed:{line.producer}", f"payable:{line.producer}", line.paid_cents)
            self.taken[line.producer][2] += line.paid_cents
        if self.dice.random() < 0.8:
            self._say(BatchApproved(batch=batch.batch, execution_on="2017-04-04", by=PersonId("anna")))
            self._say(BatchExported(batch=batch.batch, message_id="m", file_sha256=b"f" * 32, by=BY))
            self.payouts.update({(batch.batch, line.producer): "instructed" for line in lines if line.paid_cents})

    def _bank(self) -> None:
        open_payouts = [key for key, state in self.payouts.items() if state != "returned"]
        if not open_payouts:
            return
        batch, producer = key = self.dice.choice(open_payouts)
        cents = next(line.paid_cents for line in self.batches[batch - 1].lines if line.producer == producer)
        payee = ProducerId(producer)
        if self.payouts[key] == "instructed" and self.dice.random() < 0.7:
            self._say(PayoutConfirmed(batch=BatchId(batch), producer=payee, cents=cents, reference="r", by=BY))
            self._post(f"payable:{producer}", "bank", cents)
            self.payouts[key] = "executed"
        else:
            self._say(PayoutReturned(batch=BatchId(batch), producer=payee, cents=cents, reason="AC04", by=BY))
            self._post("bank" if self.payouts[key] == "executed" else f"payable:{producer}", f"owed:{producer}", cents)
            self.payouts[key] = "returned"
