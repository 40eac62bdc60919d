"""Law: the demo ends well only if every invariant held; each is checked on another road than the one that made the figure."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from lxml import etree

from clearing.demo.bank import Banked
from clearing.demo.caisse import Market
from clearing.demo.play import Played
from clearing.demo.settle import Settled
from clearing.installation.amounts import euros
from clearing.projections.answers import Summary
from clearing.projections.questions import Questions
from clearing.settlement.pain001 import NAMESPACE

_NAMES = {"p": NAMESPACE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One invariant. held: whether it is true; what: in words, with the figures that were compared."""

    what: str
    held: bool


async def prove(
    market: Market, played: Played, settled: Settled, banked: Banked | None, summary: Summary
) -> list[Check]:
    """All checks, in the order of the money's way: tills, views, batch, bank file, ledger, log."""
    async with market.running.installation.asking(market.code) as views:
        return [check async for check in _checks(market, played, settled, banked, summary, views)]


async def _checks(
    market: Market, played: Played, settled: Settled, banked: Banked | None, summary: Summary, views: Questions
) -> AsyncIterator[Check]:
    baskets = len(market.day.baskets)
    yield Check(
        what=f"every basket was decided: {baskets - len(played.unanswered)} of {baskets}",
        held=not played.unanswered and summary.sales == played.baskets == baskets,
    )
    yield _same("what the tills showed is what is recorded", played.card_cents, summary.captured_cents)
    payers = sum(paid.cents for paid in summary.paid if paid.step != "surplus")
    yield _same("what the payers paid is what the producers took", payers, summary.captured_cents)
    batch = next(one for one in await views.batches() if one.batch == settled.files.batch)
    lines = await views.batch_lines(settled.files.batch)
    yield _same("the batch is what the producers took", sum(line.paid_cents for line in lines), summary.captured_cents)
    transfers = _transfers(settled.files.files[settled.files.bank_file])
    yield _same(f"the bank file's {len(transfers)} transfers are the batch", sum(transfers), batch.total_cents)
    yield Check(
        what="the bank file made again is the same, byte for byte", held=settled.again.files == settled.files.files
    )
    back_cents = 0 if banked is None else banked.returned_cents
    owed_cents = sum(owed.owed_cents for owed in await views.owed())
    more = "nothing more is owed" + (" than the bank sent back" if back_cents else "")
    yield _same(more, owed_cents, back_cents)
    if banked is not None:
        yield _same("the bank's own balance is the ledger's", banked.balance_cents, banked.ledger_cents)
        yield Check(
            what=f"the bank made {banked.payouts} transfers, {banked.returned} came back, {banked.waiting} lines wait",
            held=(banked.payouts, banked.returned, banked.waiting) == (len(transfers), 1, 0),
        )
    accounts = await views.accounts()
    yield _same(f"the ledger's {len(accounts)} accounts sum to zero", sum(account.cents for account in accounts), 0)
    position = market.running.writers[market.code].book.position
    yield Check(what=f"the views show all {position} events", held=await views.position() == position)


def _same(what: str, one_cents: int, other_cents: int) -> Check:
    return Check(what=f"{what}: {euros(one_cents)} = {euros(other_cents)} EUR", held=one_cents == other_cents)


def _transfers(content: bytes) -> list[int]:
    """Cents of each transfer as the bank would read them."""
    document = etree.fromstring(content)
    amounts = document.xpath("//p:CdtTrfTxInf/p:Amt/p:InstdAmt/text()", namespaces=_NAMES)
    assert isinstance(amounts, list)
    return [int(str(amount).replace(".", "")) for amount in amounts]
