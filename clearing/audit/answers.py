"""Law: whatever number stands on a page or in a list can be asked about: a sale, an order, an exception, a payout between
caisses, each in its words."""

from clearing.audit.explaining import why
from clearing.audit.explaining_exceptions import explain_exception, is_exceptional
from clearing.audit.explaining_orders import explain_order
from clearing.audit.explaining_parts import explain_part
from clearing.audit.findings import StoredLog
from clearing.audit.scan import SaleNotFound, decoded
from clearing.events import orders
from clearing.events.joint import HandoverEnded, PartAnswered
from clearing.values import ID_FORM

_ABOUT_ORDERS = (
    orders.OrderPlaced, orders.OrderConfirmed, orders.DeliveryNoted, orders.LineDisputed, orders.DisputeProposed,
    orders.DisputeResolved, orders.OrderCancelled,
)  # fmt: skip


async def answer(log: StoredLog, reference: str) -> str:
    """reference: an event's position, an order's number (order/NUMBER where it looks like another reference), or the first 6 or
    more hex digits of an operation's x. Raises SaleNotFound."""
    text = reference.strip()
    named = text.removeprefix("order/")
    if named == text and text.isascii() and text.isdigit() and len(text) <= 10:
        found = await _of_event(log, int(text))
        if found is not None:
            return found
    if ID_FORM.fullmatch(named):
        order = await explain_order(log, named)
        if order is not None and (named != text or not await _is_sale(log, text)):
            return order.text()
        if named != text:
            raise SaleNotFound(f"There is no order {named}; `clearing order list` shows those there are.")
    sale = await why(log, text)
    late = await explain_exception(log, sale.position)
    return (late or sale).text()


async def _of_event(log: StoredLog, position: int) -> str | None:
    """The order or exception that the event is about; None for any other event."""
    rows = await log.read(position - 1, 1)
    event = decoded(rows[0]) if rows and rows[0].position == position else None
    if isinstance(event, _ABOUT_ORDERS):
        order = await explain_order(log, event.order)
        return None if order is None else order.text()
    if isinstance(event, PartAnswered | HandoverEnded):
        return await explain_part(log, rows[0], event)
    if isinstance(event, orders.ResolutionProposed | orders.ExceptionResolved):
        position = event.exception
    elif not is_exceptional(event):
        return None
    found = await explain_exception(log, position)
    return None if found is None else found.text()


async def _is_sale(log: StoredLog, text: str) -> bool:
    """Whether a sale has this very reference too: then the number of its event is needed, or order/NUMBER."""
    try:
        await why(log, text)
    except SaleNotFound:
        return False
    return True
