"""Law: the lists of products and prices as their events left them."""

from collections.abc import Callable
from typing import Final

from clearing.events import products as product_events
from clearing.rules.voted import products

FOLDS: Final[dict[type, Callable[..., None]]] = {
    product_events.ProductsListed: lambda book, event, _p, _a: products.evolve_listed(book.products, event),
    product_events.PricesListed: lambda book, event, _p, _a: products.evolve_priced(book.products, event),
}
