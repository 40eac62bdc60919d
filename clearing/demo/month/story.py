"""Law: everything that happens is drawn from one seed: the same seed, size and last day are the same year to the cent.

Baskets are those of the shipped market day; who buys them, where and when is drawn. Nobody of it exists.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Final

import schwifty

from clearing.demo.day import Basket, read_day
from clearing.events.basket import Line
from clearing.rules.calendar import CivilCalendar
from clearing.values import CategoryId, MemberId, ProducerId

PARIS: Final = CivilCalendar("Europe/Paris")
HABITS_MAX: Final = 5  # stalls a household goes to
SALES_A_MONTH: Final = 4
_BANK_CODE: Final = "30006"
_FIRST_NAMES: Final = (
    "Amélie", "Bintou", "Claire", "Driss", "Élise", "Farid", "Gaëlle", "Hugo", "Inès", "Joseph", "Khadija", "Léa", "Marc",
    "Nadia", "Océane", "Paul", "Quentin", "Rosa", "Samir", "Thérèse", "Ulysse", "Valérie", "Wassim", "Yann", "Zoé",
)  # fmt: skip
_LAST_NAMES: Final = (
    "Arnaud", "Benali", "Carpentier", "Diallo", "Estève", "Faure", "Garcia", "Haddad", "Imbert", "Jourdan", "Kaya", "Lefèvre",
    "Moreau", "Nguyen", "Ollivier", "Petit", "Roche", "Sanchez", "Traoré", "Vidal",
)  # fmt: skip
_SELLERS: Final = (
    "Ferme des Tilleuls", "GAEC du Ruisseau", "Maraîchage du Pré Long", "Épicerie La Placette", "Fromagerie des Combes",
    "Boulangerie Au Levain", "Les Jardins de Mado", "Rucher du Val", "Moulin de la Source", "Ferme Saint-Roch",
    "Vergers de la Côte", "Coopérative Le Grenier", "Boucherie Martin et Filles", "Poissonnerie du Port", "Le Panier Commun",
    "Ferme du Chêne Vert", "Chèvrerie des Hauts", "Le Four à Bois", "Les Serres du Moulin", "Volailles de l’Orme",
    "Épicerie Du Coin", "Laiterie de la Vallée", "Au Champ du Voisin", "Pâtes et Farines Bonnet", "Cueillette de Marthe",
    "Huilerie des Deux Rives", "Œufs de la Plaine", "Champignons du Tunnel", "Le Verger d’Alice", "Halle des Producteurs",
)  # fmt: skip
_CATEGORIES: Final = {
    "fruit-veg": "fruits-legumes", "animal": "viande-fromage", "staple": "epicerie", "other": "hors-regles",
}  # fmt: skip
"""What the shipped baskets' categories are called in this caisse."""
BASKET_CENTS_MAX: Final = 6_000  # what somebody buys at one stall with a card
_NOT_COVERED: Final = "other"
_PAYS: Final = (1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 6_000, 8_000)
_MEANS: Final = ("debit", "debit", "debit", "transfer", "transfer", "cash")
_DAYS: Final = (1, 1, 4, 1, 3, 8, 2)  # how many come on a Monday ... Sunday
_HOURS: Final = (8, 9, 9, 10, 10, 10, 11, 11, 12, 16, 17, 18, 18)
_SPENT_EARLY: Final = 15  # up to this day of the month twice as many come: the credit is new
UNDONE, BROUGHT_BACK = "undone", "brought back"
_UNDONE_EVERY: Final = 120
_BROUGHT_BACK_EVERY: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """first: the first day of credit; until: the day on which the console opens, of which nothing is played."""

    members: int
    producers: int
    first: date
    until: date
    seed: int

    @property
    def months(self) -> list[date]:
        """The first day of each."""
        found, day = [], self.first
        while day < self.until:
            found.append(day)
            day = (day + timedelta(days=31)).replace(day=1)
        return found

    @property
    def days(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range((self.until - self.first).days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Eater:
    """cents: of her cotisation each month. stalls: where she buys, by their places."""

    member: MemberId
    name: str
    iban: str
    cents: int
    means: str
    stalls: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    producer: ProducerId
    name: str
    iban: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One basket at one stall. after: "" or what becomes of the sale: undone at once, or a line brought back."""

    at_us: int
    eater: int
    stall: int
    lines: tuple[Line, ...]
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    size: Size
    eaters: tuple[Eater, ...]
    sellers: tuple[Seller, ...]
    visits: dict[date, list[Visit]]


def dice_of(size: Size, which: int) -> Random:
    """Each part of the play throws dice of its own, so that one more throw in one changes nothing in the others."""
    return Random(size.seed * 10 + which)  # noqa: S311 - a play, no secret


def drawn(size: Size) -> Story:
    dice = dice_of(size, 0)
    sellers = tuple(_seller(number) for number in range(size.producers))
    eaters = tuple(_eater(number, size, dice) for number in range(size.members))
    return Story(size=size, eaters=eaters, sellers=sellers, visits=_visits(size, eaters, dice))


def _seller(number: int) -> Seller:
    turn, place = divmod(number, len(_SELLERS))
    name = _SELLERS[place] + (f" {turn + 1}" if turn else "")
    return Seller(producer=ProducerId(f"pv-{number + 1:02d}"), name=name, iban=iban(100 + number))


def _eater(number: int, size: Size, dice: Random) -> Eater:
    name = f"{dice.choice(_FIRST_NAMES)} {dice.choice(_LAST_NAMES)}"
    stalls = tuple(dice.sample(range(size.producers), min(HABITS_MAX, size.producers)))
    return Eater(
        member=MemberId(f"adh-{number + 1:04d}"), name=name, iban=iban(10_000 + number), cents=dice.choice(_PAYS),
        means=dice.choice(_MEANS), stalls=stalls,
    )  # fmt: skip


def iban(number: int) -> str:
    """An account that can exist and does not: its check digits agree."""
    return str(schwifty.IBAN.generate("FR", bank_code=_BANK_CODE, branch_code="00001", account_code=str(number).zfill(11)))


def _baskets() -> list[Basket]:
    """Of the shipped day, those that a card pays something of, and few of the others."""
    found = [one for one in read_day().baskets if one.total_cents <= BASKET_CENTS_MAX]
    covered = [one for one in found if any(line.category != _NOT_COVERED for line in one.lines)]
    others = [one for one in found if one not in covered]
    return [replace(one, lines=tuple(map(_renamed, one.lines))) for one in covered + others[: len(covered) // 25]]


def _renamed(line: Line) -> Line:
    return line._replace(category=CategoryId(_CATEGORIES[line.category]))


def _visits(size: Size, eaters: tuple[Eater, ...], dice: Random) -> dict[date, list[Visit]]:
    days, baskets = list(size.days), _baskets()
    weights = [_DAYS[day.weekday()] * (2 if day.day <= _SPENT_EARLY else 1) for day in days]
    number = round(size.members * SALES_A_MONTH * len(days) / 30.4)
    found: dict[date, list[Visit]] = {day: [] for day in days}
    for place, day in enumerate(dice.choices(days, weights, k=number), start=1):
        eater = dice.randrange(len(eaters))
        found[day].append(_visit(day, eater, dice.choice(eaters[eater].stalls), dice.choice(baskets), place, dice))
    for visits in found.values():
        visits.sort(key=lambda one: (one.at_us, one.eater))
    return found


def _visit(day: date, eater: int, stall: int, basket: Basket, place: int, dice: Random) -> Visit:
    second = dice.choice(_HOURS) * 3_600 + dice.randrange(3_600)
    after = UNDONE if place % _UNDONE_EVERY == 0 else BROUGHT_BACK if place % _BROUGHT_BACK_EVERY == 0 else ""
    at_us = PARIS.start_us(day) + second * 1_000_000 + place % 1_000  # no two at one instant, nearly
    return Visit(at_us=at_us, eater=eater, stall=stall, lines=basket.lines, after=after)
