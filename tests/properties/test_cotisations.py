"""Whatever members pay and banks take back, arrears are what a naive count says, and each cent is in one account."""

from collections import defaultdict
from random import Random

from hypothesis import given, strategies as st

from clearing.rules.answers import Declined
from clearing.rules.treasury.cotisations import standings
from clearing.values import MemberId
from tests.given_when_then import given as story_of
from tests.properties.test_contracts import agreed
from tests.rules.test_cotisations import CLUB, RULE, agree, confirm, count, gift, give_back, receive, write_off

MONTHS = ["2026-05", "2026-06", "2026-07"]


class Years:
    """Plain dicts beside the book: cents by member and month, boxes, the fund."""

    def __init__(self, seed: int) -> None:
        self.dice, self.story = Random(seed), story_of(*CLUB, RULE)
        self.paid: dict[tuple[str, str], int] = defaultdict(int)
        self.payments: dict[str, tuple[str, str, int]] = {}
        self.box = {"cash": 0, "cheques": 0}
        self.receipts: list[int] = []
        self.deposits = 0

    def step(self, number: int) -> None:
        owner, month = self.dice.choice(["m-1", "m-2"]), self.dice.choice(MONTHS)
        match self.dice.randrange(8):
            case 0 | 1 | 2:
                self._receive(number, owner, month)
            case 3 if self.payments:
                self._back(self.dice.choice([*self.payments]))
            case 4:
                self.story.when(agree(500 * self.dice.randint(2, 9), start=month, owner=owner))
            case 5:
                self._deposit()
            case 6:
                self.story.when(write_off())
            case _:
                means = self.dice.choice(["cash", "cheque", "transfer"])
                self.story.when(gift(self.dice.randint(1, 900), means=means, reference=f"g{number}")).then("00")
                self._in_box(means)

    def _receive(self, number: int, owner: str, month: str) -> None:
        means, cents = self.dice.choice(["cash", "cheque", "transfer", "debit"]), self.dice.randint(1, 9_000)
        self.story.when(receive(cents, month, reference=f"p{number}", means=means, owner=owner)).then("00")
        self.paid[owner, month] += cents
        if means != "cash":
            self.payments[f"p{number}"] = (owner, month, cents)
        self._in_box(means)

    def _in_box(self, means: str) -> None:
        box = {"cash": "cash", "cheque": "cheques"}.get(means)
        if box is not None:
            self.box[box] += getattr(self.story.last, "cents", 0)
        if means == "cash":
            self.receipts.append(getattr(self.story.last, "receipt", 0))

    def _back(self, reference: str) -> None:
        owner, month, cents = self.payments.pop(reference)
        self.story.when(give_back(reference)).then("00")
        self.paid[owner, month] -= cents

    def _deposit(self) -> None:
        box, cents = self.dice.choice(["cash", "cheques"]), self.dice.randint(1, 5_000)
        self.story.when(count(cents, box))
        assert isinstance(self.story.last, Declined) == (cents > self.box[box])
        if not isinstance(self.story.last, Declined):
            self.deposits += 1
            self.story.when(confirm(cents, deposit=self.deposits)).then("00")
            self.box[box] -= cents


@given(st.integers(0, 2**32), st.integers(0, 60))
def test_arrears_and_accounts_are_what_a_naive_count_says(seed: int, steps: int) -> None:
    lived = Years(seed)
    for number in range(steps):
        lived.step(number)
        agreed(lived.story)
    for owner in ("m-1", "m-2"):
        months = standings(lived.story.book.cotisations, MemberId(owner), until="2026-12")
        found = {one.period: one.paid_cents for one in months}
        assert {month: cents for month, cents in found.items() if cents} == {
            month: cents for (who, month), cents in lived.paid.items() if who == owner and cents
        }
    assert {box: -lived.story.account(box) for box in lived.box} == lived.box
    assert lived.receipts == list(range(1, len(lived.receipts) + 1))
    assert lived.story.account("returned:general") <= 0
