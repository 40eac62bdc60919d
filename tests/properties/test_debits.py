"""Whatever is collected, answered in any order, twice or late: states, cents and months are what a naive count says."""

from collections import defaultdict
from datetime import date, timedelta
from random import Random
from typing import Any

from hypothesis import given, strategies as st

from clearing.rules.answers import Declined
from clearing.rules.treasury.collecting import first_day
from clearing.rules.treasury.cotisations import standings
from clearing.values import MemberId
from tests.rules.debit_sayings import answer, club, give, number, propose, said
from tests.rules.test_cotisations import agreed, receive
from tests.sayings import BRUNO

MEMBERS = ["m-1", "m-2"]
DUE = 2_000
DAY_US = 86_400_000_000
SENT = ("sent", "accepted")


class Asked:
    """One debit as somebody without a program would keep it: months, and what became of it."""

    def __init__(self, collection: int, member: str, months: dict[str, int]) -> None:
        self.collection, self.member, self.months = collection, member, months
        self.state, self.came, self.counted = "planned", False, False

    def hear(self, state: str, counts_at_once: bool) -> None:
        before = {"accepted": ("sent",), "executed": SENT, "rejected": SENT, "returned": (*SENT, "executed")}
        if self.state not in before.get(state, ()):
            return
        if state == "executed":
            self.came, self.counted = True, counts_at_once
        self.state = state

    def kept(self) -> int:
        return sum(self.months.values()) if self.state == "executed" else 0


class Months:
    def __init__(self, seed: int, *, window: bool) -> None:
        self.dice, self.window = Random(seed), window
        self.story = club(*MEMBERS)
        counts_on = "window" if window else "execution"
        give(self.story, "set_debit_rule", {"notice_days": 3, "counts_on": counts_on, "decision": "ag-2026-04"}).then("00")
        self.asked: list[Asked] = []
        self.by_hand: dict[tuple[str, str], int] = defaultdict(int)

    def today(self) -> Any:
        return self.story.book.caisse.calendar.day(self.story._next_us())

    def step(self, place: int) -> None:
        match self.dice.randrange(9):
            case 0 | 1:
                self.propose()
            case 2:
                self.onward()
            case 3:
                self.story.at_us = self.story._next_us() + self.dice.randint(1, 30) * DAY_US
            case 4:
                self.pay_by_hand(place)
            case 5 if self.asked:
                self.count()
            case 6:
                for member in MEMBERS:
                    give(self.story, "resume_mandate", {"mandate": f"CLUB-{member}", "reason": "asked"})
            case _ if self.asked:
                self.hear()
            case _:
                return

    def propose(self) -> None:
        day = first_day(self.story.book.debits, self.today())
        propose(self.story, f"{self.today():%Y-%m}", day.isoformat(), arrears=self.dice.random() < 0.7)
        if isinstance(self.story.last, Declined):
            return
        event: Any = self.story.last
        for row in event.rows:
            months = {part.period: part.cents for part in row.parts}
            for month, cents in months.items():
                assert cents + self.covered(row.member, month) <= DUE, "nothing is collected twice"
            self.asked.append(Asked(event.collection, row.member, months))

    def covered(self, member: str, month: str) -> int:
        """Paid, or on its way."""
        ways = (*SENT, "planned", "executed")
        return self.by_hand[member, month] + sum(
            one.months.get(month, 0) for one in self.asked if one.member == member and one.state in ways
        )

    def onward(self) -> None:
        """The newest collection goes to the bank, or is dropped, or loses a member."""
        which = number(self.story)
        mine = [one for one in self.asked if one.collection == which["collection"]]
        if not mine or mine[0].state != "planned":
            return
        if self.dice.random() < 0.15:
            give(self.story, "drop_collection", which | {"reason": "x"}).then("00")
            for one in mine:
                one.state = "never"
            return
        give(self.story, "approve_collection", which, by=BRUNO)
        give(self.story, "announce_collection", which | {"sha256": b"n" * 32})
        give(self.story, "export_collection", which | {"message_id": "M", "file_sha256": b"f" * 32})
        if not isinstance(self.story.last, Declined):
            for one in mine:
                one.state = "sent"
        else:
            give(self.story, "drop_collection", which | {"reason": "too late"}).then("00")
            for one in mine:
                one.state = "never"

    def hear(self) -> None:
        one = self.dice.choice(self.asked)
        state = self.dice.choice(["accepted", "executed", "executed", "rejected", "returned", "unknown"])
        code = self.dice.choice(["AM04", "MD06", "MD01", "XX99"])
        on = (self.today() - timedelta(days=self.dice.randint(0, 3))).isoformat()
        for _ in range(self.dice.randint(1, 2)):
            answer(self.story, said(state, one.member, code, on), collection=one.collection)
        if one.state not in ("planned", "never"):
            one.hear(state, not self.window)

    def count(self) -> None:
        which = self.dice.choice(self.asked).collection
        book = self.story.book
        ready = [
            one for one in self.asked
            if one.collection == which and one.state == "executed" and not one.counted
            and self.today() > _executed_on(book, one) + timedelta(days=56)
        ]
        give(self.story, "count_collection", {"collection": which})
        assert isinstance(self.story.last, Declined) == (not ready)
        for one in ready:
            one.counted = True

    def pay_by_hand(self, place: int) -> None:
        member, month = self.dice.choice(MEMBERS), f"{self.today():%Y-%m}"
        cents = self.dice.randint(1, DUE)
        if cents + self.covered(member, month) <= DUE:
            self.story.when(receive(cents, month, reference=f"h{place}", means="cash", owner=member)).then("00")
            self.by_hand[member, month] += cents

    def check(self) -> None:
        agreed(self.story)
        names = {"sent": "instructed", "never": "planned"}
        for one in self.asked:
            debit = self.story.book.debits.collections[one.collection].debits[MemberId(one.member)]
            assert debit.state == names.get(one.state, one.state)
        assert -self.story.account("bank") == sum(one.kept() for one in self.asked)
        waits = sum(one.kept() for one in self.asked if not one.counted)
        assert self.story.account("collected:general") == waits
        assert self.story.account("returned:general") <= 0
        for member in MEMBERS:
            found = standings(self.story.book.cotisations, MemberId(member), until="2030-12")
            for month in found:
                debited = sum(
                    one.months.get(month.period, 0) for one in self.asked
                    if one.member == member and one.state == "executed" and one.counted
                )
                assert month.paid_cents == debited + self.by_hand[member, month.period]
                assert month.paid_cents <= DUE


def _executed_on(book: Any, one: Asked) -> Any:
    return date.fromisoformat(book.debits.collections[one.collection].debits[MemberId(one.member)].executed_on)


@given(st.integers(0, 2**32), st.integers(0, 60), st.booleans())
def test_collections_are_what_a_naive_count_says(seed: int, steps: int, window: bool) -> None:
    lived = Months(seed, window=window)
    for place in range(steps):
        lived.step(place)
        lived.check()
    back = sum(sum(one.months.values()) for one in lived.asked if one.came and one.counted and one.state == "returned")
    assert -lived.story.account("returned:general") <= back


def test_the_random_months_reach_every_state_and_both_votes() -> None:
    seen = set()
    for seed in range(40):
        lived = Months(seed, window=seed % 2 == 0)
        for place in range(50):
            lived.step(place)
        lived.check()
        seen |= {one.state for one in lived.asked} | {f"counted {lived.window}" for one in lived.asked if one.counted}
    assert seen >= {"sent", "accepted", "executed", "rejected", "returned", "never", "counted True", "counted False"}
