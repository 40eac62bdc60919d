"""Law: each day of the year in its order: the office in the morning, the stalls, the proofs at night.

On the last days nobody finishes: a batch waits for its second person, the month's books too, and lines of the
bank name nobody.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Final

from clearing.demo.caisse import CAMILLE
from clearing.demo.month import money, pay
from clearing.demo.month.bank import Bank, Payment, answers
from clearing.demo.month.books import Books, close_month
from clearing.demo.month.caisse import SUBSIDIES, Caisse
from clearing.demo.month.stalls import Stalls
from clearing.demo.month.story import PARIS
from clearing.settlement.calendar import next_business_day

_HOUR_US: Final = 3_600_000_000
CLOSED_ON: Final = 6  # Sundays, every other week
APPROVED_ON: Final = 0  # the Monday after
STATEMENTS_ON: Final = 4  # Fridays
_LEFT_TO_A_NEWCOMER: Final = timedelta(days=40)  # what comes back in the last weeks is paid anew by who looks at it
Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Year:
    """What is under way between two days. batch: waits for its second person; anew: so does the one
    that pays what came back. unheld: days on which a proof did not hold."""

    caisse: Caisse
    stalls: Stalls
    books: Books
    dice: Random
    bank: Bank = field(default_factory=Bank)
    batch: int = 0
    anew: int = 0
    batches: int = 0
    lost: int | None = None
    collections: dict[date, int] = field(default_factory=dict)
    unheld: list[date] = field(default_factory=list)

    async def play(self, say: Say) -> None:
        size = self.caisse.story.size
        last = size.until - timedelta(days=1)
        for day in size.days:
            self._at(day, 0)
            if day.day == 1:
                number = size.months.index(day)
                say(f"{day:%B %Y}: {self.stalls.sold} sales so far, {self.batches} batches paid")
                await money.month_begins(self.caisse, self.bank, day, number)
            self._at(day, 7)
            await self._office(day, last)
            await self.stalls.open_for(self.caisse.story.visits[day])
            self._at(day, 22)
            if (day.weekday() == CLOSED_ON and day.isocalendar().week % 2 == 0) or day == last - timedelta(days=1):
                self.batch = await self._closed(day)
            if not await self.books.prove(self.caisse, day):
                self.unheld.append(day)
        await self.books.publish(self.caisse, last)
        await self._left_open(last)

    def _at(self, day: date, hour: int) -> None:
        self.caisse.clock.move_to(PARIS.start_us(day) + hour * _HOUR_US)

    async def _closed(self, day: date) -> int:
        """Unless one waits for its second person already: then this day's sales are in the next."""
        return self.batch or await pay.close(self.caisse, day)

    async def _office(self, day: date, last: date) -> None:
        if self.batch and day.weekday() == APPROVED_ON and day < last - timedelta(days=1):
            await pay.approve_and_send(self.caisse, self.bank, self.batch, day, self.dice)
            self.batch, self.batches = 0, self.batches + 1
        if self.anew and day.weekday() == APPROVED_ON:
            await pay.approve_and_send(self.caisse, self.bank, self.anew, day, self.dice)
            self.anew, self.batches = 0, self.batches + 1
        await self._by_day_of_month(day)
        await self._debits(day)
        if day.weekday() == STATEMENTS_ON or day.day == 1 or day == last:
            await answers(self.caisse, self.bank, day)
        if day.weekday() == STATEMENTS_ON and not self.anew and last - day > _LEFT_TO_A_NEWCOMER:
            self.anew = await pay.pay_anew(self.caisse)

    async def _by_day_of_month(self, day: date) -> None:
        caisse, first = self.caisse, day.replace(day=1)
        number = caisse.story.size.months.index(first)
        match day.day:
            case 2:
                self.collections[first] = await money.propose_collection(caisse, first)
            case 3 if self.collections.get(first):
                await money.send_collection(caisse, self.collections[first])
            case 6:
                await money.cash_at_the_desk(caisse, first, number)
            case 9:
                await money.cash_to_the_bank(caisse, self.bank, day)
            case 8 if number > 0:
                await self._books(first - timedelta(days=1))
            case 12:
                self.lost = await money.lost_card(caisse, self.dice)
            case 14 if self.lost is not None:
                await money.new_card(caisse, self.lost, number)
                self.lost = None
            case _:
                pass

    async def _books(self, of: date) -> None:
        """All months but the newest that is over are closed by the second person too."""
        period = f"{of:%Y-%m}"
        digest = await self.books.propose_to_close(self.caisse, period)
        if self.caisse.story.size.until - of > timedelta(days=31):
            await close_month(self.caisse, period, digest)

    async def _debits(self, day: date) -> None:
        for first, number in self.collections.items():
            made_on = next_business_day(first + timedelta(days=14))
            if number and day == made_on:
                await money.collected(self.caisse, self.bank, number, day)
            elif number and day == made_on + timedelta(days=7):
                await money.debits_back(self.caisse, number, day)

    async def _left_open(self, last: date) -> None:
        """What a newcomer finds to do: a subsidy that is announced, and money of which nobody knows whose it is."""
        grant, funder, cents, purpose = SUBSIDIES[0]
        await self.caisse.order(CAMILLE, "notify_subsidy", {
            "grant": f"{grant[:-1]}2", "funder": funder, "fund": "general", "cents": cents, "purpose": purpose,
            "reference": "convention de l'année",
        })  # fmt: skip
        self.bank.expect(
            Payment(on=last, cents=4_500, name="M OU MME ROCHE", text="VIR"),
            Payment(on=last, cents=12_000, name="ASSOCIATION DES PARENTS", text="Fete de l'ecole"),
        )  # fmt: skip
        await answers(self.caisse, self.bank, last)
