"""Law: a receipt proves what is committed, and nothing before that: what is in flight, or decided and not sent off, waits."""

from hashlib import sha256

from clearing.event_store.log import Log
from clearing.event_store.tree import GrowingTree
from clearing.rules.book import Book
from clearing.rules.selling.operations import Operation
from clearing.values import OperationId
from clearing.wire.receipts import Receipt
from clearing.wire.requests import Op, Request


def _operation(book: Book, request: Request) -> Operation | None:
    """The operation of this terminal that the request is about."""
    return book.operations.get((request.terminal, request.original or OperationId(b"")))


def asks_for_a_receipt_after(book: Book, request: object, position: int) -> bool:
    """Whether this asks for the receipt of an operation that was decided after this position."""
    if not isinstance(request, Request) or request.op is not Op.RECEIPT:
        return False
    known = _operation(book, request)
    return known is not None and known.position > position


async def receipt(book: Book, tree: GrowingTree, log: Log, request: Request) -> Receipt | None:
    """The proof of an operation that this terminal made and that is committed; None when there is none."""
    known = _operation(book, request)
    if known is None:
        return None
    (row,) = await log.read(known.position - 1, 1)
    reply = await log.reply_of(request.terminal, known.event.op.epoch, known.event.op.n)
    first, size = tree.block_of(row.position - 1)
    path = tree.inclusion(row.position - 1, await log.leaves(first, size))
    return Receipt(
        m=request.terminal, n=request.n, x=request.x, rq=request.digest, sq=row.position, at=row.at_us, ty=row.type,
        sv=row.schema_version, pub=row.public, hp=sha256(row.salt + row.private).digest(),
        he=sha256(row.evidence).digest(), hr=sha256(reply[2] if reply else b"").digest(), sz=tree.size,
        path=tuple(path), root=tree.root(),
    )
