"""Law: what the committee lists is said once per change; a price list is a version of its own and binds no till."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from clearing.events.recorded import Recorded
from clearing.values import CategoryId, Cents, ConventionId, PersonId


class Product(NamedTuple):
    """code: GTIN-8, -13 or -14, PLU of 4 or 5 digits, or the caisse's own. unit: what a quantity counts, like kg or piece."""

    code: str
    label: str
    category: CategoryId
    unit: str


class Price(NamedTuple):
    """unit_cents: for one unit of the product as the caisse lists it."""

    product: str
    unit_cents: Cents


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductsListed(Recorded):
    """New products, and known ones that changed; those listed before and not here stay."""

    TYPE: ClassVar[int] = 71
    products: tuple[Product, ...]
    by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesListed(Recorded):
    """The whole price list of a convention, which takes the place of the one before. version: from 1, by convention."""

    TYPE: ClassVar[int] = 72
    convention: ConventionId
    version: int
    prices: tuple[Price, ...]
    by: PersonId


Event = ProductsListed | PricesListed
"""Every event of this room, for catalogue.py."""
