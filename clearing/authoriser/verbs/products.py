"""Law: the committee's lists of products and of prices."""

from typing import Final

from clearing.authoriser.bodies import Body
from clearing.authoriser.verbs.order import Order, Result, Verb, one
from clearing.events.products import Price, Product
from clearing.rules.voted import products
from clearing.values import CategoryId, ConventionId


def read_product(b: Body) -> Product:
    """A product, as commands and founding files give it."""
    product = Product(b.text("product"), b.text("label"), CategoryId(b.id("category")), b.id("unit"))
    b.end()
    return product


def _list_products(o: Order) -> Result:
    listed = [read_product(item) for item in o.body.bodies("products")]
    return one(products.decide_list(o.book.products, listed=listed, by=o.by))


def _price(b: Body) -> Price:
    price = Price(b.text("product"), b.cents("unit_cents"))
    b.end()
    return price


def _list_prices(o: Order) -> Result:
    convention, prices = ConventionId(o.body.id("convention")), [_price(item) for item in o.body.bodies("prices")]
    return one(products.decide_prices(
        o.book.products, conventions=o.book.producers.conventions, convention=convention, prices=prices, by=o.by
    ))


VERBS: Final[dict[str, Verb]] = {
    "list_products": _list_products,
    "list_prices": _list_prices,
}
