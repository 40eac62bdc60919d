"""Law: what tills were told, what the log holds, what a naive model expects and what the audit finds are one and the same."""

from clearing.audit import audit
from clearing.event_store.reader import Reader
from clearing.events.codec import decode
from clearing.rules.book import Book
from tests.promises.market import Market
from tests.promises.tills import Exchange, NaiveCards


async def log_agrees(market: Market, done: list[Exchange]) -> Book:
    """The book as the log alone gives it. Raises AssertionError when any two of the four differ."""
    reader = await Reader.open(market.dsn, market.schema)
    try:
        await is_in_the_log_once(reader, done)
        book, lines = await folded(reader), list[str]()
        equals_the_model(book, market, done)
        report = await audit(reader, report=lines.append, server_keys=[market.server_key])
        assert report.ok, "\n".join(lines)
        return book
    finally:
        await reader.close()


async def is_in_the_log_once(reader: Reader, done: list[Exchange]) -> None:
    head = (await reader.stored_head()).position
    rows = [row for after in range(0, head, 5_000) for row in await reader.read(after, 5_000)]
    replies = {row.position: row for row in await reader.replies_between(0, head)}
    assert [row.position for row in rows] == list(range(1, head + 1))
    of_tills = {one.raw: one for one in done}
    carried = [row for row in rows if row.evidence in of_tills]
    assert len(carried) == len(of_tills) == len(done)
    for row in carried:
        one, reply = of_tills[row.evidence], replies[row.position]
        assert (row.position, reply.reply) == (one.reply.sq, one.reply_raw)
        assert (reply.terminal, reply.key_epoch, reply.n) == (one.request.terminal, one.request.epoch, one.request.n)
        assert reply.digest == one.request.digest


async def folded(reader: Reader) -> Book:
    book = Book()
    while rows := await reader.read(book.position, 5_000):
        for row in rows:
            book.apply(decode(row.type, row.schema_version, row.public, row.private), row.position, row.at_us)
    return book


def equals_the_model(book: Book, market: Market, done: list[Exchange]) -> None:
    model = NaiveCards(market)
    for one in done:
        assert (one.reply.rc, one.reply.aa) == model.predict(one.request), one
    purses = {
        number: sum(lot.cents for purse in member.purses for lot in book.allocation.open_purse(member, purse.kind).lots)
        for number, member in enumerate(book.members.members.values())
    }
    assert purses == model.cents
