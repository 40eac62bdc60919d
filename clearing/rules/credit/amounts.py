"""Law: a credit's amount follows from the voted terms, the persons of a purse and what it paid in; every division floors.

A purse without named persons is one adult. Nobody's amount depends on the order in which purses are looked at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from clearing.events.funds import AllocationGranted, AllocationRuleSet, Amount, ClassCents
from clearing.values import Cents, MemberId

FORMS: Final = ("fixed", "mean", "top-up")
SHORT: Final = ("wait", "smaller", "fund")
ADULT: Final = "adult"
ONE_ADULT: Final = (ADULT,)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTerms:
    """What a purse gets. first_cents: for its first person (of the mean: for each). cover_cents, need_cents: the share of the
    amounts that the fund could carry; cover 0: all."""

    form: str
    first_cents: int
    further_cents: int
    classes: tuple[ClassCents, ...]
    after_cotisation: bool
    need_cents: int = 0
    cover_cents: int = 0

    @property
    def alike(self) -> bool:
        """Whether every purse gets the same, whoever is in it and whatever it paid: then nobody is looked at."""
        return self.form == "fixed" and not (self.further_cents or self.classes or self.after_cotisation)

    def due_cents(self, persons: Sequence[str], paid_cents: int, asked_cents: int = 1) -> int:
        """The amount of a purse with persons of these classes, which paid in so much for the month. asked_cents: its
        cotisation of the month, of which a part is not enough."""
        if self.after_cotisation and paid_cents < asked_cents:
            return 0
        full = self.first_cents * len(persons) if self.form == "mean" else self._fixed_cents(persons)
        if self.form == "top-up":
            full = max(0, full - paid_cents)
        return self.smaller(full)

    def smaller(self, full_cents: int) -> int:
        return full_cents * self.cover_cents // self.need_cents if self.cover_cents else full_cents

    def _fixed_cents(self, persons: Sequence[str]) -> int:
        own = {one.credit_class: one.cents for one in self.classes}
        others = sum(1 for one in persons if one not in own)
        return sum(own.get(one, 0) for one in persons) + (self.first_cents + (others - 1) * self.further_cents if others else 0)


def terms_of(said: AllocationRuleSet | AllocationGranted) -> CreditTerms:
    """As voted, or as a run froze them."""
    need, cover = (said.need_cents, said.cover_cents) if isinstance(said, AllocationGranted) else (0, 0)
    return CreditTerms(
        form=said.form, first_cents=said.cents_each, further_cents=said.further_cents, classes=said.classes,
        after_cotisation=said.after_cotisation, need_cents=need, cover_cents=cover,
    )  # fmt: skip


class Reached(NamedTuple):
    """A purse that a run is for."""

    member: MemberId
    persons: Sequence[str]
    paid_cents: int
    asked_cents: int = 1


def mean_cents(reached: Sequence[Reached]) -> int:
    """What was paid in, by heads: the spare cents stay in the fund."""
    heads = sum(len(one.persons) for one in reached)
    return sum(one.paid_cents for one in reached) // heads if heads else 0


def amounts_due(terms: CreditTerms, reached: Iterable[Reached]) -> tuple[Amount, ...]:
    """What each purse gets, by amount, the largest first; purses that get nothing are left out."""
    found: dict[int, list[MemberId]] = {}
    for one in reached:
        cents = terms.due_cents(one.persons, one.paid_cents, one.asked_cents)
        if cents:
            found.setdefault(cents, []).append(one.member)
    return tuple(Amount(Cents(cents), tuple(sorted(found[cents]))) for cents in sorted(found, reverse=True))


def total_cents(amounts: Iterable[Amount]) -> int:
    return sum(one.cents * len(one.members) for one in amounts)


def heads(amounts: Iterable[Amount]) -> int:
    return sum(len(one.members) for one in amounts)
